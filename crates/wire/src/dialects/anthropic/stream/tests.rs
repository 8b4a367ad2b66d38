mod alike;
mod decode;
mod encode;

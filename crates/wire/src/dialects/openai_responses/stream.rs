//! The streamed answer, both ways.

mod decode;
mod encode;
mod frames;
mod parts;
mod piece;
mod teller;
mod words;

pub(super) use decode::Decoder;
pub(super) use encode::Encoder;

#[cfg(test)]
mod tests;

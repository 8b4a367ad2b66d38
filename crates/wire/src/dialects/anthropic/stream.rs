//! The streamed answer: `message_start`, blocks one after another, `message_delta`, `message_stop`.

mod decode;
mod encode;

pub(super) use decode::Decoder;
pub(super) use encode::Encoder;

#[cfg(test)]
mod tests;

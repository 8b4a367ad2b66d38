//! The streamed answer: `chat.completion.chunk` events and `[DONE]`.

mod answer;
mod calls;
mod chunk;
mod decode;
mod encode;
mod sketch;

pub(super) use answer::Answer;
pub(super) use chunk::Chunk;
pub(in crate::dialects) use decode::Decoder;
pub(in crate::dialects) use decode::error_in;
pub(super) use encode::Encoder;
pub(in crate::dialects) use encode::{BROKE_OFF, finish_reason};

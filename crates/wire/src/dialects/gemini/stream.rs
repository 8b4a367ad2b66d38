//! The streamed answer. Each step is a whole `GenerateContentResponse` with what is new; nothing marks the end.

mod decode;
mod encode;

pub(super) use decode::{Decoder, Reader};
pub use encode::ArrayEncoder;
pub(super) use encode::SseEncoder;

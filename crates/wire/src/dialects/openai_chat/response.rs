//! The whole answer: `chat.completion`.

mod annotations;
mod decode;
mod encode;

pub(super) use annotations::write_annotation;
pub(in crate::dialects) use decode::decode;
pub(super) use encode::{Answers, encode};

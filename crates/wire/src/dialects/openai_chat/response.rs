//! The whole answer: `chat.completion`.

mod annotations;
mod decode;
mod encode;
mod logprobs;

pub(super) use annotations::{read_annotation, write_annotation};
pub(in crate::dialects) use decode::decode;
pub(super) use encode::{Answers, encode};
pub(super) use logprobs::{read_logprobs, write_logprobs};

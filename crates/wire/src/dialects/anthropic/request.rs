//! Requests, read and written.

mod decode;
mod encode;

pub(crate) use decode::decode_orphans;
pub(super) use decode::{block as decode_block, decode, decode_prompt};
pub(super) use encode::{call_input, encode};

#[cfg(test)]
mod tests;

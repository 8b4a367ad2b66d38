//! The streamed answer: one JSON object a line, the last one with `done: true`.

pub(super) mod decode;
pub(super) mod encode;

#[cfg(test)]
mod tests;

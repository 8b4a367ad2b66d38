//! How messages are told apart on a stream of bytes.

pub(crate) mod likeness;
pub mod ndjson;
pub mod sse;

/// A message is longer than its reader may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a frame is longer than {bytes_max} bytes")]
pub struct FrameTooLong {
    /// The reader's limit.
    pub bytes_max: usize,
}

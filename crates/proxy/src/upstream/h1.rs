//! HTTP/1.1 as a client sees it, without IO: a request's head as bytes, an answer's head from bytes, a body without its
//! framing.
//!
//! Every part is a state machine over whatever bytes have come so far. However the input is cut, the results are the
//! same and an error shows at the same byte. Input that two readers could understand differently is refused rather than
//! guessed at, since a wrong guess about where an answer ends hands one caller another caller's answer.

pub mod body;
pub mod encode;
pub mod head;

pub use body::{Decoder, FramingError, Progress};
pub use encode::{EncodeError, RequestHead};
pub use head::{Head, HeadError, HeadReader};

/// How an answer's body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// After this many bytes; zero when there is no body at all.
    Exact(u64),
    /// With the last chunk.
    Chunked,
    /// When the connection closes.
    Close,
}

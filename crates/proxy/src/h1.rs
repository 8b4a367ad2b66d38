//! HTTP/1.1 without IO, for both ends of the gateway: heads from bytes and to bytes, bodies without their framing.
//!
//! Every part is a state machine over whatever bytes have come so far. However the input is cut, the results are the
//! same and an error shows at the same byte. Input that two readers could understand differently is refused rather than
//! guessed at, since a wrong guess about where a message ends hands one caller another caller's answer.

pub mod body;
pub(crate) mod hop;
pub(crate) mod inbox;
pub mod lines;
pub mod read_request;
pub mod read_response;
pub mod write_request;
pub mod write_response;

pub use body::{Decoder, FramingError, Progress};
pub use lines::HeadError;
pub use read_request::{Received, RequestReader};
pub use read_response::{Head, HeadReader};
pub use write_request::{EncodeError, RequestHead};

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// After this many bytes; zero when there is no body at all.
    Exact(u64),
    /// With the last chunk.
    Chunked,
    /// When the connection closes. Answers only.
    Close,
}

impl Framing {
    /// The body's length, where it is known from the head.
    pub(crate) fn bytes(self) -> Option<u64> {
        match self {
            Self::Exact(bytes) => Some(bytes),
            Self::Chunked | Self::Close => None,
        }
    }
}

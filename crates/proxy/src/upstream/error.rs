//! What can go wrong between a request and its answer.

use std::io;
use std::time::Duration;

use crate::h1::{EncodeError, FramingError, HeadError};

/// Why there is no answer, or why it stopped. The texts are for operators: they name hosts, never headers or bodies.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The request cannot be written as HTTP. The provider was not asked.
    #[error("the request cannot be sent: {0}")]
    Unsendable(EncodeError),
    /// The host's name has no address.
    #[error("cannot resolve `{host}`: {source}")]
    Resolve {
        /// The name.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// No address of the host took the connection.
    #[error("cannot connect to `{host}` port {port}: {source}")]
    Connect {
        /// The name or address.
        host: String,
        /// The TCP port.
        port: u16,
        /// What the last address said.
        source: io::Error,
    },
    /// The connection (with TLS: its handshake, too) did not stand in time.
    #[error("connecting took longer than the connect timeout")]
    ConnectTimeout,
    /// The connection stood, but no answer's head came in time.
    #[error("no answer came for {} s", .0.as_secs_f64())]
    HeadTimeout(Duration),
    /// The handshake failed, or the roots to trust could not be read.
    #[error("TLS with `{host}` failed: {reason}")]
    Tls {
        /// The name or address.
        host: String,
        /// What rustls said, certificates included.
        reason: String,
    },
    /// The request could not be sent whole, and the provider said nothing about it.
    #[error("the connection broke while the request was being sent: {source}")]
    Write {
        /// What the socket said.
        source: io::Error,
    },
    /// The provider closed the connection instead of answering.
    #[error("the connection closed before an answer came")]
    ClosedBeforeHead,
    /// The answer's head is not one that can be relied on.
    #[error("not a valid HTTP answer: {0}")]
    BadHead(HeadError),
    /// The answer's body is not framed as it says.
    #[error("not a valid HTTP body: {0}")]
    Framing(FramingError),
    /// The connection closed before the body was complete.
    #[error("the connection closed in the middle of the answer")]
    ClosedMidBody,
    /// Anything else the connection did.
    #[error("the connection failed: {source}")]
    Io {
        /// What the socket, or hyper, said.
        source: io::Error,
    },
}

impl From<EncodeError> for UpstreamError {
    fn from(error: EncodeError) -> Self {
        Self::Unsendable(error)
    }
}

impl From<FramingError> for UpstreamError {
    fn from(error: FramingError) -> Self {
        if error == FramingError::Cut { Self::ClosedMidBody } else { Self::Framing(error) }
    }
}

/// Whether the socket's words mean that the other side is gone.
pub(super) fn is_closed(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionReset
        || error.kind() == io::ErrorKind::ConnectionAborted
        || error.kind() == io::ErrorKind::BrokenPipe
        || error.kind() == io::ErrorKind::UnexpectedEof
        || error.kind() == io::ErrorKind::NotConnected
}

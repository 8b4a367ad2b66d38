//! An answer's body, read as its consumer asks for it.

use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;

use super::connection::Connection;
use crate::h1::{Decoder, Progress};
use crate::upstream::UpstreamError;
use crate::upstream::error::is_closed;
use crate::upstream::pool::Origin;

/// A body and the connection it comes on. The connection goes back to the pool with the last byte; dropping the body
/// before that closes it.
#[derive(Debug)]
pub struct Body {
    /// Gone once the body has ended, well or not.
    connection: Option<Connection>,
    decoder: Decoder,
    /// Where the connection goes at the end; none when it must not be used again.
    origin: Option<Arc<Origin>>,
}

impl Body {
    pub(super) fn new(connection: Connection, decoder: Decoder, origin: Option<Arc<Origin>>) -> Self {
        let mut body = Self { connection: Some(connection), decoder, origin };
        if body.decoder.is_done() {
            body.release();
        }
        body
    }

    /// Everything that has come since the last call, without its framing and in one piece; `None` at the end. After an
    /// error there is nothing more.
    ///
    /// Reads from the connection only when called, at most 64 KiB a call.
    pub fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, UpstreamError>>> {
        loop {
            let Some(connection) = &mut self.connection else { return Poll::Ready(None) };
            match self.decoder.take(connection.buffer()) {
                Ok(Progress::Data(data)) => {
                    if self.decoder.is_done() {
                        self.release();
                    }
                    return Poll::Ready(Some(Ok(data.freeze())));
                }
                Ok(Progress::End) => {
                    self.release();
                    return Poll::Ready(None);
                }
                Ok(Progress::NeedMore) => {}
                Err(error) => return self.fail(error.into()),
            }
            match ready!(connection.poll_fill(cx)) {
                Ok(0) => {
                    let Err(error) = self.decoder.finish() else {
                        self.connection = None;
                        return Poll::Ready(None);
                    };
                    return self.fail(error.into());
                }
                Ok(_) => {}
                Err(source) if is_closed(&source) => return self.fail(UpstreamError::ClosedMidBody),
                Err(source) => return self.fail(UpstreamError::Io { source }),
            }
        }
    }

    /// Whether the body has ended.
    pub fn is_end_stream(&self) -> bool {
        self.connection.is_none()
    }

    /// Bytes still to come, where that is known.
    pub fn remaining_bytes(&self) -> Option<u64> {
        self.decoder.remaining_bytes()
    }

    fn fail<T>(&mut self, error: UpstreamError) -> Poll<Option<Result<T, UpstreamError>>> {
        self.connection = None;
        Poll::Ready(Some(Err(error)))
    }

    /// Bytes behind the body belong to no request: such a connection is closed.
    fn release(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if let Some(origin) = self.origin.take()
            && connection.is_unread()
        {
            connection.settle();
            origin.put(connection, Instant::now());
        }
    }
}

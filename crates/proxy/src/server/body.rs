//! A request's body on its way from the connection to whoever asks for it.
//!
//! The answer to a request and the connection it came on are polled by one task. So the two need no wakers to find each
//! other: the reader leaves a wish, the connection looks for it whenever the reader waits.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use bytes::BytesMut;

use crate::h1::FramingError;

/// Why a body ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    /// The client closed the connection.
    #[error("the connection closed before its end")]
    Left,
    /// Its next piece did not arrive in time.
    #[error("it stopped arriving")]
    Silent,
    /// What came is no body.
    #[error("{0}")]
    Framing(FramingError),
}

/// A request's body. To be polled by the task that answers the request, and by no other.
#[derive(Debug)]
pub(crate) struct RequestBody {
    /// What had come with the head.
    ready: BytesMut,
    announced: Option<u64>,
    /// Where the rest comes from.
    rest: Option<Arc<Inlet>>,
}

impl RequestBody {
    /// One that is there already, or is empty.
    pub(crate) fn whole(bytes: BytesMut) -> Self {
        Self { announced: Some(bytes.len() as u64), ready: bytes, rest: None }
    }

    /// One that is to come, `announced` bytes in all if its head said so.
    pub(super) fn coming(announced: Option<u64>, inlet: Arc<Inlet>) -> Self {
        Self { ready: BytesMut::new(), announced, rest: Some(inlet) }
    }

    /// Its length in bytes, where the head said it.
    pub(crate) fn announced(&self) -> Option<u64> {
        self.announced
    }

    /// The next piece, never empty; `None` at the end. After an error there is nothing more.
    pub(crate) fn poll_data(&mut self) -> Poll<Option<Result<BytesMut, BodyError>>> {
        if !self.ready.is_empty() {
            return Poll::Ready(Some(Ok(std::mem::take(&mut self.ready))));
        }
        self.rest.as_ref().map_or(Poll::Ready(None), |inlet| inlet.ask())
    }
}

/// Between the connection and the body's reader. The lock is never fought over: both sides are one task.
#[derive(Debug)]
pub(super) struct Inlet(Mutex<Slot>);

/// What stands between them.
#[derive(Debug)]
pub(super) enum Slot {
    /// Nobody has asked yet.
    Idle,
    /// The reader waits.
    Wanted,
    /// Data, never empty.
    Piece(BytesMut),
    /// The body is complete.
    End,
    /// The body cannot be completed.
    Broken(BodyError),
}

impl Inlet {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Slot::Idle)))
    }

    /// Whether the reader waits.
    pub(super) fn is_wanted(&self) -> bool {
        matches!(*self.lock(), Slot::Wanted)
    }

    /// Answers the reader's wish.
    pub(super) fn put(&self, slot: Slot) {
        *self.lock() = slot;
    }

    fn ask(&self) -> Poll<Option<Result<BytesMut, BodyError>>> {
        let mut slot = self.lock();
        match &mut *slot {
            Slot::Idle | Slot::Wanted => {
                *slot = Slot::Wanted;
                Poll::Pending
            }
            Slot::Piece(data) => {
                let data = std::mem::take(data);
                *slot = Slot::Idle;
                Poll::Ready(Some(Ok(data)))
            }
            Slot::End => Poll::Ready(None),
            Slot::Broken(error) => {
                let error = *error;
                *slot = Slot::End;
                Poll::Ready(Some(Err(error)))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

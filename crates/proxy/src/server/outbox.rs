//! What is to be written to a connection.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::AsyncWrite;

/// Largest piece that is copied behind what is to be written before it: one small write is cheaper for the kernel than a
/// list of pieces. A larger one is written from where it lies.
const COPIED_BYTES_MAX: usize = 16 << 10;
/// With so much to be written, writing comes before asking for more. Guards memory.
const FULL_BYTES: usize = 32 << 10;
/// Memory kept for the next answer; more was needed for a large one.
const KEPT_BYTES_MAX: usize = 16 << 10;

/// Bytes on their way out.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    front: Vec<u8>,
    /// Follows `front`.
    piece: Bytes,
    /// Follows `piece`.
    back: &'static [u8],
    /// Bytes of all three that are gone already.
    sent: usize,
}

impl Outbox {
    /// The place for what is small. There is none behind a large piece: see [`Outbox::is_full`].
    pub(super) fn front(&mut self) -> &mut Vec<u8> {
        &mut self.front
    }

    /// Adds a piece and what follows it.
    pub(super) fn push(&mut self, piece: Bytes, back: &'static [u8]) {
        if piece.len() <= COPIED_BYTES_MAX {
            self.front.extend_from_slice(&piece);
            self.front.extend_from_slice(back);
        } else {
            self.piece = piece;
            self.back = back;
        }
    }

    /// Whether it must be written before more is added.
    pub(super) fn is_full(&self) -> bool {
        !self.piece.is_empty() || self.front.len() >= FULL_BYTES
    }

    /// Whether nothing is to be written.
    pub(super) fn is_empty(&self) -> bool {
        self.sent == self.len()
    }

    /// Writes once.
    pub(super) fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        io: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let io = Pin::new(io);
        let written = if self.piece.is_empty() {
            ready!(io.poll_write(cx, self.front.get(self.sent..).unwrap_or_default()))?
        } else {
            let in_piece = self.sent.saturating_sub(self.front.len());
            let in_back = in_piece.saturating_sub(self.piece.len());
            let left = [
                IoSlice::new(self.front.get(self.sent..).unwrap_or_default()),
                IoSlice::new(self.piece.get(in_piece..).unwrap_or_default()),
                IoSlice::new(self.back.get(in_back..).unwrap_or_default()),
            ];
            ready!(io.poll_write_vectored(cx, &left))?
        };
        if written == 0 {
            return Poll::Ready(Err(ErrorKind::WriteZero.into()));
        }
        self.sent += written;
        if self.is_empty() {
            self.clear();
        }
        Poll::Ready(Ok(()))
    }

    /// The answer is out: makes the connection fit for waiting.
    pub(super) fn settle(&mut self) {
        self.front.shrink_to(KEPT_BYTES_MAX);
    }

    fn len(&self) -> usize {
        self.front.len() + self.piece.len() + self.back.len()
    }

    fn clear(&mut self) {
        self.front.clear();
        self.piece = Bytes::new();
        self.back = &[];
        self.sent = 0;
    }
}

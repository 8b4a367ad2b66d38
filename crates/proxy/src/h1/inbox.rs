//! What was read from a connection and not yet taken.

use std::io;
use std::pin::pin;
use std::task::{Context, Poll, ready};

use bytes::{BufMut as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::TcpStream;

/// What one read may bring, unless a body of known length is awaited. Guards memory: no more than this is held for a
/// consumer that has stopped asking.
const READ_BYTES_MAX: usize = 64 << 10;

/// Room beyond a body of known length: a read that fills all the room there is leaves it open whether more is there, and
/// finding out costs a system call.
const SLACK_BYTES: usize = 64;

/// A connection's read buffer.
#[derive(Debug)]
pub(crate) struct Inbox {
    buf: BytesMut,
    /// What the first read has room for.
    first_bytes: usize,
    /// Room to make for the next read. Doubles whenever a read fills it: a large message then takes fewer of them.
    read_bytes: usize,
    /// Whether there is room for a whole body.
    roomy: bool,
}

impl Inbox {
    /// An empty one, whose first read has room for so many bytes.
    pub(crate) fn new(first_bytes: usize) -> Self {
        Self { buf: BytesMut::new(), first_bytes, read_bytes: first_bytes, roomy: false }
    }

    /// What is there.
    pub(crate) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buf
    }

    /// Whether nothing is.
    pub(crate) fn is_empty(&self) -> bool {
        self.buf.is_empty()
    }

    /// Reads once behind what is there; 0 when the other side has closed.
    pub(crate) fn poll_fill<S: AsyncRead + Unpin>(
        &mut self,
        io: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let room = self.make_room();
        let mut limited = (&mut self.buf).limit(room);
        let read = ready!(pin!(io.read_buf(&mut limited)).poll(cx))?;
        self.note_read(read, room);
        Poll::Ready(Ok(read))
    }

    /// The same without waiting: `WouldBlock` when nothing is there.
    pub(crate) fn try_fill(&mut self, io: &TcpStream) -> io::Result<usize> {
        let room = self.make_room();
        let read = io.try_read_buf(&mut (&mut self.buf).limit(room))?;
        self.note_read(read, room);
        Ok(read)
    }

    /// Makes room for so many bytes in one piece, those that are there included.
    pub(crate) fn expect(&mut self, bytes: usize) {
        let missing = bytes.saturating_sub(self.buf.len());
        if missing > 0 {
            self.buf.reserve(missing + SLACK_BYTES);
            self.roomy = true;
        }
    }

    /// Makes the connection fit for waiting: a large message's buffer would be held for nothing until the next large one.
    pub(crate) fn settle(&mut self) {
        if self.buf.is_empty() && (self.roomy || self.read_bytes > self.first_bytes) {
            *self = Self::new(self.first_bytes);
        }
    }

    fn make_room(&mut self) -> usize {
        let left = self.buf.capacity() - self.buf.len();
        if self.roomy && left > 0 {
            return left;
        }
        // Back to the buffer's beginning, where memory is warm. While what was read before is held, there is room behind.
        let _held = self.buf.is_empty() && !self.buf.try_reclaim(self.read_bytes);
        // A read that stops short for want of room costs a second system call, and what it brings leaves in two pieces.
        // Where nobody holds on to what was read before, renewing costs nothing.
        if self.buf.capacity() - self.buf.len() < self.first_bytes / 4 * 3 {
            self.buf.reserve(self.read_bytes);
        }
        (self.buf.capacity() - self.buf.len()).min(READ_BYTES_MAX)
    }

    fn note_read(&mut self, read: usize, room: usize) {
        if read == room && !self.roomy {
            self.read_bytes = (self.read_bytes * 2).min(READ_BYTES_MAX);
        }
    }
}

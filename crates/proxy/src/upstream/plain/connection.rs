//! One socket and what was read from it.

use std::io::{self, ErrorKind};
use std::pin::pin;
use std::task::{Context, Poll, ready};

use bytes::{BufMut as _, BytesMut};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use super::alarm::Alarm;

/// What a connection's first read has room for: most answers, and a fair burst of events.
const READ_BYTES_FIRST: usize = 32 << 10;
/// What one read may bring. Guards memory: no more than this is held for a consumer that has stopped asking.
const READ_BYTES_MAX: usize = 64 << 10;
/// With less room left the buffer is renewed before a read: one that stops short for want of room costs a second system
/// call, and the answer leaves in two pieces. Where nobody holds on to what was read before, renewing costs nothing.
const READ_ROOM_MIN: usize = 24 << 10;

/// A connection to an origin, between requests or in one.
#[derive(Debug)]
pub struct Connection {
    io: TcpStream,
    buf: BytesMut,
    /// Room to make for the next read. Doubles whenever a read fills it: a large answer then takes fewer of them.
    read_bytes: usize,
    alarm: Alarm,
}

impl Connection {
    pub(in crate::upstream) fn new(io: TcpStream) -> Self {
        Self { io, buf: BytesMut::new(), read_bytes: READ_BYTES_FIRST, alarm: Alarm::default() }
    }

    /// What was read and not yet taken.
    pub(super) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buf
    }

    /// Whether nothing of an answer has been read and left in the buffer.
    pub(super) fn is_unread(&self) -> bool {
        self.buf.is_empty()
    }

    pub(super) fn io(&self) -> &TcpStream {
        &self.io
    }

    /// Reads once behind what is in the buffer; 0 when the other side has closed.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let room = self.make_room();
        let mut limited = (&mut self.buf).limit(room);
        let read = ready!(pin!(self.io.read_buf(&mut limited)).poll(cx))?;
        self.note_read(read, room);
        Poll::Ready(Ok(read))
    }

    /// The same without waiting: `WouldBlock` when nothing is there.
    pub(super) fn try_fill(&mut self) -> io::Result<usize> {
        let room = self.make_room();
        let read = self.io.try_read_buf(&mut (&mut self.buf).limit(room))?;
        self.note_read(read, room);
        Ok(read)
    }

    fn make_room(&mut self) -> usize {
        // Back to the buffer's beginning, where memory is warm. While what was read before is held, there is room behind.
        let _held = self.buf.is_empty() && !self.buf.try_reclaim(self.read_bytes);
        if self.buf.capacity() - self.buf.len() < READ_ROOM_MIN {
            self.buf.reserve(self.read_bytes);
        }
        (self.buf.capacity() - self.buf.len()).min(READ_BYTES_MAX)
    }

    fn note_read(&mut self, read: usize, room: usize) {
        if read == room {
            self.read_bytes = (self.read_bytes * 2).min(READ_BYTES_MAX);
        }
    }

    /// The timer for the answer's head, to be put back when the answer has come.
    pub(super) fn take_alarm(&mut self) -> Alarm {
        std::mem::take(&mut self.alarm)
    }

    pub(super) fn put_alarm(&mut self, alarm: Alarm) {
        self.alarm = alarm;
    }

    /// Whether the idle connection is open and silent, as far as the runtime was told: it asks the kernel only after a
    /// notice. A close of which it was not told yet is no worse than one that is still on the wire: the request goes out
    /// again on a new connection.
    pub(in crate::upstream) fn is_reusable(&self) -> bool {
        matches!(self.io.try_read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// Makes the connection fit for waiting: a large answer's buffer would be held for nothing until the next large one.
    pub(super) fn settle(&mut self) {
        if self.read_bytes > READ_BYTES_FIRST {
            self.buf = BytesMut::new();
            self.read_bytes = READ_BYTES_FIRST;
        }
    }
}

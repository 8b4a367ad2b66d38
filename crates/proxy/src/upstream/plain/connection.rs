//! One socket and what was read from it.

use std::io::{self, ErrorKind};
use std::task::{Context, Poll};

use bytes::BytesMut;
use tokio::net::TcpStream;

use super::alarm::Alarm;
use crate::h1::inbox::Inbox;

/// What a connection's first read has room for: most answers, and a fair burst of events.
const READ_BYTES_FIRST: usize = 32 << 10;

/// A connection to an origin, between requests or in one.
#[derive(Debug)]
pub struct Connection {
    io: TcpStream,
    inbox: Inbox,
    alarm: Alarm,
}

impl Connection {
    pub(in crate::upstream) fn new(io: TcpStream) -> Self {
        Self { io, inbox: Inbox::new(READ_BYTES_FIRST), alarm: Alarm::default() }
    }

    /// What was read and not yet taken.
    pub(super) fn buffer(&mut self) -> &mut BytesMut {
        self.inbox.buffer()
    }

    /// Whether nothing of an answer has been read and left in the buffer.
    pub(super) fn is_unread(&self) -> bool {
        self.inbox.is_empty()
    }

    pub(super) fn io(&self) -> &TcpStream {
        &self.io
    }

    /// Reads once behind what is in the buffer; 0 when the other side has closed.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.inbox.poll_fill(&mut self.io, cx)
    }

    /// The same without waiting: `WouldBlock` when nothing is there.
    pub(super) fn try_fill(&mut self) -> io::Result<usize> {
        self.inbox.try_fill(&self.io)
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

    /// Makes the connection fit for waiting.
    pub(super) fn settle(&mut self) {
        self.inbox.settle();
    }
}

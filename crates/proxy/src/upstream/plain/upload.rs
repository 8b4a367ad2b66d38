//! Sending a request while listening for an answer that comes early.

use std::io::{self, ErrorKind, IoSlice};

use bytes::Bytes;
use tokio::io::Interest;

use super::connection::Connection;
use crate::h1::{Head, HeadReader};
use crate::upstream::UpstreamError;
use crate::upstream::error::is_closed;

/// Pieces one write hands to the kernel: the head and a spliced body's usual pieces, with some to spare. More of them
/// take more writes.
const WRITE_PIECES_MAX: usize = 8;

/// What is still to be sent.
pub(super) struct Upload<'a> {
    head: &'a [u8],
    body: &'a [Bytes],
    /// Bytes of the first piece that are gone already; `head` counts as the first until it is empty.
    sent_of_first: usize,
}

/// Why the request was not sent whole.
pub(super) enum Stopped {
    /// The server refused it before it was complete.
    Answered(Head),
    /// The server closed the connection; an answer may have come before.
    Closed(io::Error),
    /// Nothing more can come.
    Failed(UpstreamError),
}

impl<'a> Upload<'a> {
    pub(super) fn new(head: &'a [u8], body: &'a [Bytes]) -> Self {
        Self { head, body, sent_of_first: 0 }
    }

    /// Sends it all. Some, when the answer's head came meanwhile.
    ///
    /// An answer that comes early and is an error ends the upload: whoever refuses a body does not read it. Any other
    /// early answer is kept until the request is complete; what follows its head stays in the socket, and the server
    /// that fills it without reading is waiting for nobody but itself.
    pub(super) async fn run(
        mut self,
        connection: &mut Connection,
        reader: &mut HeadReader,
    ) -> Result<Option<Head>, Stopped> {
        let mut early = None;
        while !self.is_sent() {
            match self.write(connection) {
                Ok(sent) => self.advance(sent),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let interest =
                        if early.is_none() { Interest::READABLE | Interest::WRITABLE } else { Interest::WRITABLE };
                    let ready = connection.io().ready(interest).await.map_err(failed)?;
                    if early.is_none() && ready.is_readable() {
                        early = listen(connection, reader)?;
                    }
                    early = match early {
                        Some(head) if head.status.as_u16() >= 400 => return Err(Stopped::Answered(head)),
                        other => other,
                    };
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if is_closed(&error) => {
                    return Err(early.map_or(Stopped::Closed(error), Stopped::Answered));
                }
                Err(source) => return Err(Stopped::Failed(UpstreamError::Write { source })),
            }
        }
        Ok(early)
    }

    fn is_sent(&self) -> bool {
        self.head.is_empty() && self.body.is_empty()
    }

    fn write(&self, connection: &Connection) -> io::Result<usize> {
        let mut slices = [IoSlice::new(&[]); WRITE_PIECES_MAX];
        let pieces =
            (!self.head.is_empty()).then_some(self.head).into_iter().chain(self.body.iter().map(AsRef::as_ref));
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(pieces) {
            let gone = if count == 0 { self.sent_of_first } else { 0 };
            *slice = IoSlice::new(piece.get(gone..).unwrap_or_default());
            count += 1;
        }
        let sent = match slices.get(..count).unwrap_or_default() {
            [one] => connection.io().try_write(one)?,
            several => connection.io().try_write_vectored(several)?,
        };
        if sent == 0 { Err(ErrorKind::WriteZero.into()) } else { Ok(sent) }
    }

    fn advance(&mut self, sent: usize) {
        let mut sent = sent + self.sent_of_first;
        if !self.head.is_empty() {
            if sent < self.head.len() {
                self.sent_of_first = sent;
                return;
            }
            sent -= self.head.len();
            self.head = &[];
        }
        while let [first, rest @ ..] = self.body {
            if sent < first.len() {
                break;
            }
            sent -= first.len();
            self.body = rest;
        }
        self.sent_of_first = sent;
    }
}

/// Reads what is there. `None` when that is not a whole head yet.
fn listen(connection: &mut Connection, reader: &mut HeadReader) -> Result<Option<Head>, Stopped> {
    match connection.try_fill() {
        Ok(0) => Err(Stopped::Failed(UpstreamError::ClosedBeforeHead)),
        Ok(_) => reader.read(connection.buffer()).map_err(|error| Stopped::Failed(UpstreamError::BadHead(error))),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(None),
        Err(error) if is_closed(&error) => Err(Stopped::Failed(UpstreamError::ClosedBeforeHead)),
        Err(error) => Err(failed(error)),
    }
}

fn failed(source: io::Error) -> Stopped {
    Stopped::Failed(UpstreamError::Io { source })
}

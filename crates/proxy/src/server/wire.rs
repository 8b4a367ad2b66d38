//! One client's connection as bytes: heads and bodies in, answers out, and when to stop waiting for either.

use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::BytesMut;
use http::response::Parts;
use http::{HeaderMap, header};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

use super::body::{BodyError, Slot};
use super::connection::End;
use super::limits::{Limits, Patience, Stop, Wait};
use super::outbox::Outbox;
use crate::h1::inbox::Inbox;
use crate::h1::write_response::{self, Length, Lines};
use crate::h1::{Decoder, Framing, Progress, Received, RequestReader};

/// What a connection's first read has room for: most requests.
const READ_BYTES_FIRST: usize = 8 << 10;
/// What is read ahead of the request that is being answered.
const AHEAD_BYTES_MAX: usize = 64 << 10;
/// What one such read brings.
const AHEAD_READ_BYTES: usize = 1 << 10;
/// Memory set aside at once for a body that announces its length; more is added as it arrives.
const BODY_EXPECTED_BYTES_MAX: u64 = 1 << 20;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// One connection.
pub(super) struct Wire<S> {
    pub(super) io: S,
    inbox: Inbox,
    pub(super) outbox: Outbox,
    reader: RequestReader,
    /// Of the request that is being answered.
    body: Decoder,
    /// Whether its client waits for a word before it sends its body.
    waits: bool,
    limits: Limits,
    stop: Stop,
    date: (u64, String),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(io: S, patience: Patience, stop: watch::Receiver<bool>) -> Self {
        Self {
            io,
            inbox: Inbox::new(READ_BYTES_FIRST),
            outbox: Outbox::default(),
            reader: RequestReader::default(),
            body: Decoder::new(Framing::Exact(0)),
            waits: false,
            limits: Limits::new(patience),
            stop: Stop::new(stop),
            date: (0, String::new()),
        }
    }

    /// The next request's head.
    pub(super) fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        room: impl Fn() -> HeaderMap,
    ) -> Poll<Result<Received, End>> {
        loop {
            match self.reader.read(self.inbox.buffer(), &room) {
                Ok(Some(received)) => {
                    self.limits.enter(Wait::Answer);
                    return Poll::Ready(Ok(received));
                }
                Ok(None) => {}
                Err(error) => return Poll::Ready(Err(End::BadHead(error))),
            }
            if !self.inbox.is_empty() {
                self.limits.enter(Wait::Head);
            }
            match self.inbox.poll_fill(&mut self.io, cx) {
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Err(End::Closed)),
                Poll::Ready(Ok(_)) => {}
                Poll::Pending if self.stop.poll(cx) && self.limits.wait() == Wait::Request => {
                    return Poll::Ready(Err(End::Closed));
                }
                Poll::Pending => return self.limits.poll(cx).map(Err),
            }
        }
    }

    /// Begins with the body of a request whose head has come: all of it, when it is here.
    pub(super) fn begin_body(&mut self, framing: Framing, waits: bool) -> Option<BytesMut> {
        self.body = Decoder::new(framing);
        self.waits = waits;
        let Framing::Exact(bytes) = framing else { return None };
        let here = usize::try_from(bytes).ok().filter(|bytes| *bytes <= self.inbox.buffer().len())?;
        self.body = Decoder::new(Framing::Exact(0));
        Some(self.inbox.buffer().split_to(here))
    }

    /// The body's next piece, for a reader that wants it.
    pub(super) fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Slot> {
        loop {
            if let Some(left) = self.body.remaining_bytes() {
                // Before the first piece is taken: pieces that lie side by side need not be copied together.
                self.inbox.expect(left.min(BODY_EXPECTED_BYTES_MAX) as usize);
            }
            match self.body.take(self.inbox.buffer()) {
                Ok(Progress::Data(data)) => return Poll::Ready(Slot::Piece(data)),
                Ok(Progress::End) => {
                    // Its reader has it all: what it was read into goes with that.
                    self.inbox.settle();
                    return Poll::Ready(Slot::End);
                }
                Ok(Progress::NeedMore) => {}
                Err(error) => return Poll::Ready(Slot::Broken(BodyError::Framing(error))),
            }
            if std::mem::take(&mut self.waits) {
                self.outbox.front().extend_from_slice(CONTINUE);
            }
            if !self.outbox.is_empty() {
                let written = ready!(self.outbox.poll_write(&mut self.io, cx));
                if written.is_err() {
                    return Poll::Ready(Slot::Broken(BodyError::Left));
                }
                continue;
            }
            match self.inbox.poll_fill(&mut self.io, cx) {
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Slot::Broken(BodyError::Left)),
                Poll::Ready(Ok(_)) => self.limits.enter(Wait::Answer),
                Poll::Pending => {
                    self.limits.enter(Wait::Body);
                    let silent = ready!(self.poll_limits(cx)) == End::SlowBody;
                    return Poll::Ready(Slot::Broken(if silent { BodyError::Silent } else { BodyError::Left }));
                }
            }
        }
    }

    /// Whether the request's body was read to its end; what of it is here already is, now that nobody wants it.
    pub(super) fn skip_body(&mut self) -> bool {
        self.limits.enter(Wait::Answer);
        while let Ok(Progress::Data(_)) = self.body.take(self.inbox.buffer()) {}
        self.body.is_done()
    }

    /// Waits for the client to leave, while its answer is being made. What it sends ahead is kept for later.
    pub(super) fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        while self.inbox.buffer().len() < AHEAD_BYTES_MAX {
            let mut bytes = [MaybeUninit::uninit(); AHEAD_READ_BYTES];
            let mut ahead = ReadBuf::uninit(&mut bytes);
            match Pin::new(&mut self.io).poll_read(cx, &mut ahead) {
                Poll::Ready(Ok(())) if !ahead.filled().is_empty() => {
                    self.inbox.buffer().extend_from_slice(ahead.filled());
                }
                Poll::Ready(_) => return Poll::Ready(End::Closed),
                Poll::Pending => break,
            }
        }
        self.poll_limits(cx)
    }

    /// Ready when the client has been waited for too long.
    pub(super) fn poll_limits(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        self.stop.poll(cx);
        self.limits.poll(cx)
    }

    /// Whether the server stops.
    pub(super) fn is_stopping(&self) -> bool {
        self.stop.is_told()
    }

    /// Puts an answer's head on its way.
    pub(super) fn begin_answer(&mut self, head: &Parts, length: Length, connection: Option<&'static [u8]>) {
        let date = (!head.headers.contains_key(header::DATE)).then(|| now(&mut self.date));
        let out = self.outbox.front();
        write_response::head_into(out, head.status, &head.headers, length);
        if let Some(lines) = head.extensions.get::<Lines>() {
            out.extend_from_slice(lines.as_bytes());
        }
        if let Some(connection) = connection {
            write_response::line_into(out, b"connection", connection);
        }
        if let Some(date) = date {
            write_response::line_into(out, b"date", date.as_bytes());
        }
        out.extend_from_slice(b"\r\n");
    }

    /// Writes all that is to be written.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        while !self.outbox.is_empty() {
            match self.outbox.poll_write(&mut self.io, cx) {
                Poll::Ready(Ok(())) => self.limits.enter(Wait::Answer),
                Poll::Ready(Err(_)) => return Poll::Ready(Err(End::Closed)),
                Poll::Pending => {
                    self.limits.enter(Wait::Reader);
                    return self.poll_limits(cx).map(Err);
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// The answer is out: waits for the next request.
    pub(super) fn end_answer(&mut self) {
        self.inbox.settle();
        self.outbox.settle();
        self.limits.enter(Wait::Request);
    }
}

/// The time as a header has it; `last` is what it was last, and of which second.
fn now(last: &mut (u64, String)) -> &str {
    let now = SystemTime::now();
    let second = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    if last.0 != second {
        *last = (second, httpdate::fmt_http_date(now));
    }
    &last.1
}

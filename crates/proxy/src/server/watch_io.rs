//! A client's socket that knows what the connection waits for, so that one lazy timer can guard all of it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// The first byte of the next request.
    Request,
    /// The rest of a request's head.
    Head,
    /// Our own answer.
    Answer,
    /// The client, to read what is sent.
    Reader,
}

const REQUEST: u8 = 0;
const HEAD: u8 = 1;
const ANSWER: u8 = 2;

/// What a connection waits for, and since when. Atomics only because futures on the server must be `Send`.
#[derive(Debug)]
pub(super) struct Waiting {
    born: Instant,
    phase: AtomicU8,
    since_ms: AtomicU64,
    /// Milliseconds from `born`, plus one; zero while the client reads.
    blocked_ms: AtomicU64,
}

impl Waiting {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            born: Instant::now(),
            phase: AtomicU8::new(REQUEST),
            since_ms: AtomicU64::new(0),
            blocked_ms: AtomicU64::new(0),
        })
    }

    /// A request's head is complete.
    pub(super) fn begin_answer(&self) {
        self.phase.store(ANSWER, Ordering::Relaxed);
    }

    /// The answer is complete.
    pub(super) fn end_answer(&self) {
        self.enter(REQUEST);
    }

    /// What is waited for, and for how long already.
    pub(super) fn now(&self) -> (Wait, Duration) {
        let now_ms = self.now_ms();
        let blocked = self.blocked_ms.load(Ordering::Relaxed);
        if blocked > 0 {
            return (Wait::Reader, Duration::from_millis((now_ms + 1).saturating_sub(blocked)));
        }
        let wait = match self.phase.load(Ordering::Relaxed) {
            REQUEST => Wait::Request,
            HEAD => Wait::Head,
            _ => Wait::Answer,
        };
        (wait, Duration::from_millis(now_ms.saturating_sub(self.since_ms.load(Ordering::Relaxed))))
    }

    fn enter(&self, phase: u8) {
        self.since_ms.store(self.now_ms(), Ordering::Relaxed);
        self.phase.store(phase, Ordering::Relaxed);
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn arrived(&self) {
        if self.phase.load(Ordering::Relaxed) == REQUEST {
            self.enter(HEAD);
        }
    }

    fn wrote(&self, moved: bool) {
        let blocked = self.blocked_ms.load(Ordering::Relaxed) > 0;
        if moved && blocked {
            self.blocked_ms.store(0, Ordering::Relaxed);
        } else if !moved && !blocked {
            self.blocked_ms.store(self.now_ms() + 1, Ordering::Relaxed);
        }
    }
}

/// The socket.
#[derive(Debug)]
pub(super) struct WatchedIo {
    io: TokioIo<TcpStream>,
    waiting: Arc<Waiting>,
}

impl WatchedIo {
    pub(super) fn new(stream: TcpStream, waiting: Arc<Waiting>) -> Self {
        Self { io: TokioIo::new(stream), waiting }
    }

    /// Sends a last word, as far as it goes without waiting.
    pub(super) fn say(&self, bytes: &[u8]) {
        // A client that does not even take this is gone already.
        let _ = self.io.inner().try_write(bytes);
    }
}

impl Read for WatchedIo {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let read = Pin::new(&mut this.io).poll_read(cx, buf);
        if read.is_ready() {
            this.waiting.arrived();
        }
        read
    }
}

impl Write for WatchedIo {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wrote = Pin::new(&mut this.io).poll_write(cx, buf);
        this.waiting.wrote(wrote.is_ready());
        wrote
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let wrote = Pin::new(&mut this.io).poll_write_vectored(cx, bufs);
        this.waiting.wrote(wrote.is_ready());
        wrote
    }
}

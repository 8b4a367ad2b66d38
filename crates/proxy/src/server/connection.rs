//! One client connection, from accept to close.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, Sleep};
use trunkline_config::Server;
use trunkline_wire::{Dialect as _, Fault, FaultKind, dialects};

use super::watch_io::{Wait, Waiting, WatchedIo};
use crate::pipeline;
use crate::reply::{BrokenOff, ReplyBody};
use crate::worker::Worker;

/// Bytes read ahead of one connection, its head included; Codex sends heads of some kilobytes.
const READ_BUFFER_BYTES_MAX: usize = 256 << 10;
/// How long a connection may stay without a request. Longer than what load balancers commonly keep (60 s), so that it is
/// they who close first.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(75);
/// How long a client may leave what was sent unread before its connection is cut and the provider's work cancelled.
const UNREAD_TIMEOUT: Duration = Duration::from_secs(120);

/// Serves one connection until either side ends it.
pub(super) async fn serve(stream: TcpStream, worker: Arc<Worker>, mut stop: watch::Receiver<bool>) {
    // Without it small writes wait up to 40 ms for the other side; where it fails they just do.
    let _ = stream.set_nodelay(true);
    let waiting = Waiting::new();
    let io = WatchedIo::new(stream, Arc::clone(&waiting));
    let service = service_fn(|request: Request<Incoming>| {
        waiting.begin_answer();
        let busy = Busy(Arc::clone(&waiting));
        let worker = Arc::clone(&worker);
        async move {
            let response = pipeline::handle(&worker, request).await;
            Ok::<Response<Answer>, Infallible>(response.map(|body| Answer { body, _busy: busy }))
        }
    });
    let mut connection = http1::Builder::new()
        .max_buf_size(READ_BUFFER_BYTES_MAX)
        // Chunk sizes and data leave as one copied piece: handing the kernel a list of small ones costs a fifth more on
        // a stream that comes in bursts, and nothing less elsewhere (`make bench`).
        .writev(false)
        .header_read_timeout(None)
        .serve_connection(io, service);
    let mut guard = Guard::new(&worker);
    let stopping = stop.clone();
    let mut stopped = pin!(stop.wait_for(|stop| *stop));
    let (mut listening, mut told) = (false, false);
    let end = poll_fn(|cx| {
        if Pin::new(&mut connection).poll(cx).is_ready() {
            return Poll::Ready(End::Closed);
        }
        // The task has one waker for all its life, so what was polled once need not be polled again for nothing.
        let news = !listening || stopping.has_changed().unwrap_or(true);
        listening = true;
        if !told && news && stopped.as_mut().poll(cx).is_ready() {
            told = true;
            Pin::new(&mut connection).graceful_shutdown();
            if Pin::new(&mut connection).poll(cx).is_ready() {
                return Poll::Ready(End::Closed);
            }
        }
        guard.poll(cx, &waiting)
    });
    match end.await {
        End::Closed => {}
        End::Idle | End::Unread => tracing::debug!("connection closed for its silence"),
        End::SlowHead => connection.into_parts().io.say(&too_slow()),
    }
}

/// Why a connection ends.
enum End {
    Closed,
    Idle,
    SlowHead,
    Unread,
}

/// The connection's one timer. It looks at what is waited for when it fires, and moves itself, so that requests do not
/// have to arm and disarm anything.
struct Guard {
    head_timeout: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Guard {
    fn new(worker: &Worker) -> Self {
        let Server { header_read_timeout, .. } = worker.snapshot().server;
        Self { head_timeout: header_read_timeout, timer: None }
    }

    fn poll(&mut self, cx: &mut Context<'_>, waiting: &Waiting) -> Poll<End> {
        match &self.timer {
            // It has the task's waker already.
            Some(timer) if !timer.is_elapsed() => return Poll::Pending,
            Some(_) | None => {}
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(self.head_timeout)));
        while timer.as_mut().poll(cx).is_ready() {
            let (wait, since) = waiting.now();
            let (limit, end) = match wait {
                Wait::Request => (KEEP_ALIVE_TIMEOUT, End::Idle),
                Wait::Head => (self.head_timeout, End::SlowHead),
                Wait::Reader => (UNREAD_TIMEOUT, End::Unread),
                // The request's own deadlines see to it.
                Wait::Answer => (Duration::MAX, End::Closed),
            };
            if since >= limit {
                return Poll::Ready(end);
            }
            // Never further than a head may take: by then another wait may have begun.
            let next = (limit - since).min(self.head_timeout);
            timer.as_mut().reset(Instant::now() + next);
        }
        Poll::Pending
    }
}

/// The answer to a head that did not arrive in time; hyper would only close.
fn too_slow() -> Vec<u8> {
    let fault = Fault::new(FaultKind::ClientTimeout, "the request's head did not arrive in time");
    let body = dialects::openai_chat::OpenaiChat.encode_fault(&fault);
    let head = format!(
        "HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), &body].concat()
}

/// Marks the answer as complete when its body is dropped.
struct Busy(Arc<Waiting>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.end_answer();
    }
}

/// A body that ends its request's wait with it.
struct Answer {
    body: ReplyBody,
    _busy: Busy,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

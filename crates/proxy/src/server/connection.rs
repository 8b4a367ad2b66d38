//! One client connection, from accept to close: requests in, answers out, one after the other, by one task.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::response::Parts as ResponseHead;
use http::{HeaderMap, Method, Response, StatusCode, Version};
use http_body::Body;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;

use super::body::{Inlet, RequestBody};
use super::limits::Patience;
use super::outbox::Outbox;
use super::wire::Wire;
use crate::fault;
use crate::h1::write_response::{CHUNK_END, LAST_CHUNK, LAST_DATA_CHUNK_END, Length, chunk_size_into};
use crate::h1::{HeadError, Received};

/// How long a client that was refused may go on sending before its connection is closed. Closing at once would take the
/// answer away from it: the system throws away what is unread on both sides.
const LINGER_TIMEOUT: Duration = Duration::from_secs(5);
/// What one read of such a client takes.
const LINGER_READ_BYTES: usize = 16 << 10;

/// What answers requests.
pub(super) trait Service {
    /// The body of its answers.
    type Body: Body<Data = Bytes> + Send + Unpin;

    /// Answers one request. The body is polled by the task that polls the answer.
    fn answer(&self, parts: Parts, body: RequestBody) -> impl Future<Output = Response<Self::Body>> + Send;

    /// How long the parts of a request may take to arrive.
    fn patience(&self) -> Patience;

    /// An empty map for headers.
    fn spare_headers(&self) -> HeaderMap;

    /// Takes a map of headers that is done with.
    fn recycle(&self, headers: HeaderMap);
}

/// Why a connection ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// One side has closed it, or has said so before.
    Closed,
    /// Its client left a request unsent or an answer unread.
    Silent,
    /// A request's head did not arrive in time.
    SlowHead,
    /// A request's body stopped arriving. Whoever reads it is told, and the answer is theirs.
    SlowBody,
    /// What came is no request.
    BadHead(HeadError),
    /// An answer went out before its request had come in.
    Unread,
}

/// Serves one connection until either side ends it.
pub(super) async fn serve<S, H>(io: S, service: H, stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin,
    H: Service + Send + Sync,
{
    let mut wire = Wire::new(io, service.patience(), stop);
    let end = loop {
        let received = match poll_fn(|cx| wire.poll_head(cx, || service.spare_headers())).await {
            Ok(received) => received,
            Err(end) => break end,
        };
        if let Err(end) = exchange(&mut wire, &service, received).await {
            break end;
        }
    };
    let refusal = match end {
        End::Closed => return,
        End::Silent | End::SlowBody => return tracing::debug!("connection closed for its silence"),
        End::Unread => None,
        End::SlowHead => Some(fault::slow_head()),
        End::BadHead(error) => Some(fault::bad_head(error)),
    };
    if let Some(refusal) = refusal {
        let (head, body) = refusal.into_parts();
        let asked = Asked { to_head: false, http11: true };
        if send(&mut wire, &head, body, asked, true).await.is_err() {
            return;
        }
    }
    linger(wire.io).await;
}

/// What an answer has to know of its request.
#[derive(Clone, Copy)]
struct Asked {
    to_head: bool,
    http11: bool,
}

/// One request and its answer. Errs when the connection is of no further use.
async fn exchange<S, H>(wire: &mut Wire<S>, service: &H, received: Received) -> Result<(), End>
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Service,
{
    let Received { parts, framing, keep_alive, waits } = received;
    let asked = Asked { to_head: parts.method == Method::HEAD, http11: parts.version == Version::HTTP_11 };
    let (body, inlet) = match wire.begin_body(framing, waits) {
        Some(bytes) => (RequestBody::whole(bytes), None),
        None => {
            let inlet = Inlet::new();
            (RequestBody::coming(framing.bytes(), Arc::clone(&inlet)), Some(inlet))
        }
    };
    let (head, body) = {
        let mut answering = pin!(service.answer(parts, body));
        poll_fn(|cx| poll_answer(cx, wire, answering.as_mut(), inlet.as_deref())).await?.into_parts()
    };
    let read = wire.skip_body();
    let closes = !keep_alive || !read || wire.is_stopping();
    let reusable = send(wire, &head, body, asked, closes).await?;
    service.recycle(head.headers);
    if !read {
        return Err(End::Unread);
    }
    // Told to stop meanwhile, the server closes without having said so: the client had no request on its way.
    if !reusable || wire.is_stopping() {
        return Err(End::Closed);
    }
    wire.end_answer();
    Ok(())
}

/// Polls the answer, and does for it what the connection has to: brings it the request's body, and gives it up when the
/// client leaves.
fn poll_answer<S, A, B>(
    cx: &mut Context<'_>,
    wire: &mut Wire<S>,
    mut answering: Pin<&mut A>,
    inlet: Option<&Inlet>,
) -> Poll<Result<Response<B>, End>>
where
    S: AsyncRead + AsyncWrite + Unpin,
    A: Future<Output = Response<B>>,
{
    loop {
        if let Poll::Ready(response) = answering.as_mut().poll(cx) {
            return Poll::Ready(Ok(response));
        }
        let Some(inlet) = inlet.filter(|inlet| inlet.is_wanted()) else { return wire.poll_left(cx).map(Err) };
        inlet.put(ready!(wire.poll_body(cx)));
    }
}

/// Sends an answer. Gives whether the connection may be used again, as far as the answer goes.
async fn send<S, B>(wire: &mut Wire<S>, head: &ResponseHead, body: B, asked: Asked, closes: bool) -> Result<bool, End>
where
    S: AsyncRead + AsyncWrite + Unpin,
    B: Body<Data = Bytes> + Unpin,
{
    let length = length_of(asked, head.status, &body);
    let closes = closes || length == Length::Close;
    let connection: Option<&[u8]> = match (closes, asked.http11) {
        (true, _) => Some(b"close"),
        // Its clients take silence for a close.
        (false, false) => Some(b"keep-alive"),
        (false, true) => None,
    };
    wire.begin_answer(head, length, connection);
    let stage = if length == Length::Bodiless { Stage::Ended } else { Stage::Open };
    let mut sending = Sending { body, chunked: length == Length::Chunked, stage };
    poll_fn(|cx| sending.poll(cx, wire)).await?;
    Ok(!closes)
}

fn length_of(asked: Asked, status: StatusCode, body: &impl Body) -> Length {
    if asked.to_head || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        return Length::Bodiless;
    }
    match body.size_hint().exact() {
        Some(bytes) => Length::Exact(bytes),
        None if asked.http11 => Length::Chunked,
        None => Length::Close,
    }
}

/// An answer's body on its way.
struct Sending<B> {
    body: B,
    chunked: bool,
    stage: Stage,
}

/// How far a body has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    Ended,
    /// It cannot be completed, and the client is to notice.
    Broken,
}

impl<B: Body<Data = Bytes> + Unpin> Sending<B> {
    /// Sends all there is to send: what is there at the same time leaves at the same time.
    fn poll<S>(&mut self, cx: &mut Context<'_>, wire: &mut Wire<S>) -> Poll<Result<(), End>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        loop {
            let waits = self.poll_collect(cx, &mut wire.outbox).is_pending();
            ready!(wire.poll_flush(cx))?;
            match self.stage {
                Stage::Ended => return Poll::Ready(Ok(())),
                Stage::Broken => return Poll::Ready(Err(End::Closed)),
                Stage::Open if waits => return wire.poll_left(cx).map(Err),
                Stage::Open => {}
            }
        }
    }

    /// Ready when the body has nothing more or there is enough to send, pending when it has nothing now.
    fn poll_collect(&mut self, cx: &mut Context<'_>, outbox: &mut Outbox) -> Poll<()> {
        while self.stage == Stage::Open && !outbox.is_full() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    // No body of ours has trailers.
                    let data = frame.into_data().unwrap_or_default();
                    let last = self.body.is_end_stream();
                    if !data.is_empty() {
                        self.put(data, last, outbox);
                    } else if last {
                        self.end(outbox);
                    }
                }
                Some(Err(_)) => self.stage = Stage::Broken,
                None => self.end(outbox),
            }
        }
        Poll::Ready(())
    }

    fn put(&mut self, data: Bytes, last: bool, outbox: &mut Outbox) {
        if self.chunked {
            chunk_size_into(outbox.front(), data.len());
        }
        let back = match (self.chunked, last) {
            (true, true) => LAST_DATA_CHUNK_END,
            (true, false) => CHUNK_END,
            (false, _) => b"",
        };
        outbox.push(data, back);
        if last {
            self.stage = Stage::Ended;
        }
    }

    fn end(&mut self, outbox: &mut Outbox) {
        if self.chunked {
            outbox.front().extend_from_slice(LAST_CHUNK);
        }
        self.stage = Stage::Ended;
    }
}

/// Closes a connection whose client is not done sending, so that it reads the answer it was sent.
async fn linger<S: AsyncRead + AsyncWrite + Unpin>(mut io: S) {
    let rest = async {
        io.shutdown().await?;
        let mut bytes = vec![0; LINGER_READ_BYTES];
        while io.read(&mut bytes).await? > 0 {}
        std::io::Result::Ok(())
    };
    // It has been told all there was to say, whatever comes of this.
    let _ = tokio::time::timeout(LINGER_TIMEOUT, rest).await;
}

#[cfg(test)]
mod tests;

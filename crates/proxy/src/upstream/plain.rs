//! One request and its answer over a plain HTTP/1.1 connection, driven by the task that asks.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use trunkline_providers::BaseUrl;

use super::error::is_closed;
use super::pool::{Origin, Pool};
use super::{Answer, Outgoing, Patience, UpstreamError};
use crate::h1::{Decoder, Head, HeadReader, RequestHead};

mod alarm;
mod body;
mod connection;
pub(super) mod dial;
mod upload;

pub use body::Body;
pub use connection::Connection;
use upload::Upload;

/// Largest body that is copied behind its head: one small write is cheaper for the kernel than a list of pieces. Larger
/// ones are sent from where they lie.
const COPIED_BODY_BYTES_MAX: u64 = 4 << 10;

/// A request as it goes on the wire; kept, since it may have to be sent twice.
struct Request<'a> {
    /// The head, and a small body behind it.
    head: Vec<u8>,
    /// A large body.
    body: &'a [Bytes],
}

/// Why a connection gave no answer.
struct Broken {
    error: UpstreamError,
    /// Whether the connection closed without a byte of an answer: what a server does that had closed it already.
    silent: bool,
}

/// Sends a request on an idle connection or a new one, and reads the answer's head.
///
/// An idle connection that turns out to be closed is replaced by a new one, once: its server never saw the request, or
/// saw it in the moment it was closing. A new connection that closes is a failure.
pub(super) async fn send(
    pool: &Pool,
    to: &BaseUrl,
    outgoing: &Outgoing<'_>,
    patience: Patience,
    connected: impl Fn(),
) -> Result<Answer, UpstreamError> {
    let begun = Instant::now();
    let origin = pool.origin(to)?;
    let request = Request::new(&origin, outgoing)?;
    let reader = || HeadReader::new(&outgoing.method, pool.spare_headers());
    if let Some(connection) = origin.take(begun) {
        connected();
        let limit = patience.within(patience.head, begun);
        match exchange_in_time(connection, reader(), &request, &origin, begun, limit).await {
            Ok(answer) => return Ok(answer),
            Err(broken) if broken.silent => {}
            Err(broken) => return Err(broken.error),
        }
    }
    let limit = patience.within(patience.connect, Instant::now());
    let io = dial::connect(&origin.host, origin.port, limit).await?;
    connected();
    let begun = Instant::now();
    let limit = patience.within(patience.head, begun);
    let answer = exchange_in_time(Connection::new(io), reader(), &request, &origin, begun, limit).await;
    answer.map_err(|broken| broken.error)
}

/// One attempt on one connection, which may take `limit` from `begun`. The connection is closed unless the answer says
/// that it lives on.
async fn exchange_in_time(
    mut connection: Connection,
    mut reader: HeadReader,
    request: &Request<'_>,
    origin: &Arc<Origin>,
    begun: Instant,
    limit: Duration,
) -> Result<Answer, Broken> {
    let mut alarm = connection.take_alarm();
    let due = begun + limit;
    let (head, complete) = {
        let mut exchange = pin!(exchange(&mut connection, &mut reader, request));
        let outcome = poll_fn(|cx| match exchange.as_mut().poll(cx) {
            Poll::Ready(outcome) => Poll::Ready(outcome),
            Poll::Pending => alarm.poll(cx, due).map(|()| (Err(UpstreamError::HeadTimeout(limit)), false)),
        });
        outcome.await
    };
    match head {
        Ok(head) => {
            connection.put_alarm(alarm);
            let home = (head.keep_alive && complete).then(|| Arc::clone(origin));
            Ok(answer(connection, head, home))
        }
        Err(error) => Err(Broken { silent: closed_silently(&error, &connection, &reader), error }),
    }
}

impl<'a> Request<'a> {
    fn new(origin: &Origin, outgoing: &'a Outgoing<'_>) -> Result<Self, UpstreamError> {
        let Outgoing { method, path, headers, body } = outgoing;
        let body_bytes = body.iter().map(|piece| piece.len() as u64).sum();
        let head = RequestHead { method, path, host: &origin.host_value, headers, body_bytes };
        let mut head = head.encode()?;
        if body_bytes > COPIED_BODY_BYTES_MAX {
            return Ok(Self { head, body });
        }
        body.iter().for_each(|piece| head.extend_from_slice(piece));
        Ok(Self { head, body: &[] })
    }
}

/// Sends the request and reads the answer's head; the second says whether the whole request went out.
async fn exchange(
    connection: &mut Connection,
    reader: &mut HeadReader,
    request: &Request<'_>,
) -> (Result<Head, UpstreamError>, bool) {
    match Upload::new(&request.head, request.body).run(connection, reader).await {
        Ok(Some(head)) => (Ok(head), true),
        Ok(None) => (read_head(connection, reader).await, true),
        Err(upload::Stopped::Answered(head)) => (Ok(head), false),
        Err(upload::Stopped::Closed(source)) => {
            // The server may have said why before it closed: 413, 401, 503.
            let head = read_head(connection, reader).await;
            (head.map_err(|error| blame_write(error, source)), false)
        }
        Err(upload::Stopped::Failed(error)) => (Err(error), false),
    }
}

async fn read_head(connection: &mut Connection, reader: &mut HeadReader) -> Result<Head, UpstreamError> {
    loop {
        if let Some(head) = reader.read(connection.buffer()).map_err(UpstreamError::BadHead)? {
            return Ok(head);
        }
        match poll_fn(|cx| connection.poll_fill(cx)).await {
            Ok(0) => return Err(UpstreamError::ClosedBeforeHead),
            Ok(_) => {}
            Err(source) if is_closed(&source) => return Err(UpstreamError::ClosedBeforeHead),
            Err(source) => return Err(UpstreamError::Io { source }),
        }
    }
}

/// When nothing could be read either, the write that failed first is the better story.
fn blame_write(error: UpstreamError, source: io::Error) -> UpstreamError {
    if matches!(error, UpstreamError::ClosedBeforeHead) { UpstreamError::Write { source } } else { error }
}

fn closed_silently(error: &UpstreamError, connection: &Connection, reader: &HeadReader) -> bool {
    let closed = match error {
        UpstreamError::ClosedBeforeHead => true,
        UpstreamError::Write { source } => is_closed(source),
        UpstreamError::Unsendable(_)
        | UpstreamError::Resolve { .. }
        | UpstreamError::Connect { .. }
        | UpstreamError::ConnectTimeout
        | UpstreamError::HeadTimeout(_)
        | UpstreamError::Tls { .. }
        | UpstreamError::BadHead(_)
        | UpstreamError::Framing(_)
        | UpstreamError::ClosedMidBody
        | UpstreamError::Io { .. } => false,
    };
    closed && connection.is_unread() && !reader.has_begun()
}

fn answer(connection: Connection, head: Head, home: Option<Arc<Origin>>) -> Answer {
    let body = Body::new(connection, Decoder::new(head.framing), home);
    Answer { status: head.status, headers: head.headers, body: super::Body::Plain(Box::new(body)) }
}

//! One request and its answer over a plain HTTP/1.1 connection, driven by the task that asks.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use http::Method;
use trunkline_providers::BaseUrl;
use trunkline_wire::splice::Pieces;

use super::error::is_closed;
use super::h1::{Decoder, Head, HeadReader, RequestHead};
use super::pool::{Origin, Pool};
use super::{Answer, Outgoing, Patience, UpstreamError};

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
struct Request {
    method: Method,
    /// The head, and a small body behind it.
    head: Vec<u8>,
    /// A large body.
    body: Pieces,
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
    outgoing: Outgoing<'_>,
    patience: Patience,
) -> Result<Answer, UpstreamError> {
    let begun = Instant::now();
    let origin = pool.origin(to)?;
    let request = Request::new(&origin, outgoing)?;
    if let Some(connection) = origin.take(begun) {
        match exchange_in_time(connection, &request, &origin, begun, patience.within(patience.head, begun)).await {
            Ok(answer) => return Ok(answer),
            Err(broken) if broken.silent => {}
            Err(broken) => return Err(broken.error),
        }
    }
    let limit = patience.within(patience.connect, Instant::now());
    let io = dial::connect(&origin.host, origin.port, limit).await?;
    let begun = Instant::now();
    let limit = patience.within(patience.head, begun);
    let answer = exchange_in_time(Connection::new(io), &request, &origin, begun, limit).await;
    answer.map_err(|broken| broken.error)
}

/// One attempt on one connection, which may take `limit` from `begun`.
async fn exchange_in_time(
    mut connection: Connection,
    request: &Request,
    origin: &Arc<Origin>,
    begun: Instant,
    limit: Duration,
) -> Result<Answer, Broken> {
    let mut alarm = connection.take_alarm();
    let mut exchange = pin!(exchange(connection, request, origin));
    let due = begun + limit;
    let head = poll_fn(|cx| match exchange.as_mut().poll(cx) {
        Poll::Ready(outcome) => Poll::Ready(outcome),
        Poll::Pending => {
            alarm.poll(cx, due).map(|()| Err(Broken { error: UpstreamError::HeadTimeout(limit), silent: false }))
        }
    });
    let (mut connection, head, home) = head.await?;
    connection.put_alarm(alarm);
    Ok(answer(connection, head, home))
}

impl Request {
    fn new(origin: &Origin, outgoing: Outgoing<'_>) -> Result<Self, UpstreamError> {
        let Outgoing { method, path, headers, body } = outgoing;
        let body_bytes = body.iter().map(|piece| piece.len() as u64).sum();
        let head =
            RequestHead { method: &method, path: &path, host: &origin.host_value, headers: &headers, body_bytes };
        let mut head = head.encode()?;
        if body_bytes > COPIED_BODY_BYTES_MAX {
            return Ok(Self { method, head, body });
        }
        body.iter().for_each(|piece| head.extend_from_slice(piece));
        Ok(Self { method, head, body: Pieces::new() })
    }
}

/// Sends the request and reads the answer's head. With them goes where the connection belongs after the answer, unless
/// the answer says that it must be closed.
async fn exchange(
    mut connection: Connection,
    request: &Request,
    origin: &Arc<Origin>,
) -> Result<(Connection, Head, Option<Arc<Origin>>), Broken> {
    let mut reader = HeadReader::new(&request.method);
    let uploaded = Upload::new(&request.head, &request.body).run(&mut connection, &mut reader).await;
    let (head, complete) = match uploaded {
        Ok(Some(head)) => (Ok(head), true),
        Ok(None) => (read_head(&mut connection, &mut reader).await, true),
        Err(upload::Stopped::Answered(head)) => (Ok(head), false),
        Err(upload::Stopped::Closed(source)) => {
            // The server may have said why before it closed: 413, 401, 503.
            let head = read_head(&mut connection, &mut reader).await;
            (head.map_err(|error| blame_write(error, source)), false)
        }
        Err(upload::Stopped::Failed(error)) => (Err(error), false),
    };
    match head {
        Ok(head) => {
            let home = (head.keep_alive && complete).then(|| Arc::clone(origin));
            Ok((connection, head, home))
        }
        Err(error) => Err(Broken { silent: closed_silently(&error, &connection, &reader), error }),
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

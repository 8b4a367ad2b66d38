//! Reads a request's body under its limits.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body::Body;
use trunkline_config::Server;
use trunkline_wire::{DialectId, Fault, FaultKind};

/// Memory set aside at once for a body that announces its length; more is added as it arrives.
const FIRST_ALLOCATION_BYTES_MAX: usize = 1 << 20;

/// Refuses bodies that are not declared as plain JSON. Ollama's server does not ask what they are declared as, and the
/// examples in its documents do not say.
///
/// # Errors
/// `UnsupportedMediaType`, saying what was sent and what is taken.
pub(crate) fn check_type(dialect: DialectId, headers: &HeaderMap) -> Result<(), Fault> {
    if let Some(coding) = headers.get(header::CONTENT_ENCODING)
        && !coding.as_bytes().eq_ignore_ascii_case(b"identity")
    {
        let message = "`content-encoding` is not supported on requests; send the body uncompressed";
        return Err(Fault::new(FaultKind::UnsupportedMediaType, message));
    }
    // A web page can send a body without a type, or as a form, to any server, and no browser asks first.
    let from_page = headers.contains_key(header::ORIGIN);
    if dialect == DialectId::Ollama && !from_page {
        return Ok(());
    }
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return if from_page { Err(unsupported("no content type")) } else { Ok(()) };
    };
    let text = value.to_str().unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") || essence.to_ascii_lowercase().ends_with("+json") {
        return Ok(());
    }
    Err(unsupported(essence))
}

fn unsupported(what: &str) -> Fault {
    let message = format!("the body must be declared as `content-type: application/json`, not {what:?}");
    Fault::new(FaultKind::UnsupportedMediaType, message)
}

/// Reads the whole body.
///
/// # Errors
/// `BodyTooLarge`, `ClientTimeout` when it falls silent, `InvalidRequest` when it breaks off.
pub(crate) async fn read<B>(body: B, server: &Server) -> Result<Bytes, Fault>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let announced = body.size_hint().lower();
    if announced > server.body_bytes_max as u64 {
        return Err(too_large(server.body_bytes_max));
    }
    let mut body = body;
    let mut first = Bytes::new();
    let mut rest: Option<BytesMut> = None;
    while let Some(data) = next(&mut body, server.body_read_timeout).await? {
        let so_far = rest.as_ref().map_or(first.len(), BytesMut::len);
        if so_far + data.len() > server.body_bytes_max {
            return Err(too_large(server.body_bytes_max));
        }
        match &mut rest {
            Some(rest) => rest.extend_from_slice(&data),
            None if first.is_empty() => first = data,
            None => {
                let expected = usize::try_from(announced).unwrap_or(usize::MAX).min(FIRST_ALLOCATION_BYTES_MAX);
                let mut joined = BytesMut::with_capacity(expected.max(so_far + data.len()));
                joined.extend_from_slice(&first);
                joined.extend_from_slice(&data);
                rest = Some(joined);
            }
        }
    }
    Ok(rest.map_or(first, BytesMut::freeze))
}

/// The next piece of data; waits at most `patience` for it. The timer is made only when there is something to wait for.
async fn next<B>(body: &mut B, patience: Duration) -> Result<Option<Bytes>, Fault>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    let mut timer = None;
    poll_fn(|cx| {
        loop {
            match Pin::new(&mut *body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => return Poll::Ready(Ok(Some(data))),
                    Err(_trailers) => {}
                },
                Poll::Ready(Some(Err(error))) => {
                    let message = format!("the body could not be read to its end: {error}");
                    return Poll::Ready(Err(Fault::new(FaultKind::InvalidRequest, message)));
                }
                Poll::Ready(None) => return Poll::Ready(Ok(None)),
                Poll::Pending => break,
            }
        }
        let timer = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        timer.as_mut().poll(cx).map(|()| {
            let message = format!("the body stopped arriving for {} s", patience.as_secs_f64());
            Err(Fault::new(FaultKind::ClientTimeout, message))
        })
    })
    .await
}

fn too_large(limit: usize) -> Fault {
    let message = format!("the body is larger than {limit} bytes; `server.body_limit` sets the limit");
    Fault::new(FaultKind::BodyTooLarge, message)
}

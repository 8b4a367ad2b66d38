//! Reads a request's body under its limits.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body::Frame;
use thiserror::Error;
use trunkline_config::Server;
use trunkline_wire::{DialectId, Fault, FaultKind};

use crate::server::{BodyError, RequestBody};

/// Refuses bodies that are not declared as plain JSON. Ollama's server does not ask what they are declared as, and the
/// examples in its documents do not say.
///
/// # Errors
/// `UnsupportedMediaType`, saying what was sent and what is taken.
pub(crate) fn check_type(dialect: DialectId, headers: &HeaderMap) -> Result<(), Fault> {
    let is_json = headers.get(header::CONTENT_TYPE).is_some_and(|value| value == "application/json");
    if is_json && !headers.contains_key(header::CONTENT_ENCODING) {
        // As nearly all of them.
        return Ok(());
    }
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
pub(crate) async fn read(mut body: RequestBody, server: &Server) -> Result<Bytes, Fault> {
    if body.announced().is_some_and(|announced| announced > server.body_bytes_max as u64) {
        return Err(too_large(server.body_bytes_max));
    }
    let mut whole = BytesMut::new();
    while let Some(data) = poll_fn(|_| body.poll_data()).await {
        let data = data.map_err(|error| incomplete(error, server.body_read_timeout))?;
        if whole.len() + data.len() > server.body_bytes_max {
            return Err(too_large(server.body_bytes_max));
        }
        // No copy where they lie side by side, as they do in the connection's buffer when the length was announced.
        whole.unsplit(data);
    }
    Ok(whole.freeze())
}

/// A request's body, as it arrives; the connection waits for each piece only so long. To be polled by the task that
/// answers the request, and by no other.
#[derive(Debug)]
pub struct Upload(pub(crate) RequestBody);

/// Why a body did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unfinished(BodyError);

impl http_body::Body for Upload {
    type Data = Bytes;
    type Error = Unfinished;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Unfinished>>> {
        let data = self.get_mut().0.poll_data();
        data.map(|data| data.map(|data| data.map(|data| Frame::data(data.freeze())).map_err(Unfinished)))
    }
}

/// What became of a body that was not read to its end.
fn incomplete(error: BodyError, patience: Duration) -> Fault {
    if error == BodyError::Silent {
        let message = format!("the body stopped arriving for {} s", patience.as_secs_f64());
        return Fault::new(FaultKind::ClientTimeout, message);
    }
    Fault::new(FaultKind::InvalidRequest, format!("the body could not be read to its end: {error}"))
}

fn too_large(limit: usize) -> Fault {
    let message = format!("the body is larger than {limit} bytes; `server.body_limit` sets the limit");
    Fault::new(FaultKind::BodyTooLarge, message)
}

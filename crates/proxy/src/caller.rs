//! Who calls: the client key, from wherever clients put it.

use http::request::Parts;
use http::{HeaderMap, header};
use trunkline_config::{ClientKey, ClientKeys};
use trunkline_wire::{DialectId, Fault, FaultKind};

use crate::models_api::percent_decoded;

/// Headers that hold a bare key.
const KEY_HEADERS: &[&str] = &["x-api-key", "api-key", "x-goog-api-key"];

/// The caller's key, or `None` where none is asked for.
///
/// # Errors
/// `Unauthenticated` when a key is asked for and the request holds no known one.
pub(crate) fn identify<'a>(
    keys: &'a ClientKeys,
    dialect: DialectId,
    parts: &Parts,
) -> Result<Option<&'a ClientKey>, Fault> {
    if matches!(keys, ClientKeys::Open) {
        return Ok(None);
    }
    let in_query = (dialect == DialectId::Gemini).then(|| in_query(parts.uri.query()?)).flatten();
    let mut presented = false;
    for key in credentials(&parts.headers).chain(in_query.as_deref().map(str::as_bytes)) {
        presented = true;
        if let Some(client_key) = keys.find(key) {
            return Ok(Some(client_key));
        }
    }
    let message = if presented {
        "the client key is not known here; check it, or ask whoever runs this Trunkline for one"
    } else {
        "a client key is required; send it as `Authorization: Bearer KEY` or `x-api-key: KEY`"
    };
    Err(Fault::new(FaultKind::Unauthenticated, message))
}

/// Gemini's clients may write their key into the query: `?key=KEY`.
fn in_query(query: &str) -> Option<String> {
    let key = query.split('&').find_map(|pair| pair.strip_prefix("key="))?;
    percent_decoded(key)
}

/// Every credential that a request carries in its head; Claude Code may send two that differ.
fn credentials(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let bearer = headers.get_all(header::AUTHORIZATION).iter().filter_map(|value| strip_bearer(value.as_bytes()));
    let bare = KEY_HEADERS.iter().filter_map(|name| headers.get(*name)).map(http::HeaderValue::as_bytes);
    bearer.chain(bare)
}

fn strip_bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| key.trim_ascii())
}

//! Who calls: the client key, from wherever clients put it.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, header};
use trunkline_config::snapshot::{HeldKeys, among, key_hash};
use trunkline_config::{ClientKey, ClientKeys};
use trunkline_route::Moment;
use trunkline_wire::{DialectId, Fault, FaultKind};

use crate::models_api::percent_decoded;
use crate::shared::Shared;

/// Headers that hold a bare key.
pub(crate) const KEY_HEADERS: &[&str] = &["x-api-key", "api-key", "x-goog-api-key"];

/// The client keys that were made at run time, by the SHA-256 of the key.
#[derive(Debug, Default)]
pub struct MadeKeys {
    /// Those that are let in, and those of which can be said why they are not.
    pub known: HeldKeys,
    /// Whether there ever was one, those that are revoked among them: then callers need a key.
    pub any: bool,
}

/// The caller's key, or `None` where none is asked for. The request came in at `at`.
///
/// # Errors
/// `Unauthenticated` when a key is asked for and the request holds none that is good.
pub(crate) fn identify(
    shared: &Shared,
    keys: &ClientKeys,
    dialect: DialectId,
    (parts, at): (&Parts, Moment),
) -> Result<Option<Arc<ClientKey>>, Fault> {
    if matches!(keys, ClientKeys::Open) {
        return Ok(None);
    }
    let made = shared.made_keys();
    if matches!(keys, ClientKeys::Unclaimed) && !made.any {
        return Ok(None);
    }
    let in_query = (dialect == DialectId::Gemini).then(|| in_query(parts.uri.query()?)).flatten();
    let mut presented = false;
    for key in credentials(&parts.headers).chain(in_query.as_deref().map(str::as_bytes)) {
        presented = true;
        let hash = key_hash(key);
        if let Some(client_key) = keys.find(&hash).or_else(|| among(&made.known, &hash)) {
            is_good(client_key, at)?;
            return Ok(Some(Arc::clone(client_key)));
        }
    }
    Err(refused(if presented {
        "the client key is not known here; check it, or ask whoever runs this Trunkline for one"
    } else {
        "a client key is required; send it as `Authorization: Bearer KEY` or `x-api-key: KEY`"
    }))
}

/// Whether a key that is known is let in.
fn is_good(key: &ClientKey, at: Moment) -> Result<(), Fault> {
    let Some(allowance) = &key.allowance else { return Ok(()) };
    if !allowance.enabled {
        return Err(refused("the client key is switched off; ask whoever runs this Trunkline"));
    }
    if allowance.is_over(at.0) {
        return Err(refused("the client key has expired; ask whoever runs this Trunkline for another"));
    }
    Ok(())
}

fn refused(message: &str) -> Fault {
    Fault::new(FaultKind::Unauthenticated, message)
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

//! What two requests must share for one answer to serve both.

use http::HeaderName;
use sha2::{Digest, Sha256};
use trunkline_config::ModelCache;
use trunkline_route::Plan;

use crate::enforce;
use crate::head;
use crate::prepare::Taken;
use crate::routes::Form;
use crate::wishes::DISABLE_FALLBACKS;

/// Stands for all of it. So long that nobody finds two requests with the same.
pub(super) type Key = [u8; 32];

/// Headers, beside those of the provider and of enforcement, that say what is asked for.
const HEADERS: [HeaderName; 5] = [
    HeaderName::from_static("anthropic-version"),
    HeaderName::from_static("anthropic-beta"),
    HeaderName::from_static("openai-beta"),
    head::ON_LOSS,
    DISABLE_FALLBACKS,
];

/// Parts of the query that say who asks and how the answer comes.
const NOT_ASKED: [&str; 2] = ["key", "alt"];

/// The key of a request with this body. `owner` is whose answers it may be given; `None`: everybody's.
pub(super) fn of(
    taken: &Taken<'_>,
    plan: &Plan,
    (cache, owner): (&ModelCache, Option<Option<&str>>),
    (namespace, text): (Option<&str>, &str),
) -> Key {
    let mut parts = Parts(Sha256::new());
    parts.add(&cache.definition);
    parts.add_option(owner.map(|_| "owned"));
    parts.add_option(owner.flatten());
    parts.add_option(namespace);
    parts.add(taken.surface.dialect.as_str().as_bytes());
    parts.add(if taken.surface.form == Form::Generate { b"generate" } else { b"" });
    parts.add(taken.model.as_bytes());
    let asked = |pair: &&str| !pair.is_empty() && !NOT_ASKED.contains(&pair.split('=').next().unwrap_or_default());
    for pair in taken.query.unwrap_or_default().split('&').filter(asked) {
        parts.add(pair.as_bytes());
    }
    for name in names(plan) {
        for value in taken.headers.get_all(&name) {
            parts.add(name.as_str().as_bytes());
            parts.add(value.as_bytes());
        }
    }
    parts.add(text.as_bytes());
    parts.0.finalize().into()
}

/// The headers that may change the answer, in one order whoever is asked first.
fn names(plan: &Plan) -> Vec<HeaderName> {
    let forwarded = plan.attempts.iter().flat_map(|attempt| attempt.target.provider.forward_headers.iter().cloned());
    let mut names: Vec<HeaderName> = HEADERS.into_iter().chain(enforce::headers()).chain(forwarded).collect();
    names.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
    names.dedup();
    names
}

/// Pieces of text, told apart by their lengths.
struct Parts(Sha256);

impl Parts {
    fn add(&mut self, part: &[u8]) {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    fn add_option(&mut self, part: Option<&str>) {
        self.add(if part.is_some() { b"said" } else { b"" });
        self.add(part.unwrap_or_default().as_bytes());
    }
}

//! Whether a list of choices says why one of them ended.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::has;
use crate::scan::Elements;

/// The key that stands before a choice's reason for its end.
#[derive(Debug)]
pub(in crate::relay) struct ReasonKey {
    quoted: LazyLock<Finder<'static>>,
    name: &'static [u8],
}

/// Chat Completions' and Completions' key.
pub(in crate::relay) static FINISH_REASON: ReasonKey =
    ReasonKey { quoted: LazyLock::new(|| Finder::new(b"\"finish_reason\"")), name: b"finish_reason" };

/// Gemini's key. Some of its models say `STOP` in every event.
pub(in crate::relay) static FINISH_REASON_OF_GEMINI: ReasonKey =
    ReasonKey { quoted: LazyLock::new(|| Finder::new(b"\"finishReason\"")), name: b"finishReason" };

impl ReasonKey {
    /// Whether any of `choices` has a reason for its end. Almost every event says that it has none, so they are walked
    /// over only when something else than null stands behind that key.
    pub(super) fn stands_in_any(&self, choices: &[u8]) -> bool {
        let key = &*self.quoted;
        let may_matter = |at| {
            let behind = choices.get(at + key.needle().len()..).unwrap_or_default().trim_ascii_start();
            behind.strip_prefix(b":").is_some_and(|value| !value.trim_ascii_start().starts_with(b"null"))
        };
        if !key.find_iter(choices).any(may_matter) {
            return false;
        }
        let Some(mut choices) = Elements::open(choices) else { return false };
        while let Ok(Some(choice)) = choices.next() {
            if has(choice, self.name) {
                return true;
            }
        }
        false
    }

    /// The longest text that [`ReasonKey::is_given_in`] looks for.
    pub(in crate::relay) const GIVEN_BYTES_MAX: usize = "\"finish_reason\": \"".len();

    /// Whether a part of a JSON text has this key with a string behind it, one space at most between. It cannot stand
    /// inside a string, whose quotes are escaped.
    pub(in crate::relay) fn is_given_in(&self, text: &[u8]) -> bool {
        let key = &*self.quoted;
        key.find_iter(text).any(|at| {
            let behind = text.get(at + key.needle().len()..).unwrap_or_default();
            behind.starts_with(b":\"") || behind.starts_with(b": \"")
        })
    }
}

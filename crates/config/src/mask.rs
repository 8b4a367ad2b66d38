//! What stands in the place of secrets where they must not be seen, and the way back.
//!
//! Which settings are secrets is the schema's to say. What only refers to a secret, such as `${VAR}`, is none.

mod comment;
mod naming;
mod slots;

use serde_json::Value as Json;

use crate::edit::{Splice, splice, value};
use crate::path::Path;
use crate::write::inline;

pub use naming::{NamedSecrets, name_secrets};

/// What every mask begins with.
const MASK: &str = "••••••••";

/// Letters at the end of a secret that its mask shows, so that people know which it is.
const SHOWN_CHARS: usize = 4;

/// Secrets that are shorter show nothing: the rest could be guessed.
const SHOWN_CHARS_MIN: usize = 20;

/// Whether a text stands for a secret that its writer was not shown.
pub fn is_mask(text: &str) -> bool {
    text.starts_with(MASK)
}

/// What stands for a text; `None` when it is no secret.
fn masked(text: &str) -> Option<String> {
    (!text.is_empty() && !is_reference(text)).then(|| mask_of(text))
}

/// What stands for a secret.
pub(crate) fn mask_of(secret: &str) -> String {
    let count = secret.chars().count();
    let shown: String = if count < SHOWN_CHARS_MIN {
        String::new()
    } else {
        secret.chars().skip(count - SHOWN_CHARS).filter(char::is_ascii_alphanumeric).collect()
    };
    format!("{MASK}{shown}")
}

/// A document in which no secret can be read; `None` when it is no TOML, so that nobody knows what of it is secret.
///
/// Comments in which something looks like a key are masked, too.
pub fn mask_document(text: &str) -> Option<String> {
    let spans = slots::spans(text)?;
    let mut tree = value(text).ok()?;
    let mut splices = comment::masks(text);
    slots::each(&Path::default(), &mut tree, &mut |path, secret| {
        if let (Some(span), Some(mask)) = (spans.get(path), masked(secret)) {
            splices.push(Splice { start: span.start, end: span.end, text: inline(&mask.into()) });
        }
    });
    Some(splice(text, splices))
}

/// Masks the secrets in a part of a document.
pub fn mask_value(at: &Path, value: &mut Json) {
    slots::each(at, value, &mut |_, secret| {
        if let Some(mask) = masked(secret) {
            *secret = mask;
        }
    });
}

/// Makes masks the secrets that they stand for: those in `current`, which is what the document says there.
///
/// # Errors
/// The first place whose mask stands for no secret, or for any of several.
pub fn unmask_value(at: &Path, value: &mut Json, current: &Json) -> Result<(), Path> {
    let known = Known { secrets: slots::list(at, current), masks: slots::list(at, value) };
    let mut unknown = None;
    slots::each(at, value, &mut |path, text| {
        if is_mask(text) {
            match known.meant(path, text) {
                Some(secret) => *text = secret.to_owned(),
                None => unknown = unknown.take().or_else(|| Some(path.clone())),
            }
        }
    });
    unknown.map_or(Ok(()), Err)
}

/// A document whose masks are the secrets in `current` that they stand for. Masks that stand for none stay.
pub fn unmask_document(text: &str, current: &str) -> String {
    let top = Path::default();
    let (Some(spans), Ok(tree), Ok(before)) = (slots::spans(text), value(text), value(current)) else {
        return text.to_owned();
    };
    let known = Known { secrets: slots::list(&top, &before), masks: slots::list(&top, &tree) };
    let written = |(path, mask): &(Path, String)| {
        let secret = known.meant(path, mask).filter(|_| is_mask(mask))?;
        let span = spans.get(path)?;
        Some(Splice { start: span.start, end: span.end, text: inline(&secret.into()) })
    };
    splice(text, known.masks.iter().filter_map(written).collect())
}

/// Where masks in a document stand.
pub fn masks_in(text: &str) -> Vec<Path> {
    let slots = value(text).map(|tree| slots::list(&Path::default(), &tree)).unwrap_or_default();
    slots.into_iter().filter(|(_, text)| is_mask(text)).map(|(path, _)| path).collect()
}

/// What was in the places of secrets before, and what is there now.
struct Known {
    secrets: Vec<(Path, String)>,
    masks: Vec<(Path, String)>,
}

impl Known {
    /// The secret that a mask stands for: the one in its place, or the one of that look that was nearby.
    fn meant(&self, path: &Path, mask: &str) -> Option<&str> {
        let nearby = slots::nearby(path);
        let is_alike =
            |(at, secret): &&(Path, String)| at.starts_with(&nearby) && masked(secret).as_deref() == Some(mask);
        let before: Vec<_> = self.secrets.iter().filter(is_alike).collect();
        let now: Vec<_> = self.masks.iter().filter(|(at, text)| at.starts_with(&nearby) && text == mask).collect();
        let in_order = || before.get(now.iter().position(|(at, _)| at == path)?);
        let found = match before.as_slice() {
            [only] => Some(only),
            // Which of several is gone, nobody can tell; where no list is, none can have taken another's place.
            several if several.len() != now.len() => several.iter().find(|(at, _)| at == path && !path.is_in_list()),
            several => several.iter().find(|(at, _)| at == path).or_else(in_order),
        };
        found.map(|(_, secret)| secret.as_str())
    }
}

/// Whether a text holds nothing secret itself: it names where the secret is, and at most how it is presented.
fn is_reference(text: &str) -> bool {
    if text.starts_with("secret:") {
        return true;
    }
    let (mut rest, mut names) = (String::new(), 0);
    let mut parts = text.split("${");
    rest.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let Some((_, after)) = part.split_once('}') else { return false };
        names += 1;
        rest.push_str(after);
    }
    names > 0 && ["", "bearer", "basic", "token"].contains(&rest.trim().to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests;

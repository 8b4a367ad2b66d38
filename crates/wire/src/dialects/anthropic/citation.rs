//! Sources of a text.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::DialectId;
use crate::fields::parse;
use crate::ir::{Citation, Page};
use crate::write::{Array, Object};

/// A source that is a page on the web, of a search that Anthropic made or the caller did.
#[derive(Deserialize)]
struct Source {
    /// Its address, of Anthropic's search.
    #[serde(default)]
    url: Option<String>,
    /// Its address, of the caller's; may be another sort of name.
    #[serde(default)]
    source: Option<String>,
    /// Its title.
    #[serde(default)]
    title: Option<String>,
    /// Words of it.
    #[serde(default)]
    cited_text: Option<String>,
}

/// Reads one of `citations`. Places in documents of the request are known to this dialect only.
pub(super) fn read(raw: &RawValue) -> Citation {
    let page = parse::<Source>(raw).and_then(|Source { url, source, title, cited_text }| {
        let url = url.or(source.filter(|source| source.starts_with("http")))?;
        Some(Page { url, title, cited: cited_text, place: None })
    });
    Citation { origin: DialectId::Anthropic, raw: raw.to_owned(), page }
}

/// Writes the sources of an answer's text; those that there is no word for are left out.
pub(super) fn put_all(citations: &[Citation], to: &mut Object<'_>) {
    let mut sayable = citations.iter().filter(|citation| citation.is_sayable(DialectId::Anthropic)).peekable();
    if sayable.peek().is_some() {
        to.array("citations", |list| sayable.for_each(|citation| put(citation, list)));
    }
}

fn put(citation: &Citation, list: &mut Array<'_>) {
    match citation.page_for(DialectId::Anthropic) {
        Some(page) => list.object(|location| put_page(page, location)),
        None => list.raw(&citation.raw),
    }
}

/// Writes a page as a search of Anthropic's names it. `encrypted_index` is for Anthropic alone, and clients insist on it.
pub(super) fn put_page(page: &Page, location: &mut Object<'_>) {
    location.put("type", "web_search_result_location");
    location.put("cited_text", page.cited.as_deref().unwrap_or_default());
    location.put("encrypted_index", "");
    location.put("title", &page.title);
    location.put("url", &page.url);
}

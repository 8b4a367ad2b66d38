//! Sources of a text, as `url_citation`.

use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::DialectId;
use crate::fields::parse;
use crate::ir::{Citation, Page};
use crate::write::object;

/// A `url_citation`.
#[derive(Deserialize)]
struct UrlCitation {
    /// Always `url_citation`.
    #[serde(rename = "type")]
    kind: String,
    /// Its address.
    url: String,
    /// Its title.
    #[serde(default)]
    title: Option<String>,
    /// Where in the part's text it is used.
    #[serde(default)]
    start_index: Option<usize>,
    /// The end of that place.
    #[serde(default)]
    end_index: Option<usize>,
}

/// Reads one of `annotations`; of another kind than a page on the web, only this dialect can say it.
pub(super) fn read(raw: &RawValue) -> Citation {
    let page = parse::<UrlCitation>(raw).filter(|citation| citation.kind == "url_citation").map(|citation| Page {
        url: citation.url,
        title: citation.title,
        cited: None,
        place: place(citation.start_index, citation.end_index),
    });
    Citation { origin: DialectId::OpenaiResponses, raw: raw.to_owned(), page }
}

fn place(start: Option<usize>, end: Option<usize>) -> Option<Range<usize>> {
    start.zip(end).filter(|(start, end)| start <= end).map(|(start, end)| start..end)
}

/// The source of `text` in the words of this dialect; `None` when it has none.
pub(super) fn annotation(citation: &Citation, text: &str) -> Option<Box<RawValue>> {
    if citation.origin == DialectId::OpenaiResponses {
        return Some(citation.raw.clone());
    }
    let page = citation.page.as_ref()?;
    let place = page.place.clone().unwrap_or_else(|| 0..text.chars().count());
    let bytes = object(|annotation| {
        annotation.put("type", "url_citation");
        annotation.put("start_index", &place.start);
        annotation.put("end_index", &place.end);
        annotation.put("url", &page.url);
        annotation.put("title", page.title.as_deref().unwrap_or_default());
    });
    serde_json::from_slice(&bytes).ok()
}

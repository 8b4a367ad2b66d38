//! Sources of a text, as `url_citation`.

use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::DialectId;
use crate::fields::parse;
use crate::ir::{Citation, Page};
use crate::write::Array;

/// One of `annotations`.
#[derive(Deserialize)]
struct Annotation {
    /// What it is of, where that is a page on the web.
    url_citation: UrlCitation,
}

/// A page on the web.
#[derive(Deserialize)]
struct UrlCitation {
    /// Its address.
    url: String,
    /// Its title.
    #[serde(default)]
    title: Option<String>,
    /// What it says, of OpenRouter.
    #[serde(default)]
    content: Option<String>,
    /// Where in the message's content it is used.
    #[serde(default)]
    start_index: Option<usize>,
    /// The end of that place.
    #[serde(default)]
    end_index: Option<usize>,
}

/// Reads one of `annotations`.
pub(in crate::dialects::openai_chat) fn read_annotation(raw: &RawValue) -> Citation {
    let page = parse::<Annotation>(raw).map(|Annotation { url_citation: page }| {
        let place = page.start_index.zip(page.end_index).filter(|(start, end)| start < end);
        let place = place.map(|(start, end)| start..end);
        Page { url: page.url, title: page.title, cited: page.content, place }
    });
    Citation { origin: DialectId::OpenaiChat, raw: raw.to_owned(), page }
}

/// Writes a source of the text that stands at `place` of the content, in characters. Nothing when this dialect cannot
/// say it.
pub(in crate::dialects::openai_chat) fn write_annotation(
    citation: &Citation,
    place: Range<usize>,
    list: &mut Array<'_>,
) {
    let Some(page) = citation.page_for(DialectId::OpenaiChat) else {
        if citation.origin == DialectId::OpenaiChat {
            list.raw(&citation.raw);
        }
        return;
    };
    let used = page.place.as_ref().map_or_else(
        || place.clone(),
        |used| {
            let from = |at: usize| place.start.saturating_add(at);
            from(used.start)..from(used.end)
        },
    );
    list.object(|annotation| {
        annotation.put("type", "url_citation");
        annotation.object("url_citation", |citation| {
            citation.put("start_index", &used.start);
            citation.put("end_index", &used.end);
            citation.put("url", &page.url);
            citation.put("title", page.title.as_deref().unwrap_or_default());
        });
    });
}

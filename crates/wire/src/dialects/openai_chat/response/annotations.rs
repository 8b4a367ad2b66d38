//! Sources of a text, as `url_citation`.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::DialectId;
use crate::write::Array;

/// What other dialects say of a page on the web: Responses' `url_citation`, Anthropic's `web_search_result_location`.
#[derive(Deserialize)]
struct Page<'a> {
    /// Its address.
    #[serde(borrow)]
    url: Cow<'a, str>,
    /// Its title.
    #[serde(borrow, default)]
    title: Option<Cow<'a, str>>,
    /// Where in the text it is used, of Responses.
    #[serde(default)]
    start_index: Option<usize>,
    /// The end of that place.
    #[serde(default)]
    end_index: Option<usize>,
}

/// Writes a source of the text that stands at `place` of the content, in characters. False when this dialect cannot say
/// it: then nothing is written.
pub(in crate::dialects::openai_chat) fn write_annotation(
    origin: DialectId,
    raw: &RawValue,
    place: Range<usize>,
    list: &mut Array<'_>,
) -> bool {
    if origin == DialectId::OpenaiChat {
        list.raw(raw);
        return true;
    }
    let Some(page) = parse_page(raw) else { return false };
    list.object(|annotation| {
        annotation.put("type", "url_citation");
        annotation.object("url_citation", |citation| {
            citation.put("start_index", &page.start_index.map_or(place.start, |start| place.start + start));
            citation.put("end_index", &page.end_index.map_or(place.end, |end| place.start + end));
            citation.put("url", &page.url);
            citation.put("title", page.title.as_deref().unwrap_or_default());
        });
    });
    true
}

/// Whether this dialect can say it.
pub(super) fn is_sayable(origin: DialectId, raw: &RawValue) -> bool {
    origin == DialectId::OpenaiChat || parse_page(raw).is_some()
}

fn parse_page(raw: &RawValue) -> Option<Page<'_>> {
    serde_json::from_str(raw.get()).ok()
}

//! Cache marks: OpenAI's `prompt_cache_breakpoint`, and `cache_control` as OpenRouter, LiteLLM and others take it.

use serde::Deserialize;

use crate::Capabilities;
use crate::fields::{Fields, parse};
use crate::ir::CacheMark;
use crate::write::Object;

const CONTROL: &str = "cache_control";
const BREAKPOINT: &str = "prompt_cache_breakpoint";

/// Either mark.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    /// `ephemeral`, of `cache_control`.
    #[serde(rename = "type", default)]
    kind: Option<String>,
    /// `explicit`, of `prompt_cache_breakpoint`.
    #[serde(default)]
    mode: Option<String>,
    /// For how long.
    #[serde(default)]
    ttl: Option<String>,
}

/// Takes the mark that stands here. One that says more than the neutral model can is left in `fields`.
pub(super) fn take(fields: &mut Fields<'_>) -> Option<CacheMark> {
    let mut found = None;
    for name in [CONTROL, BREAKPOINT] {
        let Some(mark) = fields.look(name).and_then(parse::<Mark>) else { continue };
        let usual = mark.kind.is_none_or(|kind| kind == "ephemeral") && mark.mode.is_none_or(|mode| mode == "explicit");
        if usual && found.is_none() {
            fields.take(name);
            found = Some(CacheMark { ttl: mark.ttl, at: fields.at_member(name) });
        }
    }
    found
}

/// Writes a mark for a model that takes marks, in the words it knows.
pub(super) fn write(object: &mut Object<'_>, mark: &CacheMark, to: &Capabilities) {
    // OpenAI gives the time once, for the whole request.
    if super::options::is_openai_own(to) {
        return object.object(BREAKPOINT, |inner| inner.put("mode", "explicit"));
    }
    object.object(CONTROL, |inner| {
        inner.put("type", "ephemeral");
        inner.put_some("ttl", mark.ttl.as_ref());
    });
}

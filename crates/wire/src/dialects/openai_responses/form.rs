//! Marks that remember in which form a request was written, so that it is written in the same one again.
//!
//! Responses says many things in two ways: text as a string or as parts, `type: "message"` or nothing, instructions
//! beside the input or within it. The neutral model knows one way; these extras say which one it was. They are
//! [`Extra::is_form`]: no loss anywhere else.

use serde_json::value::RawValue;

use crate::fields::Fields;
use crate::ir::Extra;

/// On a system message: it stood in `instructions`.
pub(super) const INSTRUCTIONS: &str = "form:instructions";
/// On a message: it was all of `input`, as a string.
pub(super) const INPUT: &str = "form:input";
/// On a message: it had no `type`.
pub(super) const EASY: &str = "form:easy";
/// On a message: its content was a string.
pub(super) const STRING: &str = "form:string";
/// On a block of an assistant: with it begins an item of type `message`.
pub(super) const MESSAGE: &str = "form:message";
/// On an opaque block of an assistant: it was a part of a message, not an item.
pub(super) const PART: &str = "form:part";
/// On the only text of a tool's result: it was a list of one part, not a string.
pub(super) const PARTS: &str = "form:parts";
/// On a tool, a call or a result: all of it, of which a function, its call or its result was made.
pub(super) const WHOLE: &str = "form:whole";
/// On a tool or a call: the namespace that its name begins with.
pub(super) const NAMESPACE: &str = "form:namespace";
/// On a tool: it stood in an `additional_tools` item, which the request's extra of this name holds.
pub(super) const ADDITIONAL: &str = "form:additional_tools";
/// On thoughts: their `summary`, when it was not one part.
pub(super) const SUMMARY: &str = "form:summary";
/// On thoughts: their `content`, when it was not one part.
pub(super) const CONTENT: &str = "form:content";
/// On the request: `text.format` was written out although it says what goes without saying.
pub(super) const TEXT_FORMAT: &str = "form:text_format";
/// On the request: the answer that it continued, after its items were put in front.
pub(super) const RESUMED: &str = "form:previous_response_id";
/// The item's id, which says nothing to anybody else.
pub(super) const ID: &str = "form:id";
/// The item's status, likewise.
pub(super) const STATUS: &str = "form:status";
/// A part's empty `logprobs`.
pub(super) const LOGPROBS: &str = "form:logprobs";

/// The member of `include` that asks how likely each token was.
pub(super) const INCLUDED_LOGPROBS: &str = "message.output_text.logprobs";

/// Between the namespace of a tool and its name.
pub(super) const NAMESPACE_END: &str = "__";
/// What the name of an extra begins with that belongs to an assistant's message, not to its first part.
pub(super) const OF_MESSAGE: &str = "message.";
/// What the name of an extra begins with that belongs to a namespace, not to its first tool.
pub(super) const OF_NAMESPACE: &str = "namespace.";

/// A mark with a value.
pub(super) fn mark(name: &str, raw: &RawValue) -> Extra {
    Extra { name: name.to_owned(), raw: raw.to_owned() }
}

/// A mark that says all by being there.
pub(super) fn flag(name: &str) -> Extra {
    mark(name, RawValue::TRUE)
}

/// The value of a mark.
pub(super) fn find<'a>(extras: &'a [Extra], name: &str) -> Option<&'a RawValue> {
    extras.iter().find(|extra| extra.name == name).map(|extra| &*extra.raw)
}

/// Whether the mark is there.
pub(super) fn has(extras: &[Extra], name: &str) -> bool {
    find(extras, name).is_some()
}

/// A text as JSON.
pub(super) fn text(text: &str) -> Box<RawValue> {
    serde_json::value::to_raw_value(text).expect("text always serialises")
}

/// What nobody took, under its path.
pub(super) fn within<'a>(path: &'a str, fields: Fields<'_>) -> impl Iterator<Item = Extra> + use<'a> {
    let rest = fields.rest().into_iter().filter(|extra| extra.raw.get() != "null");
    rest.map(move |extra| Extra { name: format!("{path}.{}", extra.name), raw: extra.raw })
}

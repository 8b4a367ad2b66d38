//! The data of one event of a provider's stream.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::parts::Part;
use crate::frame::likeness::Sketch;

/// One event; each kind has a few of these members.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Frame<'a> {
    /// The event's name.
    #[serde(rename = "type", borrow)]
    pub(super) kind: Cow<'a, str>,
    /// The number of the item.
    pub(super) output_index: u32,
    /// The number of the part.
    pub(super) content_index: u32,
    /// More of a text.
    #[serde(borrow)]
    pub(super) delta: Option<&'a RawValue>,
    /// How likely the tokens of the delta were.
    #[serde(borrow)]
    pub(super) logprobs: Option<Vec<&'a RawValue>>,
    /// All of a text.
    #[serde(borrow)]
    pub(super) text: Option<&'a RawValue>,
    /// All of a refusal.
    #[serde(borrow)]
    pub(super) refusal: Option<&'a RawValue>,
    /// All of a function's arguments.
    #[serde(borrow)]
    pub(super) arguments: Option<&'a RawValue>,
    /// All of a custom tool's input.
    #[serde(borrow)]
    pub(super) input: Option<&'a RawValue>,
    /// The source of a text.
    #[serde(borrow)]
    pub(super) annotation: Option<&'a RawValue>,
    /// An item, as far as it is.
    #[serde(borrow)]
    pub(super) item: Option<&'a RawValue>,
    /// The whole answer, as far as it is.
    #[serde(borrow)]
    pub(super) response: Option<&'a RawValue>,
    /// What failed, where it stands in an object of its own.
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
}

/// A delta, as far as it decides whether another one is like it. A member that comes twice makes it unlike any.
#[derive(Deserialize)]
struct Addition<'a> {
    /// The event's name.
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    /// Nobody reads it.
    #[serde(borrow)]
    sequence_number: Option<&'a RawValue>,
    /// Nobody reads it: it hides the length of the text.
    #[serde(borrow)]
    obfuscation: Option<&'a RawValue>,
    /// The number of the item.
    #[serde(default)]
    output_index: u32,
    /// The number of the part.
    #[serde(default)]
    content_index: u32,
    /// More of a text.
    #[serde(borrow)]
    delta: &'a RawValue,
}

/// The sketch of an event that adds a text to a block; of any other none.
pub(super) fn sketch(data: &[u8]) -> Option<Sketch<'_, (u32, Part)>> {
    let event: Addition<'_> = serde_json::from_slice(data).ok()?;
    let part = match event.kind.as_ref() {
        "response.output_text.delta" => Part::Text(event.content_index),
        "response.reasoning_summary_text.delta" => Part::Summary,
        "response.reasoning_text.delta" => Part::Thoughts,
        "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => Part::Call,
        _ => return None,
    };
    let idle = [event.sequence_number, event.obfuscation].into_iter().flatten().collect();
    Some(Sketch { told: (event.output_index, part), text: event.delta, idle })
}

/// A whole answer, as its last event has it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Whole<'a> {
    /// Its id.
    pub(super) id: Option<String>,
    /// `completed`, `incomplete` and so on.
    pub(super) status: Option<String>,
    /// All its items.
    #[serde(borrow)]
    pub(super) output: Option<Vec<&'a RawValue>>,
    /// With which capacity it was served.
    pub(super) service_tier: Option<String>,
    /// What it took.
    #[serde(borrow)]
    pub(super) usage: Option<&'a RawValue>,
    /// What failed.
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
    /// Why it is incomplete.
    pub(super) incomplete_details: Option<Details>,
}

/// Why an answer is incomplete.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Details {
    /// One word.
    pub(super) reason: Option<String>,
}

//! A `GenerateContentResponse` as it comes: a whole answer, or one step of a stream with what is new.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::fields::{Fields, starts_with};
use crate::ir::{self, StopReason};

/// One answer or step.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Chunk<'a> {
    /// Alternatives; only the first is read.
    #[serde(borrow, default)]
    pub(super) candidates: Option<Vec<Candidate<'a>>>,
    /// Why the prompt was refused, if it was.
    #[serde(default)]
    pub(super) prompt_feedback: Option<PromptFeedback>,
    /// Tokens so far.
    #[serde(borrow, default)]
    pub(super) usage_metadata: Option<&'a RawValue>,
    /// The model, by its exact name.
    #[serde(default)]
    pub(super) model_version: Option<String>,
    /// The answer's id.
    #[serde(default)]
    pub(super) response_id: Option<String>,
    /// In the place of everything else.
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
}

/// One alternative.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Candidate<'a> {
    /// What is said.
    #[serde(borrow, default)]
    pub(super) content: Option<ContentBody<'a>>,
    /// Why it ended.
    #[serde(default)]
    pub(super) finish_reason: Option<String>,
    /// More on that, for a person.
    #[serde(default)]
    pub(super) finish_message: Option<String>,
    /// Its number; absent for the only one.
    #[serde(default)]
    pub(super) index: Option<u32>,
    /// Where texts were taken from.
    #[serde(borrow, default)]
    pub(super) citation_metadata: Option<&'a RawValue>,
    /// What a search found.
    #[serde(borrow, default)]
    pub(super) grounding_metadata: Option<&'a RawValue>,
    /// Which addresses were read.
    #[serde(borrow, default)]
    pub(super) url_context_metadata: Option<&'a RawValue>,
}

/// What is said.
#[derive(Debug, Deserialize)]
pub(super) struct ContentBody<'a> {
    /// In order.
    #[serde(borrow, default)]
    pub(super) parts: Option<Vec<&'a RawValue>>,
}

/// Whether and why the prompt was refused.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PromptFeedback {
    /// The reason; absent when it was not.
    #[serde(default)]
    pub(super) block_reason: Option<String>,
}

/// One part, as far as it is read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PartBody<'a> {
    /// Text, or thoughts.
    #[serde(default)]
    pub(super) text: Option<String>,
    /// Whether it is thoughts.
    #[serde(default)]
    pub(super) thought: Option<bool>,
    /// What the maker wants back with it.
    #[serde(default)]
    pub(super) thought_signature: Option<String>,
    /// The model asks for a tool.
    #[serde(borrow, default)]
    pub(super) function_call: Option<CallBody<'a>>,
}

/// A call, whole.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CallBody<'a> {
    /// Often absent.
    #[serde(default)]
    pub(super) id: Option<String>,
    /// The tool.
    #[serde(default)]
    pub(super) name: String,
    /// An object.
    #[serde(borrow, default)]
    pub(super) args: Option<&'a RawValue>,
    /// Pieces of the arguments, for those who ask for pieces. We do not.
    #[serde(borrow, default)]
    pub(super) partial_args: Option<&'a RawValue>,
}

/// What a part is.
#[derive(Debug)]
pub(super) enum Known<'a> {
    /// Text or thoughts, and the signature beside it.
    Text { text: String, thought: bool, signature: Option<String> },
    /// A call, and the signature beside it.
    Call { call: CallBody<'a>, signature: Option<String> },
    /// Anything else, by the name of its first member.
    Other(String),
}

/// Tells parts apart.
pub(super) fn know(raw: &RawValue) -> Known<'_> {
    // A derived reader would take an array for the members in their order.
    let body = if starts_with(raw, '{') { serde_json::from_str::<PartBody<'_>>(raw.get()).ok() } else { None };
    match body {
        Some(PartBody { function_call: Some(call), thought_signature: signature, .. }) => {
            Known::Call { call, signature }
        }
        Some(PartBody { text: Some(text), thought, thought_signature: signature, .. }) => {
            Known::Text { text, thought: thought == Some(true), signature }
        }
        Some(_) | None => {
            let fields = Fields::of_value(raw, String::new());
            let beside = |name: &&str| !matches!(*name, "thought" | "thoughtSignature" | "partMetadata");
            let name = fields.ok().and_then(|fields| fields.names().find(beside).map(ToOwned::to_owned));
            Known::Other(name.unwrap_or_else(|| "part".to_owned()))
        }
    }
}

/// The counts of a `usageMetadata`; `None` when it counts nothing.
pub(super) fn read_usage(raw: &RawValue) -> Option<ir::Usage> {
    crate::relay::read_usage_metadata(raw.get().as_bytes())
}

/// How an answer ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It did not yet.
    NotYet,
    /// In order.
    Stop(StopReason),
    /// The model wrote what the provider could not read.
    Broken,
}

/// What a `finishReason` means. Words that no other dialect has mean that the model had said what it had to say.
pub(super) fn ending(reason: &str) -> Ending {
    match reason {
        "FINISH_REASON_UNSPECIFIED" => Ending::NotYet,
        "MAX_TOKENS" => Ending::Stop(StopReason::Length),
        "SAFETY"
        | "RECITATION"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "MODEL_ARMOR" => Ending::Stop(StopReason::Filtered),
        "MALFORMED_FUNCTION_CALL"
        | "UNEXPECTED_TOOL_CALL"
        | "TOO_MANY_TOOL_CALLS"
        | "MALFORMED_RESPONSE"
        | "MISSING_THOUGHT_SIGNATURE" => Ending::Broken,
        // STOP, LANGUAGE, OTHER, NO_IMAGE, IMAGE_OTHER, ESCALATION, CONTINUATION and those to come.
        _ => Ending::Stop(StopReason::End),
    }
}

/// The word for why an answer ended.
pub(super) fn finish_reason(stop: &StopReason) -> &'static str {
    match stop {
        StopReason::End | StopReason::StopText(_) | StopReason::ToolCalls | StopReason::Paused => "STOP",
        StopReason::Length | StopReason::ContextFull => "MAX_TOKENS",
        StopReason::Filtered => "SAFETY",
        StopReason::Other(_) => "OTHER",
    }
}

//! What a chunk must be, so that another one like it adds to the same block in the same way.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::answer::Voice;
use crate::frame::likeness::Sketch;

/// What a chunk adds its text to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The open block of this voice.
    Said(Voice),
    /// The arguments of the call with this number.
    Argued(u64),
}

/// A chunk, as far as it decides whether another one is like it. A member that comes twice makes it unlike any.
#[derive(Deserialize)]
struct Chunk<'a> {
    /// Only the first chunk's counts.
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    /// Nobody reads it.
    #[serde(borrow)]
    created: Option<&'a RawValue>,
    /// Nobody reads it: it hides the length of the text.
    #[serde(borrow)]
    obfuscation: Option<&'a RawValue>,
    /// One alternative.
    #[serde(borrow)]
    choices: [Choice<'a>; 1],
    /// Counts only when it is new.
    usage: Option<IgnoredAny>,
    /// As `usage`.
    x_groq: Option<IgnoredAny>,
}

/// The only alternative.
#[derive(Deserialize)]
struct Choice<'a> {
    /// Its number.
    #[serde(default)]
    index: Option<u64>,
    /// What is added.
    #[serde(borrow)]
    delta: Delta<'a>,
    /// What a whole answer has.
    message: Option<IgnoredAny>,
    /// What the legacy Completions have.
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    /// Why it ended.
    #[serde(borrow)]
    finish_reason: Option<&'a RawValue>,
}

/// What is added; all but one of these must be blank.
#[derive(Deserialize)]
struct Delta<'a> {
    /// Words.
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    /// Thoughts.
    #[serde(borrow)]
    reasoning_content: Option<&'a RawValue>,
    /// Thoughts.
    #[serde(borrow)]
    reasoning: Option<&'a RawValue>,
    /// Thoughts.
    #[serde(borrow)]
    reasoning_text: Option<&'a RawValue>,
    /// Thoughts with their seals.
    #[serde(borrow)]
    reasoning_details: Option<&'a RawValue>,
    /// A refusal, once in an answer.
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
    /// Calls.
    #[serde(borrow)]
    tool_calls: Option<&'a RawValue>,
    /// The call, as it was in 2023.
    function_call: Option<IgnoredAny>,
    /// Sources.
    #[serde(borrow)]
    annotations: Option<&'a RawValue>,
    /// Spoken words.
    audio: Option<IgnoredAny>,
}

/// A piece of one call.
#[derive(Deserialize)]
struct CallPiece<'a> {
    /// Which call.
    index: u64,
    /// In the first piece only.
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    /// More arguments.
    #[serde(borrow)]
    function: FunctionPiece<'a>,
    /// A custom tool's input.
    custom: Option<IgnoredAny>,
    /// Google's signature.
    extra_content: Option<IgnoredAny>,
}

/// A piece of a call's arguments.
#[derive(Deserialize)]
struct FunctionPiece<'a> {
    /// In the first piece only.
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    /// Text.
    #[serde(borrow)]
    arguments: &'a RawValue,
}

/// The sketch of a chunk; `None` when it does more than to add one text to one block.
pub(super) fn of(data: &[u8]) -> Option<Sketch<'_, Told>> {
    let chunk: Chunk<'_> = serde_json::from_slice(data).ok()?;
    let [Choice { index, delta, message, text, finish_reason }] = chunk.choices;
    let plain = chunk.usage.is_none() && chunk.x_groq.is_none() && index.unwrap_or(0) == 0 && message.is_none();
    if !plain || !is_blank(text) || !is_blank(finish_reason) {
        return None;
    }
    let (told, text) = delta.only_text()?;
    let idle = [chunk.id, chunk.created, chunk.obfuscation].into_iter().flatten().collect();
    Some(Sketch { told, text, idle })
}

impl<'a> Delta<'a> {
    /// The one text that is not blank, and what it is added to.
    fn only_text(&self) -> Option<(Told, &'a RawValue)> {
        let rare = [self.reasoning_details, self.refusal, self.annotations];
        if !rare.into_iter().all(is_blank) || self.function_call.is_some() || self.audio.is_some() {
            return None;
        }
        let texts = [
            (Told::Said(Voice::Text), self.content),
            (Told::Said(Voice::Thoughts), self.reasoning_content),
            (Told::Said(Voice::Thoughts), self.reasoning),
            (Told::Said(Voice::Thoughts), self.reasoning_text),
        ];
        let mut said =
            texts.into_iter().filter_map(|(told, raw)| Some((told, raw.filter(|raw| !is_blank(Some(*raw)))?)));
        let (first, second) = (said.next(), said.next());
        match (first, is_blank(self.tool_calls)) {
            (Some(only), true) if second.is_none() => Some(only),
            (None, false) => arguments(self.tool_calls?),
            (Some(_), true | false) | (None, true) => None,
        }
    }
}

/// The text that is added to the arguments of one call.
fn arguments(calls: &RawValue) -> Option<(Told, &RawValue)> {
    let [CallPiece { index, id, function, custom, extra_content }] = serde_json::from_str(calls.get()).ok()?;
    let plain = is_blank(id) && is_blank(function.name) && custom.is_none() && extra_content.is_none();
    plain.then_some((Told::Argued(index), function.arguments))
}

/// Whether it says nothing, now or later.
fn is_blank(raw: Option<&RawValue>) -> bool {
    raw.is_none_or(|raw| matches!(raw.get(), "\"\"" | "[]"))
}

//! What a provider sends: a chunk of a stream, or the whole answer, which is one chunk whose delta is named `message`.
//!
//! Only what is understood is read; strings are taken as they are, numbers and objects stay text until they are needed.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::fields::error_said;

/// One chunk of Chat Completions or of the legacy Completions.
#[derive(Deserialize)]
pub(in crate::dialects::openai_chat) struct Chunk<'a> {
    /// The answer's id.
    #[serde(borrow, default)]
    pub(super) id: Option<&'a RawValue>,
    /// Alternatives; only the first one counts.
    #[serde(borrow, default)]
    pub(super) choices: Option<Vec<Choice<'a>>>,
    /// With which capacity it is served.
    #[serde(borrow, default)]
    pub(super) service_tier: Option<&'a RawValue>,
    /// Tokens.
    #[serde(borrow, default)]
    pub(super) usage: Option<&'a RawValue>,
    /// What failed.
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    /// What failed, as FastAPI says it.
    #[serde(borrow, default)]
    detail: Option<&'a RawValue>,
    /// What failed, as SGLang and older vLLM say it; `bare_error` reads all of it.
    #[serde(borrow, default)]
    message: Option<&'a RawValue>,
    /// Groq's own place for usage.
    #[serde(borrow, default)]
    pub(super) x_groq: Option<&'a RawValue>,
}

impl<'a> Chunk<'a> {
    /// The error that it tells of.
    pub(super) fn error(&self) -> Option<&'a RawValue> {
        self.error.and_then(error_said).or(self.detail.filter(|_| self.choices.is_none()))
    }

    /// Whether it is an error as a whole.
    pub(super) fn is_bare_error(&self) -> bool {
        self.error().is_none() && self.choices.is_none() && self.message.is_some()
    }
}

/// What is new in one alternative.
#[derive(Deserialize)]
pub(in crate::dialects::openai_chat) struct Choice<'a> {
    /// Its number.
    #[serde(default)]
    pub(super) index: Option<u64>,
    /// What is added, in a stream.
    #[serde(borrow, default)]
    pub(super) delta: Option<Delta<'a>>,
    /// What was said, in a whole answer.
    #[serde(borrow, default)]
    pub(super) message: Option<Delta<'a>>,
    /// What is added or was said, in the legacy Completions.
    #[serde(default)]
    pub(super) text: Said,
    /// How likely each token was.
    #[serde(borrow, default)]
    pub(super) logprobs: Option<&'a RawValue>,
    /// Why it ended.
    #[serde(default)]
    pub(super) finish_reason: Option<String>,
    /// The stop text that was met, of vLLM; a number is a token.
    #[serde(borrow, default)]
    pub(super) stop_reason: Option<&'a RawValue>,
    /// The stop text that was met, of SGLang; a number is a token.
    #[serde(borrow, default)]
    pub(super) matched_stop: Option<&'a RawValue>,
    /// What failed, of OpenRouter.
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
}

/// What is added.
#[derive(Deserialize)]
pub(super) struct Delta<'a> {
    /// Words.
    #[serde(default)]
    pub(super) content: Said,
    /// Thoughts, under their most common name.
    #[serde(default)]
    pub(super) reasoning_content: Said,
    /// Thoughts, as vLLM, Groq and OpenRouter name them.
    #[serde(default)]
    pub(super) reasoning: Said,
    /// Thoughts, under a third name.
    #[serde(default)]
    pub(super) reasoning_text: Said,
    /// Thoughts with what their maker wants back.
    #[serde(borrow, default)]
    pub(super) reasoning_details: Option<&'a RawValue>,
    /// Why the model will not answer.
    #[serde(default)]
    pub(super) refusal: Said,
    /// Calls.
    #[serde(borrow, default)]
    pub(super) tool_calls: Option<Vec<CallPiece<'a>>>,
    /// The call, as it was in 2023.
    #[serde(borrow, default)]
    pub(super) function_call: Option<FunctionPiece<'a>>,
    /// Sources.
    #[serde(borrow, default)]
    pub(super) annotations: Option<&'a RawValue>,
    /// Spoken words, of a whole answer.
    #[serde(borrow, default)]
    pub(super) audio: Option<&'a RawValue>,
}

/// A piece of a call.
#[derive(Default, Deserialize)]
pub(super) struct CallPiece<'a> {
    /// Which call, counted from 0; some leave it out.
    #[serde(default)]
    pub(super) index: Option<u64>,
    /// Its id; some leave it out, some repeat it.
    #[serde(default)]
    pub(super) id: Option<String>,
    /// A function and its arguments.
    #[serde(borrow, default)]
    pub(super) function: Option<FunctionPiece<'a>>,
    /// A custom tool and its input.
    #[serde(borrow, default)]
    pub(super) custom: Option<FunctionPiece<'a>>,
    /// Google's place for a signature.
    #[serde(default)]
    pub(super) extra_content: Option<ExtraContent>,
}

/// A piece of a function's name or arguments.
#[derive(Default, Deserialize)]
pub(super) struct FunctionPiece<'a> {
    /// The name; some repeat it, some cut it.
    #[serde(default)]
    pub(super) name: Option<String>,
    /// Text, or the object itself.
    #[serde(borrow, default)]
    pub(super) arguments: Option<&'a RawValue>,
    /// The text for a custom tool.
    #[serde(borrow, default)]
    pub(super) input: Option<&'a RawValue>,
}

/// What Google adds to a call.
#[derive(Deserialize)]
pub(super) struct ExtraContent {
    /// Google's part of it.
    #[serde(default)]
    pub(super) google: Option<GoogleContent>,
}

/// Google's part.
#[derive(Deserialize)]
pub(super) struct GoogleContent {
    /// To be sent back with the call.
    #[serde(default)]
    pub(super) thought_signature: Option<String>,
}

/// Text, as a string or as Mistral's list of parts. Anything else says nothing.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Words.
    pub(super) text: String,
    /// Thoughts among the parts.
    pub(super) thoughts: String,
}

/// One part of a list.
#[derive(Deserialize)]
struct Part {
    /// Words.
    #[serde(default)]
    text: Said,
    /// Thoughts, again as parts.
    #[serde(default)]
    thinking: Said,
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SaidVisitor)
    }
}

struct SaidVisitor;

impl<'de> Visitor<'de> for SaidVisitor {
    type Value = Said;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("text")
    }
    fn visit_str<E>(self, text: &str) -> Result<Said, E> {
        Ok(Said { text: text.to_owned(), thoughts: String::new() })
    }
    fn visit_string<E>(self, text: String) -> Result<Said, E> {
        Ok(Said { text, thoughts: String::new() })
    }
    fn visit_unit<E>(self) -> Result<Said, E> {
        Ok(Said::default())
    }
    fn visit_bool<E>(self, _: bool) -> Result<Said, E> {
        Ok(Said::default())
    }
    fn visit_i64<E>(self, _: i64) -> Result<Said, E> {
        Ok(Said::default())
    }
    fn visit_u64<E>(self, _: u64) -> Result<Said, E> {
        Ok(Said::default())
    }
    fn visit_f64<E>(self, _: f64) -> Result<Said, E> {
        Ok(Said::default())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Said, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Said::default())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Said, A::Error> {
        let mut said = Said::default();
        while let Some(part) = list.next_element::<Part>()? {
            said.text.push_str(&part.text.text);
            said.thoughts.push_str(&part.thinking.text);
        }
        Ok(said)
    }
}

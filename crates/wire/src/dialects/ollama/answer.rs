//! One line of an answer, of `/api/chat` or of `/api/generate`: a whole answer is a stream of a single line.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::call::{self, Arguments, CallIds};
use crate::fields::parse;
use crate::ir::{StopReason, ToolCall, Usage};
use crate::write::Object;

/// Which of the two paths answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `/api/chat`: what is said stands in a `message`.
    Chat,
    /// `/api/generate`: it stands at the top, the text under the name `response`.
    Generate,
}

/// Names of the durations at an answer's end. Nobody knows them here, but typed clients want them all.
pub(super) const DURATIONS: [&str; 4] = ["total_duration", "load_duration", "prompt_eval_duration", "eval_duration"];

/// A line as it comes.
#[derive(Deserialize)]
pub(super) struct Line<'a> {
    /// The model.
    pub(super) model: Option<String>,
    /// When it was made.
    pub(super) created_at: Option<String>,
    /// What failed, in place of all else.
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
    /// What `/api/chat` says.
    #[serde(borrow)]
    message: Option<Spoken<'a>>,
    /// What `/api/generate` says.
    response: Option<String>,
    /// What it thinks.
    thinking: Option<String>,
    /// Its calls.
    #[serde(borrow)]
    tool_calls: Option<Vec<&'a RawValue>>,
    /// How likely its tokens were.
    #[serde(borrow)]
    logprobs: Option<Vec<&'a RawValue>>,
    /// Whether this is the last line.
    #[serde(default)]
    pub(super) done: bool,
    /// Why it is.
    done_reason: Option<String>,
    /// Tokens of the prompt; missing where there were none to compute.
    #[serde(borrow)]
    prompt_eval_count: Option<&'a RawValue>,
    /// Tokens of the answer, thoughts included.
    #[serde(borrow)]
    eval_count: Option<&'a RawValue>,
}

/// A `message`.
#[derive(Deserialize)]
struct Spoken<'a> {
    /// Text.
    content: Option<String>,
    /// Thoughts.
    thinking: Option<String>,
    /// Whole calls.
    #[serde(borrow)]
    tool_calls: Option<Vec<&'a RawValue>>,
}

/// What a line adds.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) thinking: String,
    pub(super) content: String,
    pub(super) logprobs: Vec<Box<RawValue>>,
    pub(super) calls: Vec<ToolCall>,
}

impl<'a> Line<'a> {
    /// Reads a line. `None` when it is none.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// Whether the line says anything that an answer says.
    pub(super) fn is_answer(&self) -> bool {
        self.message.is_some() || self.response.is_some() || self.done
    }

    /// Takes out what the line adds. `None` when it has a call that is none.
    pub(super) fn news(&mut self, ids: &mut CallIds, salt: &[u8]) -> Option<News> {
        let spoken = self.message.take().unwrap_or_else(|| Spoken {
            content: self.response.take(),
            thinking: self.thinking.take(),
            tool_calls: self.tool_calls.take(),
        });
        let calls = call::read_all(&spoken.tool_calls.unwrap_or_default(), ids, salt)?;
        Some(News {
            thinking: spoken.thinking.unwrap_or_default(),
            content: spoken.content.unwrap_or_default(),
            logprobs: self.logprobs.take().into_iter().flatten().map(ToOwned::to_owned).collect(),
            calls,
        })
    }

    /// The tokens it counts; `None` when it counts none.
    pub(super) fn usage(&self) -> Option<Usage> {
        let count = |raw: Option<&RawValue>| raw.and_then(parse::<u64>);
        let (input, output) = (count(self.prompt_eval_count), count(self.eval_count));
        (input.is_some() || output.is_some()).then(|| Usage {
            input: input.unwrap_or(0),
            output: output.unwrap_or(0),
            ..Usage::default()
        })
    }

    /// Why the answer ended; Ollama has no word for a model that waits for its tools.
    pub(super) fn stop(&self, called: bool) -> StopReason {
        match self.done_reason.as_deref() {
            None | Some("stop" | "") if called => StopReason::ToolCalls,
            None | Some("stop" | "") => StopReason::End,
            Some("length") => StopReason::Length,
            Some(word) => StopReason::Other(word.to_owned()),
        }
    }
}

/// A call on its way to a client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Calling<'a> {
    /// Its place among the calls of the answer.
    pub(super) index: usize,
    pub(super) call: &'a ToolCall,
}

/// What one line says.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Saying<'a> {
    pub(super) content: &'a str,
    pub(super) thinking: &'a str,
    /// How likely the tokens of the content were.
    pub(super) logprobs: &'a [Box<RawValue>],
    pub(super) calls: &'a [Calling<'a>],
}

impl Form {
    /// Writes what is said.
    pub(super) fn write(self, line: &mut Object<'_>, saying: &Saying<'_>) {
        match self {
            Self::Chat => line.object("message", |message| {
                message.text("role", "assistant");
                saying.write("content", message);
            }),
            Self::Generate => saying.write("response", line),
        }
        if !saying.logprobs.is_empty() {
            line.put("logprobs", saying.logprobs);
        }
    }
}

impl Saying<'_> {
    fn write(&self, text: &str, object: &mut Object<'_>) {
        object.text(text, self.content);
        if !self.thinking.is_empty() {
            object.text("thinking", self.thinking);
        }
        if !self.calls.is_empty() {
            object.array("tool_calls", |list| {
                self.calls.iter().for_each(|calling| list.object(|object| calling.write(object)));
            });
        }
    }
}

impl Calling<'_> {
    fn write(&self, object: &mut Object<'_>) {
        object.put("id", &self.call.id);
        object.object("function", |function| {
            function.put("index", &self.index);
            function.put("name", &self.call.name);
            Arguments::of(self.call).write(function);
        });
    }
}

/// Writes what the last line says beside the rest. `durations` are those that a provider told.
pub(super) fn write_end(
    line: &mut Object<'_>,
    stop: &StopReason,
    usage: Option<Usage>,
    durations: [Option<&RawValue>; 4],
) {
    line.put("done", &true);
    line.put("done_reason", done_reason(stop));
    for (name, told) in DURATIONS.into_iter().zip(durations) {
        match told {
            Some(raw) => line.raw(name, raw),
            None => line.put(name, &0),
        }
    }
    if let Some(usage) = usage {
        line.put("prompt_eval_count", &usage.prompt());
        line.put("eval_count", &usage.output);
    }
}

fn done_reason(stop: &StopReason) -> &str {
    match stop {
        StopReason::End
        | StopReason::StopText(_)
        | StopReason::ToolCalls
        | StopReason::Filtered
        | StopReason::Paused => "stop",
        StopReason::Length | StopReason::ContextFull => "length",
        StopReason::Other(word) => word,
    }
}

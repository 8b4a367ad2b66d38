//! Tool calls: their arguments are objects here, and their ids may be missing.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::fields::{parse, starts_with};
use crate::fingerprint;
use crate::ir::ToolCall;
use crate::write::Object;

/// The ids of one request or one answer: no two calls of it share one.
#[derive(Debug, Default)]
pub(super) struct CallIds {
    used: BTreeSet<String>,
}

impl CallIds {
    /// The id for the next call: the one it was given, unless an earlier one has it; else one made from its place and
    /// from `salt`, which tells this answer from others.
    pub(super) fn take(&mut self, given: Option<String>, salt: &[u8]) -> String {
        if let Some(id) = given.filter(|id| !id.is_empty())
            && self.used.insert(id.clone())
        {
            return id;
        }
        let place = self.used.len();
        let mut hash = fingerprint::of(0, salt);
        loop {
            let id = format!("call_{hash:016x}_{place}");
            if self.used.insert(id.clone()) {
                return id;
            }
            hash = hash.wrapping_add(1);
        }
    }

    /// How many calls there were.
    pub(super) fn len(&self) -> usize {
        self.used.len()
    }
}

/// A call as a provider writes it.
#[derive(Deserialize)]
struct Line<'a> {
    /// Missing in older versions.
    id: Option<String>,
    /// What is called.
    #[serde(borrow)]
    function: Function<'a>,
}

/// What is called.
#[derive(Deserialize)]
struct Function<'a> {
    /// Its place among the calls.
    index: Option<u64>,
    /// The tool.
    name: String,
    /// An object; some look-alikes write it as text.
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

/// The calls of one answer's line, in the order of their indices. `None` when one of them is no call.
pub(super) fn read_all(raw: &[&RawValue], ids: &mut CallIds, salt: &[u8]) -> Option<Vec<ToolCall>> {
    let mut lines: Vec<Line<'_>> = raw.iter().map(|raw| serde_json::from_str(raw.get()).ok()).collect::<Option<_>>()?;
    lines.sort_by_key(|line| line.function.index.unwrap_or(0));
    let call = |line: Line<'_>| {
        let Function { index: _, name, arguments } = line.function;
        (!name.is_empty()).then(|| ToolCall {
            id: ids.take(line.id, salt),
            name,
            arguments: arguments_text(arguments),
            ..ToolCall::default()
        })
    };
    lines.into_iter().map(call).collect()
}

/// Arguments as the text that the neutral model keeps.
pub(super) fn arguments_text(raw: Option<&RawValue>) -> String {
    match raw.filter(|raw| raw.get() != "null") {
        None => "{}".to_owned(),
        Some(raw) => parse(raw).unwrap_or_else(|| raw.get().to_owned()),
    }
}

/// Arguments as the object that Ollama wants.
pub(super) enum Arguments {
    /// They are one.
    Object(Box<RawValue>),
    /// They are plain text for a tool that takes it, or there is no object in them: they are the one member of an object.
    Wrapped {
        /// Its name.
        name: &'static str,
        /// All of them.
        text: String,
    },
}

impl Arguments {
    /// The arguments of `call`.
    pub(super) fn of(call: &ToolCall) -> Self {
        if call.custom {
            return Self::Wrapped { name: "input", text: call.arguments.clone() };
        }
        let text = if call.arguments.trim().is_empty() { "{}" } else { &call.arguments };
        match serde_json::from_str::<&RawValue>(text) {
            // Between tokens the ends of lines say nothing, and inside text they are escaped: a line of NDJSON has none.
            Ok(raw) if starts_with(raw, '{') && text.contains(['\n', '\r']) => {
                let line = raw.get().replace(['\n', '\r'], "");
                RawValue::from_string(line).map_or_else(|_| Self::broken(call), Self::Object)
            }
            Ok(raw) if starts_with(raw, '{') => Self::Object(raw.to_owned()),
            Ok(_) | Err(_) => Self::broken(call),
        }
    }

    /// Whether the model wrote an object, or was not to.
    pub(super) fn is_faithful(&self) -> bool {
        match self {
            Self::Object(_) => true,
            Self::Wrapped { name, .. } => *name == "input",
        }
    }

    /// Writes them as the member `arguments`.
    pub(super) fn write(&self, function: &mut Object<'_>) {
        match self {
            Self::Object(raw) => function.raw("arguments", raw),
            Self::Wrapped { name, text } => function.object("arguments", |object| object.put(name, text)),
        }
    }

    fn broken(call: &ToolCall) -> Self {
        Self::Wrapped { name: "arguments", text: call.arguments.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_arguments(call: &ToolCall, expected: &str) {
        let bytes = crate::write::object(|function| Arguments::of(call).write(function));
        assert_eq!(String::from_utf8(bytes).expect("text"), expected);
    }

    fn call(arguments: &str, custom: bool) -> ToolCall {
        ToolCall { arguments: arguments.to_owned(), custom, ..ToolCall::default() }
    }

    #[test]
    fn arguments_are_an_object_whatever_the_model_wrote() {
        check_arguments(&call("{\"a\": [1,\r\n 2]}", false), r#"{"arguments":{"a": [1, 2]}}"#);
        check_arguments(&call(" ", false), r#"{"arguments":{}}"#);
        check_arguments(&call("[1]", false), r#"{"arguments":{"arguments":"[1]"}}"#);
        check_arguments(&call("{\"a\":", false), r#"{"arguments":{"arguments":"{\"a\":"}}"#);
        check_arguments(&call("{}", true), r#"{"arguments":{"input":"{}"}}"#);
    }

    #[test]
    fn no_two_calls_share_an_id() {
        let mut ids = CallIds::default();
        let taken = [Some("a"), Some("a"), None, Some(""), Some("call_af63bd4c8601b7df_5")]
            .map(|given| ids.take(given.map(str::to_owned), b"\0"));
        assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), taken.len(), "{taken:?}");
        assert_eq!(taken[0], "a");
        assert_eq!(ids.len(), 5);
    }
}

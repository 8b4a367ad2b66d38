//! Reads a request into the neutral model. What it has no word for rides along untouched.

use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::ir::{Block, Extra, Message, Request, Role, Sampling};
use crate::{DialectId, WireError};

/// Reads a request; every error names the path of the field to blame.
pub(super) fn decode(body: &[u8]) -> Result<Request, WireError> {
    let mut fields = Fields::of_body(body)?;
    let model: String = fields.required("model", "a non-empty string")?;
    if model.is_empty() {
        return Err(fields.wrong("model", "a non-empty string"));
    }
    let messages = decode_messages(&mut fields)?;
    let stream = fields.optional("stream", "a boolean")?.unwrap_or(false);
    let include_usage = decode_include_usage(&mut fields)?;
    let sampling = Sampling {
        temperature: fields.optional("temperature", "a number")?,
        top_p: fields.optional("top_p", "a number")?,
        output_tokens_max: decode_output_tokens_max(&mut fields)?,
    };
    let stop = decode_stop(&mut fields)?;
    let user = fields.optional("user", "a string")?;
    let extras = fields.rest();
    Ok(Request { origin: DialectId::OpenaiChat, model, messages, stream, include_usage, sampling, stop, user, extras })
}

fn decode_messages(fields: &mut Fields<'_>) -> Result<Vec<Message>, WireError> {
    const EXPECTED: &str = "a non-empty array";
    let raw: Vec<&RawValue> = fields.list("messages", EXPECTED)?.ok_or_else(|| fields.missing("messages"))?;
    if raw.is_empty() {
        return Err(fields.wrong("messages", EXPECTED));
    }
    raw.into_iter().enumerate().map(|(index, raw)| decode_message(raw, format!("messages[{index}]"))).collect()
}

fn decode_message(raw: &RawValue, path: String) -> Result<Message, WireError> {
    let mut fields = Fields::of_value(raw, path)?;
    let role: String = fields.required("role", "a string")?;
    let role = match role.as_str() {
        "system" => Role::System,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        _ => Role::Other(role),
    };
    let blocks = decode_content(&mut fields, &role)?;
    Ok(Message { role, blocks, extras: fields.rest() })
}

fn decode_content(fields: &mut Fields<'_>, role: &Role) -> Result<Vec<Block>, WireError> {
    const EXPECTED: &str = "a string or an array of parts";
    let Some(raw) = fields.take("content") else {
        // An assistant may have said nothing but tool calls.
        return if *role == Role::Assistant { Ok(Vec::new()) } else { Err(fields.missing("content")) };
    };
    if raw.get().starts_with('"') {
        return Ok(vec![Block::Text(parse(raw).ok_or_else(|| fields.wrong("content", EXPECTED))?)]);
    }
    let parts: Vec<&RawValue> = parse_list(raw).ok_or_else(|| fields.wrong("content", EXPECTED))?;
    let path = fields.path("content");
    parts.into_iter().enumerate().map(|(index, part)| decode_part(part, format!("{path}[{index}]"))).collect()
}

fn decode_part(raw: &RawValue, path: String) -> Result<Block, WireError> {
    let mut fields = Fields::of_value(raw, path)?;
    let kind: String = fields.required("type", "a string")?;
    // A text part that says more than its text, such as a cache mark, must not lose it.
    if kind != "text" || fields.map.keys().any(|name| name != "text") {
        return Ok(Block::Opaque { kind, raw: raw.to_owned() });
    }
    Ok(Block::Text(fields.required("text", "a string")?))
}

fn decode_include_usage(fields: &mut Fields<'_>) -> Result<bool, WireError> {
    let Some(raw) = fields.take("stream_options") else { return Ok(false) };
    let mut options = Fields::of_value(raw, "stream_options".to_owned())?;
    let include_usage = options.optional("include_usage", "a boolean")?.unwrap_or(false);
    if !options.map.is_empty() {
        fields.extras.push(Extra { name: "stream_options".to_owned(), raw: raw.to_owned() });
    }
    Ok(include_usage)
}

/// The newer name wins; the older one must be right all the same.
fn decode_output_tokens_max(fields: &mut Fields<'_>) -> Result<Option<u64>, WireError> {
    let mut limit = None;
    for name in ["max_tokens", "max_completion_tokens"] {
        const EXPECTED: &str = "a positive integer";
        let given: Option<u64> = fields.optional(name, EXPECTED)?;
        if given == Some(0) {
            return Err(fields.wrong(name, EXPECTED));
        }
        limit = given.or(limit);
    }
    Ok(limit)
}

fn decode_stop(fields: &mut Fields<'_>) -> Result<Vec<String>, WireError> {
    const EXPECTED: &str = "a string or an array of strings";
    let Some(raw) = fields.take("stop") else { return Ok(Vec::new()) };
    if raw.get().starts_with('"') {
        return Ok(vec![parse(raw).ok_or_else(|| fields.wrong("stop", EXPECTED))?]);
    }
    let texts: Vec<&RawValue> = parse_list(raw).ok_or_else(|| fields.wrong("stop", EXPECTED))?;
    let text = |(index, text)| parse(text).ok_or_else(|| fields.wrong(&format!("stop[{index}]"), "a string"));
    texts.into_iter().enumerate().map(text).collect()
}

/// The members of one object that nobody took yet. Of a repeated key the last one counts.
struct Fields<'a> {
    prefix: String,
    map: IndexMap<String, &'a RawValue>,
    /// Members that were read and yet must ride along.
    extras: Vec<Extra>,
}

impl<'a> Fields<'a> {
    fn of_body(body: &'a [u8]) -> Result<Self, WireError> {
        let map = serde_json::from_slice(body).map_err(|error| {
            if error.is_data() {
                return WireError::NotAnObject;
            }
            // The reader appends the place, which the error states in its own words.
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default().to_owned();
            WireError::NotJson { what, line: error.line(), column: error.column() }
        })?;
        Ok(Self { prefix: String::new(), map, extras: Vec::new() })
    }

    fn of_value(raw: &'a RawValue, path: String) -> Result<Self, WireError> {
        match serde_json::from_str(raw.get()) {
            Ok(map) => Ok(Self { prefix: path + ".", map, extras: Vec::new() }),
            Err(_) => Err(WireError::Wrong { path, expected: "an object" }),
        }
    }

    fn path(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn missing(&self, name: &str) -> WireError {
        WireError::Missing { path: self.path(name) }
    }

    fn wrong(&self, name: &str, expected: &'static str) -> WireError {
        WireError::Wrong { path: self.path(name), expected }
    }

    /// The member's value; null counts as absent.
    fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        self.map.shift_remove(name).filter(|raw| raw.get() != "null")
    }

    fn optional<T: DeserializeOwned>(&mut self, name: &str, expected: &'static str) -> Result<Option<T>, WireError> {
        match self.take(name) {
            None => Ok(None),
            Some(raw) => parse(raw).map(Some).ok_or_else(|| self.wrong(name, expected)),
        }
    }

    fn required<T: DeserializeOwned>(&mut self, name: &str, expected: &'static str) -> Result<T, WireError> {
        self.optional(name, expected)?.ok_or_else(|| self.missing(name))
    }

    fn list(&mut self, name: &str, expected: &'static str) -> Result<Option<Vec<&'a RawValue>>, WireError> {
        match self.take(name) {
            None => Ok(None),
            Some(raw) => parse_list(raw).map(Some).ok_or_else(|| self.wrong(name, expected)),
        }
    }

    fn rest(self) -> Vec<Extra> {
        let mut extras = self.extras;
        extras.extend(self.map.into_iter().map(|(name, raw)| Extra { name, raw: raw.to_owned() }));
        extras
    }
}

fn parse<T: DeserializeOwned>(raw: &RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

fn parse_list(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

#[cfg(test)]
mod tests;

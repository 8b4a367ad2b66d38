//! Streams, read event by event as clients do.

use serde_json::Value;
use trunkline_wire::DialectId;

use crate::client::{Seen, error_word};

/// What a stream said so far.
#[derive(Debug, Default)]
struct Stream {
    starts: usize,
    text: String,
    /// The word of the error, once there was one.
    error: Option<Option<String>>,
    /// Whether it said that it is complete.
    complete: bool,
    /// Events of a dialect that numbers them.
    numbered: u64,
}

/// Reads a whole stream.
///
/// # Errors
/// What a client would choke on, or what no stream may do: begin twice, say anything behind its end, not end.
pub(crate) fn read(client: DialectId, body: &str) -> Result<Seen, String> {
    let mut stream = Stream::default();
    match client {
        DialectId::Ollama => {
            let lines = body.strip_suffix('\n').ok_or("the last line has no end")?;
            lines.split('\n').try_for_each(|line| stream.take(client, None, line))?;
        }
        DialectId::OpenaiChat
        | DialectId::OpenaiCompletions
        | DialectId::OpenaiResponses
        | DialectId::Anthropic
        | DialectId::Gemini => {
            let body = body.replace("\r\n", "\n");
            let events = body.strip_suffix("\n\n").ok_or("the last event has no end")?;
            events.split("\n\n").try_for_each(|event| stream.take_event(client, event))?;
        }
    }
    let Stream { starts, text, error, complete, .. } = stream;
    let begins = matches!(client, DialectId::OpenaiChat | DialectId::OpenaiResponses | DialectId::Anthropic);
    if begins && starts != 1 {
        return Err(format!("{starts} starts"));
    }
    match (error, complete) {
        (Some(_), _) if text.is_empty() => Err("a 200 with an error before the first content".to_owned()),
        (Some(word), false) => Ok(Seen::Broken { text, word }),
        (None, true) => Ok(Seen::Streamed(text)),
        (Some(_), true) => Err("an error and an end".to_owned()),
        (None, false) => Err("neither an end nor an error".to_owned()),
    }
}

impl Stream {
    fn take_event(&mut self, client: DialectId, event: &str) -> Result<(), String> {
        let (mut name, mut data) = (None, None);
        // Comments and blank lines keep a stream alive.
        for line in event.split('\n').filter(|line| !line.starts_with(':') && !line.is_empty()) {
            match line.split_once(": ") {
                Some(("event", value)) if name.is_none() => name = Some(value),
                Some(("data", value)) if data.is_none() => data = Some(value),
                _ => return Err(format!("a strange line: {line:?}")),
            }
        }
        data.map_or(Ok(()), |data| self.take(client, name, data))
    }

    fn take(&mut self, client: DialectId, name: Option<&str>, data: &str) -> Result<(), String> {
        if self.complete || self.error.is_some() {
            return Err(format!("something behind the end: {data}"));
        }
        if client == DialectId::OpenaiChat && data == "[DONE]" {
            self.complete = true;
            return Ok(());
        }
        let data: Value = serde_json::from_str(data).map_err(|error| format!("{error}: {data:?}"))?;
        match client {
            DialectId::OpenaiChat | DialectId::OpenaiCompletions => self.take_chunk(client, &data),
            DialectId::OpenaiResponses => self.take_response(name, &data),
            DialectId::Anthropic => self.take_message(name, &data),
            DialectId::Ollama => {
                self.say(&data, "/message/content");
                self.complete = data["done"] == true;
                self.fail(client, &data)
            }
            DialectId::Gemini => {
                self.say(&data, "/candidates/0/content/parts/0/text");
                self.complete = data.pointer("/candidates/0/finishReason").is_some();
                self.fail(client, &data)
            }
        }
    }

    fn take_chunk(&mut self, client: DialectId, chunk: &Value) -> Result<(), String> {
        self.starts += usize::from(chunk.pointer("/choices/0/delta/role").is_some());
        self.say(chunk, "/choices/0/delta/content");
        self.fail(client, chunk)
    }

    fn take_message(&mut self, name: Option<&str>, event: &Value) -> Result<(), String> {
        let kind = named(name, event)?;
        self.starts += usize::from(kind == "message_start");
        match kind {
            "error" => return self.fail(DialectId::Anthropic, event),
            "content_block_delta" => self.say(event, "/delta/text"),
            "message_stop" => self.complete = true,
            _ => {}
        }
        self.in_order(kind)
    }

    fn take_response(&mut self, name: Option<&str>, event: &Value) -> Result<(), String> {
        let kind = named(name, event)?;
        if event["sequence_number"] != self.numbered {
            return Err(format!("event {} is numbered {}", self.numbered, event["sequence_number"]));
        }
        self.numbered += 1;
        self.starts += usize::from(kind == "response.created");
        match kind {
            "error" => self.error = Some(text(event, "/code")),
            "response.failed" => self.error = Some(text(event, "/response/error/code")),
            "response.output_text.delta" => self.say(event, "/delta"),
            "response.completed" | "response.incomplete" => self.complete = true,
            _ => {}
        }
        self.in_order(kind)
    }

    /// Nothing comes before the start.
    fn in_order(&self, kind: &str) -> Result<(), String> {
        if self.starts == 0 && kind != "ping" { Err(format!("{kind} before the start")) } else { Ok(()) }
    }

    fn say(&mut self, event: &Value, path: &str) {
        self.text.push_str(event.pointer(path).and_then(Value::as_str).unwrap_or_default());
    }

    fn fail(&mut self, client: DialectId, event: &Value) -> Result<(), String> {
        if event.get("error").is_some() {
            self.error = Some(error_word(client, event)?);
        }
        Ok(())
    }
}

/// The event's type, which its name repeats.
fn named<'a>(name: Option<&str>, event: &'a Value) -> Result<&'a str, String> {
    let kind = event["type"].as_str().ok_or("an event without a type")?;
    if name == Some(kind) { Ok(kind) } else { Err(format!("{kind} is named {name:?}")) }
}

fn text(event: &Value, path: &str) -> Option<String> {
    event.pointer(path).and_then(Value::as_str).map(str::to_owned)
}

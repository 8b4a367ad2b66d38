//! What a provider said, in whatever shape it said it.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};
use trunkline_wire::RateLimits;

/// Longest message taken from a body, in characters. Guards logs and clients against a provider that sends a traceback.
pub const MESSAGE_CHARS_MAX: usize = 2_000;

/// Longest message taken from an HTML page, in characters; what matters stands at its head.
const PAGE_CHARS_MAX: usize = 200;

/// Longest code or parameter, in bytes. What is longer is no name, and is left out.
const NAME_BYTES_MAX: usize = 128;

/// The meaning of an error body.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// The sentence for people, on one line.
    pub(super) message: Option<String>,
    /// A code in words; numbers that repeat the status are left out.
    pub(super) code: Option<String>,
    /// The type, status or reason: names that classify but are not the code.
    names: Vec<String>,
    /// The field to blame.
    pub(super) param: Option<String>,
    /// Google's wait, such as `27s`.
    pub(super) retry_delay: Option<String>,
    /// Whether moderation gave its reasons.
    pub(super) moderated: bool,
    /// OpenRouter's headers in the body, as far as they speak of a budget.
    pub(super) limits: RateLimits,
    /// Whether the body is an object with `error.message`, and neither Anthropic's nor Google's, which have that too.
    pub(super) openai_shape: bool,
}

impl Words {
    /// Whether the code or another name is one of these, case aside.
    pub(super) fn says(&self, names: &[&str]) -> bool {
        let mut said = self.code.iter().chain(&self.names);
        said.any(|said| names.iter().any(|name| name.eq_ignore_ascii_case(said)))
    }

    /// Whether the message holds one of these texts, which are in lower case.
    pub(super) fn contain(&self, texts: &[&str]) -> bool {
        let Some(message) = self.message.as_ref().map(|message| message.to_lowercase()) else { return false };
        texts.iter().any(|text| message.contains(text))
    }
}

/// Reads a body. Never fails: what has no known shape is taken as text.
pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Words {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => from_object(&object),
        // Google's OpenAI-compatible endpoint wraps the object in an array (Google GenAI SDK 3.4.0 unwraps it).
        Ok(Value::Array(items)) => match items.first() {
            Some(Value::Object(object)) => Words { openai_shape: false, ..from_object(object) },
            _ => Words::default(),
        },
        Ok(Value::String(text)) => Words { message: one_line(&text, MESSAGE_CHARS_MAX), ..Words::default() },
        Ok(Value::Null | Value::Bool(_) | Value::Number(_)) => Words::default(),
        Err(_) => Words { message: from_text(headers, body), ..Words::default() },
    }
}

fn from_object(object: &Map<String, Value>) -> Words {
    let mut words = match (object.get("error"), object.get("detail"), object.get("message")) {
        (Some(Value::Object(error)), ..) => from_error(error),
        (Some(Value::String(text)), ..) => Words { message: one_line(text, MESSAGE_CHARS_MAX), ..from_error(object) },
        (_, Some(detail), _) => from_detail(detail),
        // Mistral puts FastAPI's object into `message` (avante-corp/avante.nvim issue 2347, June 2025).
        (.., Some(detail @ Value::Object(_))) => from_detail(detail),
        // SGLang and older vLLM put the fields at the top; Bedrock puts nothing but `message` there.
        _ => from_error(object),
    };
    let has_text = |name| object.get("error").and_then(|error| error.get(name)).is_some_and(Value::is_string);
    words.openai_shape = has_text("message") && !has_text("status") && !object.contains_key("type");
    if words.message.is_none() {
        words.message = serde_json::to_string(object).ok().and_then(|text| one_line(&text, MESSAGE_CHARS_MAX));
    }
    words
}

/// An object with the fields of an error: OpenAI's, with Google's and OpenRouter's additions.
fn from_error(error: &Map<String, Value>) -> Words {
    let metadata = error.get("metadata");
    let mut message = text_at(error, "message").and_then(|text| one_line(text, MESSAGE_CHARS_MAX));
    // OpenRouter's message may only say that somebody failed; what that somebody said is in `metadata.raw`.
    if let Some(raw) = metadata.and_then(|metadata| metadata.get("raw")).and_then(Value::as_str) {
        message = one_line(&format!("{}: {raw}", message.as_deref().unwrap_or("error")), MESSAGE_CHARS_MAX);
    }
    let details = error.get("details").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let detail = |name: &str| details.iter().find_map(|detail| detail.get(name)?.as_str());
    Words {
        message,
        code: name_at(error, "code").filter(|code| code.parse::<f64>().is_err()),
        names: ["type", "status"]
            .iter()
            .filter_map(|key| name_at(error, key))
            .chain(detail("reason").and_then(name))
            .collect(),
        param: name_at(error, "param"),
        retry_delay: detail("retryDelay").and_then(name),
        moderated: metadata.is_some_and(|metadata| metadata.get("reasons").is_some()),
        limits: metadata.and_then(|metadata| metadata.get("headers")).map(limits).unwrap_or_default(),
        openai_shape: false,
    }
}

/// What headers inside a body say of a budget: OpenRouter quotes there those of whoever it asked.
fn limits(headers: &Value) -> RateLimits {
    let headers = headers.as_object().into_iter().flatten();
    let texts: Vec<(String, &str)> =
        headers.filter_map(|(name, value)| Some((name.to_ascii_lowercase(), value.as_str()?))).collect();
    RateLimits::read(texts.iter().map(|(name, value)| (name.as_str(), *value)))
}

/// FastAPI's shapes: a text, a list of `{loc, msg}`, or an object of the service's own.
fn from_detail(detail: &Value) -> Words {
    match detail {
        Value::String(text) => Words { message: one_line(text, MESSAGE_CHARS_MAX), ..Words::default() },
        Value::Object(object) => from_object(object),
        Value::Array(problems) => {
            let first = problems.first();
            let param =
                first.and_then(|problem| problem.get("loc")).and_then(Value::as_array).and_then(|loc| path(loc));
            let text = first.and_then(|problem| problem.get("msg")).and_then(Value::as_str);
            let message = match (text, &param) {
                (Some(text), Some(param)) => one_line(&format!("`{param}`: {text}"), MESSAGE_CHARS_MAX),
                (Some(text), None) => one_line(text, MESSAGE_CHARS_MAX),
                (None, _) => None,
            };
            Words { message, param, ..Words::default() }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Words::default(),
    }
}

/// `["body", "messages", 0, "content"]` as `messages[0].content`.
fn path(loc: &[Value]) -> Option<String> {
    let mut path = String::new();
    for step in loc {
        match step {
            Value::String(step) if path.is_empty() && step == "body" => {}
            Value::String(step) if path.is_empty() => path.push_str(step),
            Value::String(step) => path.extend([".", step]),
            Value::Number(index) => path.push_str(&format!("[{index}]")),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
        }
    }
    name(&path)
}

fn from_text(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    // The whole body, not a chunk: what is not UTF-8 is the provider's own, or the cut at the end.
    let text = String::from_utf8_lossy(body);
    let declared = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if text.trim_start().starts_with('<') || declared.to_ascii_lowercase().starts_with("text/html") {
        one_line(&page_text(&text), PAGE_CHARS_MAX)
    } else {
        one_line(&text, MESSAGE_CHARS_MAX)
    }
}

/// The title of an HTML page, else what a reader would see of it.
fn page_text(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    if let Some(title) = element(page, &lower, "title").filter(|title| !title.trim().is_empty()) {
        return unescape(title);
    }
    let mut text = String::new();
    let mut at = 0;
    while let Some(rest) = page.get(at..).filter(|rest| !rest.is_empty()) {
        let open = rest.find('<').unwrap_or(rest.len());
        text.push_str(rest.get(..open).unwrap_or_default());
        text.push(' ');
        at += open;
        // Neither scripts nor styles are meant for readers.
        let unseen =
            ["script", "style"].iter().find(|name| lower.get(at + 1..).is_some_and(|tag| tag.starts_with(**name)));
        let end = match unseen {
            Some(name) => lower.get(at..).and_then(|tag| tag.find(&format!("</{name}"))),
            None => Some(0),
        };
        at = match end.and_then(|end| Some(at + end + page.get(at + end..)?.find('>')? + 1)) {
            Some(next) => next,
            None => page.len(),
        };
    }
    unescape(&text)
}

/// What stands between the tags of the first element of this name.
fn element<'a>(page: &'a str, lower: &str, name: &str) -> Option<&'a str> {
    let tag = lower.find(&format!("<{name}"))?;
    let begin = tag + lower.get(tag..)?.find('>')? + 1;
    let end = begin + lower.get(begin..)?.find(&format!("</{name}"))?;
    page.get(begin..end)
}

fn unescape(text: &str) -> String {
    let mut text = text.to_owned();
    // `&amp;` last, so that `&amp;lt;` stays what its writer meant.
    for (escaped, plain) in
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")]
    {
        text = text.replace(escaped, plain);
    }
    text
}

fn text_at<'a>(object: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str)
}

fn name_at(object: &Map<String, Value>, key: &str) -> Option<String> {
    text_at(object, key).and_then(name)
}

fn name(text: &str) -> Option<String> {
    let fits = !text.is_empty() && text.len() <= NAME_BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| text.to_owned())
}

/// The text with every run of white space and control characters as one space, cut to `chars_max`; `None` when empty.
fn one_line(text: &str, chars_max: usize) -> Option<String> {
    let mut line = String::new();
    let mut chars = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        let space = usize::from(chars > 0);
        let left = chars_max.saturating_sub(chars + space);
        if left == 0 {
            line.push('…');
            break;
        }
        if space == 1 {
            line.push(' ');
        }
        match word.char_indices().nth(left) {
            Some((cut, _)) => {
                line.push_str(word.get(..cut).unwrap_or_default());
                line.push('…');
                break;
            }
            None => line.push_str(word),
        }
        chars += space + word.chars().count();
    }
    (!line.is_empty()).then_some(line)
}

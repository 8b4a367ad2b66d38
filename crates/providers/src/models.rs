//! Model lists, in every vendor's shape.

use std::collections::HashSet;

use serde_json::{Map, Value};
use thiserror::Error;

/// One entry of a provider's model list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedModel {
    /// The provider's own name for it.
    pub id: String,
    /// Tokens it can take and give in all, when the list says so.
    pub context_window: Option<u64>,
    /// Seconds since the Unix epoch, when the list says so.
    pub created: Option<u64>,
    /// Who the list says owns it.
    pub owned_by: Option<String>,
}

/// A body that is no model list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ModelListError {
    /// Not JSON.
    #[error("the model list is not JSON")]
    NotJson,
    /// JSON without a list of models where any vendor has one.
    #[error("the model list has neither `data` nor `models`, and is no array")]
    NotAList,
}

/// Most models taken from one list; the largest hosted catalogues hold some hundreds. Guards our memory, and every
/// client that asks for the list.
pub const MODELS_MAX: usize = 10_000;

/// Longest model id, in bytes; a longer one is left out. Guards logs, reports and headers, which repeat it.
const ID_BYTES_MAX: usize = 512;

/// Where vendors put the context size, first match wins; the usable size stands before the one of training.
const CONTEXT_PATHS: &[&[&str]] = &[
    &["max_model_len"],
    &["context_window"],
    &["context_length"],
    &["max_context_length"],
    &["limits", "max_context_length"],
    &["limit", "context"],
    &["meta", "n_ctx"],
    &["meta", "n_ctx_train"],
    &["top_provider", "context_length"],
    &["metadata", "context_length"],
    &["inputTokenLimit"],
    &["max_input_tokens"],
    &["contextLength"],
    &["openai", "max_model_len"],
    &["openai", "context_length"],
    &["details", "context_length"],
];

/// Reads `{"data": [..]}` (OpenAI and its look-alikes), a bare array (Together) or `{"models": [..]}` (Ollama, Gemini).
/// Entries without a usable name are left out, and so are repetitions and what goes beyond [`MODELS_MAX`].
///
/// # Errors
/// When the body is not JSON, or holds no list.
pub fn parse_model_list(body: &[u8]) -> Result<Vec<ListedModel>, ModelListError> {
    let list = match serde_json::from_slice(body).map_err(|_| ModelListError::NotJson)? {
        Value::Array(list) => list,
        // llama.cpp sends both; `data` says more.
        Value::Object(mut object) => match (object.remove("data"), object.remove("models")) {
            (Some(Value::Array(list)), _) | (_, Some(Value::Array(list))) => list,
            _ => return Err(ModelListError::NotAList),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return Err(ModelListError::NotAList),
    };
    let mut seen = HashSet::new();
    Ok(list.iter().filter_map(listed).filter(|model| seen.insert(model.id.clone())).take(MODELS_MAX).collect())
}

/// Tokens in and out of one slot, as llama.cpp's `/props` has them; `None` when it does not say.
pub fn parse_window(body: &[u8]) -> Option<u64> {
    let props: Value = serde_json::from_slice(body).ok()?;
    positive(at(props.as_object()?, &["default_generation_settings", "n_ctx"])?)
}

fn listed(entry: &Value) -> Option<ListedModel> {
    if let Value::String(id) = entry {
        return Some(ListedModel { id: checked(id)?, context_window: None, created: None, owned_by: None });
    }
    let entry = entry.as_object()?;
    let owned_by = text(entry, "owned_by").or_else(|| text(entry, "organization"));
    let id = text(entry, "id").or_else(|| text(entry, "model")).or_else(|| text(entry, "name"))?;
    // Google's lists name models `models/ID`, and its chat takes them without (several public clients, November 2026).
    // Elsewhere `models/` may be a folder of llama.cpp's.
    let google = owned_by == Some("google") || entry.contains_key("inputTokenLimit");
    let id = if google { id.strip_prefix("models/").unwrap_or(id) } else { id };
    Some(ListedModel {
        id: checked(id)?,
        context_window: CONTEXT_PATHS.iter().find_map(|path| positive(at(entry, path)?)),
        created: entry.get("created").and_then(positive),
        owned_by: owned_by.and_then(checked),
    })
}

fn text<'a>(entry: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    entry.get(key).and_then(Value::as_str)
}

fn checked(name: &str) -> Option<String> {
    let fits = !name.trim().is_empty() && name.len() <= ID_BYTES_MAX && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned())
}

fn at<'a>(entry: &'a Map<String, Value>, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(entry.get(*first)?, |value, key| value.get(*key))
}

/// A whole number over zero, whether it came as `8192`, `8192.0` or `"8192"`. Zero is how some lists say nothing.
fn positive(value: &Value) -> Option<u64> {
    /// Every whole number up to here is exact in an `f64`.
    const EXACT_MAX: f64 = (1_u64 << 53) as f64;
    let number = match value {
        Value::Number(number) => number.as_u64().or_else(|| {
            let float = number.as_f64().filter(|float| (0.0..=EXACT_MAX).contains(float) && float.fract() == 0.0)?;
            Some(float as u64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    number.filter(|number| *number > 0)
}

#[cfg(test)]
mod tests;

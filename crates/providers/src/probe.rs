//! How to tell what listens on a loopback port, without asking it to do anything.
//!
//! Every step is a GET of a path that only reads. A server is named only when it says something that no other server
//! says; a port that answers every path with a page, or with a bare `{}`, is left alone. Whoever makes the calls leaves
//! out the ports that Trunkline itself listens on.

use serde_json::Value;

use crate::registry::ALL;
use crate::{Vendor, vendor};

/// Largest answer worth reading, in bytes. Guards against a stranger who answers a probe with a download.
pub const ANSWER_BYTES_MAX: usize = 1 << 20;

/// One question to a port.
#[derive(Debug)]
pub struct Step {
    /// What to GET. Two steps may ask for the same path; the first answer then serves both.
    pub path: &'static str,
    /// Who gives such an answer (status, body); `None` when it says nothing for sure.
    pub check: fn(u16, &[u8]) -> Option<&'static Vendor>,
}

/// The ports where a model server may listen, each with the vendor that has it by custom.
pub fn ports() -> impl Iterator<Item = (u16, &'static Vendor)> {
    ALL.iter().filter_map(|vendor| Some((vendor.local_port?, *vendor)))
}

/// The questions, in an order that separates all servers: SGLang answers some of Ollama's paths and so comes before it,
/// and what merely looks like OpenAI comes last.
pub fn steps() -> &'static [Step] {
    &[
        Step { path: "/props", check: llama_cpp },
        Step { path: "/v1/models", check: by_owner },
        Step { path: "/model_info", check: sglang },
        Step { path: "/get_model_info", check: sglang },
        Step { path: "/", check: ollama },
        Step { path: "/api/v0/models", check: lm_studio },
        Step { path: "/v1/models", check: look_alike },
    ]
}

/// What a port's answers so far come to.
#[derive(Clone, Copy, Debug)]
pub enum Verdict {
    /// This is who listens.
    Found(&'static Vendor),
    /// It asks for a key, which a probe does not have: stop, and leave it to the config.
    NeedsKey,
    /// Nothing for sure: ask the next question; after the last one, leave the port alone.
    Unknown,
}

/// What one answer to `step` comes to.
pub fn verdict(step: &Step, status: u16, body: &[u8]) -> Verdict {
    match (step.check)(status, body) {
        Some(vendor) => Verdict::Found(vendor),
        // Going on would misjudge: an SGLang with a key still answers on `/`, in Ollama's words.
        None if matches!(status, 401 | 403) => Verdict::NeedsKey,
        None => Verdict::Unknown,
    }
}

fn object(status: u16, body: &[u8]) -> Option<Value> {
    (status == 200).then(|| serde_json::from_slice(body).ok()).flatten().filter(Value::is_object)
}

/// The entries of an OpenAI-shaped list that has any.
fn entries(list: &Value) -> Option<&[Value]> {
    list.get("data")?.as_array().map(Vec::as_slice).filter(|entries| !entries.is_empty())
}

/// Seen in llama.cpp's server README (autumn 2026).
fn llama_cpp(status: u16, body: &[u8]) -> Option<&'static Vendor> {
    let props = object(status, body)?;
    (props.get("default_generation_settings")?.is_object() && props.get("total_slots")?.is_u64())
        .then_some(&vendor::llama_cpp::VENDOR)
}

/// Seen in the sources of vLLM 0.33.0 and SGLang 0.5.23 (November 2026).
fn by_owner(status: u16, body: &[u8]) -> Option<&'static Vendor> {
    let list = object(status, body)?;
    let owned_by = |owner: &str| {
        entries(&list).is_some_and(|entries| {
            entries.iter().all(|entry| entry.get("owned_by").and_then(Value::as_str) == Some(owner))
        })
    };
    [("vllm", &vendor::vllm::VENDOR), ("sglang", &vendor::sglang::VENDOR), ("llamacpp", &vendor::llama_cpp::VENDOR)]
        .into_iter()
        .find_map(|(owner, vendor)| owned_by(owner).then_some(vendor))
}

/// Seen in the sources of SGLang 0.5.23 (November 2026); the longer path is that of older ones.
fn sglang(status: u16, body: &[u8]) -> Option<&'static Vendor> {
    let info = object(status, body)?;
    (info.get("model_path")?.is_string() && info.get("is_generation")?.is_boolean()).then_some(&vendor::sglang::VENDOR)
}

/// Seen in ollama/ollama (August 2026). Its `/api/version` would not do: Open WebUI, which has port 8080 by custom as
/// well, answers there too.
fn ollama(status: u16, body: &[u8]) -> Option<&'static Vendor> {
    (status == 200 && body.trim_ascii() == b"Ollama is running").then_some(&vendor::ollama::VENDOR)
}

/// Seen in LM Studio's page "REST API" (November 2026).
fn lm_studio(status: u16, body: &[u8]) -> Option<&'static Vendor> {
    let list = object(status, body)?;
    let own =
        |entry: &Value| entry.get("state").is_some_and(Value::is_string) && entry.get("max_context_length").is_some();
    entries(&list)?.iter().all(own).then_some(&vendor::lm_studio::VENDOR)
}

/// Anything that lists its models as OpenAI does, and has some.
fn look_alike(status: u16, body: &[u8]) -> Option<&'static Vendor> {
    let list = object(status, body)?;
    let is = |value: &Value, kind: &str| value.get("object").and_then(Value::as_str) == Some(kind);
    let model = |entry: &Value| is(entry, "model") && entry.get("id").is_some_and(Value::is_string);
    (is(&list, "list") && entries(&list)?.iter().all(model)).then_some(&vendor::openai::VENDOR)
}

#[cfg(test)]
mod tests;

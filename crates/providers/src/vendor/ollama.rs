//! Ollama through its OpenAI-compatible paths. The native dialect comes with its own change.

use crate::registry::{LOCAL_LOOK_ALIKE, Vendor};

/// Seen in the sources and docs of ollama/ollama (August 2026). These paths take no context size, and cut long prompts
/// silently at the model's default.
pub static VENDOR: Vendor = Vendor {
    id: "ollama",
    title: "Ollama",
    default_base_url: Some("http://127.0.0.1:11434/v1"),
    local_port: Some(11434),
    ..LOCAL_LOOK_ALIKE
};

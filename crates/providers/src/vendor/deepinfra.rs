//! DeepInfra: the version stands before `openai` in its path.

use trunkline_wire::DialectId;

use crate::registry::{LOOK_ALIKE, Vendor};

/// Seen in several public clients of DeepInfra's OpenAI-compatible API (November 2026).
pub static VENDOR: Vendor = Vendor {
    id: "deepinfra",
    title: "DeepInfra",
    default_base_url: Some("https://api.deepinfra.com/v1/openai"),
    version_path: "/v1/openai",
    key_variable: Some("DEEPINFRA_API_KEY"),
    dialects: &[DialectId::OpenaiChat, DialectId::OpenaiCompletions],
    ..LOOK_ALIKE
};

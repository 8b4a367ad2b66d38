//! Google Gemini through its OpenAI-compatible endpoint. The native dialect comes with its own change.

use crate::registry::{LOOK_ALIKE, Vendor};

/// Seen in Google's GenAI SDK 3.4.0 and in several public clients (November 2026). Its list names models `models/ID`
/// and states no context sizes.
pub static VENDOR: Vendor = Vendor {
    id: "gemini",
    title: "Google Gemini",
    default_base_url: Some("https://generativelanguage.googleapis.com/v1beta/openai"),
    version_path: "/v1beta/openai",
    key_variable: Some("GEMINI_API_KEY"),
    ..LOOK_ALIKE
};

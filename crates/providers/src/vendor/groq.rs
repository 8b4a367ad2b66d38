//! Groq.

use crate::registry::{LOOK_ALIKE, Vendor};

/// Seen in Groq's Python SDK 1.7.0 (November 2026). Usage comes only when `stream_options` asks.
pub static VENDOR: Vendor = Vendor {
    id: "groq",
    title: "Groq",
    default_base_url: Some("https://api.groq.com/openai/v1"),
    version_path: "/openai/v1",
    key_variable: Some("GROQ_API_KEY"),
    ..LOOK_ALIKE
};

//! Groq.

use trunkline_wire::capabilities::ReasoningReplay;
use trunkline_wire::{Capabilities, DialectId};

use crate::capabilities::HOSTED;
use crate::registry::{LOOK_ALIKE, Vendor};

/// Seen in Groq's Python SDK 1.7.0 (November 2026). Usage comes only when `stream_options` asks; four stop texts at
/// most; it hears in its transcriptions only.
pub static VENDOR: Vendor = Vendor {
    id: "groq",
    title: "Groq",
    default_base_url: Some("https://api.groq.com/openai/v1"),
    version_path: "/openai/v1",
    key_variable: Some("GROQ_API_KEY"),
    dialects: &[DialectId::OpenaiChat, DialectId::OpenaiResponses],
    capabilities: Capabilities {
        extended_sampling: false,
        audio: false,
        reasoning_replay: ReasoningReplay::Reasoning,
        stop_texts_max: Some(4),
        ..HOSTED
    },
    ..LOOK_ALIKE
};

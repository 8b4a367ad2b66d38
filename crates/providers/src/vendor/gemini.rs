//! Google Gemini: its own API, and its OpenAI-compatible endpoint beside it.

use trunkline_wire::capabilities::ReasoningReplay;
use trunkline_wire::{Capabilities, DialectId};

use crate::registry::{LOOK_ALIKE, Vendor};
use crate::{AuthStyle, ModelLine};

/// Seen in Google's GenAI SDK 3.4.0 and in several public clients (November 2026). Its list names models `models/ID`
/// and states no context sizes. The compatible endpoint refuses fields that it does not know; the native one does not
/// read earlier thoughts, knows no way to ask for one call at a time, and takes five stop texts.
pub static VENDOR: Vendor = Vendor {
    id: "gemini",
    title: "Google Gemini",
    default_base_url: Some("https://generativelanguage.googleapis.com/v1beta/openai"),
    version_path: "/v1beta/openai",
    key_variable: Some("GEMINI_API_KEY"),
    dialects: &[DialectId::Gemini, DialectId::OpenaiChat],
    own_auth: &[(DialectId::Gemini, AuthStyle::Header("x-goog-api-key"))],
    capabilities: Capabilities {
        developer_role: false,
        system_in_middle: false,
        tool_images: true,
        parallel_tools: false,
        reasoning_replay: ReasoningReplay::ReasoningContent,
        stop_texts_max: Some(5),
        ..Capabilities::UNKNOWN
    },
    lines: &[ModelLine::Gemini],
    ..LOOK_ALIKE
};

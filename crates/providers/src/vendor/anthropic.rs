//! Anthropic through its OpenAI-compatible endpoint. The native dialect comes with its own change.

use crate::AuthStyle;
use crate::registry::{LOOK_ALIKE, ModelList, Vendor};

/// Seen in Anthropic's page "OpenAI SDK compatibility" and its Python SDK 2.12.0 (November 2026): chat takes a Bearer
/// key and `stream_options`, but the model list is the native one, with native headers.
pub static VENDOR: Vendor = Vendor {
    id: "anthropic",
    title: "Anthropic",
    default_base_url: Some("https://api.anthropic.com/v1"),
    key_variable: Some("ANTHROPIC_API_KEY"),
    model_list: ModelList {
        path: "/models?limit=1000",
        auth: AuthStyle::Header("x-api-key"),
        headers: &[("anthropic-version", "2023-06-01")],
    },
    ..LOOK_ALIKE
};

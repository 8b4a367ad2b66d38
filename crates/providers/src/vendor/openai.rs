//! OpenAI, and anything that looks like it.

use crate::registry::{LOOK_ALIKE, Vendor};

/// Seen in OpenAI's OpenAPI document (August 2026) and Python SDK 3.54.0 (November 2026).
pub static VENDOR: Vendor = Vendor {
    id: "openai",
    title: "OpenAI and look-alikes",
    default_base_url: Some("https://api.openai.com/v1"),
    key_variable: Some("OPENAI_API_KEY"),
    ..LOOK_ALIKE
};

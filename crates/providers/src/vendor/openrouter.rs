//! OpenRouter.

use crate::registry::{LOOK_ALIKE, Vendor};

/// Seen in OpenRouter's documentation (November 2026). A 403 there is its moderation, not the key.
pub static VENDOR: Vendor = Vendor {
    id: "openrouter",
    title: "OpenRouter",
    default_base_url: Some("https://openrouter.ai/api/v1"),
    version_path: "/api/v1",
    key_variable: Some("OPENROUTER_API_KEY"),
    ..LOOK_ALIKE
};

//! Anthropic: Messages, and nothing else. Its look-alike of OpenAI's chat path drops too much to be of use.

use trunkline_wire::{Capabilities, DialectId};

use crate::registry::{GoesOn, LOOK_ALIKE, ModelList, Quirks, Vendor};
use crate::{AuthStyle, ModelLine};

const AUTH: AuthStyle = AuthStyle::Header("x-api-key");

/// Seen in Anthropic's page "API overview" and its Python SDK 2.12.0 (November 2026). A version of the API is stated in
/// a header; see [`Vendor::headers`].
pub static VENDOR: Vendor = Vendor {
    id: "anthropic",
    title: "Anthropic",
    default_base_url: Some("https://api.anthropic.com/v1"),
    auth: AUTH,
    key_variable: Some("ANTHROPIC_API_KEY"),
    dialects: &[DialectId::Anthropic],
    capabilities: Capabilities {
        developer_role: false,
        system_in_middle: false,
        audio: false,
        tool_images: true,
        cache_marks: true,
        ..Capabilities::UNKNOWN
    },
    lines: &[ModelLine::Claude],
    model_list: ModelList { path: "/models?limit=1000", auth: AUTH, headers: &[("anthropic-version", "2023-06-01")] },
    // Where the model takes a prefill at all.
    quirks: Quirks { goes_on: Some(GoesOn::Unasked(DialectId::Anthropic)), ..LOOK_ALIKE.quirks },
    ..LOOK_ALIKE
};

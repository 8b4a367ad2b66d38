//! OpenRouter.

use trunkline_wire::capabilities::ReasoningReplay;
use trunkline_wire::{Capabilities, DialectId, Operation};

use crate::ModelLine;
use crate::registry::{LOOK_ALIKE, Quirks, Vendor};

/// Seen in OpenRouter's documentation (November 2026). A 403 there is its moderation, not the key. It documents no way
/// to count tokens.
pub static VENDOR: Vendor = Vendor {
    id: "openrouter",
    title: "OpenRouter",
    default_base_url: Some("https://openrouter.ai/api/v1"),
    version_path: "/api/v1",
    key_variable: Some("OPENROUTER_API_KEY"),
    dialects: &[DialectId::OpenaiChat, DialectId::OpenaiCompletions, DialectId::OpenaiResponses, DialectId::Anthropic],
    own_paths: &[(DialectId::Anthropic, Operation::CountTokens, None)],
    capabilities: Capabilities {
        cache_marks: true,
        reasoning_replay: ReasoningReplay::Reasoning,
        ..Capabilities::UNKNOWN
    },
    lines: &[ModelLine::Claude],
    // Seen in its pages "Provider Routing" and "Model Fallbacks" (November 2026).
    quirks: Quirks { takes_wishes: true, ..LOOK_ALIKE.quirks },
    ..LOOK_ALIKE
};

//! Gemini. Seen in Google's page "Gemini thinking" and GenAI SDK 3.4.0 (November 2026).

use trunkline_wire::Capabilities;
use trunkline_wire::capabilities::ThinkingMode;

use super::leading_version;

/// What is known of a Gemini of this name; nothing changes for other names, and for those without a version.
pub(super) fn narrow(name: &str, takes: &mut Capabilities) {
    let Some((version, _)) = name.strip_prefix("gemini-").and_then(leading_version) else { return };
    takes.thinking = match version {
        (3.., _) => ThinkingMode::Adaptive,
        (2, 5..) => ThinkingMode::Budget,
        _ => ThinkingMode::Never,
    };
}

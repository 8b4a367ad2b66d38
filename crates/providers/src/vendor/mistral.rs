//! Mistral AI.

use trunkline_wire::Capabilities;
use trunkline_wire::capabilities::ReasoningReplay;

use crate::capabilities::LOCAL;
use crate::registry::{LOOK_ALIKE, Quirks, Vendor};

/// Seen in the AI SDK's Mistral provider 2.0.0 (November 2026), and in avante-corp/avante.nvim issue 2347 (June 2025):
/// 422 to `stream_options`, as to every field that it does not know. Usage comes by itself. Its templates are those of
/// the open models. A last message of the model's own is refused, unless it is marked by a field of Mistral's.
pub static VENDOR: Vendor = Vendor {
    id: "mistral",
    title: "Mistral AI",
    default_base_url: Some("https://api.mistral.ai/v1"),
    key_variable: Some("MISTRAL_API_KEY"),
    capabilities: Capabilities {
        extended_sampling: false,
        reasoning_replay: ReasoningReplay::Dropped,
        prefill: false,
        ..LOCAL
    },
    quirks: Quirks { no_stream_options: true, ..LOOK_ALIKE.quirks },
    ..LOOK_ALIKE
};

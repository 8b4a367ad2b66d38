//! Together AI.

use trunkline_wire::DialectId;

use crate::registry::{LOOK_ALIKE, Quirks, Vendor};

/// Seen in Together's Python SDK 3.1.1 (November 2026): no `stream_options`, usage comes in the last chunk by itself;
/// the model list is a bare array.
pub static VENDOR: Vendor = Vendor {
    id: "together",
    title: "Together AI",
    default_base_url: Some("https://api.together.xyz/v1"),
    key_variable: Some("TOGETHER_API_KEY"),
    dialects: &[DialectId::OpenaiChat, DialectId::OpenaiCompletions],
    quirks: Quirks { no_stream_options: true, ..LOOK_ALIKE.quirks },
    ..LOOK_ALIKE
};

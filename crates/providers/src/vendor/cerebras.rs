//! Cerebras Inference.

use trunkline_wire::capabilities::ReasoningReplay;
use trunkline_wire::{Capabilities, DialectId, Operation};

use crate::capabilities::HOSTED;
use crate::registry::{LOOK_ALIKE, ModelList, Vendor};

/// Seen in Cerebras' Python SDK 1.91.0 (November 2026): paths, Bearer, and the list format that carries context sizes.
/// It makes no embeddings, and hears nothing.
pub static VENDOR: Vendor = Vendor {
    id: "cerebras",
    title: "Cerebras",
    default_base_url: Some("https://api.cerebras.ai/v1"),
    key_variable: Some("CEREBRAS_API_KEY"),
    dialects: &[DialectId::OpenaiChat, DialectId::OpenaiCompletions],
    own_paths: &[(DialectId::OpenaiChat, Operation::Embedding, None)],
    capabilities: Capabilities {
        extended_sampling: false,
        audio: false,
        reasoning_replay: ReasoningReplay::Reasoning,
        ..HOSTED
    },
    model_list: ModelList { path: "/models?format=openrouter", ..LOOK_ALIKE.model_list },
    ..LOOK_ALIKE
};

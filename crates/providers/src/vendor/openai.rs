//! OpenAI, and anything that looks like it.

use trunkline_wire::capabilities::ReasoningReplay;
use trunkline_wire::{Capabilities, DialectId, Operation};

use crate::ModelLine;
use crate::registry::{LOOK_ALIKE, Vendor};

/// Seen in OpenAI's OpenAPI document (August 2026) and Python SDK 3.54.0 (November 2026). A look-alike's model is known
/// by its name, if at all; what OpenAI's own server refuses is left out for the rest.
pub static VENDOR: Vendor = Vendor {
    id: "openai",
    title: "OpenAI and look-alikes",
    hint: Some("Any server that looks like OpenAI works, too: state its base URL."),
    default_base_url: Some("https://api.openai.com/v1"),
    key_variable: Some("OPENAI_API_KEY"),
    dialects: &[DialectId::OpenaiChat, DialectId::OpenaiCompletions, DialectId::OpenaiResponses],
    own_paths: &[(DialectId::OpenaiResponses, Operation::CountTokens, Some("/responses/input_tokens"))],
    capabilities: Capabilities {
        extended_sampling: false,
        developer_role: false,
        reasoning_replay: ReasoningReplay::Dropped,
        stop_texts_max: Some(4),
        ..Capabilities::UNKNOWN
    },
    lines: &[ModelLine::Openai, ModelLine::Claude, ModelLine::Gemini, ModelLine::OpenWeights],
    ..LOOK_ALIKE
};

//! Ollama.

use trunkline_wire::capabilities::ReasoningReplay;
use trunkline_wire::{Capabilities, DialectId, Operation};

use crate::capabilities::LOCAL;
use crate::registry::{GoesOn, LOCAL_LOOK_ALIKE, Quirks, Vendor};

/// Seen in the sources and docs of ollama/ollama (August 2026). Only its own dialect takes a context size and tells
/// thinking, formats and how long to keep a model in one request; the paths of others cut long prompts silently at the
/// model's default. It counts no tokens, and cannot be told to call one tool at a time.
pub static VENDOR: Vendor = Vendor {
    id: "ollama",
    title: "Ollama",
    hint: Some("Where `ollama serve` listens, usually port 11434."),
    default_base_url: Some("http://127.0.0.1:11434/v1"),
    local_port: Some(11434),
    dialects: &[
        DialectId::Ollama,
        DialectId::OpenaiChat,
        DialectId::OpenaiCompletions,
        DialectId::OpenaiResponses,
        DialectId::Anthropic,
    ],
    quirks: Quirks {
        window_in: Some(DialectId::Ollama),
        // <https://github.com/ollama/ollama/issues/6778>, November 2026.
        goes_on: Some(GoesOn::Unasked(DialectId::Ollama)),
        ..LOCAL_LOOK_ALIKE.quirks
    },
    own_paths: &[(DialectId::Anthropic, Operation::CountTokens, None)],
    capabilities: Capabilities { parallel_tools: false, reasoning_replay: ReasoningReplay::Reasoning, ..LOCAL },
    ..LOCAL_LOOK_ALIKE
};

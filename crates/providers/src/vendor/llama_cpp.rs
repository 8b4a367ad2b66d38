//! llama.cpp's own server.

use trunkline_wire::{DialectId, Operation};

use crate::registry::{GoesOn, LOCAL_LOOK_ALIKE, Quirks, Tokenizer, Vendor};

/// Seen in the server's README in ggml-org/llama.cpp (autumn 2026). It counts tokens in every
/// dialect; older ones have their tokeniser and the template alone.
pub static VENDOR: Vendor = Vendor {
    id: "llama_cpp",
    title: "llama.cpp server",
    hint: Some("Where `llama-server` listens, usually port 8080."),
    default_base_url: Some("http://127.0.0.1:8080/v1"),
    local_port: Some(8080),
    own_paths: &[
        (DialectId::OpenaiChat, Operation::CountTokens, Some("/chat/completions/input_tokens")),
        (DialectId::OpenaiResponses, Operation::CountTokens, Some("/responses/input_tokens")),
    ],
    // Its list has the length that the model was trained with; a slot has what the server was started with.
    window_path: Some("/props"),
    // <https://github.com/ggml-org/llama.cpp/pull/13174>, November 2026.
    quirks: Quirks { goes_on: Some(GoesOn::Unasked(DialectId::OpenaiChat)), ..LOCAL_LOOK_ALIKE.quirks },
    tokenizer: Some(Tokenizer::Text { template: "/apply-template", path: "/tokenize" }),
    ..LOCAL_LOOK_ALIKE
};

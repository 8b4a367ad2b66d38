//! llama.cpp's own server.

use crate::registry::{LOCAL_LOOK_ALIKE, Vendor};

/// Seen in the server's README in ggml-org/llama.cpp (autumn 2026).
pub static VENDOR: Vendor = Vendor {
    id: "llama_cpp",
    title: "llama.cpp server",
    default_base_url: Some("http://127.0.0.1:8080/v1"),
    local_port: Some(8080),
    ..LOCAL_LOOK_ALIKE
};

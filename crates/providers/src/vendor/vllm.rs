//! vLLM.

use trunkline_wire::Capabilities;
use trunkline_wire::capabilities::ReasoningReplay;

use crate::capabilities::LOCAL;
use crate::registry::{GoesOn, LOCAL_LOOK_ALIKE, Quirks, Tokenizer, Vendor};

/// Seen in the sources of vLLM 0.33.0 (November 2026). It counts tokens for Messages; what it tells of its tokeniser is
/// older than that.
pub static VENDOR: Vendor = Vendor {
    id: "vllm",
    title: "vLLM",
    hint: Some("Where `vllm serve` listens, usually port 8000."),
    default_base_url: Some("http://127.0.0.1:8000/v1"),
    local_port: Some(8000),
    capabilities: Capabilities { tool_images: true, reasoning_replay: ReasoningReplay::Reasoning, ..LOCAL },
    quirks: Quirks { goes_on: Some(GoesOn::WhenTold), ..LOCAL_LOOK_ALIKE.quirks },
    tokenizer: Some(Tokenizer::Chat { path: "/tokenize" }),
    ..LOCAL_LOOK_ALIKE
};

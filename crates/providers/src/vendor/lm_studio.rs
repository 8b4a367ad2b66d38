//! LM Studio.

use trunkline_wire::{DialectId, Operation};

use crate::registry::{LOCAL_LOOK_ALIKE, Vendor};

/// Seen in LM Studio's pages "REST API", "OpenAI Compatible Endpoints" and "Anthropic Compatible Endpoints"
/// (<https://lmstudio.ai/docs/developer>, November 2026). It counts no tokens.
pub static VENDOR: Vendor = Vendor {
    id: "lm_studio",
    title: "LM Studio",
    hint: Some("Start its server in the tab for developers; usually port 1234."),
    default_base_url: Some("http://127.0.0.1:1234/v1"),
    local_port: Some(1234),
    own_paths: &[(DialectId::Anthropic, Operation::CountTokens, None)],
    ..LOCAL_LOOK_ALIKE
};

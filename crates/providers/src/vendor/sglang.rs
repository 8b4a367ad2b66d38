//! SGLang.

use trunkline_wire::Capabilities;

use crate::capabilities::LOCAL;
use crate::registry::{GoesOn, LOCAL_LOOK_ALIKE, Quirks, Vendor};

/// Seen in the sources of SGLang 0.5.23 (November 2026). It answers some of Ollama's paths too, which nobody needs.
pub static VENDOR: Vendor = Vendor {
    id: "sglang",
    title: "SGLang",
    hint: Some("Where `sglang serve` listens, usually port 30000."),
    default_base_url: Some("http://127.0.0.1:30000/v1"),
    local_port: Some(30000),
    capabilities: Capabilities { tool_images: true, ..LOCAL },
    quirks: Quirks { goes_on: Some(GoesOn::WhenTold), ..LOCAL_LOOK_ALIKE.quirks },
    ..LOCAL_LOOK_ALIKE
};

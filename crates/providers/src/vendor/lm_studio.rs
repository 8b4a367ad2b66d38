//! LM Studio.

use crate::registry::{LOCAL_LOOK_ALIKE, Vendor};

/// Seen in LM Studio's page "REST API" (November 2026).
pub static VENDOR: Vendor = Vendor {
    id: "lm_studio",
    title: "LM Studio",
    default_base_url: Some("http://127.0.0.1:1234/v1"),
    local_port: Some(1234),
    ..LOCAL_LOOK_ALIKE
};

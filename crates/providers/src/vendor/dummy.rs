//! The built-in provider that needs no server.

use trunkline_wire::Capabilities;

use crate::AuthStyle;
use crate::adapter::dummy::Dummy;
use crate::registry::{LOOK_ALIKE, Vendor};

/// An adapter: no place, no key, no wire format of its own.
pub static VENDOR: Vendor = Vendor {
    id: "dummy",
    title: "Dummy (built in)",
    hint: Some("Answers by itself, for trying things out."),
    version_path: "",
    auth: AuthStyle::None,
    needs_key: false,
    dialects: &[],
    capabilities: Capabilities::UNKNOWN,
    adapter: Some(&Dummy),
    ..LOOK_ALIKE
};

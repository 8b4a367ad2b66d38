//! Bodies that are compared: whatever is written in the one way is an object that says nothing twice, and is written the same
//! with its members in the opposite order.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;
use trunkline_wire::{DialectId, canonical};

/// The top level, member by member.
type Top<'a> = std::collections::BTreeMap<String, &'a RawValue>;

fuzz_target!(|data: &[u8]| {
    let Some(written) = canonical::of(DialectId::OpenaiChat, data) else { return };
    let top: Top<'_> = serde_json::from_slice(data).expect("only objects are compared");
    let members: Vec<String> =
        top.iter().rev().map(|(name, raw)| format!("{}:{}", serde_json::json!(name), raw.get())).collect();
    let reversed = format!("{{{}}}", members.join(","));
    assert_eq!(canonical::of(DialectId::OpenaiChat, reversed.as_bytes()), Some(written));
});

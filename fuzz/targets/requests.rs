//! A request of any dialect: what is read can be written in every dialect, and in its own it can be
//! read again.

#![no_main]

use cuts::Cut;
use libfuzzer_sys::fuzz_target;
use trunkline_wire::dialect::ALL;
use trunkline_wire::{Capabilities, Dialect, DialectId};

fn check(from: &dyn Dialect, body: &[u8]) {
    let Ok(mut request) = from.decode_request(body) else { return };
    if from.id() == DialectId::Gemini {
        // Its model stands in the path.
        "m".clone_into(&mut request.model);
    }
    for to in ALL {
        let Ok(encoded) = to.encode_request(&request, &Capabilities::UNKNOWN) else { continue };
        // Elsewhere a conversation may be refused that this dialect takes, such as an empty one.
        if to.id() == from.id() {
            let text = String::from_utf8_lossy(&encoded.bytes);
            let again = to.decode_request(&encoded.bytes);
            assert!(again.is_ok(), "{}: {:?} in {text}", to.id().as_str(), again.err());
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Some(cut) = Cut::of(data) else { return };
    if let Some(from) = ALL.get(cut.number(ALL.len())) {
        check(*from, &cut.whole);
    }
});

//! A request of any dialect: what is read can be written in every dialect, and in its own it can be
//! read again; the same prompt can be asked of every counter of tokens.

#![no_main]

use cuts::Cut;
use libfuzzer_sys::fuzz_target;
use trunkline_wire::dialect::ALL;
use trunkline_wire::{Capabilities, Dialect, DialectId, counting};

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

/// The same of a question for the number of its tokens: what is read can be asked of every counter.
fn check_count(from: &dyn Dialect, body: &[u8]) {
    let Ok(request) = counting::decode_request(from.id(), body) else { return };
    counting::estimate(&request);
    for to in ALL {
        let Ok(encoded) = counting::encode_request(to.id(), &request, &Capabilities::UNKNOWN) else { continue };
        let whole: Result<serde_json::Value, _> = serde_json::from_slice(&encoded.bytes);
        assert!(whole.is_ok_and(|whole| whole.is_object()), "{}", to.id().as_str());
    }
}

fuzz_target!(|data: &[u8]| {
    let Some(cut) = Cut::of(data) else { return };
    if let Some(from) = ALL.get(cut.number(ALL.len())) {
        check(*from, &cut.whole);
        check_count(*from, &cut.whole);
    }
});

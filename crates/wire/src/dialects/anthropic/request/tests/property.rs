use proptest::prelude::*;

use super::*;
use crate::dialects::anthropic::count_tokens::estimate;

fn conversation() -> impl Strategy<Value = String> {
    let pick = |list: &[&'static str]| proptest::collection::vec(proptest::sample::select(list.to_vec()), 0..4);
    (pick(&ASSISTANT), pick(&USER), pick(&ASSISTANT), any::<prop::sample::Index>(), 0_u8..128).prop_map(
        |(first, user, last, at, byte)| {
            let body = format!(
                r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"assistant","content":[{},{}]}},{{"role":"user","content":[{}]}},{{"role":"system","content":"s"}},{{"role":"assistant","content":[{}]}}],"thinking":{{"type":"adaptive"}},"tools":[{{"name":"f","input_schema":{{}}}}]}}"#,
                ASSISTANT[3], first.join(","), user.join(","), last.join(",")
            );
            // Three of four bodies have one byte changed.
            let mut body = body.replace(",]", "]").into_bytes();
            if byte % 4 > 0 {
                let at = at.index(body.len());
                body[at] = byte;
            }
            String::from_utf8(body).expect("ASCII")
        },
    )
}

proptest! {
    #[test]
    fn whatever_is_read_can_be_written_and_read_again(
        body in conversation(),
        foreign: bool,
        marks: bool,
        tools: bool,
        images: bool,
    ) {
        if let Ok(mut request) = decode(body.as_bytes()) {
            estimate(&request);
            let to = Capabilities { cache_marks: marks, tools, images, tool_images: marks, ..Capabilities::default() };
            if foreign {
                request.origin = DialectId::OpenaiChat;
            }
            if let Ok(encoded) = encode(&request, &to) {
                prop_assert!(decode(&encoded.bytes).is_ok(), "{:?}", encoded);
            }
        }
    }

    #[test]
    fn never_panics(inner in crate::scan::tests::mutated_json(), place in 0..4_usize) {
        let inner = String::from_utf8_lossy(&inner);
        let body = match place {
            0 => format!(r#"{{"model":"m","max_tokens":9,"messages":{inner}}}"#),
            1 => format!(r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":{inner}}}]}}"#),
            2 => format!(r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":"a"}}],"thinking":{inner}}}"#),
            _ => format!(r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":"a"}}],"tools":{inner}}}"#),
        };
        let _ = decode(body.as_bytes()).map(|request| encode(&request, &able()));
    }
}

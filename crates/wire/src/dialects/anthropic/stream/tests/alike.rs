use proptest::prelude::*;

use super::decode::{read, shown};

/// What stands inside a string of an event; some of it is no text, some breaks the event.
const TEXTS: [&[u8]; 8] =
    [b"a", b"", "é".as_bytes(), b"\\n\\\"", b"\\ud83d\\ude00", b"\\ud800", b"\xff", b"x\",\"y\":\""];

/// Events with a place for a text and one for spaces.
const EVENTS: [&str; 10] = [
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"T"}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"c","name":"f","input":{}}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"newer"}}"#,
    r#"{"type":"content_block_stop","index":0}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"T"}S}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"T"}S}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"T"}S}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"T"}S}"#,
    r#"{"index":0,"delta":{"type":"text_delta","text":"T"}S}"#,
];

fn filled(event: &str, text: &[u8], spaces: usize) -> Vec<u8> {
    event.bytes().fold(Vec::new(), |mut out, byte| {
        match byte {
            b'T' => out.extend_from_slice(text),
            b'S' => out.extend(std::iter::repeat_n(b' ', spaces)),
            _ => out.push(byte),
        }
        out
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// A comment that is another one each time makes every event unlike all others, so that each is parsed.
    #[test]
    fn what_is_recognised_tells_what_a_parser_would_have_told(
        runs in proptest::collection::vec(
            (0..EVENTS.len(), proptest::collection::vec((0..60_usize, 0..4_usize), 1..6)),
            1..12,
        ),
        step in 1..200_usize,
    ) {
        let (mut alike, mut unlike) = (Vec::new(), Vec::new());
        let events = runs.iter().flat_map(|(event, texts)| texts.iter().map(move |texts| (event, texts)));
        for (number, (event, (text, spaces))) in events.enumerate() {
            // Mostly text, so that streams do not break off too soon.
            let text = TEXTS.get(*text).copied().unwrap_or(b"word");
            let data = filled(EVENTS[*event], text, *spaces);
            alike.extend([b"event: content_block_delta\ndata: ", data.as_slice(), b"\n\n"].concat());
            let comment = format!(": {number}\nevent: content_block_delta\ndata: ");
            unlike.extend([comment.as_bytes(), data.as_slice(), b"\n\n"].concat());
        }
        let parsed = shown(&read([unlike.as_slice()]));
        prop_assert_eq!(&shown(&read([alike.as_slice()])), &parsed);
        prop_assert_eq!(&shown(&read(alike.chunks(step))), &parsed);
    }
}

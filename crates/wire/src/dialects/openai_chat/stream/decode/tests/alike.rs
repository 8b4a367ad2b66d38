use super::*;

/// What stands inside a string of a chunk; some of it is no text, some breaks the chunk.
const TEXTS: [&[u8]; 9] =
    [b"a", b"", b" fox", "é".as_bytes(), b"\\n\\\"", b"\\ud83d\\ude00", b"\\ud800", b"\xff", b"x\",\"y\":\""];

/// Chunks with a place for a text, and what may differ beside it.
const CHUNKS: [&str; 16] = [
    r#"{"id":"x","created":1,"choices":[{"index":0,"delta":{"content":"T"},"finish_reason":null}],"obfuscation":"O"}"#,
    r#"{"id":"x","choices":[{"delta":{"content":"T","reasoning":"","tool_calls":[],"refusal":null}}]}"#,
    r#"{"id":"x","choices":[{"delta":{"content":"T"}}],"usage":{"prompt_tokens":1,"completion_tokens":2}}"#,
    r#"{"id":"x","choices":[{"delta":{"content":"T"}}],"usage":{"prompt_tokens":3,"completion_tokens":4}}"#,
    r#"{"id":"x","choices":[{"delta":{"content":"T"},"finish_reason":"stop"}]}"#,
    r#"{"id":"x","choices":[{"delta":{"content":"T"}},{"index":1,"delta":{"content":"no"}}]}"#,
    r#"{"id":"O","created":17,"choices":[{"index":0,"delta":{"reasoning_content":"T","content":null}}]}"#,
    r#"{"id":"x","choices":[{"delta":{"reasoning":"T","reasoning_content":"T"}}]}"#,
    r#"{"id":"x","choices":[{"delta":{"reasoning_details":[{"type":"reasoning.text","text":"T","signature":"O"}]}}]}"#,
    r#"{"id":"x","choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"T"}}]}}]}"#,
    r#"{"id":"x","choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"T"}}]}}]}"#,
    r#"{"id":"x","choices":[{"delta":{"tool_calls":[{"index":1,"function":{"arguments":"T"}}]}}]}"#,
    r#"{"id":"x","choices":[{"delta":{"tool_calls":[{"index":1,"id":"d","function":{"name":"g"}}]}}]}"#,
    r#"{"id":"x","choices":[{"delta":{"tool_calls":[{"index":0,"id":"O","function":{"name":"f","arguments":"T"}}]}}]}"#,
    r#"{"id":"x","choices":[{"delta":{"refusal":"T"}}]}"#,
    r#"{"id":"x","choices":[{"delta":{"content":"T"}}],"error":false}"#,
];

fn filled(chunk: &str, text: &[u8], other: &[u8]) -> Vec<u8> {
    chunk.bytes().fold(Vec::new(), |mut out, byte| {
        match byte {
            b'T' => out.extend_from_slice(text),
            b'O' => out.extend_from_slice(other),
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
            (0..CHUNKS.len(), proptest::collection::vec((0..60_usize, 0..30_usize), 1..6)),
            1..8,
        ),
        (end, step) in (prop::sample::select(vec!["\n\n", "\r\n\r\n", "\r\r"]), 1..200_usize),
    ) {
        let (mut alike, mut unlike) = (Vec::new(), Vec::new());
        let chunks = runs.iter().flat_map(|(chunk, texts)| texts.iter().map(move |texts| (chunk, texts)));
        for (number, (chunk, (text, other))) in chunks.enumerate() {
            // Mostly text, so that streams do not break off too soon.
            let [text, other] = [*text, *other].map(|place| TEXTS.get(place).copied().unwrap_or(b"word"));
            let data = filled(CHUNKS[*chunk], text, other);
            alike.extend([b"data: ", data.as_slice(), end.as_bytes()].concat());
            unlike.extend([format!(": {number}\ndata: ").as_bytes(), data.as_slice(), end.as_bytes()].concat());
        }
        let parsed = show(&read([unlike.as_slice()]));
        prop_assert_eq!(&show(&read([alike.as_slice()])), &parsed);
        prop_assert_eq!(&show(&read(alike.chunks(step))), &parsed);
    }
}

#[test]
fn the_later_chunks_of_a_stream_are_recognised() {
    for (chunk, recognised) in CHUNKS.iter().zip([
        true, true, false, false, false, false, true, false, false, false, true, false, false, false, false, true,
    ]) {
        let mut decoder = Decoder::default();
        let mut events = Vec::new();
        let first = r#"{"id":"x","choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f"}}]}}]}"#;
        if chunk.contains("arguments") {
            decoder.push(format!("data: {first}\n\n").as_bytes(), &mut events);
        }
        for text in ["a", "b", "c"] {
            let data = filled(chunk, text.as_bytes(), text.as_bytes());
            decoder.push(&[b"data: ", data.as_slice(), b"\n\n"].concat(), &mut events);
        }
        let again = [b"data: ", filled(chunk, b"d", b"d").as_slice(), b"\n\n"].concat();
        assert_eq!(decoder.likeness.recognise(&again).is_some(), recognised, "{chunk}");
    }
}

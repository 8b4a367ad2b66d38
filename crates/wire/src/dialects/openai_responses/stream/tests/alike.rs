use super::*;

/// What stands inside a string of an event; some of it is no text, some breaks the event.
const TEXTS: [&[u8]; 8] =
    [b"a", b"", "é".as_bytes(), b"\\n\\\"", b"\\ud83d\\ude00", b"\\ud800", b"\xff", b"x\",\"y\":\""];

/// Events with a place for a text and one for a number.
const EVENTS: [&str; 11] = [
    r#"{"type":"response.output_text.delta","sequence_number":N,"output_index":0,"delta":"T","obfuscation":"T"}"#,
    r#"{"type":"response.output_text.delta","sequence_number":N,"output_index":0,"content_index":1,"delta":"T"}"#,
    r#"{"type":"response.output_text.done","sequence_number":N,"output_index":0,"text":"T"}"#,
    r#"{"type":"response.reasoning_summary_text.delta","sequence_number":N,"output_index":1,"delta":"T"}"#,
    r#"{"type":"response.reasoning_summary_part.added","sequence_number":N,"output_index":1}"#,
    r#"{"type":"response.reasoning_text.delta","sequence_number":N,"output_index":1,"delta":"T"}"#,
    r#"{"type":"response.output_item.added","output_index":2,"item":{"type":"function_call","call_id":"c","name":"f"}}"#,
    r#"{"type":"response.function_call_arguments.delta","sequence_number":N,"output_index":2,"delta":"T"}"#,
    r#"{"type":"response.output_item.done","output_index":2,"item":{"type":"function_call","call_id":"c","name":"f"}}"#,
    r#"{"type":"response.refusal.delta","sequence_number":N,"output_index":0,"delta":"T"}"#,
    r#"{"sequence_number":N,"output_index":0,"delta":"T"}"#,
];

fn filled(event: &str, text: &[u8], number: &str) -> Vec<u8> {
    event.bytes().fold(Vec::new(), |mut out, byte| {
        match byte {
            b'T' => out.extend_from_slice(text),
            b'N' => out.extend_from_slice(number.as_bytes()),
            _ => out.push(byte),
        }
        out
    })
}

fn decoded(stream: &[u8], step: usize) -> String {
    let mut decoder = Decoder::new();
    let mut events = Vec::new();
    stream.chunks(step).for_each(|piece| decoder.push(piece, &mut events));
    decoder.finish(&mut events);
    format!("{events:#?}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    /// A comment that is another one each time makes every event unlike all others, so that each is parsed.
    #[test]
    fn what_is_recognised_tells_what_a_parser_would_have_told(
        runs in proptest::collection::vec(
            (0..EVENTS.len(), proptest::collection::vec((0..60_usize, prop::sample::select(vec!["0", "12", "7", "3"])), 1..6)),
            1..12,
        ),
        step in 1..200_usize,
    ) {
        let (mut alike, mut unlike) = (Vec::new(), Vec::new());
        let events = runs.iter().flat_map(|(event, texts)| texts.iter().map(move |texts| (event, texts)));
        for (number, (event, (text, sequence))) in events.enumerate() {
            // Mostly text, so that streams do not break off too soon.
            let text = TEXTS.get(*text).copied().unwrap_or(b"word");
            let data = filled(EVENTS[*event], text, sequence);
            alike.extend([b"event: response.output_text.delta\ndata: ", data.as_slice(), b"\n\n"].concat());
            let comment = format!(": {number}\nevent: response.output_text.delta\ndata: ");
            unlike.extend([comment.as_bytes(), data.as_slice(), b"\n\n"].concat());
        }
        let parsed = decoded(&unlike, usize::MAX);
        prop_assert_eq!(&decoded(&alike, usize::MAX), &parsed);
        prop_assert_eq!(&decoded(&alike, step), &parsed);
    }
}

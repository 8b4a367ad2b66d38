//! Messages, Responses and Gemini: what their events say, and what of them is recognised.

use super::*;

/// Events as `event` and `data` lines, their names taken from the data.
fn named(events: &[&str]) -> String {
    let name = |data: &str| data.split('"').nth(3).expect("a type that comes first").to_owned();
    events.iter().map(|data| format!("event: {}\ndata: {data}\n\n", name(data))).collect()
}

fn messages() -> String {
    named(&[
        r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"up","content":[],"stop_reason":null,"usage":{"input_tokens":20,"cache_creation_input_tokens":7,"cache_read_input_tokens":80,"output_tokens":1}}}"#,
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}          }"#,
        r#"{"type": "ping"}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"A "}   }"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"\"fox\""}               }"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}  }"#,
        r#"{"type":"content_block_stop","index":0     }"#,
        r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}}"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""} }"#,
        r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"model\":\"up\"}"}}"#,
        r#"{"type":"content_block_stop","index":1}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":20,"cache_creation_input_tokens":7,"cache_read_input_tokens":80,"output_tokens":15,"output_tokens_details":{"thinking_tokens":4}}}"#,
        r#"{"type":"message_stop"   }"#,
    ])
}

#[test]
fn a_message_is_renamed_and_counted() {
    let stream = messages();
    let usage = Usage { input: 20, cache_read: 80, cache_write: 7, output: 15, reasoning: 4, ..Usage::default() };
    let facts =
        Facts { usage: Some(usage), content_events: 5, finished: true, done: true, error: false, garbled: false };
    check(&changes(None, true), &stream, &stream, &facts);
    let renamed = stream.replacen("\"up\"", "\"my model\"", 1);
    check(&changes(Some("my model"), true), &stream, &renamed, &facts);
}

#[test]
fn a_message_that_does_not_say_why_it_ended_is_not_finished() {
    let usage = r#"{"type":"message_delta","delta":{"stop_reason":null},"usage":{"output_tokens":3}}"#;
    let stream = named(&[r#"{"type":"message_start","message":{"usage":{"input_tokens":9}}}"#, usage]);
    check(&changes(None, false), &stream, &stream, &Facts { usage: tokens(9, 0, 3), ..Facts::default() });
    let overloaded = named(&[r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#]);
    check(&changes(None, false), &overloaded, &overloaded, &Facts { error: true, ..Facts::default() });
}

fn responses(terminal: &str) -> String {
    named(&[
        r#"{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","model":"up","output":[],"usage":null}}"#,
        r#"{"type":"response.in_progress","sequence_number":1,"response":{"id":"resp_1","model":"up","output":[],"usage":null}}"#,
        r#"{"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"msg_1","type":"message","content":[]}}"#,
        r#"{"type":"response.output_text.delta","sequence_number":3,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"Hi","logprobs":[],"obfuscation":"Xk"}"#,
        r#"{"type":"response.output_text.delta","sequence_number":10,"item_id":"msg_1","output_index":0,"content_index":0,"delta":" \"model\"","logprobs":[],"obfuscation":"b"}"#,
        r#"{"type":"response.output_text.done","sequence_number":11,"item_id":"msg_1","text":"Hi \"model\""}"#,
        &format!(
            r#"{{"type":"{terminal}","sequence_number":12,"response":{{"id":"resp_1","output":[{{"model":"in"}}],"model":"up","usage":{{"input_tokens":10,"input_tokens_details":{{"cached_tokens":4}},"output_tokens":5,"output_tokens_details":{{"reasoning_tokens":3}}}}}}}}"#
        ),
    ])
}

#[test]
fn a_response_is_renamed_and_counted_whichever_way_it_ends() {
    let usage = Some(Usage { input: 6, cache_read: 4, output: 5, reasoning: 3, ..Usage::default() });
    for (terminal, error) in [("response.completed", false), ("response.incomplete", false), ("response.failed", true)]
    {
        let stream = responses(terminal);
        let facts = Facts { usage, content_events: 2, finished: true, done: true, error, garbled: false };
        check(&changes(Some("b"), true), &stream, &stream.replace("\"model\":\"up\"", "\"model\":\"b\""), &facts);
    }
    let error = named(&[r#"{"type":"error","sequence_number":3,"code":"server_error","message":"no","param":null}"#]);
    // Codex would not know it.
    check(&changes(Some("b"), false), &error, "", &Facts { error: true, ..Facts::default() });
    let mut relay = SseRelay::new(changes(None, false));
    relay.push(Bytes::from(error));
    assert_eq!((relay.failure().map(|failure| failure.withheld), relay.events()), (Some(true), 0));
}

#[test]
fn nothing_passes_behind_an_error() {
    let error = "data: {\"error\":{\"message\":\"no\"}}\n\n";
    let stream = format!("{error}data: [DONE]\n\n");
    check(&changes(Some("b"), false), &stream, error, &Facts { error: true, ..Facts::default() });
    let mut relay = SseRelay::new(changes(None, false));
    relay.push(Bytes::from(stream));
    let json = br#"{"error":{"message":"no"}}"#.to_vec();
    assert_eq!(relay.failure(), Some(&Failure { json, withheld: false }));
    assert_eq!(relay.push(Bytes::from("data: {}\n\n")), "");
}

#[test]
fn a_terminal_event_too_long_to_read_still_ends_the_stream() {
    let image = "A".repeat(HELD_BYTES_MAX);
    let long = |data: String| format!("data: {data}\n\n");
    let ended = Facts { usage: tokens(9, 0, 0), finished: true, done: true, ..Facts::default() };
    for stream in [
        long(format!(
            r#"{{"type":"response.completed","response":{{"output":[{{"result":"{image}"}}],"usage":{{"input_tokens":9}}}},"usage":{{"input_tokens":99}}}}"#
        )),
        format!(
            "event: response.completed\n{}",
            long(format!(r#"{{ "response" : {{"output":["{image}"],"usage":{{"input_tokens":9}}}},"type":"x"}}"#))
        ),
    ] {
        let whole = relay(&changes(Some("b"), false), [stream.as_bytes()]);
        assert_eq!(whole.1, ended);
        assert!(whole.0 == stream.as_bytes());
        for size in [1 << 10, 65536, HELD_BYTES_MAX - 1, HELD_BYTES_MAX + 1] {
            assert!(relay(&changes(Some("b"), false), stream.as_bytes().chunks(size)) == whole, "in chunks of {size}");
        }
    }
    let content = long(format!(r#"{{"type":"response.output_text.delta","delta":"{image}"}}"#));
    assert_eq!(relay(&changes(None, false), [content.as_bytes()]).1, Facts { content_events: 1, ..Facts::default() });
}

#[test]
fn an_image_too_long_to_read_may_say_why_the_answer_ended() {
    let image = "A".repeat(HELD_BYTES_MAX);
    for (reason, finished) in [
        (r#""finishReason":"STOP""#, true),
        (r#""finishReason": "STOP""#, true),
        (r#""finishReason":null"#, false),
        (r#""text":"\"finishReason\":\"STOP\"""#, false),
    ] {
        let stream = format!(
            "data: {{\"candidates\":[{{\"data\":\"{image}\",{reason}}}],\"usageMetadata\":{{\"promptTokenCount\":9}}}}\r\n\r\n"
        );
        let facts = Facts { usage: tokens(9, 0, 0), content_events: 1, finished, ..Facts::default() };
        let whole = relay(&changes(Some("b"), false), [stream.as_bytes()]);
        assert_eq!(whole.1, facts, "{reason}");
        let (front, back) = stream.as_bytes().split_at(HELD_BYTES_MAX + 10);
        assert!(relay(&changes(Some("b"), false), [front].into_iter().chain(back.chunks(1))) == whole, "{reason}");
        for size in [1 << 10, 65536] {
            assert!(relay(&changes(Some("b"), false), stream.as_bytes().chunks(size)) == whole, "{reason}, {size}");
        }
    }
}

const GEMINI: &str = concat!(
    "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hi\"}],\"role\":\"model\"},\"index\":0}],",
    "\"usageMetadata\":{\"promptTokenCount\":100,\"candidatesTokenCount\":1,\"totalTokenCount\":101},\"modelVersion\":\"up\",\"responseId\":\"r\"}\r\n\r\n",
    "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"!\"}],\"role\":\"model\"},\"finishReason\":\"STOP\",\"index\":0}],",
    "\"usageMetadata\":{\"promptTokenCount\":100,\"cachedContentTokenCount\":80,\"toolUsePromptTokenCount\":5,\"candidatesTokenCount\":2,\"thoughtsTokenCount\":7},\"modelVersion\":\"up\",\"responseId\":\"r\"}\r\n\r\n",
);

#[test]
fn gemini_is_renamed_and_counted() {
    let usage = Some(Usage { input: 25, cache_read: 80, cache_write: 0, output: 9, reasoning: 7, ..Usage::default() });
    let facts = Facts { usage, content_events: 2, finished: true, ..Facts::default() };
    check(&changes(None, true), GEMINI, GEMINI, &facts);
    check(&changes(Some("b"), true), GEMINI, &GEMINI.replace("\"up\"", "\"b\""), &facts);
    let blocked = "data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"},\"modelVersion\":\"b\"}\n\n";
    check(
        &changes(Some("b"), false),
        blocked,
        blocked,
        &Facts { content_events: 1, finished: true, ..Facts::default() },
    );
}

/// Whether the second event is recognised by what was learnt from the first.
#[track_caller]
fn check_recognised(first: &str, second: &str, expected: bool) {
    let [first, second] = [first, second].map(|data| named(&[data]));
    let mut relay = SseRelay::new(Changes::default());
    relay.push(Bytes::from(first));
    assert_eq!(relay.reader.memory.recognise(second.as_bytes()).is_some(), expected, "{second}");
}

#[test]
fn deltas_are_recognised() {
    let text = |text: &str, padding: usize| {
        format!(
            r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}{}}}"#,
            " ".repeat(padding)
        )
    };
    check_recognised(&text("a", 0), &text("bc\\n", 0), true);
    check_recognised(&text("a", 3), &text("bc", 14), true);
    check_recognised(&text("a", 3), &text("bc", 0), true);
    check_recognised(&text("a", 0), &text("bc", 3), false);
    let arguments = |json: &str| {
        format!(
            r#"{{"type":"content_block_delta","index":1,"delta":{{"type":"input_json_delta","partial_json":"{json}"}}}}"#
        )
    };
    check_recognised(&arguments(""), &arguments("{\\\"a\\\":"), true);
    check_recognised(&text("a", 0), &arguments("a"), false);
    let delta = |number: u32, text: &str| {
        format!(
            r#"{{"type":"response.output_text.delta","sequence_number":{number},"item_id":"m","delta":"{text}","logprobs":[],"obfuscation":"{text}{text}"}}"#
        )
    };
    check_recognised(&delta(9, "a"), &delta(10, "bc"), true);
}

fn pieces() -> impl Strategy<Value = String> {
    let events: Vec<String> = [messages(), responses("response.completed"), GEMINI.replace("\r\n", "\n")]
        .iter()
        .flat_map(|stream| stream.split_inclusive("\n\n").map(str::to_owned).collect::<Vec<_>>())
        .chain([named(&[
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"},"model":"up" }"#,
        ])])
        .collect();
    proptest::collection::vec(proptest::sample::select(events), 0..12).prop_map(|events| events.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_order_and_cut_gives_the_same_bytes_and_facts(stream in pieces(), rename: bool, step in 2..40_usize, cut in any::<prop::sample::Index>()) {
        let changes = changes(rename.then_some("a longer name"), true);
        let stream = stream.as_bytes();
        let whole = relay(&changes, [stream]);
        prop_assert_eq!(&relay_forgetful(&changes, stream), &whole, "what was learnt changed the outcome");
        prop_assert_eq!(&relay(&changes, stream.chunks(1)), &whole);
        prop_assert_eq!(&relay(&changes, stream.chunks(step)), &whole);
        let (before, after) = stream.split_at(cut.index(stream.len() + 1));
        prop_assert_eq!(&relay(&changes, [before, after]), &whole);
        if !rename {
            prop_assert_eq!(whole.0.as_slice(), stream);
        }
    }
}

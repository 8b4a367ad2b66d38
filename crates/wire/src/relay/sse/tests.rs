use proptest::prelude::*;

use super::*;
use crate::ir::Usage;
use crate::quoted;
use crate::relay::template::Memory;
use crate::tokens::Produced;

mod dialects;

fn changes(model: Option<&str>, withhold_usage: bool) -> Changes {
    Changes { model: model.map(quoted), withhold_usage }
}

fn relay<'a>(changes: &Changes, chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Facts) {
    let mut relay = SseRelay::new(changes.clone());
    let mut out = Vec::new();
    for chunk in chunks {
        out.extend_from_slice(&relay.push(Bytes::copy_from_slice(chunk)));
    }
    out.extend_from_slice(&relay.finish());
    assert_eq!(relay.finish(), Bytes::new(), "nothing is left after the end");
    (out, relay.facts().clone())
}

/// What is known for certain.
fn known(facts: &Facts) -> Facts {
    Facts { produced: Produced::default(), counted: false, ..facts.clone() }
}

/// Relays `stream` whole, byte by byte and cut in two at every place.
#[track_caller]
fn check(changes: &Changes, stream: &str, expected: &str, facts: &Facts) {
    let (out, found) = relay(changes, [stream.as_bytes()]);
    assert_eq!(String::from_utf8_lossy(&out), expected);
    assert_eq!(&known(&found), facts);
    assert_eq!(relay(changes, stream.as_bytes().chunks(1)), (out.clone(), found.clone()), "byte by byte");
    for cut in 0..=stream.len() {
        let (before, after) = stream.as_bytes().split_at(cut);
        assert_eq!(relay(changes, [before, after]), (out.clone(), found.clone()), "cut at {cut}");
    }
}

fn tokens(input: u64, cache_read: u64, output: u64) -> Option<Usage> {
    Some(Usage { input, cache_read, output, ..Usage::default() })
}

const STREAM: &str = concat!(
    "data: {\"id\":\"1\",\"model\":\"up\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}],\"usage\":null}\n\n",
    "data: {\"id\":\"1\",\"model\":\"up\",\"choices\":[{\"delta\":{\"content\":\"Hel \\\"\"},\"finish_reason\":null}],\"usage\":null}\n\n",
    ": keep-alive\n\n",
    "data: {\"id\":\"1\",\"model\":\"up\",\"choices\":[{\"delta\":{\"content\":\"\\u00e9é\"},\"finish_reason\":null}],\"usage\":null}\n\n",
    "data: {\"id\":\"1\",\"model\":\"up\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n",
    "data: {\"id\":\"1\",\"model\":\"up\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":3,\"prompt_tokens_details\":{\"cached_tokens\":4}}}\n\n",
    "data: [DONE]\n\n",
);

fn stream_facts() -> Facts {
    Facts { usage: tokens(5, 4, 3), content_events: 4, finished: true, done: true, ..Facts::default() }
}

#[test]
fn reads_facts_and_passes_the_bytes() {
    check(&changes(None, false), STREAM, STREAM, &stream_facts());
    let crlf = STREAM.replace('\n', "\r\n");
    check(&changes(None, false), &crlf, &crlf, &stream_facts());
    let cr = STREAM.replace('\n', "\r");
    check(&changes(None, false), &cr, &cr, &stream_facts());
}

#[test]
fn renames_the_model_in_every_event() {
    let renamed = STREAM.replace("\"up\"", "\"my \\\"model\\\"\"");
    check(&changes(Some("my \"model\""), false), STREAM, &renamed, &stream_facts());
    check(&changes(Some("up"), false), STREAM, STREAM, &stream_facts());
}

#[test]
fn withholds_the_usage_event_alone() {
    for line_end in ["\n", "\r\n", "\r"] {
        let stream = STREAM.replace('\n', line_end);
        let usage_event = stream.split_inclusive(&line_end.repeat(2)).find(|event| event.contains("prompt_tokens"));
        let expected = stream.replace(usage_event.expect("there is one"), "");
        check(&changes(None, true), &stream, &expected, &stream_facts());
        check(&changes(Some("b"), true), &stream, &expected.replace("\"up\"", "\"b\""), &stream_facts());
    }
}

#[test]
fn usage_beside_content_or_error_is_not_withheld() {
    let beside = "data: {\"choices\":[{\"delta\":{}}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n";
    check(
        &changes(None, true),
        beside,
        beside,
        &Facts { usage: tokens(1, 0, 2), content_events: 1, ..Facts::default() },
    );
    let error = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1},\"error\":{\"code\":1}}\n\n";
    check(&changes(None, true), error, error, &Facts { usage: tokens(1, 0, 0), error: true, ..Facts::default() });
    let filters = "data: {\"choices\":[],\"usage\":null,\"prompt_filter_results\":[]}\n\n";
    check(&changes(None, true), filters, filters, &Facts { content_events: 1, ..Facts::default() });
}

#[test]
fn only_the_top_level_model_is_renamed_wherever_it_stands() {
    check(
        &changes(Some("b"), false),
        "data: {\"choices\":[{\"delta\":{\"content\":\"\\\"model\\\":\\\"up\\\"\",\"model\":\"in\"}}],\"mod\\u0065l\" : \"up\",\"x\":{\"model\":\"in\"}}\n\n\
         data:{\"model\":null}\n\ndata:{\"model\":\"x\",\"model\":\"y\"}\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"\\\"model\\\":\\\"up\\\"\",\"model\":\"in\"}}],\"mod\\u0065l\" : \"b\",\"x\":{\"model\":\"in\"}}\n\n\
         data:{\"model\":null}\n\ndata:{\"model\":\"b\",\"model\":\"b\"}\n\n",
        &Facts { content_events: 3, ..Facts::default() },
    );
}

#[test]
fn odd_framing_survives() {
    check(
        &changes(Some("b"), true),
        "\u{feff}event: message\ndata: {\"model\":\ndata: \"up\",\ndata:\"choices\":[{\"finish_reason\":\ndata:\"length\"}]}\nid: 1\n\n\n\n: {\"model\":\"up\"}\n\ndata\n\ndata: not json \"model\":\"up\"\n\n",
        "\u{feff}event: message\ndata: {\"model\":\ndata: \"b\",\ndata:\"choices\":[{\"finish_reason\":\ndata:\"length\"}]}\nid: 1\n\n\n\n: {\"model\":\"up\"}\n\ndata\n\ndata: not json \"model\":\"up\"\n\n",
        &Facts { content_events: 2, finished: true, garbled: true, ..Facts::default() },
    );
}

#[test]
fn an_event_without_its_blank_line_counts_at_the_end() {
    check(
        &changes(Some("b"), false),
        "data: {\"model\":\"up\",\"text\":\"a\"}\n\ndata: {\"model\":\"up\",\"text\":\"a\"}",
        "data: {\"model\":\"b\",\"text\":\"a\"}\n\ndata: {\"model\":\"b\",\"text\":\"a\"}",
        &Facts { content_events: 2, ..Facts::default() },
    );
    check(
        &changes(None, true),
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n",
        "",
        &Facts { usage: tokens(1, 0, 0), ..Facts::default() },
    );
}

#[test]
fn other_places_of_usage_are_read_and_errors_seen() {
    let groq = "data: {\"choices\":[{\"finish_reason\":\"stop\"}],\"x_groq\":{\"id\":\"r\",\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}}\n\n";
    check(
        &changes(None, true),
        groq,
        groq,
        &Facts { usage: tokens(3, 0, 2), content_events: 1, finished: true, ..Facts::default() },
    );
    let responses = "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":3,\"output_tokens\":2}}}\n\n";
    check(
        &changes(None, true),
        responses,
        responses,
        &Facts { usage: tokens(3, 0, 2), finished: true, done: true, ..Facts::default() },
    );
    let error = "data: {\"error\":null}\n\ndata: {\"error\":{\"message\":\"no\"}}\n\n";
    check(&changes(None, false), error, error, &Facts { content_events: 1, error: true, ..Facts::default() });
}

#[test]
fn growing_usage_keeps_its_largest_figures() {
    let stream = "data: {\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":1}}\n\ndata: {\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":5}}\n\ndata: {\"usage\":null}\n\n";
    check(
        &changes(None, false),
        stream,
        stream,
        &Facts { usage: tokens(9, 0, 5), content_events: 3, ..Facts::default() },
    );
}

#[test]
fn whole_unchanged_events_are_not_copied() {
    let mut relay = SseRelay::new(changes(Some("up"), true));
    let chunk = Bytes::copy_from_slice(
        STREAM.split("data: {\"id\":\"1\",\"model\":\"up\",\"choices\":[],").next().expect("events").as_bytes(),
    );
    let out = relay.push(chunk.clone());
    assert_eq!((out.as_ptr(), out.len()), (chunk.as_ptr(), chunk.len()));
}

#[test]
fn an_event_too_long_to_hold_passes_unread() {
    let long = "a".repeat(HELD_BYTES_MAX);
    let stream = format!(
        "data: {{\"model\":\"up\",\"text\":\"{long}\"}}\n\ndata: {{\"model\":\"up\",\"text\":\"{}\"}}\n\ndata: {{\"model\":\"up\"}}\n\n",
        "b".repeat(HELD_BYTES_MAX - 100)
    );
    let second = stream.find("\n\n").expect("an end") + 2;
    let expected = [&stream[..second], &stream[second..].replace("\"up\"", "\"b\"")].concat();
    let changes = changes(Some("b"), false);
    let whole = relay(&changes, [stream.as_bytes()]);
    assert_eq!(known(&whole.1), Facts { content_events: 3, ..Facts::default() });
    assert!(whole.0 == expected.as_bytes());
    for size in [1 << 10, 4095, 65536, HELD_BYTES_MAX, HELD_BYTES_MAX + 1, HELD_BYTES_MAX + 33] {
        assert!(relay(&changes, stream.as_bytes().chunks(size)) == whole, "in chunks of {size}");
    }
}

#[test]
fn the_limit_is_the_same_however_the_event_is_cut() {
    for around in [0, 3, 4, 5, 6] {
        for line_end in ["\n", "\r\n", "\r"] {
            let text = "a".repeat(HELD_BYTES_MAX - 30 - around);
            let stream = format!(
                "data: {{\"model\":\"up\",\"t\":\"{text}\"}}{line_end}{line_end}data: {{\"model\":\"up\"}}{line_end}{line_end}"
            );
            let changes = changes(Some("b"), false);
            let whole = relay(&changes, [stream.as_bytes()]);
            for cut in HELD_BYTES_MAX - 4..HELD_BYTES_MAX + 4 {
                if let Some((before, after)) = stream.as_bytes().split_at_checked(cut) {
                    assert!(relay(&changes, [before, after]) == whole, "{around} {line_end:?} {cut}");
                    assert!(relay(&changes, [before].into_iter().chain(after.chunks(1))) == whole);
                }
            }
        }
    }
}

#[test]
fn what_is_held_is_forgotten_when_the_provider_broke_off() {
    let mut relay = SseRelay::new(Changes::default());
    assert_eq!(relay.push(Bytes::from_static(b"data: a\n\ndata: b")), "data: a\n\n");
    assert!(!relay.abandon(), "nothing of the second event went out");
    assert_eq!(relay.finish(), Bytes::new());

    let mut relay = SseRelay::new(Changes::default());
    let long = Bytes::from(vec![b'a'; HELD_BYTES_MAX]);
    assert_eq!(relay.push(long.clone()), long);
    assert!(relay.abandon(), "an event is open on the client's side");
}

/// Events of every sort, as pieces that may also come out of order.
fn stream() -> impl Strategy<Value = String> {
    let content = ["a", "", "\\\"", "\\u00e9", "é", "data: x", "[DONE]", "\\\\", "\\q", "\u{1}"];
    let plain = (0..2_usize, proptest::sample::select(content.to_vec()), proptest::sample::select(vec!["content", "text", "other"]))
        .prop_map(|(shape, text, key)| match shape {
            0 => format!("data: {{\"model\":\"up\",\"choices\":[{{\"delta\":{{\"{key}\":\"{text}\"}},\"finish_reason\":null}}]}}"),
            _ => format!("data: {{\"choices\":[{{\"{key}\":\"{text}\",\"b\":[\"{text}\"]}}],\"model\":\"up\",\"obfuscation\":\"{text}\"}}"),
        });
    let rare = (proptest::sample::select(vec!["a", "b", "\\\""]), proptest::sample::select(vec!["0", "7", "12", "01", "1.5", "-1", "\"1\""]))
        .prop_map(|(id, created)| format!("data: {{\"id\":\"{id}\",\"created\":{created},\"model\":\"up\",\"choices\":[{{\"delta\":{{\"content\":\"x\"}}}}]}}"));
    let piece = prop_oneof![
        6 => plain,
        6 => rare,
        2 => proptest::sample::select(vec![
            "data: {\"model\":\"up\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":3}}",
            "data: {\"model\":\"up\",\"choices\":[{\"finish_reason\":\"stop\"}],\"usage\":null}",
            "data:{\"model\":\ndata: \"up\"}",
            "data: [DONE]", "data: {\"error\":{}}", "data: {\"error\":\"no\"}", "data", ": c", "event: e", "\u{feff}", "id: \"model\"", "data: {\"model\":\"up\"",
        ]).prop_map(str::to_owned),
    ];
    let end =
        proptest::sample::select(vec!["\n\n", "\n\n", "\n\n", "\r\n\r\n", "\r\r", "\n", "\r", "\r\n", "\n\r", ""]);
    proptest::collection::vec((piece, end), 0..14)
        .prop_map(|pieces| pieces.into_iter().map(|(piece, end)| piece + end).collect())
}

/// The same relay without what it learns from one event about the next.
fn relay_forgetful(changes: &Changes, stream: &[u8]) -> (Vec<u8>, Facts) {
    let mut relay = SseRelay::new(changes.clone());
    let mut out = Vec::new();
    for byte in stream {
        out.extend_from_slice(&relay.push(Bytes::copy_from_slice(&[*byte])));
        relay.reader.memory = Memory::default();
    }
    out.extend_from_slice(&relay.finish());
    (out, relay.facts().clone())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_cut_gives_the_same_bytes_and_facts(stream in stream(), rename: bool, withhold: bool, step in 2..9_usize) {
        let changes = changes(rename.then_some("a longer name"), withhold);
        let stream = stream.as_bytes();
        let whole = relay(&changes, [stream]);
        prop_assert_eq!(&relay_forgetful(&changes, stream), &whole, "what was learnt changed the outcome");
        prop_assert_eq!(&relay(&changes, stream.chunks(1)), &whole);
        prop_assert_eq!(&relay(&changes, stream.chunks(step)), &whole);
        for cut in 0..stream.len() {
            let (before, after) = stream.split_at(cut);
            prop_assert_eq!(&relay(&changes, [before, after]), &whole, "cut at {}", cut);
        }
        if rename || withhold {
            return Ok(());
        }
        if whole.1.error {
            prop_assert!(stream.starts_with(&whole.0));
        } else {
            prop_assert_eq!(whole.0.as_slice(), stream);
        }
    }

    #[test]
    fn noise_passes_as_it_is(stream in proptest::collection::vec(any::<u8>(), 0..200), step in 1..9_usize) {
        let changes = changes(Some("b"), true);
        prop_assert_eq!(&relay(&changes, stream.chunks(step)).0, &stream);
    }
}

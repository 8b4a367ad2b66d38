use proptest::prelude::*;

use super::*;
use crate::ir::Usage;
use crate::quoted;
use crate::relay::template::Memory;
use crate::tokens::Produced;

fn changes(model: Option<&str>) -> Changes {
    Changes { model: model.map(quoted), withhold_usage: true }
}

fn relay<'a>(changes: &Changes, chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Facts) {
    let mut relay = LinesRelay::new(changes.clone());
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

const CHAT: &str = concat!(
    r#"{"model":"up","created_at":"2026-11-21T10:00:00.1Z","message":{"role":"assistant","content":"","thinking":"So"},"done":false}"#,
    "\n",
    r#"{"model":"up","created_at":"2026-11-21T10:00:00.2Z","message":{"role":"assistant","content":"Hel"},"done":false}"#,
    "\n",
    r#"{"model":"up","created_at":"2026-11-21T10:00:00.31Z","message":{"role":"assistant","content":"\"model\":\"up\""},"done":false}"#,
    "\n",
    r#"{"model":"up","created_at":"2026-11-21T10:00:00.4Z","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"model":"in"}}}]},"done":false}"#,
    "\n",
    r#"{"model":"up","created_at":"2026-11-21T10:00:00.5Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":1,"prompt_eval_count":26,"eval_count":298}"#,
    "\n",
);

fn chat_facts() -> Facts {
    let usage = Some(Usage { input: 26, output: 298, ..Usage::default() });
    Facts { usage, content_events: 5, finished: true, done: true, ..Facts::default() }
}

#[test]
fn lines_are_renamed_and_counted() {
    check(&changes(None), CHAT, CHAT, &chat_facts());
    let renamed = CHAT.replace("{\"model\":\"up\"", "{\"model\":\"my \\\"model\\\"\"");
    check(&changes(Some("my \"model\"")), CHAT, &renamed, &chat_facts());
    let ends = CHAT.replace('\n', "\r\n");
    check(&changes(None), &ends, &ends, &chat_facts());
    check(
        &changes(Some("b")),
        CHAT.trim_end(),
        &CHAT.trim_end().replace("{\"model\":\"up\"", "{\"model\":\"b\""),
        &chat_facts(),
    );
}

#[test]
fn generated_text_is_recognised() {
    let line = |at: u32, text: &str| {
        format!("{{\"model\":\"up\",\"created_at\":\"{at}Z\",\"response\":\"{text}\",\"done\":false}}\n")
    };
    let mut relay = LinesRelay::new(changes(Some("b")));
    relay.push(Bytes::from(line(1, "a")));
    assert!(relay.reader.memory.recognise(line(22, "bc\\n").as_bytes(), &mut Produced::default()).is_some());
    let stream = [line(1, "a"), line(22, "bc\\n"), line(3, "")].concat();
    check(
        &changes(Some("b")),
        &stream,
        &stream.replace("\"up\"", "\"b\""),
        &Facts { content_events: 3, ..Facts::default() },
    );
}

#[test]
fn an_error_line_is_seen_and_odd_lines_pass() {
    let stream = "\n  \r\n{\"error\":\"llama runner process has terminated\"}\n";
    check(&changes(Some("b")), stream, stream, &Facts { error: true, ..Facts::default() });
    let odd = "not json\n{\"model\":\"up\"\n[{\"model\":\"up\"}]\n{\"model\":7}\n{\"done\":\"true\"}\n";
    check(&changes(Some("b")), odd, odd, &Facts { content_events: 5, garbled: true, ..Facts::default() });
}

#[test]
fn nothing_passes_behind_an_error() {
    let error = "{\"error\":\"no\"}\n";
    let stream = format!("{error}{CHAT}");
    check(&changes(Some("b")), &stream, error, &Facts { error: true, ..Facts::default() });
    let mut relay = LinesRelay::new(changes(None));
    assert_eq!(relay.push(Bytes::from(stream)), error);
    assert_eq!(relay.failure(), Some(&Failure { json: error.into(), withheld: false }));
    assert_eq!(relay.push(Bytes::from(CHAT)), "");
    assert_eq!(relay.finish(), "");
}

#[test]
fn whole_unchanged_lines_are_not_copied() {
    let mut relay = LinesRelay::new(changes(Some("up")));
    let chunk = Bytes::copy_from_slice(CHAT.as_bytes());
    let out = relay.push(chunk.clone());
    assert_eq!((out.as_ptr(), out.len()), (chunk.as_ptr(), chunk.len()));
}

#[test]
fn the_limit_is_the_same_however_the_line_is_cut() {
    for over in [0, 1] {
        let text = "a".repeat(HELD_BYTES_MAX - 22 + over);
        let stream = format!("{{\"model\":\"up\",\"t\":\"{text}\"}}\n{{\"model\":\"up\"}}\n");
        let first = stream.find('\n').expect("an end") + 1;
        assert_eq!(first, HELD_BYTES_MAX + over);
        let read = if over == 0 { 0 } else { first };
        let expected = [&stream[..read], &stream[read..].replace("\"up\"", "\"b\"")].concat();
        let whole = relay(&changes(Some("b")), [stream.as_bytes()]);
        assert_eq!(known(&whole.1), Facts { content_events: 2, ..Facts::default() });
        assert!(whole.0 == expected.as_bytes());
        for cut in HELD_BYTES_MAX - 3..HELD_BYTES_MAX + 4 {
            let (before, after) = stream.as_bytes().split_at(cut);
            assert!(relay(&changes(Some("b")), [before, after]) == whole, "{over} over, cut at {cut}");
            assert!(relay(&changes(Some("b")), [before].into_iter().chain(after.chunks(1))) == whole);
        }
        assert!(relay(&changes(Some("b")), stream.as_bytes().chunks(1000)) == whole);
    }
}

#[test]
fn a_last_line_with_a_long_context_is_counted() {
    let context = "12,".repeat(HELD_BYTES_MAX);
    let stream = format!(
        "{{\"model\":\"up\",\"done\":true,\"context\":[{context}1],\"prompt_eval_count\":26,\"eval_count\":298}}\n"
    );
    let whole = relay(&changes(Some("b")), [stream.as_bytes()]);
    assert!(whole.0 == stream.as_bytes());
    assert_eq!(known(&whole.1), Facts { content_events: 0, ..chat_facts() });
    for size in [1000, 65536, HELD_BYTES_MAX, HELD_BYTES_MAX + 1] {
        assert!(relay(&changes(Some("b")), stream.as_bytes().chunks(size)) == whole, "in chunks of {size}");
    }
}

#[test]
fn what_is_held_is_forgotten_when_the_provider_broke_off() {
    let mut relay = LinesRelay::new(Changes::default());
    assert_eq!(relay.push(Bytes::from_static(b"{}\n{")), "{}\n");
    assert!(!relay.abandon(), "nothing of the second line went out");
    assert_eq!(relay.finish(), Bytes::new());

    let mut relay = LinesRelay::new(Changes::default());
    let long = Bytes::from(vec![b'a'; HELD_BYTES_MAX]);
    assert_eq!(relay.push(long.clone()), long);
    assert!(relay.abandon(), "a line is open on the client's side");
}

fn stream() -> impl Strategy<Value = String> {
    let lines: Vec<String> = CHAT
        .lines()
        .chain([
            "{\"model\":\"up\",\"created_at\":\"1\",\"response\":\"x\",\"done\":false}",
            "{\"model\":\"up\",\"created_at\":\"22\",\"response\":\"\\\"\",\"done\":false}",
            "{\"created_at\":7,\"model\":\"up\",\"model\":\"in\",\"text\":\"\"}",
            "{\"error\":\"no\"}",
            "{\"model\":\"up",
            "",
        ])
        .map(str::to_owned)
        .collect();
    let end = proptest::sample::select(vec!["\n", "\n", "\n", "\r\n", "\r", " \n", ""]);
    proptest::collection::vec((proptest::sample::select(lines), end), 0..12)
        .prop_map(|pieces| pieces.into_iter().map(|(line, end)| line + end).collect())
}

/// The same relay without what it learns from one line about the next.
fn relay_forgetful(changes: &Changes, stream: &[u8]) -> (Vec<u8>, Facts) {
    let mut relay = LinesRelay::new(changes.clone());
    let mut out = Vec::new();
    for byte in stream {
        out.extend_from_slice(&relay.push(Bytes::copy_from_slice(&[*byte])));
        relay.reader.memory = Memory::default();
    }
    out.extend_from_slice(&relay.finish());
    (out, relay.facts().clone())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_cut_gives_the_same_bytes_and_facts(stream in stream(), rename: bool, step in 2..20_usize, cut in any::<prop::sample::Index>()) {
        let changes = changes(rename.then_some("a longer name"));
        let stream = stream.as_bytes();
        let whole = relay(&changes, [stream]);
        prop_assert_eq!(&relay_forgetful(&changes, stream), &whole, "what was learnt changed the outcome");
        prop_assert_eq!(&relay(&changes, stream.chunks(1)), &whole);
        prop_assert_eq!(&relay(&changes, stream.chunks(step)), &whole);
        let (before, after) = stream.split_at(cut.index(stream.len() + 1));
        prop_assert_eq!(&relay(&changes, [before, after]), &whole);
        if whole.1.error {
            prop_assert!(rename || stream.starts_with(&whole.0));
        } else if !rename {
            prop_assert_eq!(whole.0.as_slice(), stream);
        }
    }

    #[test]
    fn noise_passes_as_it_is(stream in proptest::collection::vec(any::<u8>(), 0..200), step in 1..9_usize) {
        prop_assert_eq!(&relay(&changes(Some("b")), stream.chunks(step)).0, &stream);
    }
}

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::ir::Usage;
use crate::quoted;
use crate::scan::tests::{any_json, mutated_json, object_text};

fn changes(model: &str) -> Changes {
    Changes { model: Some(quoted(model)), withhold_usage: false }
}

fn relay<'a>(changes: &Changes, chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Facts) {
    let mut relay = JsonRelay::new(changes.clone());
    let mut out = Vec::new();
    for chunk in chunks {
        out.extend_from_slice(&relay.push(Bytes::copy_from_slice(chunk)));
    }
    out.extend_from_slice(&relay.finish());
    assert_eq!(relay.finish(), Bytes::new(), "nothing is left after the end");
    (out, relay.facts().clone())
}

#[track_caller]
fn check_cut(changes: &Changes, body: &[u8], expected: &[u8], facts: &Facts) {
    let expected = (expected.to_vec(), facts.clone());
    assert_eq!(relay(changes, [body]), expected, "{}", String::from_utf8_lossy(body));
    assert_eq!(relay(changes, body.chunks(1)), expected, "byte by byte");
    for cut in 0..=body.len() {
        let (before, after) = body.split_at(cut);
        assert_eq!(relay(changes, [before, after]), expected, "cut at {cut}");
    }
}

/// The same outcome in every cutting and in one piece.
#[track_caller]
fn check(changes: &Changes, body: &str, expected: &str, facts: &Facts) {
    check_cut(changes, body.as_bytes(), expected.as_bytes(), facts);
    let (out, found) = JsonRelay::whole(changes, Bytes::copy_from_slice(body.as_bytes()));
    assert_eq!((String::from_utf8_lossy(&out).as_ref(), &found), (expected, facts), "whole");
}

fn complete(usage: Option<Usage>) -> Facts {
    Facts { usage, finished: true, ..Facts::default() }
}

#[test]
fn renames_the_top_level_model_and_reads_usage() {
    check(
        &changes("b\"c"),
        r#" { "id":"1","choices":[{"message":{"content":"\"model\":\"up\"","model":"in"}}], "mod\u0065l" : "u\"p","x":{"model":"in"},
            "usage":{"prompt_tokens":9,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":4}} , "n":-1.5e3,"t":true } "#,
        r#" { "id":"1","choices":[{"message":{"content":"\"model\":\"up\"","model":"in"}}], "mod\u0065l" : "b\"c","x":{"model":"in"},
            "usage":{"prompt_tokens":9,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":4}} , "n":-1.5e3,"t":true } "#,
        &complete(Some(Usage { input: 5, cache_read: 4, output: 3, ..Usage::default() })),
    );
    check(
        &changes("b"),
        r#"{"model":"a","model":7,"model":"c","usage":null}"#,
        r#"{"model":"b","model":7,"model":"b","usage":null}"#,
        &complete(None),
    );
    check(&Changes::default(), r#"{"model":"a"}"#, r#"{"model":"a"}"#, &complete(None));
    check(&changes("b"), "{}", "{}", &complete(None));
}

#[test]
fn reads_the_usage_of_every_dialect() {
    check(
        &changes("b"),
        r#"{"id":"msg_1","type":"message","message":{"model":"in"},"model":"up","stop_reason":"end_turn","usage":{"input_tokens":20,"cache_creation_input_tokens":7,"cache_read_input_tokens":80,"output_tokens":5}}"#,
        r#"{"id":"msg_1","type":"message","message":{"model":"in"},"model":"b","stop_reason":"end_turn","usage":{"input_tokens":20,"cache_creation_input_tokens":7,"cache_read_input_tokens":80,"output_tokens":5}}"#,
        &complete(Some(Usage {
            input: 20,
            cache_read: 80,
            cache_write: 7,
            output: 5,
            reasoning: 0,
            ..Usage::default()
        })),
    );
    check(
        &changes("b"),
        r#"{"model":"up","message":{"content":"hi"},"done":true,"prompt_eval_count":26,"eval_count" : 298 }"#,
        r#"{"model":"b","message":{"content":"hi"},"done":true,"prompt_eval_count":26,"eval_count" : 298 }"#,
        &complete(Some(Usage { input: 26, output: 298, ..Usage::default() })),
    );
    let embedded = r#"{"embeddings":[[0.5]],"eval_count":null,"eval_count":"7","prompt_eval_count":8}"#;
    check(&changes("b"), embedded, embedded, &complete(Some(Usage { input: 8, ..Usage::default() })));
    check(
        &changes("b"),
        r#"{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"cachedContentTokenCount":4,"candidatesTokenCount":3,"thoughtsTokenCount":2},"modelVersion":"up"}"#,
        r#"{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"cachedContentTokenCount":4,"candidatesTokenCount":3,"thoughtsTokenCount":2},"modelVersion":"b"}"#,
        &complete(Some(Usage { input: 5, cache_read: 4, cache_write: 0, output: 5, reasoning: 2, ..Usage::default() })),
    );
}

#[test]
fn an_error_inside_the_answer_is_seen() {
    let body = r#"{"error":{"code":1}}"#;
    check(&changes("b"), body, body, &Facts { error: true, finished: true, ..Facts::default() });
    check(&changes("b"), r#"{"error":null}"#, r#"{"error":null}"#, &complete(None));
}

#[test]
fn what_is_no_object_passes_as_it_is() {
    for body in [
        "",
        "<html>\"model\":\"up\"</html>",
        "[{\"model\":\"up\"}]",
        "\"model\"",
        "model",
        "\u{feff}{\"model\":\"up\"}",
    ] {
        check(&changes("b"), body, body, &Facts::default());
    }
}

#[test]
fn a_name_that_was_cut_off_passes_as_it_is() {
    check(&changes("b"), r#"{"x":1,"model":"u\"#, r#"{"x":1,"model":"u\"#, &Facts::default());
}

#[test]
fn limits_are_the_same_however_the_answer_is_cut() {
    for over in [0, 1] {
        let long = "a".repeat(MODEL_BYTES_MAX - 2 + over);
        let body = format!("{{\"model\":\"{long}\",\"x\":\"y\"}}");
        let expected = if over == 0 { "{\"model\":\"b\",\"x\":\"y\"}" } else { body.as_str() };
        check(&changes("b"), &body, expected, &complete(None));
    }
    for over in [0, 1] {
        let usage = format!("{{\"prompt_tokens\":1,\"x\":\"{}\"}}", "a".repeat(USAGE_BYTES_MAX - 26 + over));
        let body = format!("{{\"usage\":{usage},\"model\":\"a\"}}");
        let facts = complete((over == 0).then(|| Usage { input: 1, ..Usage::default() }));
        let expected = (body.replace("\"a\"", "\"b\"").into_bytes(), facts);
        for size in [body.len(), USAGE_BYTES_MAX, 1000, 7] {
            assert!(relay(&changes("b"), body.as_bytes().chunks(size)) == expected, "{over} over, in chunks of {size}");
        }
    }
}

#[test]
fn unchanged_chunks_are_not_copied() {
    let mut relay = JsonRelay::new(changes("b"));
    let chunk = Bytes::copy_from_slice(b"{\"data\":[[0.1,0.2],\"model\"],");
    assert_eq!(relay.push(chunk.clone()).as_ptr(), chunk.as_ptr());
    let body = Bytes::copy_from_slice(b"{\"model\":\"b\"}");
    assert_eq!(JsonRelay::whole(&changes("b"), body.clone()).0.as_ptr(), body.as_ptr());
}

fn answer() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        "[a-z\"\\\\é]{0,6}",
        proptest::sample::select(vec![
            "model",
            "usage",
            "choices",
            "response",
            "usageMetadata",
            "eval_count",
            "prompt_eval_count"
        ])
        .prop_map(str::to_owned)
    ];
    let usage = proptest::sample::select(vec![
        r#"{"prompt_tokens":9,"completion_tokens":3}"#,
        r#"{"promptTokenCount":9}"#,
        "{}",
        "null",
        "12",
        "-3",
        "1.5",
    ])
    .prop_map(|text| serde_json::from_str::<Value>(text).expect("JSON"));
    let value = prop_oneof![3 => any_json(), 1 => usage, 1 => "[a-z\"\\\\é]{0,6}".prop_map(Value::from)];
    proptest::collection::vec((key, value), 0..7).prop_map(|members| object_text(&members))
}

proptest! {
    #[test]
    fn any_cut_gives_what_the_whole_gives(body in answer(), step in 2..9_usize) {
        let (out, facts) = JsonRelay::whole(&changes("new"), Bytes::from(body.clone()));
        let whole = (out.to_vec(), facts);
        prop_assert_eq!(&relay(&changes("new"), body.as_bytes().chunks(1)), &whole);
        prop_assert_eq!(&relay(&changes("new"), body.as_bytes().chunks(step)), &whole);
        for cut in 0..body.len() {
            let (before, after) = body.as_bytes().split_at(cut);
            prop_assert_eq!(&relay(&changes("new"), [before, after]), &whole, "cut at {}", cut);
        }
        let mut expected: Value = serde_json::from_str(&body).expect("JSON");
        if expected.get("model").is_some_and(Value::is_string) { expected["model"] = "new".into(); }
        prop_assert_eq!(serde_json::from_slice::<Value>(&whole.0).expect("JSON"), expected);
    }

    #[test]
    fn broken_json_gives_the_same_in_any_cut(inner in mutated_json(), step in 1..9_usize) {
        let body = [b"{\"model\":\"m\",\"x\":", inner.as_slice(), b",\"model\":\"n\"}"].concat();
        prop_assert_eq!(relay(&changes("new"), body.chunks(step)), relay(&changes("new"), [body.as_slice()]));
        prop_assert_eq!(&relay(&Changes::default(), body.chunks(step)).0, &body);
    }
}

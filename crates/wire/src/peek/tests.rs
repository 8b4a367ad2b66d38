use proptest::prelude::*;
use serde_json::Value;
use smallvec::SmallVec;

use super::*;
use crate::scan::tests::{any_json, mutated_json, object_text};
use crate::splice::splice;

type Edits = SmallVec<[Edit; 4]>;

#[track_caller]
fn check_edits(body: &str, edit: impl FnOnce(&Peek, &mut Edits), expected: &str) {
    let mut edits = Edits::new();
    edit(&peek(body.as_bytes()).expect("a body of ours"), &mut edits);
    let pieces = splice(&Bytes::copy_from_slice(body.as_bytes()), edits);
    assert_eq!(String::from_utf8(pieces.concat()).expect("text"), expected);
}

#[track_caller]
fn check_found(body: &str, expected: (&str, bool, bool)) {
    let peek = peek(body.as_bytes()).expect("a body of ours");
    assert_eq!((peek.model.as_str(), peek.stream, peek.include_usage), expected, "{body}");
}

#[track_caller]
fn check_error(body: &[u8], expected: &str) {
    assert_eq!(peek(body).expect_err("not a body of ours").to_string(), expected);
}

#[test]
fn finds_model_and_stream_wherever_they_stand() {
    check_found(r#"{"model":"a"}"#, ("a", false, false));
    check_found(
        r#" { "messages" : [{"model":"no","stream":true}] , "stream" : true , "model" : "a/b" } "#,
        ("a/b", true, false),
    );
    check_found(r#"{"mod\u0065l":"\u00e9\"\ud83d\ude00","\u0073tream":true}"#, ("é\"😀", true, false));
    check_found(r#"{"model":"a","stream":null,"Model":"b"}"#, ("a", false, false));
}

#[test]
fn a_dialect_that_streams_does_so_unless_told_not_to() {
    for (body, stream) in [
        (r#"{"model":"a"}"#, true),
        (r#"{"model":"a","stream":null}"#, true),
        (r#"{"model":"a","stream":false,"stream":null}"#, true),
        (r#"{"model":"a","stream":true}"#, true),
        (r#"{"model":"a","stream":false}"#, false),
        (r#"{"stream":true,"model":"a","stream":false}"#, false),
    ] {
        let peek = peek_streaming(body.as_bytes()).expect("a body of ours");
        assert_eq!((peek.model.as_str(), peek.stream), ("a", stream), "{body}");
    }
    assert_eq!(peek_streaming(b"{}"), peek(b"{}"));
}

#[test]
fn the_last_of_a_repeated_key_counts() {
    check_found(r#"{"model":1,"stream":"x","model":"b","stream":true,"stream":false}"#, ("b", false, false));
    check_error(br#"{"model":"b","model":1}"#, "`model` must be a non-empty string");
    let many = format!("{{{}\"x\":1}}", r#""model":"a","#.repeat(9));
    check_error(many.as_bytes(), "`model` must be given once");
}

#[test]
fn reads_include_usage_in_every_shape() {
    for (options, include_usage) in [
        ("null", false),
        ("{}", false),
        (r#"{"include_usage":true}"#, true),
        (r#"{"other":[{}],"include_\u0075sage":true}"#, true),
        (r#"{"include_usage":false}"#, false),
        (r#"{"include_usage":null}"#, false),
        (r#"{"include_usage":false,"include_usage":true}"#, true),
        (r#"{"include_usage":true,"include_usage":false}"#, false),
        (r#"{"include_usage":"yes"}"#, true),
        ("[]", true),
        ("7", true),
    ] {
        check_found(&format!(r#"{{"model":"a","stream_options":{options}}}"#), ("a", false, include_usage));
    }
}

#[test]
fn says_what_is_wrong_and_where() {
    check_error(b"", "the body is not valid JSON: unexpected end at line 1 column 1");
    check_error(b"{\"model\":\"a\",\n  \"x\":tru}", "the body is not valid JSON: expected a value at line 2 column 7");
    check_error(
        b"{\"model\":\"a\"} x",
        "the body is not valid JSON: unexpected characters after the value at line 1 column 15",
    );
    check_error(b"[1,2", "the body is not valid JSON: unexpected end at line 1 column 5");
    check_error(b"[1,2]", "the body must be a JSON object");
    check_error(b"{}", "`model` is required");
    check_error(b"{\"model\":\"\"}", "`model` must be a non-empty string");
    check_error(b"{\"model\":null}", "`model` must be a non-empty string");
    check_error(b"{\"model\":\"\xff\"}", "`model` must be a non-empty string");
    check_error(b"{\"model\":\"a\",\"stream\":1}", "`stream` must be a boolean");
    check_error(b"{\"model\":\"a\",\"stream\":\"true\"}", "`stream` must be a boolean");
}

#[test]
fn invalid_utf8_elsewhere_is_for_the_provider_to_judge() {
    assert_eq!(peek(b"{\"\xff\":\"\xc3\x28\",\"model\":\"a\"}").expect("a body of ours").model, "a");
}

#[test]
fn rename_puts_the_new_name_at_every_occurrence() {
    check_edits(
        r#"{"model":"a","x":1}"#,
        |peek, edits| peek.rename(&quoted("b\"\n"), edits),
        r#"{"model":"b\"\n","x":1}"#,
    );
    check_edits(
        r#"{"model":{"a":1},"x":1,"mod\u0065l":"b"}"#,
        |peek, edits| peek.rename(&quoted("c"), edits),
        r#"{"model":"c","x":1,"mod\u0065l":"c"}"#,
    );
}

#[test]
fn usage_is_asked_for_in_whatever_shape_the_options_have() {
    for (body, expected) in [
        (r#"{ "model":"a"}"#, r#"{"stream_options":{"include_usage":true}, "model":"a"}"#),
        (r#"{"model":"a","stream_options":null}"#, r#"{"model":"a","stream_options":{"include_usage":true}}"#),
        (r#"{"model":"a","stream_options":{ }}"#, r#"{"model":"a","stream_options":{"include_usage":true }}"#),
        (r#"{"model":"a","stream_options":{"o":1}}"#, r#"{"model":"a","stream_options":{"include_usage":true,"o":1}}"#),
        (
            r#"{"model":"a","stream_options":{"include_usage":true,"include_usage":null}}"#,
            r#"{"model":"a","stream_options":{"include_usage":true,"include_usage":true}}"#,
        ),
        (
            r#"{"stream_options":7,"model":"a","stream_options":{}}"#,
            r#"{"stream_options":{"include_usage":true},"model":"a","stream_options":{"include_usage":true}}"#,
        ),
    ] {
        check_edits(body, |peek, edits| peek.ask_for_usage(edits), expected);
    }
}

#[test]
fn a_stream_is_forced_whatever_the_body_says() {
    for (body, expected) in [
        (r#"{"model":"a"}"#, r#"{"stream":true,"model":"a"}"#),
        (r#"{"model":"a","stream":false}"#, r#"{"model":"a","stream":true}"#),
        (r#"{"model":"a","stream":true}"#, r#"{"model":"a","stream":true}"#),
        (r#"{"stream":false,"model":"a","stream":true}"#, r#"{"stream":true,"model":"a","stream":true}"#),
    ] {
        check_edits(body, |peek, edits| peek.force_stream(edits), expected);
    }
}

#[test]
fn all_edits_fit_together() {
    let all = |peek: &Peek, edits: &mut Edits| {
        peek.rename(&quoted("b"), edits);
        peek.ask_for_usage(edits);
        peek.force_stream(edits);
    };
    check_edits(r#"{"model":"a"}"#, all, r#"{"stream_options":{"include_usage":true},"stream":true,"model":"b"}"#);
}

/// What a reader that builds the whole tree would find.
fn oracle(body: &[u8]) -> Option<(String, bool)> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let model = value.as_object()?.get("model")?.as_str().filter(|model| !model.is_empty())?.to_owned();
    let stream = match value.get("stream") {
        None | Some(Value::Null) => false,
        Some(stream) => stream.as_bool()?,
    };
    Some((model, stream))
}

fn body() -> impl Strategy<Value = String> {
    let ours = prop_oneof![
        (Just("model".to_owned()), prop_oneof![4 => "[a-z\"\\\\é]{0,5}".prop_map(Value::from), 1 => any_json()]),
        (Just("stream".to_owned()), prop_oneof![4 => any::<bool>().prop_map(Value::from), 1 => any_json()]),
        (Just("stream_options".to_owned()), any_json()),
        ("[a-z\"\\\\é]{0,6}", any_json()),
    ];
    proptest::collection::vec(ours, 0..7).prop_map(|members| object_text(&members))
}

proptest! {
    #[test]
    fn finds_what_a_tree_would_hold(body in body()) {
        let found = peek(body.as_bytes()).ok().map(|peek| (peek.model, peek.stream));
        prop_assert_eq!(found, oracle(body.as_bytes()));
    }

    #[test]
    fn a_cut_body_is_never_taken_and_its_place_is_told(body in body(), cut in any::<prop::sample::Index>()) {
        let cut = body.as_bytes().get(..cut.index(body.len())).expect("within");
        let told = matches!(peek(cut), Err(WireError::NotJson { line: 1.., column: 1.., .. }));
        prop_assert!(told);
    }

    #[test]
    fn a_mutated_body_is_taken_only_when_serde_json_would(inner in mutated_json()) {
        let body: Vec<u8> = [br#"{"model":"m","x":"#.as_slice(), inner.as_slice(), b"}"].concat();
        let valid = serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok();
        let refused = matches!(peek(&body), Err(WireError::NotJson { .. }));
        prop_assert_eq!(refused, !valid);
        if let Some(found) = oracle(&body) {
            prop_assert_eq!(peek(&body).map(|peek| (peek.model, peek.stream)).ok(), Some(found));
        }
    }

    #[test]
    fn edited_bodies_say_what_was_asked(body in body(), name in "[ -~é]{1,8}") {
        if let Ok(found) = peek(body.as_bytes()) {
            let mut edits = Edits::new();
            found.rename(&quoted(&name), &mut edits);
            if !found.include_usage { found.ask_for_usage(&mut edits); }
            found.force_stream(&mut edits);
            let edited = splice(&Bytes::from(body), edits).concat();
            let again = peek(&edited).expect("still a body of ours");
            prop_assert_eq!((again.model.as_str(), again.stream, again.include_usage), (name.as_str(), true, true));
        }
    }
}

#[test]
fn what_sort_of_turn_it_is_shows_on_the_top_level() {
    for (body, [has_tools, has_choices, goes_on]) in [
        (r#"{"model":"a"}"#, [false; 3]),
        (r#"{"model":"a","tools":[],"n":1,"previous_response_id":null}"#, [false; 3]),
        (r#"{"model":"a","messages":[{"tools":[1],"n":2}]}"#, [false; 3]),
        (r#"{"model":"a","tools":[{}]}"#, [true, false, false]),
        (r#"{"model":"a","functions":[{}],"n":2}"#, [true, true, false]),
        (r#"{"model":"a","previous_response_id":"resp_1"}"#, [false, false, true]),
    ] {
        let turn = Turn { has_tools, has_choices, goes_on };
        assert_eq!(
            (peek(body.as_bytes()).expect("a body of ours").turn, Turn::of(body.as_bytes())),
            (turn, turn),
            "{body}"
        );
    }
}

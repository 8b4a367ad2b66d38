//! serde_json is the oracle.

use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::nest::DEPTH_MAX;
use super::*;

/// Any JSON value, small.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| if number.is_finite() { Value::from(number) } else { Value::Null }),
        "[ -~é\n\u{1}\u{7f}]{0,50}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((any_key(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_key() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z\"\\\\é]{0,6}",
        proptest::sample::select(vec!["model", "stream", "usage", "choices", "error", "include_usage"])
            .prop_map(str::to_owned),
    ]
}

/// An object as text, members in the given order, repeated keys and all.
pub(crate) fn object_text(members: &[(String, Value)]) -> String {
    let members: Vec<String> =
        members.iter().map(|(key, value)| format!("{} : {value}", Value::from(key.as_str()))).collect();
    format!("{{{}}}", members.join(",\n"))
}

/// JSON-like bytes: valid text with a few bytes changed, so that most of it stays valid.
pub(crate) fn mutated_json() -> impl Strategy<Value = Vec<u8>> {
    let changes =
        proptest::collection::vec((any::<prop::sample::Index>(), proptest::sample::select(MEAN.to_vec())), 0..3);
    (any_json(), any::<bool>(), changes, any::<prop::sample::Index>(), any::<bool>()).prop_map(
        |(value, pretty, changes, cut, whole)| {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let mut bytes = text.expect("a value").into_bytes();
            for (index, byte) in changes {
                let index = index.index(bytes.len());
                bytes[index] = byte;
            }
            if !whole {
                bytes.truncate(cut.index(bytes.len() + 1));
            }
            bytes
        },
    )
}

const MEAN: &[u8] = b"\"\\{}[]:,0123456789.eE+-truefalsn \n\r\t/u\x00\x1f\x7f\x80\xff";

fn accepts(json: &[u8]) -> bool {
    check(json).is_ok()
}

#[track_caller]
fn agree(json: &[u8]) {
    let oracle = serde_json::from_slice::<IgnoredAny>(json).is_ok();
    assert_eq!(accepts(json), oracle, "{:?}", String::from_utf8_lossy(json));
}

#[test]
fn accepts_what_serde_json_accepts() {
    let texts = [
        "",
        " ",
        "null",
        "nul",
        "nulll",
        "true",
        "false",
        "tru",
        "0",
        "-0",
        "-",
        "00",
        "01",
        "1.",
        "1.5",
        ".5",
        "1e",
        "1e+",
        "1e+5",
        "1E-5",
        "1.5e3x",
        "+1",
        "\"",
        "\"\"",
        "\"a",
        "\"\\\"",
        "\"\\q\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\"",
        "\"\t\"",
        "[",
        "]",
        "[]",
        "[ ]",
        "[,]",
        "[1,]",
        "[1 2]",
        "[1,2]",
        "{",
        "}",
        "{}",
        "{ }",
        "{,}",
        "{1:2}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\" : 1 , \"b\":[{}]}",
        "{\"a\":1]",
        "[1}",
        "1 2",
        "\u{feff}{}",
        "{\"a\":1}x",
        "[[[]]]",
        "[[[[]]]",
        "\"\\/\\b\\f\\n\\r\\t\\\\\"",
        "\u{a0}1",
        "1\u{0}",
    ];
    for text in texts {
        agree(text.as_bytes());
        for end in 0..text.len() {
            agree(&text.as_bytes()[..end]);
        }
    }
}

#[test]
fn finds_every_stop_byte_at_every_offset() {
    for stop in (0..0x20).chain([b'"', b'\\']) {
        for plain in [b'a', 0x7f, 0x80, 0xff, b'!', b'#', b'[', b']', 0x20] {
            for offset in 0..100 {
                let mut text = vec![plain; 100];
                text[offset] = stop;
                assert_eq!(string_stop(&text, 0), offset, "{stop} among {plain}");
                assert_eq!(string_stop(&text[..offset], 0), offset);
            }
        }
    }
}

#[test]
fn escapes_are_judged_alike_at_every_offset() {
    for escape in ["\\\"", "\\\\", "\\/", "\\u00e9", "\\ud83d\\ude00", "\\u12g4", "\\x", "\u{1f}", "\""] {
        for offset in 0..100 {
            let text = format!("\"{}{escape}{}\"", "a".repeat(offset), "é".repeat(20));
            agree(text.as_bytes());
            agree(&text.as_bytes()[..offset + 1 + escape.len()]);
            agree([&text[..offset + 1], escape, escape, "\""].concat().as_bytes());
        }
    }
}

#[test]
fn deep_nesting_costs_no_stack_and_has_a_limit() {
    let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
    assert_eq!(check(nested(DEPTH_MAX + 1).as_bytes()), Ok(()), "the innermost list is empty and needs no room");
    let expected = Broken { at: DEPTH_MAX + 1, what: "nested too deep" };
    assert_eq!(check(nested(DEPTH_MAX + 2).as_bytes()), Err(expected));
    let mixed = [r#"{"a":["#.repeat(1000), "]}".repeat(1000)].concat();
    assert_eq!(check(mixed.as_bytes()), Ok(()));
    let crossed = [r#"{"a":["#.repeat(1000), "}]".repeat(1000)].concat();
    assert_eq!(check(crossed.as_bytes()), Err(Broken { at: 6000, what: "expected a value" }));
}

#[test]
fn elements_are_walked_in_order() {
    let mut elements = Elements::open(b" [1, {\"a\":[2]} ,\"x\"] ").expect("an array");
    let mut found = Vec::new();
    while let Some(element) = elements.next().expect("valid") {
        found.push(String::from_utf8_lossy(element).into_owned());
    }
    assert_eq!(found, ["1", "{\"a\":[2]}", "\"x\""]);
}

proptest! {
    #[test]
    fn agrees_with_serde_json_on_broken_text(json in mutated_json()) {
        agree(&json);
    }

    #[test]
    fn agrees_with_serde_json_on_noise(json in proptest::collection::vec(proptest::sample::select(MEAN.to_vec()), 0..24)) {
        agree(&json);
    }

    #[test]
    fn members_are_those_that_serde_json_sees(members in proptest::collection::vec((any_key(), any_json()), 0..6)) {
        let text = object_text(&members);
        let mut found = Vec::new();
        let mut walk = Members::open(text.as_bytes()).expect("an object");
        while let Some(member) = walk.next().expect("valid") {
            prop_assert_eq!(&text.as_bytes()[member.place()], member.value);
            let name = String::from_utf8(member.name().into_owned()).expect("text");
            found.push((name, serde_json::from_slice::<Value>(member.value).expect("a value")));
        }
        let oracle: Vec<(String, Value)> =
            members.into_iter().map(|(key, value)| (key, serde_json::from_str(&value.to_string()).expect("a value"))).collect();
        prop_assert_eq!(found, oracle);
    }
}

use serde_json::json;

use super::*;

#[track_caller]
fn check(text: &str, expected: Value) {
    assert_eq!(read(text).map(|read| read.value), Some(expected), "{text}");
}

#[test]
fn reads_json_as_it_is() {
    for text in [r#"{"a":[1,-2.5,"x\n\u00e9\ud83d\ude00",true,null,{}],"b":{"c":[]}}"#, "[]", "17", r#""x""#] {
        check(text, serde_json::from_str(text).expect("it is JSON"));
    }
}

#[test]
fn mends_what_models_get_wrong() {
    check(r#"{"a":1,}"#, json!({"a": 1}));
    check("{'a': True, 'b': None, 'c': 'it's'}", json!({"a": true, "b": null, "c": "it's"}));
    check("{a: 1, b-c: hello world}", json!({"a": 1, "b-c": "hello world"}));
    check("{\"code\":\"x\ny\tz\"}", json!({"code": "x\ny\tz"}));
    check(r#"{"p":"C:\path\dir","q":"\'a\_b"}"#, json!({"p": "C:\\path\\dir", "q": "'a\\_b"}));
    check(r#"{"cmd":"echo "hi""}"#, json!({"cmd": "echo \"hi\""}));
    check(r#"{"cmd":"say "a", then go","n":1}"#, json!({"cmd": "say \"a\", then go", "n": 1}));
    check("{\u{201c}a\u{201d}\u{ff1a}1\u{ff0c}\u{201c}b\u{201d}\u{ff1a}\u{201c}x\u{201d}}", json!({"a": 1, "b": "x"}));
    check("{\"a\":1, // one\n/* two */ \"b\":2}", json!({"a": 1, "b": 2}));
    check(r#"{"a":1 "b":"x" "c":3}"#, json!({"a": 1, "b": "x", "c": 3}));
    check(r#"{"a":NaN,"b":undefined,"c":-Infinity}"#, json!({"a": null, "b": null, "c": null}));
    check(r#"{{"a":1}}"#, json!({"a": 1}));
    check(r#"{"a":1}}"#, json!({"a": 1}));
    check(r#"{"a":"x\u0000y\ud800z"}"#, json!({"a": "x\u{0}y\u{fffd}z"}));
    check("{\"a\":\"\"\"two\n\"lines\" end\"\"\"}", json!({"a": "two\n\"lines\" end"}));
}

#[test]
fn closes_what_was_cut_off() {
    for (text, expected) in [
        (r#"{"a":[1,2,{"b":"x"#, json!({"a": [1, 2, {"b": "x"}]})),
        (r#"{"a":1,"b"#, json!({"a": 1})),
        (r#"{"a":1,"b":"#, json!({"a": 1})),
        (r#"{"a":"x\"#, json!({"a": "x"})),
        (r#"{"a":"x","#, json!({"a": "x"})),
        ("{", json!({})),
    ] {
        let read = read(text).expect("a value");
        assert_eq!((read.value, read.cut), (expected, true), "{text}");
    }
}

#[test]
fn keywords_are_read_as_python_writes_them() {
    let (pairs, end) =
        keywords(r#"city="Paris, "la belle"", n=2, deep={'a': [1, (2, 3)]}, ok=True) x"#).expect("pairs");
    let expected = json!({"city": "Paris, \"la belle\"", "n": 2, "deep": {"a": [1, [2, 3]]}, "ok": true});
    assert_eq!((Value::Object(pairs), end), (expected, 64));
    assert_eq!(keywords(r#""x", 2)"#).map(|(pairs, _)| Value::Object(pairs)), Some(json!({"0": "x", "1": 2})));
}

#[test]
fn deep_and_quoted_nonsense_ends() {
    for text in ["[".repeat(100_000), "{\"a\":".repeat(50_000), "\"".repeat(100_000), "{'".repeat(50_000)] {
        let _ = read(&text);
        let _ = keywords(&text);
    }
}

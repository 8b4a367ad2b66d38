use serde_json::json;

use super::*;
use crate::filter::Offered;
use crate::filter::repair::Repair;

const EDIT: &str = r#"{"type":"object","required":["file_path","line"],"properties":{
    "file_path":{"type":"string"},"line":{"type":"integer"},"ratio":{"type":"number"},"all":{"type":"boolean"},
    "tags":{"type":"array","items":{"type":"string"}},"deep":{"type":"object","properties":{"n":{"type":"integer"}}},
    "mode":{"type":"string","enum":["Fast","Slow"]},"maybe":{"anyOf":[{"type":"integer"},{"type":"null"}]}}}"#;

fn tool(name: &str, schema: Option<&str>) -> Offered {
    let mut offered = Offered::default();
    offered.add(name, schema);
    offered
}

#[track_caller]
fn check_tool(offered: &Offered, given: &Given, expected: Value, told: &[&str]) {
    let mut repairs = Repairs::default();
    let mended = mend(given, offered.get(0).expect("one tool"), &mut repairs);
    assert_eq!(mended.map(|mended| Value::Object(mended.object)), Some(expected), "{given:?}");
    assert_eq!(repairs.iter().map(Repair::to_string).collect::<Vec<_>>(), told, "{given:?}");
}

#[track_caller]
fn check(text: &str, expected: Value, told: &[&str]) {
    check_tool(&tool("edit", Some(EDIT)), &Given::Json(text.to_owned()), expected, told);
}

#[test]
fn what_is_right_stays() {
    check(r#"{"file_path":"17","line":3}"#, json!({"file_path": "17", "line": 3}), &[]);
    check(r#"{"file_path":"a","line":3,"more":1}"#, json!({"file_path": "a", "line": 3, "more": 1}), &[]);
}

#[test]
fn values_become_what_the_schema_asks_for() {
    check(
        r#"{"file_path":7,"line":"12","ratio":"0.5","all":"Yes","tags":"x","deep":"{\"n\":\"1\"}","mode":"fast","maybe":"null"}"#,
        json!({"file_path": "7", "line": 12, "ratio": 0.5, "all": true, "tags": ["x"], "deep": {"n": 1}, "mode": "Fast", "maybe": null}),
        &[
            "coerced:edit.file_path",
            "coerced:edit.line",
            "coerced:edit.ratio",
            "coerced:edit.all",
            "coerced:edit.tags",
            "coerced:edit.deep",
            "coerced:edit.deep.n",
            "coerced:edit.mode",
            "coerced:edit.maybe",
        ],
    );
    check(r#"{"file_path":"a","line":"soon"}"#, json!({"file_path": "a", "line": "soon"}), &[]);
    check(
        r#"{"filePath":"a","Line":2.0}"#,
        json!({"file_path": "a", "line": 2}),
        &["renamed:edit.file_path", "renamed:edit.line", "coerced:edit.line"],
    );
    check(r#"{"line":1}"#, json!({"line": 1}), &["missing:edit.file_path"]);
}

#[test]
fn arguments_are_taken_out_of_what_is_around_them() {
    let expected = json!({"file_path": "a", "line": 1});
    for text in [
        r#"{"arguments":{"file_path":"a","line":1}}"#,
        r#"{"name":"edit","parameters":{"file_path":"a","line":1}}"#,
        r#"[{"file_path":"a","line":1}]"#,
        r#""{\"file_path\":\"a\",\"line\":1}""#,
    ] {
        check(text, expected.clone(), &["unwrapped:edit"]);
    }
    for text in [
        "```json\n{\"file_path\":\"a\",\"line\":1}\n```",
        r#"{}{"file_path":"a","line":1}"#,
        r#"file_path="a", line=1"#,
    ] {
        check(text, expected.clone(), &["json:edit"]);
    }
    check(r#"{"file_path":"a","line":1"#, expected, &["closed:edit"]);
}

#[test]
fn text_without_types_is_what_the_schema_says() {
    let texts = |value: &Value| Given::Texts(value.as_object().expect("an object").clone());
    let offered = tool("edit", Some(EDIT));
    check_tool(
        &offered,
        &texts(
            &json!({"file_path": "12", "line": "3", "all": "true", "tags": "[\"a\", \"b\"]", "other": "{\"x\": 1}"}),
        ),
        json!({"file_path": "12", "line": 3, "all": true, "tags": ["a", "b"], "other": {"x": 1}}),
        &[],
    );
}

#[test]
fn one_text_is_the_one_argument() {
    let search = tool(
        "search",
        Some(
            r#"{"type":"object","required":["query"],"properties":{"query":{"type":"string"},"n":{"type":"integer"}}}"#,
        ),
    );
    check_tool(&search, &Given::Word("rust lang\n".to_owned()), json!({"query": "rust lang"}), &[]);
    check_tool(&search, &Given::Word(r#"{"query":"x"}"#.to_owned()), json!({"query": "x"}), &[]);
}

#[test]
fn a_bash_call_ends_with_command_and_description() {
    let described = json!({"command": "ls -la /tmp", "description": "ls -la /tmp"});
    for name in ["filePath", "file_path", "value", "query", "path"] {
        let given = Given::Json(json!({name: "ls -la /tmp"}).to_string());
        check_tool(&tool("bash", None), &given, described.clone(), &["renamed:bash.command", "added:bash.description"]);
    }
    let given = Given::Json(r#"{"command":"ls -la /tmp"}"#.to_owned());
    check_tool(&tool("bash", None), &given, described, &["added:bash.description"]);
    let closed = r#"{"type":"object","additionalProperties":false,"properties":{"command":{"type":"string"}}}"#;
    check_tool(&tool("bash", Some(closed)), &given, json!({"command": "ls -la /tmp"}), &[]);
}

use super::*;
use crate::filter::Offered;
use crate::filter::repair::Repair;

const WRITE: &str = r#"{"type":"object","required":["path"],"properties":{"path":{"type":"string"},
    "content":{"type":"string"},"line":{"type":"integer"},"mode":{"type":"string","enum":["new","old"]}}}"#;

/// Pushes `text` in pieces of `size` bytes: what went out each time, what came at the end, and what was told.
fn run(name: &str, text: &str, size: usize) -> (Vec<String>, String, Vec<String>) {
    let mut offered = Offered::default();
    offered.add(name, (name != "bash").then_some(WRITE));
    let tool = offered.get(0).expect("one tool");
    let mut stream = ArgumentStream::default();
    let (mut steps, mut rest, mut repairs) = (Vec::new(), String::new(), Repairs::default());
    let mut left = text;
    while !left.is_empty() {
        let (piece, behind) = left.split_at(left.ceil_char_boundary(size.min(left.len())));
        left = behind;
        let mut out = String::new();
        stream.push(piece, tool, &mut out);
        steps.push(out);
    }
    stream.finish(tool, &mut repairs, &mut rest);
    (steps, rest, repairs.iter().map(Repair::to_string).collect())
}

/// However it is cut, these arguments come out, and this is told.
#[track_caller]
fn check(name: &str, text: &str, expected: &str, told: &[&str]) {
    for size in 1..=text.len() {
        let (steps, rest, repairs) = run(name, text, size);
        assert_eq!(steps.concat() + &rest, expected, "{text} in pieces of {size}: {steps:?}");
        assert_eq!(repairs, told, "{text} in pieces of {size}");
    }
}

#[test]
fn what_is_right_goes_out_word_for_word() {
    for text in [
        r#"{"path":"a","line":3}"#,
        "{ \"path\" : \"a\\n\\u00e9\\ud83d\\ude00 \u{20ac}\" ,\n \"line\": 3, \"mode\": \"new\" }",
        r#"{"path":"","content":"x"}"#,
    ] {
        check("write", text, text, &[]);
    }
    check("write", "{}", "{}", &["missing:write.path"]);
}

#[test]
fn a_text_goes_out_as_it_comes() {
    let (steps, rest, _) = run("write", r#"{"path":"abcdef","content":"ghi"}"#, 1);
    assert_eq!(steps.get(8..12), Some(["{\"path\":\"", "a", "b", "c"].map(str::to_owned).as_slice()));
    assert_eq!(rest, "}", "what bash may still need stands before it");
}

#[test]
fn what_is_wrong_waits_and_is_mended() {
    check("write", r#"{"path":"a","line":"3"}"#, r#"{"path":"a","line":3}"#, &["coerced:write.line"]);
    check("write", r#"{"path":"a","LINE":3}"#, r#"{"path":"a","line":3}"#, &["renamed:write.line"]);
    check("write", r#"{"path":"a","mode":"NEW"}"#, r#"{"path":"a","mode":"new"}"#, &["coerced:write.mode"]);
    check(
        "write",
        "{\"path\":\"a\",\"content\":\"x\ny\",\"line\":1}",
        r#"{"path":"a","content":"x\ny","line":1}"#,
        &["json:write"],
    );
    check("write", r#"{"path":"C:\dir","line":1}"#, r#"{"path":"C:\\dir","line":1}"#, &["json:write"]);
    check(
        "write",
        r#"{"path":"a","content":"say "hi" now"}"#,
        r#"{"path":"a","content":"say \"hi\" now"}"#,
        &["json:write"],
    );
    check("write", r#"{'path': 'a', 'line': 1,}"#, r#"{"path":"a","line":1}"#, &["json:write"]);
    check("write", r#"{"path":"a","content":"cut of"#, r#"{"path":"a","content":"cut of"}"#, &["closed:write"]);
    check("write", r#"{"path":"a","lin"#, r#"{"path":"a"}"#, &["closed:write"]);
    check("write", r#"{"arguments":{"path":"a"}}"#, r#"{"path":"a"}"#, &["unwrapped:write"]);
    check("write", "", "{}", &["missing:write.path"]);
}

#[test]
fn bash_gets_what_it_needs_at_the_end() {
    check(
        "bash",
        r#"{"command":"ls -la"}"#,
        r#"{"command":"ls -la","description":"ls -la"}"#,
        &["added:bash.description"],
    );
}

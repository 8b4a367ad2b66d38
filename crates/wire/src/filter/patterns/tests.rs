use serde_json::json;

use super::*;

fn pattern(regex: &str, mapping: &[(&str, &str)]) -> Pattern {
    Pattern {
        name: "mine".to_owned(),
        priority: 1,
        regex: regex.to_owned(),
        tool_name: None,
        tool_name_group: Some(1),
        tool_name_json_path: None,
        tool_name_mapping: Vec::new(),
        parameter_mapping: mapping.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
        enabled: true,
    }
}

/// The calls in `text`, as pattern, tool and arguments.
#[track_caller]
fn check(patterns: &[Pattern], text: &str, expected: &[(&str, &str, Value)]) {
    let found = Patterns::compile(patterns).expect("they compile").find(text);
    let found: Vec<_> = found
        .iter()
        .map(|matched| (matched.pattern.as_str(), matched.tool.as_str(), Value::Object(matched.arguments.clone())))
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn a_group_becomes_an_argument() {
    let execute = pattern(r"\[EXECUTE:(\w+):([^\]]+)\]", &[("2", "command")]);
    check(&[execute], "Now [EXECUTE:bash:ls -la /tmp].", &[("mine", "bash", json!({"command": "ls -la /tmp"}))]);
}

#[test]
fn the_defaults_find_what_they_are_for() {
    let weather = || json!({"city": "Paris", "days": 3});
    let json = r#"{"name": "get_weather", "arguments": {"city": "Paris", "days": 3}}"#;
    let turned = r#"{"arguments": {"city": "Paris", "days": 3}, "name": "get_weather"}"#;
    for (name, text) in [
        ("fence_json", format!("```json\n{json}\n```")),
        ("inline_json", format!("I call {json} now")),
        ("tool_call_alt", format!("[TOOL_CALL]{turned}[/TOOL_CALL]")),
    ] {
        check(&defaults(), &text, &[(name, "get_weather", weather())]);
    }
    let texts = json!({"command": "ls", "description": "List"});
    let parameters = "<parameter=command>\nls\n</parameter>\n<parameter=description>\nList\n</parameter>";
    for end in ["\n</function>\n</tool_call>", "\n</function>", ""] {
        let text = format!("<tool_call>\n<function=bash>\n{parameters}{end}");
        check(&defaults(), &text, &[("tool_call_nested_xml", "bash", texts.clone())]);
    }
    let text = format!("<tool_call>\nbash\n{parameters}\n</tool_call>");
    check(&defaults(), &text, &[("tool_call_bare_param", "bash", texts)]);
    check(&defaults(), "[tool]read[/tool]{\"path\": \"a\"}", &[("bracket_tool", "read", json!({"path": "a"}))]);
    check(&defaults(), "[searching for rust]", &[("action", "search", json!({"query": "rust"}))]);
    assert_eq!(defaults().len(), 10);
}

#[test]
fn what_is_around_a_call_goes_with_it() {
    let text = r#"x [TOOL_CALL]{"name": "f", "arguments": {"a": 1}}[/TOOL_CALL] y"#;
    let found = Patterns::compile(&defaults()).expect("they compile").find(text);
    assert_eq!(
        found.iter().map(|matched| &text[matched.range.clone()]).collect::<Vec<_>>(),
        [&text[2..text.len() - 2]]
    );
}

#[test]
fn what_cannot_be_used_is_refused_before_use() {
    let error = |pattern: Pattern| Patterns::compile(&[pattern]).err().map(|error| error.to_string());
    assert_eq!(error(pattern(r"(\w+)x", &[("3", "a")])).as_deref(), Some("pattern `mine` has no group 3"));
    assert_eq!(error(pattern(r"(\w*)", &[])).as_deref(), Some("pattern `mine` matches an empty text"));
    assert!(
        error(pattern(r"(a)(?=b)", &[])).is_some_and(|error| error.starts_with("pattern `mine` cannot be compiled"))
    );
    assert!(error(pattern(r"((\w{1000}){1000})", &[])).is_some_and(|error| error.contains("size limit")));
    let nameless = Pattern { tool_name_group: None, ..pattern("x", &[]) };
    assert!(error(nameless).is_some_and(|error| error.contains("needs one of")));
}

#[test]
fn a_prefix_is_what_every_match_begins_with() {
    for (regex, expected) in [
        (r"\[EXECUTE:(\w+)\]", "[EXECUTE:"),
        (r"<tool_call>\s*x", "<tool_call>"),
        ("ab?c", "a"),
        ("a|b", ""),
        ("ab+c", "ab"),
        (r"\d+", ""),
        ("(a)b", ""),
    ] {
        assert_eq!(prefix(regex), expected, "{regex}");
    }
}

use serde_json::{Value, json};

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

/// Everything that is wrong with a pattern.
#[track_caller]
fn check_wrong(pattern: Pattern, expected: &[&str]) {
    let (_, errors) = Patterns::check(&[pattern]);
    assert_eq!(errors.iter().map(|(_, error)| error.to_string()).collect::<Vec<_>>(), expected);
}

#[test]
fn what_cannot_be_used_is_refused_before_use() {
    check_wrong(
        Pattern { tool_name_group: Some(2), ..pattern(r"(\w+)x", &[("3", "a"), ("b", "c")]) },
        &["there is no group 2", "there is no group 3"],
    );
    check_wrong(pattern(r"(\w*)", &[]), &["matches an empty text"]);
    check_wrong(
        pattern("(a)(?=b)", &[]),
        &["cannot be compiled: look-around, including look-ahead and look-behind, is not supported"],
    );
    check_wrong(
        pattern(r"((\w{1000}){1000})", &[]),
        &["cannot be compiled: Compiled regex exceeds size limit of 1048576 bytes"],
    );
    let nameless = Pattern { tool_name_group: None, ..pattern("(x", &[]) };
    check_wrong(
        nameless,
        &[
            "needs one of `tool_name`, `tool_name_group` and `tool_name_json_path`",
            "cannot be compiled: unclosed group",
        ],
    );
    check_wrong(Pattern { enabled: false, ..pattern("(x", &[]) }, &[]);
    let many = vec![pattern("(x)", &[]); PATTERNS_MAX + 2];
    assert_eq!(Patterns::check(&many).1, [(PATTERNS_MAX, PatternError::TooMany)]);
}

#[test]
fn each_pattern_is_told_of_in_the_order_of_its_priority() {
    let named = |name: &str, priority, regex| Pattern { name: name.to_owned(), priority, ..pattern(regex, &[]) };
    let nameless =
        Pattern { tool_name_group: None, tool_name_json_path: Some("name".to_owned()), ..named("json", 3, "<(.*?)>") };
    let patterns = [named("low", 1, "<(a)>"), named("high", 2, "(a)"), nameless, named("none", 0, "(z)")];
    let tried = |pattern: &str, calls, nameless, behind: Option<&str>| Tried {
        pattern: pattern.to_owned(),
        calls,
        nameless,
        behind: behind.map(str::to_owned),
    };
    assert_eq!(
        Patterns::compile(&patterns).expect("they compile").search("<a> a").tried,
        [
            tried("json", 0, 1, None),
            tried("high", 2, 0, None),
            tried("low", 0, 0, Some("high")),
            tried("none", 0, 0, None)
        ]
    );
}

/// Texts of a megabyte that make a careless search look at them again and again.
fn adversaries() -> Vec<String> {
    let megabyte = |unit: &str| unit.repeat((1 << 20) / unit.len());
    let units = [
        "<",
        "{",
        "`",
        "[",
        "a",
        "\"",
        "```json\n{",
        "```{}",
        "{\"name\": \"a\", \"arguments\": {",
        "<tool_call>f<parameter=",
        "<tool_call><function=f>",
        "[TOOL_CALL]{",
        "[tool]f[/tool]{",
        "[tool]f[/tool]{} ",
        "[searching ",
        "[searching x]",
        "<tool_use>{",
        "<tool_code>{}",
        "[EXECUTE:bash:",
        "[EXECUTE:bash:x]",
        " \n",
        "a]",
    ];
    units.into_iter().map(megabyte).collect()
}

/// Patterns that cost as much as an operator's may.
fn costly() -> Vec<Pattern> {
    let named = |name: &str, regex| Pattern { name: name.to_owned(), ..pattern(regex, &[]) };
    vec![
        named("execute", r"\[EXECUTE:(\w+):([^\]]+)\]"),
        named("looks ahead to the end", "a.*z|(a)"),
        named("nested repetition", r"((?:a+)+)b"),
        named("choice of much", "(a|aa|aaa|a{1,50})+c|(.)"),
        named("anything", "(.)"),
        named("large", r"([a-z]{500})x"),
    ]
}

#[test]
fn no_text_costs_a_pattern_more_than_a_fixed_number_of_looks() {
    for text in adversaries() {
        for pattern in defaults().into_iter().chain(costly()) {
            let name = pattern.name.clone();
            let searched = Patterns::compile(&[pattern]).expect("it compiles").search(&text);
            let looks = searched.bytes.div_ceil(text.len() as u64);
            assert!(looks <= 9, "{name}: {looks} looks at {:?}", &text[..20]);
            assert!(searched.calls.len() <= 128, "{name}");
        }
    }
}

#[test]
fn many_calls_in_a_short_text_are_all_found() {
    let text = "[EXECUTE:bash:ls] and ".repeat(100);
    let patterns = Patterns::compile(&costly()[..1]).expect("it compiles");
    assert_eq!(patterns.find(&text).len(), 100);
}

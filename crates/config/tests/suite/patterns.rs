//! Patterns of the operator: checked when loaded, and the defaults on request.

use super::support::{ok, problems};
use expect_test::expect;
use trunkline_config::import::serverless_proxy;
use trunkline_config::{Env, Loaded};

fn names(loaded: &Loaded) -> Vec<&str> {
    loaded.snapshot.patterns.iter().map(|pattern| pattern.name.as_str()).collect()
}

#[test]
fn there_are_none_unless_they_are_asked_for() {
    assert_eq!(names(&ok(None, &[])), Vec::<&str>::new());
    assert_eq!(names(&ok(Some("default_patterns = true"), &[])).len(), 10);
}

#[test]
fn a_pattern_stands_in_the_place_of_the_default_of_its_name() {
    let text = r#"
        default_patterns = true
        [[patterns]]
        name = "fence_json"
        regex = "x"
        enabled = false
        [[patterns]]
        name = "action"
        regex = "do (.)"
        tool_name_group = 1
        priority = 1000
    "#;
    let loaded = ok(Some(text), &[]);
    assert_eq!(names(&loaded)[..2], ["action", "inline_json"]);
    assert_eq!(names(&loaded).len(), 9);
    assert_eq!(loaded.snapshot.patterns.off().iter().map(|off| off.name.as_str()).collect::<Vec<_>>(), ["fence_json"]);
    assert_eq!(loaded.snapshot.detached().patterns.iter().count(), 9);
}

#[test]
fn all_that_is_wrong_is_told_with_its_place() {
    let text = r#"
[[patterns]]
name = "a"
regex = '(x'
tool_name_group = 3
[[patterns]]
name = "a"
regex = '(x)'
tool_name_group = 3
parameter_mapping = { "2" = "command", b = "c" }
[[patterns]]
name = " "
regex = 'x*'
[[patterns]]
name = "large"
regex = '(\w{1000}){1000}'
tool_name = "f"
tool_name_group = 0
[[patterns]]
name = "off"
regex = "("
enabled = false
[[patterns]]
regex = "x"
prioritty = 1
"#;
    expect![[r#"
        t.toml:4:9: patterns[0].regex: cannot be compiled: unclosed group
        t.toml:7:8: patterns[1].name: another pattern is called `a`
        t.toml:9:19: patterns[1].tool_name_group: there is no group 3
        t.toml:10:23: patterns[1].parameter_mapping.2: there is no group 2
        t.toml:11:1: patterns[2]: needs one of `tool_name`, `tool_name_group` and `tool_name_json_path`
        t.toml:12:8: patterns[2].name: " " cannot be a pattern's name
        t.toml:13:9: patterns[2].regex: matches an empty text
        t.toml:16:9: patterns[3].regex: cannot be compiled: Compiled regex exceeds size limit of 1048576 bytes
        t.toml:18:19: patterns[3].tool_name_group: 0 is out of range; write a number from 1 to 4294967295
        t.toml:23:1: patterns[5]: `name` is missing
        t.toml:25:1: patterns[5].prioritty: unknown key; did you mean `priority`?"#]]
    .assert_eq(&problems(Some(text), &[]));
    let many = "[[patterns]]\nname = \"NUMBER\"\nregex = \"x\"\ntool_name = \"f\"\n";
    let many: String = (0..65).map(|number: usize| many.replace("NUMBER", &number.to_string())).collect();
    expect!["t.toml:1:1: patterns: there are more than 64 patterns; the most is 64, the defaults among them where they are asked for"].assert_eq(&problems(Some(&many), &[]));
}

/// What the predecessor's documentation promises of its table.
#[test]
fn imported_patterns_make_the_calls_that_they_made() {
    let imported = serverless_proxy(&super::import::serverless_tables(), &Env::default());
    let loaded = ok(Some(&imported.document), &[]);
    let calls = |text: &str| -> Vec<String> {
        let found = loaded.snapshot.patterns.find(text).into_iter();
        found.map(|call| format!("{} {} {}", call.pattern, call.tool, serde_json::json!(call.arguments))).collect()
    };
    assert_eq!(calls("[EXECUTE:bash:ls -la /tmp]"), [r#"execute bash {"command":"ls -la /tmp"}"#]);
    let head = "<tool_call>\n<function=write>\n<parameter=filePath>\n/tmp/a\n</parameter>\n<parameter=content>\nhi\n</parameter>";
    for end in ["\n</function>\n</tool_call>", "\n</function>\n", ""] {
        assert_eq!(
            calls(&format!("{head}{end}")),
            [r#"tool_call_nested_xml write {"filePath":"/tmp/a","content":"hi"}"#]
        );
    }
}

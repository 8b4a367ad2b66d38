use clap::Parser as _;
use expect_test::{Expect, expect};
use trunkline_config::{Env, Overrides, load};

use super::*;
use crate::cli::{Cli, Command};

const DOCUMENT: &str = r#"
    [[patterns]]
    name = "execute"
    regex = '\[EXECUTE:(\w+):([^\]]+)\]'
    tool_name_group = 1
    parameter_mapping = { "2" = "command" }
    [[patterns]]
    name = "bracket"
    regex = '\[(\w+):'
    priority = -1
    tool_name_group = 1
    [[patterns]]
    name = "named"
    regex = 'Now (\[)'
    tool_name_json_path = "name"
    [[patterns]]
    name = "asleep"
    regex = "("
    tool_name = "f"
    enabled = false
"#;

/// The options of a command line.
fn options(arguments: &[&str]) -> TryOptions {
    let cli = Cli::try_parse_from(["trunkline", "patterns", "try"].iter().chain(arguments)).unwrap();
    match cli.command {
        Some(Command::Patterns { command: PatternsCommand::Try(options) }) => options,
        other => panic!("{other:?}"),
    }
}

fn configured(document: &str) -> Arc<Patterns> {
    load(Some(("t.toml", document)), &Env::default(), &Overrides::default(), &[]).unwrap().snapshot.patterns
}

fn printed(arguments: &[&str]) -> String {
    let options = options(arguments);
    let outcome = attempt(&options, &configured(DOCUMENT), &options.text).unwrap();
    let mut out = Vec::new();
    if options.json {
        print::outcome_json(&outcome, &mut out)
    } else {
        print::outcome(&outcome, &options.text, &mut out)
    }
    .unwrap();
    String::from_utf8(out).unwrap()
}

#[expect(clippy::needless_pass_by_value, reason = "what is expected is made at the call")]
fn check(arguments: &[&str], expected: Expect) {
    expected.assert_eq(&printed(arguments));
}

const SAID: &str = "Now [EXECUTE:bash:ls -la /tmp]";

#[test]
fn a_try_says_what_was_found_and_why_others_found_nothing() {
    check(
        &[SAID],
        expect![[r#"
        bash {"command":"ls -la /tmp"}
          by execute, from "[EXECUTE:bash:ls -la /tmp]"
        execute: 1 call
        named: 1 matches that name no tool
        bracket: what it matches, `execute` has taken before it
        asleep: switched off
    "#]],
    );
    check(
        &["--pattern", "fence_json", SAID],
        expect![[r#"
        no calls
        fence_json: no match
    "#]],
    );
}

#[test]
fn an_expression_is_tried_without_a_document() {
    let line = [r"--regex=\[EXECUTE:(\w+):([^\]]+)\]", "--tool-name-group=1", "--map=2=command", "--json", SAID];
    check(
        &line,
        expect![[r#"
        {"calls":[{"tool":"bash","arguments":{"command":"ls -la /tmp"},"pattern":"--regex","from":4,"to":30}],"client_gets":null,"patterns":[{"pattern":"--regex","calls":1,"said":"1 call"}]}
    "#]],
    );
}

#[test]
fn what_cannot_be_tried_is_said() {
    let error = |arguments: &[&str]| attempt(&options(arguments), &configured(DOCUMENT), "").unwrap_err().to_string();
    assert_eq!(
        error(&["--pattern", "nobody", ""]),
        "there is no pattern called \"nobody\"; `trunkline patterns list --defaults` shows all"
    );
    assert_eq!(error(&["--pattern", "asleep", ""]), "the pattern cannot be used: cannot be compiled: unclosed group");
    assert_eq!(
        error(&["--regex", "(x)", "--tool-name-group", "2", ""]),
        "the pattern cannot be used: there is no group 2"
    );
    assert_eq!(
        error(&["--regex", "(x)", "--map", "1", ""]),
        "\"1\" says no argument; write `GROUP=ARGUMENT` or `NAME=ARGUMENT`"
    );
    assert!(matches!(text("-", &mut io::repeat(b'a')), Err(PatternsError::TooLong)));
}

#[test]
fn with_tools_only_calls_of_those_count_and_are_mended() {
    let patterns = configured(DOCUMENT);
    let get = |tools: &str| {
        let made = made(&patterns, Some(Arc::new(tools::offered(tools).unwrap())), SAID);
        (made.calls, made.repairs)
    };
    let call = ("bash".to_owned(), r#"{"command":"ls -la /tmp","description":"ls -la /tmp"}"#.to_owned());
    let told = vec!["found:bash".to_owned(), "added:bash.description".to_owned()];
    assert_eq!(get(r#"[{"type":"function","function":{"name":"bash"}}]"#), (vec![call.clone()], told.clone()));
    assert_eq!(get(r#"{"model":"m","tools":[{"name":"bash","input_schema":{}}]}"#), (vec![call], told));
    assert_eq!(get(r#"[{"name":"read"}]"#), (Vec::new(), Vec::new()));
    assert!(tools::offered("{}").is_none());
}

#[test]
fn the_list_is_in_the_order_of_trying_with_defaults_on_request() {
    let patterns = configured(DOCUMENT);
    let names = |defaults| all(&patterns, defaults).iter().map(|pattern| pattern.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(false), ["execute", "named", "bracket", "asleep"]);
    assert_eq!(names(true).len(), 14);
    assert_eq!(names(true)[0], "fence_json");
    let mut out = Vec::new();
    print::list(&all(&patterns, false), &mut out).unwrap();
    expect![[r#"
        execute      0  on   \[EXECUTE:(\w+):([^\]]+)\]
        named        0  on   Now (\[)
        bracket     -1  on   \[(\w+):
        asleep       0  off  (
    "#]]
    .assert_eq(&String::from_utf8(out).unwrap());
}

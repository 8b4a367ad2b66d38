//! Every format in every state: what is recovered, and that cuts change nothing.

use serde_json::{Value, json};
use trunkline_wire::ir::StopReason;

use crate::formats::{self, Format};
use crate::run::{Answer, Call, answer, characters, cuts};

/// Texts of which calls must come.
struct Leak {
    name: String,
    text: String,
    calls: Vec<Call>,
    /// What stands before.
    prose: &'static str,
}

/// Of so many leaks the calls must be recovered, in percent.
const RECOVERED_MIN: usize = 95;

/// Leaks that the test is about at least.
const LEAKS_MIN: usize = 400;

fn call(name: &str, arguments: Value) -> Call {
    (name.to_owned(), arguments)
}

fn singles() -> Vec<Call> {
    vec![
        call("get_weather", json!({"city": "Paris", "days": 3, "metric": true})),
        call("get_weather", json!({"city": "S\u{e3}o Paulo \u{2013} \u{6771}\u{4eac} \u{1f327}\u{fe0f}"})),
        call("search", json!({"query": "the \"best\" caf\u{e9}, it's 'near' me"})),
        call("run_code", json!({"code": "if a < b and b > 0:\n    print('{\"x\": [1]}')\n"})),
    ]
}

fn leaks() -> Vec<Leak> {
    let mut leaks = Vec::new();
    for format in formats::ALL.iter().chain(formats::LAST) {
        of_format(format, &mut leaks);
    }
    leaks.extend(faults());
    leaks
}

fn of_format(format: &Format, leaks: &mut Vec<Leak>) {
    let mut add = |state: &str, text: String, calls: Vec<Call>, prose: &'static str| {
        leaks.push(Leak { name: format!("{} ({state})", format.name), text, calls, prose });
    };
    for (single, number) in singles().into_iter().zip(1..) {
        add(&format!("single {number}"), (format.write)(std::slice::from_ref(&single)), vec![single], "");
    }
    let both = [call("get_weather", json!({"city": "Oslo"})), call("search", json!({"query": "rain"}))];
    let is_last = formats::LAST.iter().any(|last| last.name == format.name);
    let expected = if is_last { both[..1].to_vec() } else { both.to_vec() };
    add("parallel", (format.write)(&both), expected.clone(), "");
    if format.prose {
        let prose = "Let me look that up for you: 3 < 4 {really}.\n\n";
        add("prose", format!("{prose}{}", (format.write)(&both)), expected.clone(), prose);
    }
    if !format.close.is_empty() {
        let text = (format.write)(&both);
        let cut = text.strip_suffix(format.close).expect("what closes it stands at its end").to_owned();
        add("cut off", cut, expected, "");
    }
}

/// Broken JSON in the commonest format.
fn faults() -> Vec<Leak> {
    let weather = || call("get_weather", json!({"city": "Paris", "days": 3}));
    let search = |query: &str| call("search", json!({"query": query}));
    let broken: Vec<(&str, Call)> = vec![
        (r#"{"name": "get_weather", "arguments": {"city": "Paris", "days": 3,}}"#, weather()),
        (r#"{'name': 'get_weather', 'arguments': {'city': 'Paris', 'days': 3}}"#, weather()),
        (r#"{name: "get_weather", arguments: {city: "Paris", days: 3}}"#, weather()),
        (r#"{"name": "get_weather", "arguments": "{\"city\": \"Paris\", \"days\": 3}"}"#, weather()),
        (r#"{"name": "get_weather", "arguments": {"city": "Paris", "days": "3"}}"#, weather()),
        (r#"{"name": "get_weather", "arguments": {"City": "Paris", "days": 3.0}}"#, weather()),
        (r#"{"name": "getWeather", "arguments": {"city": "Paris", "days": 3}}"#, weather()),
        (r#"{"name": "functions.get_weather", "arguments": {"city": "Paris", "days": 3}}"#, weather()),
        (r#"{"name": "get_weather", "arguments": {"city": "Paris", "days": 3}"#, weather()),
        (r#"{"name": "get_weather", "arguments": {"city": "Paris", "days": 3"#, weather()),
        (r#"{"name": "get_weather", "arguments": {"city": "Paris", "days": 3}}}"#, weather()),
        (r#"{"name": "get_weather", "arguments": {"city": "Paris" "days": 3}}"#, weather()),
        (r#"{"name": "get_weather", "arguments": {"arguments": {"city": "Paris", "days": 3}}}"#, weather()),
        (r#"{"name": "get_weather", "arguments": [{"city": "Paris", "days": 3}]}"#, weather()),
        (r#"{"arguments": {"city": "Paris", "days": 3}, "name": "get_weather"}"#, weather()),
        (r#"{"type": "function", "name": "get_weather", "parameters": {"city": "Paris", "days": 3}}"#, weather()),
        (
            r#"{"id": "x", "type": "function", "function": {"name": "get_weather", "arguments": {"city": "Paris", "days": 3}}}"#,
            weather(),
        ),
        ("{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\", // where\n \"days\": 3}}", weather()),
        (
            "{\u{201c}name\u{201d}: \u{201c}get_weather\u{201d}, \u{201c}arguments\u{201d}: {\u{201c}city\u{201d}: \u{201c}Paris\u{201d}, \u{201c}days\u{201d}: 3}}",
            weather(),
        ),
        ("```json\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\", \"days\": 3}}\n```", weather()),
        (r#"{"name": "search", "arguments": {"query": "say "hi" now"}}"#, search("say \"hi\" now")),
        (r#"{"name": "search", "arguments": {"query": "C:\path\dir"}}"#, search("C:\\path\\dir")),
        (r#"{"name": "search", "arguments": {"query": "it\'s"}}"#, search("it's")),
        ("{\"name\": \"search\", \"arguments\": {\"query\": \"two\nlines\"}}", search("two\nlines")),
        (r#"{"name": "search", "arguments": {"query": 17}}"#, search("17")),
        (r#"{"name": "search", "arguments": {"query": "</tool_call> is a tag"}}"#, search("</tool_call> is a tag")),
        (r#"{"name": "search", "arguments": {"query": "cut o"#, search("cut o")),
    ];
    let wrapped = |(json, call): (&str, Call)| Leak {
        name: format!("fault {json}"),
        text: format!("<tool_call>\n{json}\n</tool_call>"),
        calls: vec![call],
        prose: "",
    };
    broken.into_iter().map(wrapped).collect()
}

/// What comes of a leak: the same, however it is cut.
fn same_however_cut(leak: &Leak) -> Answer {
    let whole = answer(&[&leak.text]);
    for pieces in cuts(&leak.text) {
        assert_eq!(answer(&pieces), whole, "{}: {:?}", leak.name, pieces);
    }
    assert_eq!(answer(&characters(&leak.text)), whole, "{}: {} by characters", leak.name, leak.text);
    whole
}

#[test]
fn calls_are_recovered_in_every_format_and_however_the_text_is_cut() {
    let leaks = leaks();
    let mut lost = Vec::new();
    for leak in &leaks {
        let answer = same_however_cut(leak);
        let expected = Answer { text: leak.prose.to_owned(), calls: leak.calls.clone(), stop: StopReason::ToolCalls };
        if answer != expected {
            lost.push(format!("{}\n  {}\n  {answer:?}", leak.name, leak.text));
        }
    }
    let recovered = leaks.len() - lost.len();
    println!("{recovered} of {} leaks recovered; not:\n{}", leaks.len(), lost.join("\n"));
    assert!(leaks.len() >= LEAKS_MIN, "{}", leaks.len());
    assert!(recovered * 100 >= leaks.len() * RECOVERED_MIN, "{recovered} of {}:\n{}", leaks.len(), lost.join("\n"));
}

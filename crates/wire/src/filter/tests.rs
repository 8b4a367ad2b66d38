use super::*;
use crate::ir::{Collector, Content, Grammar, Response, Seal, SealOrigin};
use crate::{Fault, FaultKind};

const READ: &str =
    r#"{"type":"object","required":["path"],"properties":{"path":{"type":"string"},"line":{"type":"integer"}}}"#;

fn offered() -> Arc<Offered> {
    let mut offered = Offered::default();
    offered.add("read", Some(READ));
    offered.add("bash", None);
    Arc::new(offered)
}

/// What becomes of an answer: its blocks in short, why it stopped, and what was changed.
fn run(recipe: &Recipe, offered: Option<Arc<Offered>>, events: Vec<Event>) -> (Vec<String>, String, Vec<String>) {
    let mut filter = Filter::new(recipe, offered);
    let (mut grammar, mut collector, mut out) = (Grammar::new(), Collector::default(), Vec::new());
    filter.push(Event::Start { id: "a".to_owned() }, &mut out);
    events.into_iter().for_each(|event| filter.push(event, &mut out));
    let mut end = String::new();
    for event in &out {
        assert_eq!(grammar.step(event), Ok(()), "{event:?} in {out:?}");
        collector.push(event);
        if let Event::Stop(reason) = event {
            end = format!("{reason:?}");
        }
        if let Event::Fault(fault) = event {
            end.clone_from(&fault.message);
        }
    }
    assert!(grammar.is_over(), "{out:?}");
    (blocks(collector.finish("m".to_owned(), 0)), end, filter.repairs().iter().map(Repair::to_string).collect())
}

fn blocks(response: Response) -> Vec<String> {
    let block = |content| match content {
        Content::Text(text) => format!("text {text}"),
        Content::Reasoning(reasoning) => format!("thoughts {}", reasoning.text),
        Content::ToolCall(call) => format!("{} {} {}", call.id, call.name, call.arguments),
        other @ (Content::Refusal(_) | Content::Media(_) | Content::ToolResult(_) | Content::Opaque { .. }) => {
            format!("{other:?}")
        }
    };
    response.blocks.into_iter().map(|held| block(held.content)).collect()
}

fn text(number: u32, text: &str) -> Vec<Event> {
    vec![
        Event::Open { block: number, kind: BlockKind::Text },
        Event::Delta { block: number, delta: Delta::Text(text.to_owned()) },
        Event::Close { block: number },
    ]
}

fn call(number: u32, name: &str, arguments: &str) -> Vec<Event> {
    vec![
        Event::Open {
            block: number,
            kind: BlockKind::ToolCall { id: format!("c{number}"), name: name.to_owned(), custom: false },
        },
        Event::Delta { block: number, delta: Delta::Arguments(arguments.to_owned()) },
        Event::Close { block: number },
    ]
}

#[track_caller]
fn check(recipe: &Recipe, events: Vec<Event>, stop: StopReason, blocks: &[&str], end: &str, told: &[&str]) {
    let events = events.into_iter().chain([Event::Stop(stop)]).collect();
    let (found, ended, repairs) = run(recipe, Some(offered()), events);
    assert_eq!(found, blocks);
    assert_eq!((ended.as_str(), repairs.iter().map(String::as_str).collect::<Vec<_>>().as_slice()), (end, told));
}

const ID: &str = "call_af63dc4c8601ec8c";

#[test]
fn calls_in_text_become_calls_between_texts() {
    let said = "I read.\n<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a\"}}</tool_call>\nand <tool_call>{\"name\": \"Bash\", \"arguments\": {\"command\": \"ls\"}}</tool_call> done";
    let blocks = [
        "text I read.\n",
        &format!("{ID}_0 read {{\"path\": \"a\"}}"),
        "text \nand ",
        &format!("{ID}_1 bash {{\"command\": \"ls\",\"description\":\"ls\"}}"),
        "text  done",
    ];
    let told = ["found:read", "found:bash", "added:bash.description"];
    check(&Recipe::new(Mode::Mend), text(0, said), StopReason::End, &blocks, "ToolCalls", &told);
}

#[test]
fn a_providers_own_calls_are_mended() {
    let events = [text(3, "x"), call(7, "Read", r#"{"path":"a","line":"2"}"#), call(8, "other", "{broken")].concat();
    let blocks = ["text x", "c7 read {\"path\":\"a\",\"line\":2}", "c8 other {broken"];
    let told = ["name:read", "coerced:read.line"];
    check(&Recipe::new(Mode::Mend), events, StopReason::ToolCalls, &blocks, "ToolCalls", &told);
}

#[test]
fn off_changes_nothing() {
    let said = "<tool_call>{\"name\": \"read\", \"arguments\": {}}</tool_call>";
    let events = [text(0, said), call(1, "Read", "{'path':")].concat();
    let blocks = [&format!("text {said}"), "c1 Read {'path':"];
    check(&Recipe::new(Mode::Off), events, StopReason::End, &blocks, "End", &[]);
}

#[test]
fn strict_turns_what_cannot_be_mended_into_an_error() {
    let words = "the model's call of tool `read` is broken and cannot be mended";
    let strict = Recipe::new(Mode::Strict);
    let told = ["missing:read.path"];
    check(&strict, call(0, "read", "{}"), StopReason::ToolCalls, &[], words, &told);
    let said = "Hm. <tool_call>\n<function=read>\n<parameter=line>\n2\n</parameter>\n</function>\n</tool_call> more";
    check(&strict, text(0, said), StopReason::End, &["text Hm. "], words, &["unmended:read"]);
    let said = "Hm. <tool_call>{\"name\": \"read\", \"arguments\": {\"line\": 2}}</tool_call> more";
    check(&strict, text(0, said), StopReason::End, &["text Hm. "], words, &["found:read", "missing:read.path"]);
    let told = ["unmended:read"];
    let blocks = ["c0 read nonsense"];
    check(&Recipe::new(Mode::Mend), call(0, "read", "nonsense"), StopReason::ToolCalls, &blocks, "ToolCalls", &told);
}

#[test]
fn strict_gives_a_call_once_it_is_checked() {
    let piece = |text: &str| Event::Delta { block: 0, delta: Delta::Arguments(text.to_owned()) };
    let seal = Event::Delta { block: 0, delta: Delta::Seal(Seal { origin: SealOrigin::Gemini, data: "s".to_owned() }) };
    let kind = BlockKind::ToolCall { id: "c0".to_owned(), name: "read".to_owned(), custom: false };
    let begun = [Event::Start { id: "a".to_owned() }, Event::Open { block: 0, kind: kind.clone() }, seal.clone()];
    let mut filter = Filter::new(&Recipe::new(Mode::Strict), Some(offered()));
    let mut out = Vec::new();
    for event in begun.into_iter().chain([piece("{\"path\":"), piece(" \"a\"}")]) {
        filter.push(event, &mut out);
    }
    assert_eq!(out.drain(..).count(), 1, "the start");
    filter.push(Event::Close { block: 0 }, &mut out);
    let told = [Event::Open { block: 0, kind }, seal, piece("{\"path\": \"a\"}"), Event::Close { block: 0 }];
    assert_eq!(format!("{out:?}"), format!("{told:?}"));
}

#[test]
fn strict_makes_no_call_of_what_is_too_long_to_be_checked() {
    let long = format!("{{\"path\": \"{}\"}}", "a".repeat(arguments::ARGUMENT_BYTES_MAX));
    let words = "the model's call of tool `read` is broken and cannot be mended";
    check(&Recipe::new(Mode::Strict), call(0, "read", &long), StopReason::ToolCalls, &[], words, &[]);
    let blocks = [&*format!("c0 read {long}")];
    check(&Recipe::new(Mode::Mend), call(0, "read", &long), StopReason::ToolCalls, &blocks, "ToolCalls", &[]);
}

#[test]
fn a_call_that_was_cut_off_without_what_it_needs_stays_text() {
    let said = "<tool_call>\n<function=read>\n<parameter=line>\n2";
    let blocks = [&*format!("text {said}")];
    check(&Recipe::new(Mode::Mend), text(0, said), StopReason::Length, &blocks, "Length", &["unmended:read"]);
}

#[test]
fn no_call_is_made_of_half_a_one_when_the_answer_breaks_off() {
    let events = |said: &str| {
        let fault = Fault::new(FaultKind::UpstreamBroken, "gone");
        let mut events = text(0, said);
        events.truncate(2);
        events.push(Event::Fault(Box::new(fault)));
        events
    };
    let said = "Hm. <tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a";
    let run = |mode, said| {
        let (blocks, end, _) = run(&Recipe::new(mode), Some(offered()), events(said));
        assert_eq!(end, "gone");
        blocks
    };
    assert_eq!(run(Mode::Mend, said), ["text Hm. ", &format!("{ID}_0 read {{\"path\": \"a")]);
    assert_eq!(run(Mode::Strict, said), ["text Hm. "]);
    let said = "Hm. <tool_call>\n<function=read>\n<parameter=path>\na";
    assert_eq!(run(Mode::Mend, said), [format!("text {said}")]);
}

#[test]
fn only_the_first_call_is_made_where_no_more_may_be() {
    let mut one = Offered::default();
    one.parallel = false;
    one.add("read", Some(READ));
    let said = "[TOOL_CALLS]read{\"path\":\"a\"}[TOOL_CALLS]read{\"path\":\"b\"}";
    let events = [text(0, said), vec![Event::Stop(StopReason::End)]].concat();
    let (blocks, _, repairs) = run(&Recipe::new(Mode::Mend), Some(Arc::new(one)), events);
    assert_eq!(
        (blocks, repairs),
        (vec![format!("{ID}_0 read {{\"path\":\"a\"}}")], vec!["found:read".to_owned(), "dropped:read".to_owned()])
    );
}

#[test]
fn thoughts_are_shown_as_such_or_hidden() {
    let said = "<think>Hm.</think>\nYes. <tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"a\"}}</tool_call>";
    let recipe = |shown| Recipe::new(Mode::Mend).with_thoughts(Thoughts { start: Start::Answer, shown });
    let made = format!("{ID}_0 read {{\"path\": \"a\"}}");
    check(
        &recipe(true),
        text(0, said),
        StopReason::End,
        &["thoughts Hm.", "text Yes. ", &made],
        "ToolCalls",
        &["found:read"],
    );
    check(&recipe(false), text(0, said), StopReason::End, &["text Yes. ", &made], "ToolCalls", &["found:read"]);
}

#[test]
fn a_tag_among_arguments_is_one_of_them() {
    let said = "<think>Hm.</think><tool_call>\n<function=read>\n<parameter=path>\n</think> <think>\nb\n</parameter>\n</function>\n</tool_call>";
    let recipe = Recipe::new(Mode::Mend).with_thoughts(Thoughts { start: Start::Answer, shown: true });
    let made = format!("{ID}_0 read {{\"path\":\"</think> <think>\\nb\"}}");
    check(&recipe, text(0, said), StopReason::End, &["thoughts Hm.", &made], "ToolCalls", &["found:read"]);
}

#[test]
fn patterns_are_tried_before_families() {
    let pattern = Pattern {
        name: "execute".to_owned(),
        priority: 1,
        regex: r"\[EXECUTE:(\w+):([^\]]+)\]".to_owned(),
        tool_name: None,
        tool_name_group: Some(1),
        tool_name_json_path: None,
        tool_name_mapping: Vec::new(),
        parameter_mapping: vec![("2".to_owned(), "command".to_owned())],
        enabled: true,
    };
    let patterns = Arc::new(Patterns::compile(&[pattern]).expect("it compiles"));
    let recipe = Recipe::new(Mode::Mend).with_patterns(patterns);
    let made = format!("{ID}_0 bash {{\"command\":\"ls -la /tmp\",\"description\":\"ls -la /tmp\"}}");
    let told = ["found:bash", "added:bash.description"];
    check(
        &recipe,
        text(0, "Now [EXECUTE:bash:ls -la /tmp]"),
        StopReason::End,
        &["text Now ", &made],
        "ToolCalls",
        &told,
    );
    check(&recipe, text(0, "Now [EXECUTE:none:x]!"), StopReason::End, &["text Now [EXECUTE:none:x]!"], "End", &[]);
}

#[test]
fn without_tools_nothing_is_looked_for() {
    let said = "<tool_call>{\"name\": \"read\", \"arguments\": {}}</tool_call>";
    let events = [text(0, said), vec![Event::Stop(StopReason::End)]].concat();
    let (blocks, end, _) = run(&Recipe::new(Mode::Mend), None, events);
    assert_eq!((blocks, end), (vec![format!("text {said}")], "End".to_owned()));
}

#[test]
fn a_tool_that_takes_plain_text_gets_it() {
    let mut patch = Offered::default();
    patch.add_custom("patch");
    let patch = Arc::new(patch);
    for said in [
        "[TOOL_CALLS]patch{\"input\":\"*** Begin\"}",
        "<tool_call>\n<function=patch>\n<parameter=input>\n*** Begin\n</parameter>\n</function>\n</tool_call>",
        "<tool_call>{\"name\": \"patch\", \"arguments\": \"*** Begin\"}</tool_call>",
    ] {
        let events = [text(0, said), vec![Event::Stop(StopReason::End)]].concat();
        let (blocks, _, _) = run(&Recipe::new(Mode::Mend), Some(Arc::clone(&patch)), events);
        assert_eq!(blocks, [format!("{ID}_0 patch *** Begin")], "{said}");
    }
}

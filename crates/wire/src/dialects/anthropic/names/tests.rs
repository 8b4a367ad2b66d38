use proptest::prelude::*;

use super::*;
use crate::DialectId;
use crate::ir::{Block, Collector, Message, Role, StopReason, Tool, ToolCall};

fn request(names: &[&str], custom: &[&str]) -> Request {
    let mut request = Request::new(DialectId::OpenaiChat, "m");
    request.tools = custom
        .iter()
        .map(|name| Tool::new(ToolKind::Custom { name: (*name).to_owned(), description: None, format: None }))
        .collect();
    let call = |name: &&str| {
        Block::from(Content::ToolCall(ToolCall { id: "c".into(), name: (*name).to_owned(), ..ToolCall::default() }))
    };
    request.messages.push(Message::new(Role::Assistant, names.iter().map(call).collect()));
    request
}

#[track_caller]
fn check(names: &[&str], sent: &[&str]) {
    let map = ToolNames::of(&request(names, &[]));
    let told: Vec<&str> = names.iter().map(|name| map.sent(name)).collect();
    assert_eq!(told, sent);
    let back: Vec<&str> = told.iter().map(|sent| map.original(sent)).collect();
    assert_eq!(back, names);
}

#[test]
fn names_that_fit_stay() {
    check(&["a", "mcp__x-Y_0"], &["a", "mcp__x-Y_0"]);
}

#[test]
fn others_change_and_never_into_each_other() {
    check(&["a.b", "a/b", "é"], &["a_b", "a_b_3a8e75c1", "_"]);
    check(&["a.b", "a_b"], &["a_b_108bf50c", "a_b"]);
    let long = "x".repeat(65);
    check(&[&long], &[&format!("{}_{}", "x".repeat(55), Fingerprint::of(&long).hex())]);
}

#[test]
fn an_answer_gets_the_client_s_names_and_plain_text_back() {
    let names = ToolNames::of(&request(&["a.b"], &["p.q"]));
    let open = |block, name: &str| Event::Open {
        block,
        kind: BlockKind::ToolCall { id: format!("c{block}"), name: name.to_owned(), custom: false },
    };
    let arguments = |block, text: &str| Event::Delta { block, delta: Delta::Arguments(text.to_owned()) };
    let events = vec![
        Event::Start { id: "1".to_owned() },
        open(0, "a_b"),
        open(1, "p_q"),
        arguments(1, "{\"input\":\"x"),
        arguments(0, "{}"),
        arguments(1, "\\n\"}"),
        Event::Close { block: 1 },
        Event::Close { block: 0 },
        Event::Stop(StopReason::ToolCalls),
    ];
    let collect = |events: &[Event]| {
        let mut collector = Collector::default();
        events.iter().for_each(|event| collector.push(event));
        collector.finish("m".to_owned(), 0)
    };
    let mut whole = collect(&events);
    names.restore(&mut whole);
    let mut restorer = names.restorer();
    let mut restored = Vec::new();
    events.into_iter().for_each(|event| restorer.push(event, &mut restored));
    let call = |id: &str, name: &str, arguments: &str, custom| ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        arguments: arguments.to_owned(),
        custom,
        seal: None,
    };
    let calls = |response: ir::Response| -> Vec<ToolCall> {
        let of = |block: Block| if let Content::ToolCall(call) = block.content { Some(call) } else { None };
        response.blocks.into_iter().filter_map(of).collect()
    };
    let expected = vec![call("c0", "a.b", "{}", false), call("c1", "p.q", "x\n", true)];
    assert_eq!(calls(whole), expected);
    assert_eq!(calls(collect(&restored)), expected);
}

proptest! {
    #[test]
    fn every_name_fits_and_comes_back(names in proptest::collection::btree_set("[a-c./_é]{0,70}", 0..8)) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let map = ToolNames::of(&request(&names, &[]));
        for name in names {
            let sent = map.sent(name);
            prop_assert!((1..=64).contains(&sent.len()), "{}", sent);
            prop_assert!(sent.chars().all(|char| char.is_ascii_alphanumeric() || "_-".contains(char)), "{}", sent);
            prop_assert!(!map.is_reversible(name) || map.original(sent) == name, "{} from {}", sent, name);
        }
    }
}

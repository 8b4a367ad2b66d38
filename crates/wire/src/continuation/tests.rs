use super::*;
use crate::ir::StopReason;
use crate::{Fault, FaultKind};

/// An event as a word: `open 0 text`, `text 0 "ab"`, `close 0`.
fn word(event: &Event) -> String {
    match event {
        Event::Start { .. } => "start".to_owned(),
        Event::Open { block, kind } => {
            let kind = match kind {
                BlockKind::Text => "text",
                BlockKind::Reasoning { .. } => "thoughts",
                BlockKind::ToolCall { .. } => "call",
                BlockKind::Refusal | BlockKind::Opaque { .. } => "other",
            };
            format!("open {block} {kind}")
        }
        Event::Delta { block, delta: Delta::Text(text) | Delta::Arguments(text) } => format!("text {block} {text:?}"),
        Event::Delta { block, .. } => format!("delta {block}"),
        Event::Close { block } => format!("close {block}"),
        Event::Usage(usage) => format!("usage {}+{}", usage.input, usage.output),
        Event::Served(_) => "served".to_owned(),
        Event::Ping => "ping".to_owned(),
        Event::Stop(_) => "stop".to_owned(),
        Event::Fault(_) => "fault".to_owned(),
    }
}

fn start() -> Event {
    Event::Start { id: "i".to_owned() }
}

fn open(block: u32, kind: BlockKind) -> Event {
    Event::Open { block, kind }
}

fn text(block: u32, text: &str) -> Event {
    Event::Delta { block, delta: Delta::Text(text.to_owned()) }
}

fn thoughts() -> BlockKind {
    BlockKind::Reasoning { summary: false, redacted: false, id: None }
}

fn call() -> BlockKind {
    BlockKind::ToolCall { id: "c".to_owned(), name: "f".to_owned(), custom: false }
}

fn usage(input: u64, output: u64) -> Event {
    Event::Usage(Usage { input, output, ..Usage::default() })
}

/// What the reader sees of these parts, and what each continuation was told.
fn joined(parts: Vec<Vec<Event>>) -> (Vec<String>, Vec<String>) {
    let (mut joiner, mut out, mut told) = (Joiner::default(), VecDeque::new(), Vec::new());
    for (number, part) in parts.into_iter().enumerate() {
        if number > 0 {
            told.push(joiner.text().expect("it can be gone on from").to_owned());
            joiner.go_on();
        }
        part.into_iter().for_each(|event| joiner.push(event, &mut out));
    }
    (out.iter().map(word).collect(), told)
}

#[test]
fn an_answer_that_does_not_break_is_left_as_it_is() {
    let events = || {
        vec![
            start(),
            open(0, thoughts()),
            text(0, "hm"),
            Event::Close { block: 0 },
            open(1, BlockKind::Text),
            text(1, "a"),
            usage(5, 2),
            Event::Close { block: 1 },
            open(2, call()),
            Event::Delta { block: 2, delta: Delta::Arguments("{}".to_owned()) },
            Event::Close { block: 2 },
            Event::Stop(StopReason::ToolCalls),
        ]
    };
    let (seen, _) = joined(vec![events()]);
    assert_eq!(seen, events().iter().map(word).collect::<Vec<_>>());
}

#[test]
fn a_text_goes_on_in_the_block_it_broke_off_in() {
    let first = vec![start(), open(0, thoughts()), text(0, "hm"), Event::Close { block: 0 }, open(1, BlockKind::Text)];
    let first = first.into_iter().chain([text(1, "The fox "), usage(9, 1)]).collect();
    let second = vec![
        start(),
        open(0, thoughts()),
        text(0, "where was I"),
        Event::Close { block: 0 },
        open(1, BlockKind::Text),
        text(1, " "),
        text(1, " jumps"),
        usage(12, 4),
        Event::Close { block: 1 },
        Event::Stop(StopReason::End),
    ];
    let (seen, told) = joined(vec![first, second]);
    assert_eq!(told, ["The fox"]);
    let expected = [
        "start",
        "open 0 thoughts",
        "text 0 \"hm\"",
        "close 0",
        "open 1 text",
        "text 1 \"The fox \"",
        "usage 9+1",
        "text 1 \" jumps\"",
        "usage 21+6",
        "close 1",
        "stop",
    ];
    assert_eq!(seen, expected);
}

#[test]
fn what_follows_the_text_gets_numbers_of_its_own() {
    let first = vec![start(), open(0, BlockKind::Text), text(0, "Let me look.")];
    let second = vec![
        start(),
        open(0, call()),
        Event::Delta { block: 0, delta: Delta::Arguments("{}".to_owned()) },
        Event::Close { block: 0 },
        Event::Stop(StopReason::ToolCalls),
    ];
    let (seen, _) = joined(vec![first, second]);
    let expected = [
        "start",
        "open 0 text",
        "text 0 \"Let me look.\"",
        "close 0",
        "open 1 call",
        "text 1 \"{}\"",
        "close 1",
        "stop",
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_continuation_with_nothing_to_add_ends_the_answer() {
    let first = vec![start(), open(0, BlockKind::Text), text(0, "Done.")];
    let (seen, _) = joined(vec![first, vec![start(), Event::Stop(StopReason::End)]]);
    assert_eq!(seen, ["start", "open 0 text", "text 0 \"Done.\"", "close 0", "stop"]);
}

#[test]
fn it_may_break_more_than_once() {
    let fault = || Event::Fault(Box::new(Fault::new(FaultKind::UpstreamBroken, "m")));
    let part = |words: &str| vec![start(), open(0, BlockKind::Text), text(0, words)];
    let mut last = part(" three");
    last.push(fault());
    let (seen, told) = joined(vec![part("one"), part(" two"), last]);
    assert_eq!(told, ["one", "one two"]);
    assert_eq!(seen, ["start", "open 0 text", "text 0 \"one\"", "text 0 \" two\"", "text 0 \" three\"", "fault"]);
}

#[test]
fn calls_and_bare_thoughts_are_not_gone_on_from() {
    for events in [
        vec![start(), open(0, thoughts()), text(0, "hm")],
        vec![start(), open(0, BlockKind::Text), text(0, " \n")],
        vec![start(), open(0, BlockKind::Text), text(0, "a"), Event::Close { block: 0 }, open(1, call())],
        vec![start(), open(0, BlockKind::Text), text(0, &"x".repeat(TEXT_BYTES_MAX + 1))],
    ] {
        let (mut joiner, mut out) = (Joiner::default(), VecDeque::new());
        events.into_iter().for_each(|event| joiner.push(event, &mut out));
        assert_eq!(joiner.text(), None);
    }
}

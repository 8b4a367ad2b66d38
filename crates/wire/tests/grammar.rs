//! Every dialect tells a stream so that it can read it again: what comes back is what went in, up to what the dialect has
//! no word for. How its bytes were cut makes no difference, and the grammar of events holds on both sides.

use std::sync::Arc;

use trunkline_wire::dialect::ALL;
use trunkline_wire::ir::{
    BlockKind, Collector, Content, Delta, Event, Grammar, Request, Response, Seal, SealOrigin, StopReason, Usage,
};
use trunkline_wire::{Dialect, DialectId, Fault, FaultKind, StreamHead};

/// What a dialect keeps of a stream; the rest of it is not expected back.
#[derive(Clone, Copy, Debug)]
struct Keeps {
    /// The provider's id for the answer.
    answer_id: bool,
    /// Thoughts.
    thoughts: bool,
    /// That thoughts are a summary.
    summary: bool,
    /// Seals of thoughts.
    seals: bool,
    /// Calls of tools.
    calls: bool,
    /// The ids of calls.
    call_ids: bool,
    /// Refusals.
    refusals: Refusals,
    /// What of the prompt came from a cache, and what of the output was thoughts.
    details: bool,
    /// What of the prompt was written to a cache.
    cache_write: bool,
    /// That a filter ended the answer.
    filtered: bool,
}

/// What becomes of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusals {
    /// It stays one.
    Kept,
    /// It stays one, and that alone says why the answer ended.
    KeptAsTheEnd,
    /// It becomes text.
    Text,
    /// There is no place for it.
    Dropped,
}

/// One row a dialect.
fn keeps(id: DialectId) -> Keeps {
    let all = Keeps {
        answer_id: true,
        thoughts: true,
        summary: true,
        seals: true,
        calls: true,
        call_ids: true,
        refusals: Refusals::Kept,
        details: true,
        cache_write: true,
        filtered: true,
    };
    match id {
        DialectId::OpenaiChat => Keeps { summary: false, ..all },
        DialectId::OpenaiCompletions => Keeps { thoughts: false, calls: false, refusals: Refusals::Dropped, ..all },
        // Its ids have a form of their own; seals are sent to those alone who ask for them.
        DialectId::OpenaiResponses => Keeps { answer_id: false, seals: false, refusals: Refusals::KeptAsTheEnd, ..all },
        DialectId::Anthropic => Keeps { answer_id: false, summary: false, refusals: Refusals::Text, ..all },
        DialectId::Ollama => Keeps {
            answer_id: false,
            summary: false,
            seals: false,
            refusals: Refusals::Text,
            details: false,
            cache_write: false,
            filtered: false,
            ..all
        },
        DialectId::Gemini => Keeps { refusals: Refusals::Text, cache_write: false, ..all },
    }
}

fn start() -> Event {
    Event::Start { id: "answer1".to_owned() }
}
fn open(block: u32, kind: BlockKind) -> Event {
    Event::Open { block, kind }
}
fn text(block: u32, text: &str) -> Event {
    Event::Delta { block, delta: Delta::Text(text.to_owned()) }
}
fn arguments(block: u32, text: &str) -> Event {
    Event::Delta { block, delta: Delta::Arguments(text.to_owned()) }
}
fn close(block: u32) -> Event {
    Event::Close { block }
}
fn tool(id: &str, name: &str) -> BlockKind {
    BlockKind::ToolCall { id: id.to_owned(), name: name.to_owned(), custom: false }
}

/// The streams that go through every dialect, by name.
fn streams() -> Vec<(&'static str, Vec<Event>)> {
    let usage = Usage { input: 11, cache_read: 5, cache_write: 3, output: 7, reasoning: 2, ..Usage::default() };
    let end = |reason| [Event::Usage(usage), Event::Stop(reason)];
    let said = |blocks: Vec<Event>, reason| [vec![start()], blocks, end(reason).into()].concat();
    let one = |kind: BlockKind, words: [&str; 2]| vec![open(0, kind), text(0, words[0]), text(0, words[1]), close(0)];
    vec![
        ("text", said(one(BlockKind::Text, ["Grüße, ", "\n\"you\""]), StopReason::End)),
        ("length", said(one(BlockKind::Text, ["cut", " off"]), StopReason::Length)),
        ("filtered", said(one(BlockKind::Text, ["cut", " off"]), StopReason::Filtered)),
        ("refusal", said(one(BlockKind::Refusal, ["I ", "will not"]), StopReason::Filtered)),
        ("thoughts", said(thoughts(), StopReason::End)),
        ("calls", said(calls(), StopReason::ToolCalls)),
        ("fault", fault()),
    ]
}

fn thoughts() -> Vec<Event> {
    let seal = Seal { origin: SealOrigin::Anthropic, data: "EqoBCkgIARAB".to_owned() };
    vec![
        open(0, BlockKind::Reasoning { summary: true, redacted: false, id: None }),
        text(0, "hm, "),
        text(0, "so"),
        Event::Delta { block: 0, delta: Delta::Seal(seal) },
        close(0),
        open(1, BlockKind::Text),
        text(1, "thus"),
        close(1),
    ]
}

fn calls() -> Vec<Event> {
    vec![
        open(0, BlockKind::Text),
        text(0, "I look"),
        close(0),
        open(1, tool("call_a1", "search")),
        open(2, tool("call_b2", "open")),
        arguments(1, "{\"q\":"),
        arguments(2, "{\"n\":[1,"),
        arguments(1, "\"x\"}"),
        close(1),
        arguments(2, "2]}"),
        close(2),
    ]
}

fn fault() -> Vec<Event> {
    let fault = Fault::new(FaultKind::Overloaded, "no room; try again");
    vec![start(), open(0, BlockKind::Text), text(0, "half"), Event::Fault(Box::new(fault))]
}

fn head() -> StreamHead {
    StreamHead {
        model: "m".to_owned(),
        include_usage: true,
        created: 7,
        request_id: "0123456789abcdef0123456789abcdef".to_owned(),
        request: None,
        cost: None,
    }
}

fn write(dialect: &dyn Dialect, events: &[Event]) -> Vec<u8> {
    let mut encoder = dialect.stream_encoder(head());
    let mut out = Vec::new();
    for event in events {
        encoder.ping(&mut out);
        encoder.push(event, &mut out);
    }
    encoder.finish(&mut out);
    let len = out.len();
    encoder.finish(&mut out);
    assert_eq!(out.len(), len, "the end is told once");
    out
}

/// What is read, put together, and the fault that ended it.
fn read(dialect: &dyn Dialect, pieces: &[&[u8]]) -> (Response, Option<Fault>) {
    let mut decoder = dialect.stream_decoder();
    let mut events = Vec::new();
    pieces.iter().for_each(|piece| decoder.push(piece, &mut events));
    decoder.finish(&mut events);
    let len = events.len();
    decoder.finish(&mut events);
    assert_eq!(events.len(), len, "the end is told once");
    collect(&events)
}

fn collect(events: &[Event]) -> (Response, Option<Fault>) {
    let (mut grammar, mut collector, mut fault) = (Grammar::new(), Collector::default(), None);
    for event in events {
        assert_eq!(grammar.step(event), Ok(()), "{event:?} breaks the grammar in {events:?}");
        collector.push(event);
        if let Event::Fault(told) = event {
            fault = Some((**told).clone());
        }
    }
    assert!(grammar.is_over(), "{events:?} has no end");
    (collector.finish("m".to_owned(), 7), fault)
}

/// The answer as a dialect that keeps so much can tell it, in words to compare.
fn told(answer: &(Response, Option<Fault>), keeps: Keeps) -> String {
    let (mut response, fault) = answer.clone();
    if !keeps.answer_id {
        response.id.clear();
    }
    let refused = response.blocks.iter().any(|block| matches!(block.content, Content::Refusal(_)));
    response.blocks.retain(|block| match block.content {
        Content::Reasoning(_) => keeps.thoughts,
        Content::ToolCall(_) => keeps.calls,
        Content::Refusal(_) => keeps.refusals != Refusals::Dropped,
        Content::Text(_) | Content::Media(_) | Content::ToolResult(_) | Content::Opaque { .. } => true,
    });
    response.blocks.iter_mut().for_each(|block| reduce(&mut block.content, keeps));
    let unsaid = match response.stop {
        StopReason::Filtered => !keeps.filtered || (refused && keeps.refusals == Refusals::KeptAsTheEnd),
        StopReason::ToolCalls => !keeps.calls,
        StopReason::End
        | StopReason::StopText(_)
        | StopReason::Length
        | StopReason::ContextFull
        | StopReason::Paused
        | StopReason::Other(_) => false,
    };
    if unsaid {
        response.stop = StopReason::End;
    }
    // What was counted by the time of a fault is nobody's business.
    response.usage = response.usage.filter(|_| fault.is_none()).map(|usage| count(usage, keeps));
    // Which kind a fault is, a stream can seldom say; its sentence it can.
    format!("{response:#?}\n{:?}", fault.map(|fault| fault.message))
}

fn reduce(content: &mut Content, keeps: Keeps) {
    match content {
        Content::Reasoning(reasoning) => {
            reasoning.summary &= keeps.summary;
            if !keeps.seals {
                reasoning.seal = None;
            }
            // The streams here have none; some dialects must make one.
            reasoning.id = None;
        }
        Content::ToolCall(call) if !keeps.call_ids => call.id.clear(),
        Content::Refusal(text) if keeps.refusals == Refusals::Text => *content = Content::Text(std::mem::take(text)),
        Content::ToolCall(_)
        | Content::Refusal(_)
        | Content::Text(_)
        | Content::Media(_)
        | Content::ToolResult(_)
        | Content::Opaque { .. } => {}
    }
}

fn count(mut usage: Usage, keeps: Keeps) -> Usage {
    if !keeps.cache_write {
        usage.input += std::mem::take(&mut usage.cache_write);
    }
    if !keeps.details {
        usage.input += std::mem::take(&mut usage.cache_read);
        usage.reasoning = 0;
    }
    usage
}

/// Cuts of one stream. Each dialect's own tests make every one; here, where streams are long, they are spread evenly, and
/// byte by byte makes all of them at once.
const CUTS: usize = 400;

#[track_caller]
fn check(dialect: &dyn Dialect, name: &str, events: &[Event]) {
    let what = format!("{name} through {}", dialect.id().as_str());
    let keeps = keeps(dialect.id());
    let bytes = write(dialect, events);
    let whole = read(dialect, &[&bytes]);
    let (went, came) = (told(&collect(events), keeps), told(&whole, keeps));
    assert_eq!(came, went, "{what}: {}", String::from_utf8_lossy(&bytes));
    for cut in (0..=bytes.len()).step_by(bytes.len() / CUTS + 1) {
        let (front, back) = bytes.split_at(cut);
        assert_eq!(format!("{:?}", read(dialect, &[front, back])), format!("{whole:?}"), "{what}, cut at {cut}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(format!("{:?}", read(dialect, &single)), format!("{whole:?}"), "{what}, byte by byte");
}

/// Prompts are long, and many streams may wait at the same time.
#[test]
fn no_stream_holds_its_request_but_where_answers_repeat_it() {
    for dialect in ALL {
        let request = Arc::new(Request::new(dialect.id(), "m"));
        let head = StreamHead { request: Some(Arc::clone(&request)), ..head() };
        let encoder = dialect.stream_encoder(head);
        let held = Arc::strong_count(&request) > 1;
        assert_eq!(held, dialect.id() == DialectId::OpenaiResponses, "{}", dialect.id().as_str());
        drop(encoder);
    }
}

#[test]
fn every_dialect_reads_what_it_writes() {
    for dialect in ALL {
        streams().iter().for_each(|(name, events)| check(*dialect, name, events));
    }
}

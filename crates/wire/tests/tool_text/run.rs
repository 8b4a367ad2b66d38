//! Runs a text through the filter.

use std::sync::{Arc, LazyLock};

use serde_json::Value;
use trunkline_wire::filter::{Filter, Mode, Offered, Recipe};
use trunkline_wire::ir::{BlockKind, Collector, Content, Event, Grammar, StopReason};

static RECIPE: LazyLock<Recipe> = LazyLock::new(|| Recipe::new(Mode::Mend));

/// The tools of all texts.
static OFFERED: LazyLock<Arc<Offered>> = LazyLock::new(|| {
    let mut offered = Offered::default();
    offered.add(
        "get_weather",
        Some(
            r#"{"type":"object","required":["city"],"properties":{"city":{"type":"string"},
            "days":{"type":"integer"},"metric":{"type":"boolean"}}}"#,
        ),
    );
    offered.add("run_code", Some(r#"{"type":"object","required":["code"],"properties":{"code":{"type":"string"}}}"#));
    offered.add("search", Some(r#"{"type":"object","required":["query"],"properties":{"query":{"type":"string"}}}"#));
    Arc::new(offered)
});

/// A call: the tool and what it is given.
pub(crate) type Call = (String, Value);

/// What came of a text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) calls: Vec<Call>,
    pub(crate) stop: StopReason,
}

/// The events that these pieces of one text become, each piece's apart. Their order is right.
pub(crate) fn events(pieces: &[&str], stop: StopReason) -> (Vec<Vec<Event>>, u64) {
    let mut filter = Filter::new(&RECIPE, Some(Arc::clone(&OFFERED)));
    let mut steps = Vec::new();
    let mut push = |event| {
        let mut out = Vec::new();
        filter.push(event, &mut out);
        steps.push(out);
    };
    push(Event::Start { id: "a".to_owned() });
    push(Event::Open { block: 0, kind: BlockKind::Text });
    for piece in pieces {
        push(Event::Delta { block: 0, delta: trunkline_wire::ir::Delta::Text((*piece).to_owned()) });
    }
    push(Event::Close { block: 0 });
    push(Event::Stop(stop));
    (steps, filter.work())
}

/// What these pieces of one text become.
pub(crate) fn answer(pieces: &[&str]) -> Answer {
    let (steps, _) = events(pieces, StopReason::End);
    let (mut grammar, mut collector) = (Grammar::new(), Collector::default());
    for event in steps.iter().flatten() {
        assert_eq!(grammar.step(event), Ok(()), "{event:?} in {steps:?}");
        collector.push(event);
    }
    assert!(grammar.is_over());
    let response = collector.finish("m".to_owned(), 0);
    let calls = response.blocks.iter().filter_map(|block| {
        let Content::ToolCall(call) = &block.content else { return None };
        let arguments = serde_json::from_str(&call.arguments);
        Some((call.name.clone(), arguments.unwrap_or_else(|_| Value::String(call.arguments.clone()))))
    });
    Answer { text: response.text(), calls: calls.collect(), stop: response.stop }
}

/// Both parts of `text`, cut at each byte; where that is within a character, a decoder holds it back.
pub(crate) fn cuts(text: &str) -> impl Iterator<Item = [&str; 2]> {
    (1..text.len()).filter(|at| text.is_char_boundary(*at)).map(|at| text.split_at(at).into())
}

/// Every character of `text` alone.
pub(crate) fn characters(text: &str) -> Vec<&str> {
    text.split("").filter(|character| !character.is_empty()).collect()
}

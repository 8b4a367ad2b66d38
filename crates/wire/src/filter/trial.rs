//! What patterns alone make of a text: for whoever tries them.

use std::sync::Arc;

use super::{Filter, Mode, Offered, Patterns, Recipe, Repair};
use crate::ir::{BlockKind, Collector, Content, Delta, Event, StopReason};

/// What a client gets of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Tool and arguments of each call.
    pub calls: Vec<(String, String)>,
    /// What stays text.
    pub text: String,
    /// What was changed about the calls.
    pub repairs: Vec<String>,
}

/// The calls that patterns make of a text for a client that offers these tools, their arguments mended. Where nobody says
/// what is offered, every call that is found is one.
pub fn made(patterns: &Arc<Patterns>, offered: Option<Arc<Offered>>, text: &str) -> Made {
    let Some(offered) = offered else { return found(patterns, text) };
    let recipe = Recipe::of_families(Mode::Mend, |_| false).with_patterns(Arc::clone(patterns));
    let mut filter = Filter::new(&recipe, Some(offered));
    let mut events = Vec::new();
    let answer = [
        Event::Start { id: String::new() },
        Event::Open { block: 0, kind: BlockKind::Text },
        Event::Delta { block: 0, delta: Delta::Text(text.to_owned()) },
        Event::Close { block: 0 },
        Event::Stop(StopReason::End),
    ];
    answer.into_iter().for_each(|event| filter.push(event, &mut events));
    let mut collector = Collector::default();
    events.iter().for_each(|event| collector.push(event));
    let mut made = Made { repairs: filter.repairs().iter().map(Repair::to_string).collect(), ..Made::default() };
    for block in collector.finish(String::new(), 0).blocks {
        match block.content {
            Content::ToolCall(call) => made.calls.push((call.name, call.arguments)),
            Content::Text(text) => made.text.push_str(&text),
            Content::Refusal(_)
            | Content::Reasoning(_)
            | Content::Media(_)
            | Content::ToolResult(_)
            | Content::Opaque { .. } => {}
        }
    }
    made
}

fn found(patterns: &Patterns, text: &str) -> Made {
    let (mut made, mut end) = (Made::default(), 0);
    for call in patterns.find(text) {
        made.text.push_str(text.get(end..call.range.start).unwrap_or_default());
        end = call.range.end;
        made.calls.push((call.tool, serde_json::Value::Object(call.arguments).to_string()));
    }
    made.text.push_str(text.get(end..).unwrap_or_default());
    made
}

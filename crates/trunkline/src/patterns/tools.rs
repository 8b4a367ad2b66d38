//! The calls that a client gets which offered certain tools.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use trunkline_wire::filter::{Filter, Mode, Offered, Patterns, Recipe, Repair};
use trunkline_wire::ir::{BlockKind, Collector, Content, Delta, Event, StopReason};

use super::PatternsError;

/// What a client gets.
#[derive(Debug)]
pub(super) struct Made {
    /// Tool and arguments of each call.
    pub(super) calls: Vec<(String, String)>,
    /// What was changed about them.
    pub(super) repairs: Vec<String>,
}

/// Reads tools in the form of any dialect that names them: a list, or a request that has one.
pub(super) fn read(path: &Path) -> Result<Offered, PatternsError> {
    let text =
        std::fs::read_to_string(path).map_err(|reason| PatternsError::Tools { path: path.to_owned(), reason })?;
    offered(&text).ok_or_else(|| PatternsError::NotTools(path.to_owned()))
}

pub(super) fn offered(text: &str) -> Option<Offered> {
    let document: Value = serde_json::from_str(text).ok()?;
    let tools = document.as_array().or_else(|| document.get("tools")?.as_array())?;
    let mut offered = Offered::default();
    for tool in tools {
        let tool = tool.get("function").unwrap_or(tool);
        let schema = tool.get("parameters").or_else(|| tool.get("input_schema")).map(Value::to_string);
        offered.add(tool.get("name")?.as_str()?, schema.as_deref());
    }
    Some(offered)
}

/// The calls that patterns alone make of a text, their arguments mended.
pub(super) fn made(patterns: &Arc<Patterns>, offered: Arc<Offered>, text: &str) -> Made {
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
    let blocks = collector.finish(String::new(), 0).blocks.into_iter();
    let calls = blocks.filter_map(|block| match block.content {
        Content::ToolCall(call) => Some((call.name, call.arguments)),
        Content::Text(_)
        | Content::Refusal(_)
        | Content::Reasoning(_)
        | Content::Media(_)
        | Content::ToolResult(_)
        | Content::Opaque { .. } => None,
    });
    Made { calls: calls.collect(), repairs: filter.repairs().iter().map(Repair::to_string).collect() }
}

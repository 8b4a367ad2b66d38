//! A whole answer, and what it is as a stream.

use super::{Block, BlockKind, Content, Delta, Event, Extra, Reasoning, ServiceTier, ToolCall, Usage};

/// Why the model stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// It had said everything, or met a stop text that the provider did not name.
    End,
    /// It met this stop text.
    StopText(String),
    /// It met the token limit.
    Length,
    /// It met the end of its context window.
    ContextFull,
    /// It waits for its tools.
    ToolCalls,
    /// A filter cut it off, or it refused.
    Filtered,
    /// The provider paused a long turn; sent back as it is, the answer goes on.
    Paused,
    /// Any other word, kept.
    Other(String),
}

/// A whole answer of one choice.
#[derive(Clone, Debug)]
pub struct Response {
    /// The provider's id for it; empty when it gave none.
    pub id: String,
    /// The model's name, as the client is to see it.
    pub model: String,
    /// Seconds since the Unix epoch.
    pub created: u64,
    /// What was said, in order.
    pub blocks: Vec<Block>,
    /// Why it ended.
    pub stop: StopReason,
    /// What it took.
    pub usage: Option<Usage>,
    /// With which capacity it was served.
    pub tier: Option<ServiceTier>,
    /// Everything else it carried.
    pub extras: Vec<Extra>,
}

impl Response {
    /// The text of all text blocks.
    pub fn text(&self) -> String {
        self.blocks.iter().filter_map(Block::as_text).collect()
    }

    /// Bytes of what it says, for whoever holds it.
    pub fn bytes(&self) -> usize {
        let blocks: usize = self.blocks.iter().map(Block::bytes).sum();
        self.id.len() + self.model.len() + blocks + Extra::bytes(&self.extras)
    }

    /// The same answer as a stream.
    pub fn into_events(self) -> Vec<Event> {
        let mut events = vec![Event::Start { id: self.id }];
        for (block, number) in self.blocks.into_iter().zip(0..) {
            tell(block, number, &mut events);
        }
        events.extend(self.usage.map(Event::Usage));
        events.extend(self.tier.map(Event::Served));
        events.push(Event::Stop(self.stop));
        events
    }
}

fn tell(block: Block, number: u32, events: &mut Vec<Event>) {
    let text = |text: String| (!text.is_empty()).then_some(Delta::Text(text));
    let (kind, deltas) = match block.content {
        Content::Text(said) => (BlockKind::Text, vec![text(said)]),
        Content::Refusal(said) => (BlockKind::Refusal, vec![text(said)]),
        Content::Reasoning(Reasoning { text: said, summary, seal, redacted, id }) => {
            (BlockKind::Reasoning { summary, redacted, id }, vec![text(said), seal.map(Delta::Seal)])
        }
        Content::ToolCall(ToolCall { id, name, arguments, custom, seal }) => {
            let arguments = (!arguments.is_empty()).then_some(Delta::Arguments(arguments));
            (BlockKind::ToolCall { id, name, custom }, vec![arguments, seal.map(Delta::Seal)])
        }
        Content::Opaque { origin, kind, raw } => (BlockKind::Opaque { origin, kind, raw }, Vec::new()),
        // Models answer with neither.
        Content::Media(_) | Content::ToolResult(_) => return,
    };
    let likely = (!block.logprobs.is_empty()).then_some(Delta::Logprobs(block.logprobs));
    let citations = block.citations.into_iter().map(|citation| Delta::Citation(Box::new(citation)));
    events.push(Event::Open { block: number, kind });
    events.extend(
        deltas.into_iter().flatten().chain(likely).chain(citations).map(|delta| Event::Delta { block: number, delta }),
    );
    events.push(Event::Close { block: number });
}

/// Puts a streamed answer together.
#[derive(Clone, Debug, Default)]
pub struct Collector {
    id: String,
    blocks: Vec<(u32, Block)>,
    stop: Option<StopReason>,
    usage: Option<Usage>,
    tier: Option<ServiceTier>,
}

impl Collector {
    /// Takes one event. Faults are the caller's to see.
    pub fn push(&mut self, event: &Event) {
        match event {
            Event::Start { id } => self.id.clone_from(id),
            Event::Open { block, kind } => self.blocks.push((*block, Block::from(opened(kind)))),
            Event::Delta { block, delta } => {
                // Mostly it is the last one.
                if let Some((_, held)) = self.blocks.iter_mut().rev().find(|(number, _)| number == block) {
                    add(held, delta);
                }
            }
            Event::Usage(usage) => self.usage = Some(self.usage.unwrap_or_default().max(*usage)),
            Event::Served(tier) => self.tier = Some(tier.clone()),
            Event::Stop(stop) => self.stop = Some(stop.clone()),
            Event::Close { .. } | Event::Ping | Event::Fault(_) => {}
        }
    }

    /// The whole answer, under the client's name for the model.
    pub fn finish(mut self, model: String, created: u64) -> Response {
        self.blocks.sort_by_key(|(number, _)| *number);
        Response {
            id: self.id,
            model,
            created,
            blocks: self.blocks.into_iter().map(|(_, block)| block).collect(),
            stop: self.stop.unwrap_or(StopReason::End),
            usage: self.usage,
            tier: self.tier,
            extras: Vec::new(),
        }
    }
}

fn opened(kind: &BlockKind) -> Content {
    match kind.clone() {
        BlockKind::Text => Content::Text(String::new()),
        BlockKind::Refusal => Content::Refusal(String::new()),
        BlockKind::Reasoning { summary, redacted, id } => {
            Content::Reasoning(Reasoning { summary, redacted, id, ..Reasoning::default() })
        }
        BlockKind::ToolCall { id, name, custom } => {
            Content::ToolCall(ToolCall { id, name, custom, ..ToolCall::default() })
        }
        BlockKind::Opaque { origin, kind, raw } => Content::Opaque { origin, kind, raw },
    }
}

fn add(block: &mut Block, delta: &Delta) {
    match (&mut block.content, delta) {
        (Content::Text(text) | Content::Refusal(text), Delta::Text(more)) => text.push_str(more),
        (Content::Reasoning(reasoning), Delta::Text(more)) => reasoning.text.push_str(more),
        (Content::Reasoning(reasoning), Delta::Seal(seal)) => reasoning.seal = Some(seal.clone()),
        (Content::ToolCall(call), Delta::Arguments(more)) => call.arguments.push_str(more),
        (Content::ToolCall(call), Delta::Seal(seal)) => call.seal = Some(seal.clone()),
        (Content::Text(_), Delta::Citation(citation)) => block.citations.push((**citation).clone()),
        (Content::Text(_), Delta::Logprobs(more)) => block.logprobs.extend_from_slice(more),
        // A piece that its block cannot hold: no decoder makes one.
        (_, _) => debug_assert!(false, "{delta:?} does not belong into its block"),
    }
}

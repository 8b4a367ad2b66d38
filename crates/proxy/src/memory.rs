//! What clients strip from the model's turns: thoughts and seals, kept by the id of the tool call that followed them and put
//! back when the call comes back without them.
//!
//! Most clients drop what their dialect has no field for. Some vendors refuse a tool's result whose call lost its
//! signature, others think worse. Memory is this process's alone: a replica that did not see the call cannot help.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use trunkline_wire::ir::{Block, BlockKind, Content, Delta, Event, Reasoning, Request, Role, Seal};

/// How long a turn may take to come back: a person may have gone to lunch.
const KEPT_FOR: Duration = Duration::from_secs(2 * 60 * 60);

/// Bytes of all turns that are kept. Guards memory; the oldest go first.
const BYTES_MAX: usize = 32 << 20;

/// Bytes of one turn; longer ones are not kept. Guards the others against one that thinks for pages.
const TURN_BYTES_MAX: usize = 512 << 10;

/// Threads that remember at once seldom meet.
const SHARDS: usize = 16;

/// Thoughts and seals by tool call, for each client key apart.
pub(crate) struct Memory {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
}

#[derive(Default)]
struct Shard {
    /// By the hash of owner and call id.
    turns: HashMap<u64, Turn>,
    /// Oldest first.
    order: VecDeque<u64>,
    bytes: usize,
}

struct Turn {
    since: Instant,
    thoughts: Vec<Reasoning>,
    seal: Option<Seal>,
    bytes: usize,
}

impl Default for Memory {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), hasher: RandomState::new() }
    }
}

impl Memory {
    fn find(&self, owner: Option<&str>, call: &str) -> (u64, MutexGuard<'_, Shard>) {
        let key = self.hasher.hash_one((owner, call));
        let shard = usize::try_from(key % SHARDS as u64).unwrap_or_default();
        let shard = self.shards.get(shard).expect("a remainder is below its divisor");
        // Nothing that runs under this lock can leave it half changed.
        (key, shard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn keep(&self, owner: Option<&str>, call: &str, thoughts: &[Reasoning], seal: Option<Seal>) {
        let size =
            |reasoning: &Reasoning| reasoning.text.len() + reasoning.seal.as_ref().map_or(0, |seal| seal.data.len());
        let bytes = thoughts.iter().map(size).sum::<usize>() + seal.as_ref().map_or(0, |seal| seal.data.len());
        if bytes == 0 || bytes > TURN_BYTES_MAX {
            return;
        }
        let (key, mut shard) = self.find(owner, call);
        let now = Instant::now();
        shard.forget(now, bytes);
        let turn = Turn { since: now, thoughts: thoughts.to_vec(), seal, bytes };
        shard.bytes += bytes;
        match shard.turns.insert(key, turn) {
            Some(before) => shard.bytes -= before.bytes,
            None => shard.order.push_back(key),
        }
    }

    /// Puts back what the client stripped from its request.
    pub(crate) fn restore(&self, owner: Option<&str>, request: &mut Request) {
        let turns = request.messages.iter_mut().filter(|message| message.role == Role::Assistant);
        for message in turns {
            let thinks = message.blocks.iter().any(|block| matches!(block.content, Content::Reasoning(_)));
            let mut thoughts = Vec::new();
            for block in &mut message.blocks {
                let Content::ToolCall(call) = &mut block.content else { continue };
                let (key, shard) = self.find(owner, &call.id);
                let Some(turn) = shard.turns.get(&key).filter(|turn| turn.since.elapsed() < KEPT_FOR) else { continue };
                if call.seal.is_none() {
                    call.seal.clone_from(&turn.seal);
                }
                if !thinks && thoughts.is_empty() {
                    thoughts.clone_from(&turn.thoughts);
                }
            }
            let thoughts = thoughts.into_iter().map(|thought| Block::from(Content::Reasoning(thought)));
            message.blocks.splice(0..0, thoughts);
        }
    }
}

impl Shard {
    /// Makes room for so many bytes more.
    fn forget(&mut self, now: Instant, bytes: usize) {
        while let Some(oldest) = self.order.front() {
            let aged = self.turns.get(oldest).is_none_or(|turn| now.duration_since(turn.since) >= KEPT_FOR);
            if !aged && self.bytes + bytes <= BYTES_MAX / SHARDS {
                return;
            }
            if let Some(turn) = self.order.pop_front().and_then(|oldest| self.turns.remove(&oldest)) {
                self.bytes -= turn.bytes;
            }
        }
    }
}

/// Watches one answer for what is worth remembering.
#[derive(Default)]
pub(crate) struct Watcher {
    thoughts: Vec<Reasoning>,
    /// The blocks that are open: thoughts by their place in the list, calls by their ids.
    open: Vec<(u32, Watched)>,
    bytes: usize,
}

enum Watched {
    Thought(usize),
    Call { id: String, seal: Option<Seal> },
}

impl Watcher {
    /// Takes one event of the answer; a call that ends is remembered with the thoughts before it.
    pub(crate) fn push(&mut self, event: &Event, memory: &Memory, owner: Option<&str>) {
        match event {
            Event::Open { block, kind: BlockKind::Reasoning { summary, redacted, id } } => {
                let (summary, redacted, id) = (*summary, *redacted, id.clone());
                self.open.push((*block, Watched::Thought(self.thoughts.len())));
                self.thoughts.push(Reasoning { summary, redacted, id, ..Reasoning::default() });
            }
            Event::Open { block, kind: BlockKind::ToolCall { id, .. } } => {
                self.open.push((*block, Watched::Call { id: id.clone(), seal: None }));
            }
            Event::Delta { block, delta } => self.add(*block, delta),
            Event::Close { block } => {
                let place = self.open.iter().position(|(open, _)| open == block);
                if let Some((_, Watched::Call { id, seal })) = place.map(|place| self.open.swap_remove(place)) {
                    memory.keep(owner, &id, &self.thoughts, seal);
                }
            }
            Event::Start { .. }
            | Event::Open { .. }
            | Event::Usage(_)
            | Event::Served(_)
            | Event::Ping
            | Event::Stop(_)
            | Event::Fault(_) => {}
        }
    }

    fn add(&mut self, block: u32, delta: &Delta) {
        let Some((_, watched)) = self.open.iter_mut().find(|(open, _)| *open == block) else { return };
        match (watched, delta) {
            (Watched::Thought(place), Delta::Text(text)) => {
                self.bytes += text.len();
                // What is too long to keep need not be gathered.
                if let Some(thought) = self.thoughts.get_mut(*place).filter(|_| self.bytes <= TURN_BYTES_MAX) {
                    thought.text.push_str(text);
                }
            }
            (Watched::Thought(place), Delta::Seal(seal)) => {
                if let Some(thought) = self.thoughts.get_mut(*place) {
                    thought.seal = Some(seal.clone());
                }
            }
            (Watched::Call { seal, .. }, Delta::Seal(new)) => *seal = Some(new.clone()),
            (Watched::Thought(_), Delta::Arguments(_) | Delta::Citation(_) | Delta::Logprobs(_))
            | (Watched::Call { .. }, Delta::Text(_) | Delta::Arguments(_) | Delta::Citation(_) | Delta::Logprobs(_)) => {
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use trunkline_wire::DialectId;
    use trunkline_wire::ir::{Message, SealOrigin, ToolCall};

    use super::*;

    fn seal(data: &str) -> Seal {
        Seal { origin: SealOrigin::Gemini, data: data.to_owned() }
    }

    fn turn() -> Vec<Event> {
        let call = |id: &str| BlockKind::ToolCall { id: id.to_owned(), name: "f".to_owned(), custom: false };
        vec![
            Event::Start { id: String::new() },
            Event::Open { block: 0, kind: BlockKind::Reasoning { summary: false, redacted: false, id: None } },
            Event::Delta { block: 0, delta: Delta::Text("hm".to_owned()) },
            Event::Close { block: 0 },
            Event::Open { block: 1, kind: call("a") },
            Event::Open { block: 2, kind: call("b") },
            Event::Delta { block: 1, delta: Delta::Seal(seal("s")) },
            Event::Close { block: 1 },
            Event::Close { block: 2 },
        ]
    }

    /// What a request with these calls looks like once `owner`'s memory was asked.
    fn restored(memory: &Memory, owner: Option<&str>, calls: &[&str]) -> Vec<String> {
        let block =
            |id: &&str| Block::from(Content::ToolCall(ToolCall { id: (*id).to_owned(), ..ToolCall::default() }));
        let mut request = Request::new(DialectId::OpenaiChat, "m");
        request.messages.push(Message::new(Role::Assistant, calls.iter().map(block).collect()));
        memory.restore(owner, &mut request);
        let shown = |block: &Block| match &block.content {
            Content::Reasoning(thought) => format!("thought {}", thought.text),
            Content::ToolCall(call) => format!("call {} {:?}", call.id, call.seal.as_ref().map(|seal| &seal.data)),
            Content::Text(_)
            | Content::Refusal(_)
            | Content::Media(_)
            | Content::ToolResult(_)
            | Content::Opaque { .. } => format!("{block:?}"),
        };
        request.messages.iter().flat_map(|message| message.blocks.iter().map(shown)).collect()
    }

    #[test]
    fn a_call_that_comes_back_gets_its_thoughts_and_its_seal() {
        let memory = Memory::default();
        let mut watcher = Watcher::default();
        turn().iter().for_each(|event| watcher.push(event, &memory, Some("me")));
        assert_eq!(restored(&memory, Some("me"), &["a", "b"]), ["thought hm", "call a Some(\"s\")", "call b None"]);
        assert_eq!(restored(&memory, Some("me"), &["b"]), ["thought hm", "call b None"]);
        assert_eq!(restored(&memory, Some("other"), &["a"]), ["call a None"], "another key's turns are not shown");
        assert_eq!(restored(&memory, None, &["a"]), ["call a None"]);
    }

    #[test]
    fn the_oldest_turns_make_room() {
        let memory = Memory::default();
        let thought = Reasoning { text: "x".repeat(TURN_BYTES_MAX), ..Reasoning::default() };
        for number in 0..BYTES_MAX / TURN_BYTES_MAX * 4 {
            memory.keep(None, &number.to_string(), std::slice::from_ref(&thought), None);
        }
        let held: usize = memory.shards.iter().map(|shard| shard.lock().expect("no panic").bytes).sum();
        assert!(held <= BYTES_MAX, "{held} bytes are held");
        assert_eq!(restored(&memory, None, &["0"]), ["call 0 None"]);
    }
}

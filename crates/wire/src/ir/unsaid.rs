//! What of an answer a client's dialect cannot say: found alike in a whole answer and in a stream.

use std::fmt::Debug;

use super::{BlockKind, Citation, Content, Delta, Event, Losses, Reasoning, Response, ServiceTier, StopReason};

/// What answers in one dialect can say.
pub trait Speech: Debug + Sync {
    /// What is lost of a block of this kind, whatever is in it.
    fn block(&self, kind: &BlockKind) -> Said;

    /// Whether a seal can be said: on a call, or on thoughts.
    fn seal(&self, on: Sealed) -> bool;

    /// Whether hidden thoughts can be said of which there is no seal.
    fn unsealed(&self) -> bool {
        true
    }

    /// Whether this source can be said.
    fn citation(&self, citation: &Citation) -> bool;

    /// Whether it can be said how likely each token of a text was.
    fn logprobs(&self) -> bool;

    /// Whether it can be said that an answer was served with this capacity.
    fn tier(&self, tier: &ServiceTier) -> bool;

    /// The field that says why an answer ended, when there is no word for this reason.
    fn stop(&self, reason: &StopReason) -> Option<&'static str> {
        let _ = reason;
        None
    }
}

/// What becomes of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It is said.
    All,
    /// It is said but for this.
    Without(&'static str),
    /// It is left out.
    Nothing,
}

/// What a seal is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// The model's thoughts.
    Thoughts,
    /// A call.
    Call,
}

/// Notes the losses of one answer while it is told. Its blocks have no path in the client's dialect, for they are not said
/// there: they are counted, as in `content[1].citations`.
#[derive(Debug)]
pub struct Unsaid {
    speech: &'static dyn Speech,
    losses: Losses,
    /// Blocks that are open; mostly one.
    open: Vec<Open>,
    opened: usize,
    /// Whether the last capacity that was told cannot be said; only that one counts.
    tier_unsaid: bool,
}

#[derive(Debug)]
struct Open {
    block: u32,
    index: usize,
    of: Sealed,
    /// Hidden thoughts whose seal is yet to come.
    unsealed: bool,
    /// Nothing more of it can be lost.
    unsaid: bool,
}

impl Unsaid {
    /// Nothing of an answer so far.
    pub fn new(speech: &'static dyn Speech) -> Self {
        Self { speech, losses: Losses::default(), open: Vec::new(), opened: 0, tier_unsaid: false }
    }

    /// Of a whole answer, but for what it carried beside its blocks.
    pub fn of(response: &Response, speech: &'static dyn Speech) -> Losses {
        let mut unsaid = Self::new(speech);
        for (block, number) in response.blocks.iter().zip(0..) {
            let index = unsaid.opened;
            match BlockKind::of(&block.content) {
                Some(kind) => unsaid.open(number, &kind),
                // Models answer with no such block.
                None => unsaid.whole(),
            }
            if let Content::Reasoning(Reasoning { seal: Some(_), .. }) = &block.content {
                unsaid.seal(number);
            }
            if let Content::ToolCall(call) = &block.content
                && call.seal.is_some()
            {
                unsaid.seal(number);
            }
            block.citations.iter().for_each(|citation| unsaid.citation(number, citation));
            if !block.logprobs.is_empty() {
                unsaid.logprobs(number);
            }
            unsaid.close(number);
            block.extras.iter().for_each(|extra| unsaid.losses.add(format!("content[{index}].{}", extra.name)));
        }
        response.tier.iter().for_each(|tier| unsaid.tier(tier));
        unsaid.stop(&response.stop);
        unsaid.losses
    }

    /// What was lost so far.
    pub fn losses(&self) -> &Losses {
        &self.losses
    }

    /// Takes note of one step.
    pub fn note(&mut self, event: &Event) {
        match event {
            Event::Delta { delta: Delta::Text(_) | Delta::Arguments(_), .. } => {}
            Event::Delta { block, delta: Delta::Seal(_) } => self.seal(*block),
            Event::Delta { block, delta: Delta::Citation(citation) } => self.citation(*block, citation),
            Event::Delta { block, delta: Delta::Logprobs(_) } => self.logprobs(*block),
            Event::Open { block, kind } => self.open(*block, kind),
            Event::Close { block } => self.close(*block),
            Event::Served(tier) => self.tier(tier),
            Event::Stop(reason) => self.stop(reason),
            Event::Start { .. } | Event::Usage(_) | Event::Ping | Event::Fault(_) => {}
        }
    }

    fn open(&mut self, block: u32, kind: &BlockKind) {
        let index = self.opened;
        let said = self.speech.block(kind);
        match said {
            Said::All => self.opened += 1,
            Said::Without(name) => {
                self.opened += 1;
                self.losses.add(format!("content[{index}].{name}"));
            }
            Said::Nothing => self.whole(),
        }
        let of = if matches!(kind, BlockKind::ToolCall { .. }) { Sealed::Call } else { Sealed::Thoughts };
        let unsealed = matches!(kind, BlockKind::Reasoning { redacted: true, .. });
        self.open.push(Open { block, index, of, unsealed, unsaid: said == Said::Nothing });
    }

    fn whole(&mut self) {
        self.losses.add(format!("content[{}]", self.opened));
        self.opened += 1;
    }

    fn seal(&mut self, block: u32) {
        let Some(open) = self.open.iter_mut().find(|open| open.block == block && !open.unsaid) else { return };
        open.unsealed = false;
        if !self.speech.seal(open.of) {
            self.losses.add(format!("content[{}].signature", open.index));
        }
    }

    fn citation(&mut self, block: u32, citation: &Citation) {
        let Some(open) = self.open.iter().find(|open| open.block == block && !open.unsaid) else { return };
        if !self.speech.citation(citation) {
            self.losses.add(format!("content[{}].citations", open.index));
        }
    }

    fn logprobs(&mut self, block: u32) {
        let Some(open) = self.open.iter().find(|open| open.block == block && !open.unsaid) else { return };
        if !self.speech.logprobs() {
            self.losses.add(format!("content[{}].logprobs", open.index));
        }
    }

    fn tier(&mut self, tier: &ServiceTier) {
        self.tier_unsaid = !self.speech.tier(tier);
    }

    fn close(&mut self, block: u32) {
        let Some(at) = self.open.iter().position(|open| open.block == block) else { return };
        let open = self.open.remove(at);
        if open.unsealed && !open.unsaid && !self.speech.unsealed() {
            self.losses.add(format!("content[{}]", open.index));
        }
    }

    fn stop(&mut self, reason: &StopReason) {
        if self.tier_unsaid {
            self.losses.add("service_tier");
        }
        if let Some(field) = self.speech.stop(reason) {
            self.losses.add(field);
        }
    }
}

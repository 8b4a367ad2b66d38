//! Ollama's counts, which stand at the top level of an answer.

use super::count;
use crate::ir::Usage;

/// What was counted so far. A count that is none leaves the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::relay) struct Evaluated {
    prompt: Option<u64>,
    output: Option<u64>,
}

impl Evaluated {
    /// Takes the value of `prompt_eval_count`.
    pub(in crate::relay) fn take_prompt(&mut self, json: &[u8]) {
        self.prompt = count(json).or(self.prompt);
    }

    /// Takes the value of `eval_count`.
    pub(in crate::relay) fn take_output(&mut self, json: &[u8]) {
        self.output = count(json).or(self.output);
    }

    /// The tokens; `None` when nothing was counted. Counts of zero are left out by Ollama.
    pub(in crate::relay) fn usage(self) -> Option<Usage> {
        if self == Self::default() {
            return None;
        }
        Some(Usage { input: self.prompt.unwrap_or(0), output: self.output.unwrap_or(0), ..Usage::default() })
    }
}

//! Reads token counts, whichever of the dialects' shapes a server prefers.

mod gemini;
mod ollama;

pub(crate) use gemini::read_usage_metadata;
pub(super) use ollama::Evaluated;

use crate::ir::Usage;
use crate::scan::{Broken, Scanner, without_space};

/// The counts as they came.
#[derive(Debug, Default)]
struct Counts {
    prompt: Option<u64>,
    input: Option<u64>,
    completion: Option<u64>,
    output: Option<u64>,
    cached: u64,
    written: u64,
    reasoning: u64,
    heard: u64,
    spoken: u64,
    /// Whether `input_tokens` has details; then it includes what was cached, as Responses means it.
    input_details: bool,
}

/// The tokens that a `usage` object counts, of Chat Completions (`prompt_tokens` ...), of Responses (`input_tokens` with
/// `input_tokens_details`) or of Anthropic Messages (`input_tokens` beside `cache_read_input_tokens` ...).
/// Counts that are absent, null, negative or no numbers are zero; fractions are cut off. `None` when it counts nothing.
pub fn read_usage(json: &[u8]) -> Option<Usage> {
    let json = without_space(json);
    let (usage, len) = usage_ahead(json)?;
    if without_space(json.get(len..)?).is_empty() { usage } else { None }
}

/// What the object that `json` begins with counts, and its length; `None` when no valid object is there as a whole.
pub(super) fn usage_ahead(json: &[u8]) -> Option<(Option<Usage>, usize)> {
    let mut counts = Counts::default();
    let mut scanner = Scanner::new(json);
    scanner.each_member(|key, scanner| counts.read(&key.name(), scanner)).ok()?;
    Some((counts.sum_up(), scanner.at()))
}

impl Counts {
    #[inline(always)]
    fn read(&mut self, name: &[u8], scanner: &mut Scanner<'_>) -> Result<(), Broken> {
        if name.ends_with(b"_details") {
            self.input_details |= name == b"input_tokens_details";
            return self.read_details(scanner, name.starts_with(b"prompt") || name.starts_with(b"input"));
        }
        let value = scanner.value()?;
        match name {
            b"prompt_tokens" => self.prompt = count(value),
            b"input_tokens" => self.input = count(value),
            b"completion_tokens" => self.completion = count(value),
            b"output_tokens" => self.output = count(value),
            // DeepSeek, https://docs.stigg.io/documentation/ai-agents/providers/deepseek (2026-11-21).
            b"prompt_cache_hit_tokens" => self.cached = self.cached.max(count(value).unwrap_or(0)),
            // SGLang's `UsageInfo`, https://github.com/sgl-project/sglang (2026-11-21).
            b"reasoning_tokens" => self.reasoning = self.reasoning.max(count(value).unwrap_or(0)),
            // Anthropic's, which some gateways add to Chat's.
            b"cache_read_input_tokens" => self.cached = self.cached.max(count(value).unwrap_or(0)),
            b"cache_creation_input_tokens" => self.written = self.written.max(count(value).unwrap_or(0)),
            _ => {}
        }
        Ok(())
    }

    /// Takes the counts in an object of details. Of those in several objects sound alone means something else in each.
    #[inline(never)]
    fn read_details(&mut self, scanner: &mut Scanner<'_>, of_prompt: bool) -> Result<(), Broken> {
        if scanner.byte() != Some(b'{') {
            return scanner.skip_value();
        }
        let mut inner = *scanner;
        inner.each_member(|key, inner| {
            let value = inner.value()?;
            match key.name().as_ref() {
                b"cached_tokens" => self.cached = self.cached.max(count(value).unwrap_or(0)),
                b"cache_write_tokens" => self.written = self.written.max(count(value).unwrap_or(0)),
                b"reasoning_tokens" | b"thinking_tokens" => {
                    self.reasoning = self.reasoning.max(count(value).unwrap_or(0));
                }
                b"audio_tokens" if of_prompt => self.heard = self.heard.max(count(value).unwrap_or(0)),
                b"audio_tokens" => self.spoken = self.spoken.max(count(value).unwrap_or(0)),
                _ => {}
            }
            Ok(())
        })?;
        *scanner = inner;
        Ok(())
    }

    fn sum_up(&self) -> Option<Usage> {
        // Where both stand, `prompt_tokens` is the last call's and `input_tokens` the whole reply's (Open WebUI).
        let (prompt, output) = (self.input.or(self.prompt), self.output.or(self.completion));
        if prompt.is_none() && output.is_none() {
            return None;
        }
        let (prompt, output) = (prompt.unwrap_or(0), output.unwrap_or(0));
        let (reasoning, audio_output) = (self.reasoning.min(output), self.spoken.min(output));
        let parts = |input: u64| Usage {
            input,
            output,
            reasoning,
            audio_input: self.heard.min(input),
            audio_output,
            ..Usage::default()
        };
        if self.prompt.is_none() && !self.input_details {
            // Anthropic's counts do not overlap; Responses' without details has nothing cached.
            return Some(Usage { cache_read: self.cached, cache_write: self.written, ..parts(prompt) });
        }
        let cache_read = self.cached.min(prompt);
        let cache_write = self.written.min(prompt - cache_read);
        Some(Usage { cache_read, cache_write, ..parts(prompt - cache_read - cache_write) })
    }
}

/// What is known after one more figure of the same answer. Providers repeat usage with growing figures; what was input
/// is taken from one of them as a whole, for a later one may tell cached from fresh.
pub(super) fn merge(known: Option<Usage>, more: Option<Usage>) -> Option<Usage> {
    let (Some(known), Some(more)) = (known, more) else { return known.or(more) };
    let input = if more.prompt() >= known.prompt() { more } else { known };
    Some(Usage {
        output: known.output.max(more.output),
        reasoning: known.reasoning.max(more.reasoning),
        audio_output: known.audio_output.max(more.audio_output),
        ..input
    })
}

#[inline]
fn count(json: &[u8]) -> Option<u64> {
    if json.len() > U64_DIGITS {
        return odd_count(json);
    }
    let mut number = 0;
    for byte in json {
        if !byte.is_ascii_digit() {
            return odd_count(json);
        }
        number = number * 10 + u64::from(byte - b'0');
    }
    Some(number)
}

/// As many digits as surely fit a count.
const U64_DIGITS: usize = 19;

/// A count that is more than digits, or no number.
fn odd_count(json: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(json).ok()?;
    if !text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return None;
    }
    // From floating point the conversion stops at zero and at the largest number.
    text.parse().ok().or_else(|| text.parse::<f64>().ok().map(|number| number as u64))
}

#[cfg(test)]
mod tests;

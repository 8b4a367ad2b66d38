//! Reads the token counts of the OpenAI family, whichever of its shapes a server prefers.

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
    reasoning: u64,
}

/// The tokens that a `usage` object counts, of Chat Completions (`prompt_tokens` ...) or of Responses (`input_tokens` ...).
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
        match name {
            b"prompt_tokens_details" | b"input_tokens_details" => {
                self.cached = self.cached.max(detail(scanner, b"cached_tokens")?);
                return Ok(());
            }
            b"completion_tokens_details" | b"output_tokens_details" => {
                self.reasoning = self.reasoning.max(detail(scanner, b"reasoning_tokens")?);
                return Ok(());
            }
            _ => {}
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
            _ => {}
        }
        Ok(())
    }

    fn sum_up(&self) -> Option<Usage> {
        // Where both stand, `prompt_tokens` is the last call's and `input_tokens` the whole reply's (Open WebUI).
        let (prompt, output) = (self.input.or(self.prompt), self.output.or(self.completion));
        if prompt.is_none() && output.is_none() {
            return None;
        }
        let (prompt, output) = (prompt.unwrap_or(0), output.unwrap_or(0));
        let cached = self.cached.min(prompt);
        Some(Usage {
            input: prompt - cached,
            cache_read: cached,
            cache_write: 0,
            output,
            reasoning: self.reasoning.min(output),
        })
    }
}

/// The count of this name in the object that begins here; zero when it is none, or the value no object. It is behind then.
fn detail(scanner: &mut Scanner<'_>, name: &[u8]) -> Result<u64, Broken> {
    let mut found = 0;
    if scanner.byte() != Some(b'{') {
        scanner.skip_value()?;
        return Ok(found);
    }
    let mut inner = *scanner;
    inner.each_member(|key, inner| {
        let value = inner.value()?;
        if key.name().as_ref() == name {
            found = count(value).unwrap_or(0);
        }
        Ok(())
    })?;
    *scanner = inner;
    Ok(found)
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
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: [u64; 4]) {
        let [input, cache_read, output, reasoning] = expected;
        assert_eq!(
            read_usage(json.as_bytes()),
            Some(Usage { input, cache_read, cache_write: 0, output, reasoning }),
            "{json}"
        );
    }

    #[test]
    fn reads_every_shape_of_the_family() {
        check(r#"{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}"#, [10, 0, 5, 0]);
        check(
            r#"{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"audio_tokens":1,"cached_tokens":4},
                "completion_tokens_details":{"reasoning_tokens":3}}"#,
            [6, 4, 5, 3],
        );
        check(
            r#"{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":5,"output_tokens_details":{"reasoning_tokens":3}}"#,
            [6, 4, 5, 3],
        );
        check(
            r#"{"prompt_tokens":10,"completion_tokens":5,"reasoning_tokens":3,"prompt_tokens_details":null}"#,
            [10, 0, 5, 3],
        );
        check(
            r#"{"prompt_tokens":10,"prompt_cache_hit_tokens":8,"prompt_cache_miss_tokens":2,"completion_tokens":1}"#,
            [2, 8, 1, 0],
        );
        check(r#"{"prompt_tokens":1,"completion_tokens":2,"input_tokens":10,"output_tokens":20}"#, [10, 0, 20, 0]);
        check(r#"{"prompt_tokens":7,"total_tokens":7}"#, [7, 0, 0, 0]);
    }

    #[test]
    fn takes_odd_numbers_as_best_it_can() {
        check(r#"{"prompt_tokens":10.9,"completion_tokens":-5}"#, [10, 0, 0, 0]);
        check(r#"{"prompt_tokens":1e3,"completion_tokens":null}"#, [1000, 0, 0, 0]);
        check(r#"{"prompt_tokens":"7","completion_tokens":99999999999999999999999}"#, [0, 0, u64::MAX, 0]);
        check(
            r#"{"prompt_tokens":3,"completion_tokens":1,"reasoning_tokens":9,"prompt_cache_hit_tokens":5}"#,
            [0, 3, 1, 1],
        );
    }

    #[test]
    fn gives_nothing_when_nothing_is_counted() {
        for json in ["{}", "null", "[]", "", r#"{"prompt_tokens":null}"#, r#"{"prompt_tokens":1"#] {
            assert_eq!(read_usage(json.as_bytes()), None, "{json}");
        }
    }
}

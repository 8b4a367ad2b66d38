//! Reads the token counts of the OpenAI family, whichever of its shapes a server prefers.

use crate::ir::Usage;
use crate::scan::{Member, Members};

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
    let mut counts = Counts::default();
    each(json, |member| match member.name().as_ref() {
        b"prompt_tokens" => counts.prompt = count(member.value),
        b"input_tokens" => counts.input = count(member.value),
        b"completion_tokens" => counts.completion = count(member.value),
        b"output_tokens" => counts.output = count(member.value),
        // DeepSeek, https://docs.stigg.io/documentation/ai-agents/providers/deepseek (2026-11-21).
        b"prompt_cache_hit_tokens" => counts.cached = counts.cached.max(count(member.value).unwrap_or(0)),
        // SGLang's `UsageInfo`, https://github.com/sgl-project/sglang (2026-11-21).
        b"reasoning_tokens" => counts.reasoning = counts.reasoning.max(count(member.value).unwrap_or(0)),
        b"prompt_tokens_details" | b"input_tokens_details" => {
            counts.cached = counts.cached.max(detail(member.value, b"cached_tokens"));
        }
        b"completion_tokens_details" | b"output_tokens_details" => {
            counts.reasoning = counts.reasoning.max(detail(member.value, b"reasoning_tokens"));
        }
        _ => {}
    })?;
    // Where both stand, `prompt_tokens` is the last call's and `input_tokens` the whole reply's (Open WebUI).
    let (prompt, output) = (counts.input.or(counts.prompt), counts.output.or(counts.completion));
    if prompt.is_none() && output.is_none() {
        return None;
    }
    let (prompt, output) = (prompt.unwrap_or(0), output.unwrap_or(0));
    let cached = counts.cached.min(prompt);
    Some(Usage {
        input: prompt - cached,
        cache_read: cached,
        cache_write: 0,
        output,
        reasoning: counts.reasoning.min(output),
    })
}

fn detail(json: &[u8], name: &[u8]) -> u64 {
    let mut found = 0;
    let _ = each(json, |member| {
        if member.name().as_ref() == name {
            found = count(member.value).unwrap_or(0);
        }
    });
    found
}

/// Calls `visit` for each member; `None` when `json` is no object.
fn each(json: &[u8], mut visit: impl FnMut(&Member<'_>)) -> Option<()> {
    let mut members = Members::open(json)?;
    while let Some(member) = members.next().ok()? {
        visit(&member);
    }
    Some(())
}

fn count(json: &[u8]) -> Option<u64> {
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

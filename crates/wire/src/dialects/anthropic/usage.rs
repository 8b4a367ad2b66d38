//! Tokens in Anthropic's arithmetic: `input_tokens` leaves out what the cache read or wrote.

use crate::fields::{Fields, parse};
use crate::ir::Usage;
use crate::write::Object;

/// Takes the counts out of a `usage` object; what is not a count is nought.
pub(super) fn decode(fields: &mut Fields<'_>) -> Usage {
    let mut count = |name: &str| fields.take(name).and_then(parse::<u64>).unwrap_or(0);
    let (input, output) = (count("input_tokens"), count("output_tokens"));
    let (cache_read, cache_write) = (count("cache_read_input_tokens"), count("cache_creation_input_tokens"));
    let details = fields.object("output_tokens_details").ok().flatten();
    let reasoning = details.and_then(|mut details| details.take("thinking_tokens").and_then(parse::<u64>));
    Usage { input, cache_read, cache_write, output, reasoning: reasoning.unwrap_or(0), ..Usage::default() }
}

/// Writes the counts; clients add up all of the first four, so none is left out.
pub(super) fn encode(usage: Usage, object: &mut Object<'_>) {
    object.put("input_tokens", &usage.input);
    object.put("cache_creation_input_tokens", &usage.cache_write);
    object.put("cache_read_input_tokens", &usage.cache_read);
    object.put("output_tokens", &usage.output);
    if usage.reasoning > 0 {
        object.object("output_tokens_details", |details| details.put("thinking_tokens", &usage.reasoning));
    }
}

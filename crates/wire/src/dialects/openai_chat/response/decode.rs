//! Reads a provider's whole answer, with the same eyes as a stream: both have the same quirks.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::super::stream::{Answer, Chunk};
use crate::WireError;
use crate::fields::{Fields, parse};
use crate::ir::{Collector, Event, Response};

/// Members that say nothing, or what the neutral model says elsewhere.
const KNOWN: [&str; 8] =
    ["id", "object", "created", "model", "choices", "usage", "service_tier", "prompt_filter_results"];

/// Reads an answer of Chat Completions or of the legacy Completions.
///
/// # Errors
/// When it is no answer: no JSON object, no choice in it, or one of another shape.
pub(in crate::dialects) fn decode(body: &[u8]) -> Result<Response, WireError> {
    let mut fields = Fields::of_body(body)?;
    let choices = fields.look("choices").ok_or_else(|| fields.missing("choices"))?;
    if parse::<Vec<IgnoredAny>>(choices).is_none_or(|choices| choices.is_empty()) {
        return Err(fields.wrong("choices", "a non-empty array"));
    }
    let chunk: Chunk<'_> = serde_json::from_slice(body).map_err(|_| fields.wrong("choices", "an array of choices"))?;
    let mut events = Vec::new();
    let mut answer = Answer::default();
    answer.push(chunk, &mut events);
    answer.done(&mut events);
    let mut collector = Collector::default();
    for event in &events {
        if let Event::Fault(_) = event {
            return Err(fields.wrong("choices", "an answer, but holds an error"));
        }
        collector.push(event);
    }
    let model = fields.take("model").and_then(parse::<String>).unwrap_or_default();
    let created = fields.take("created").map_or(0, seconds);
    let mut response = collector.finish(model, created);
    response.extras = fields.rest();
    response.extras.retain(|extra| !KNOWN.contains(&extra.name.as_str()) && extra.raw.get() != "null");
    Ok(response)
}

/// Some servers give fractions.
fn seconds(raw: &RawValue) -> u64 {
    let whole = raw.get().split('.').next().unwrap_or_default();
    whole.parse().unwrap_or(0)
}

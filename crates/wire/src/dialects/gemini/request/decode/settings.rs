//! `generationConfig`.

use serde_json::value::RawValue;

use crate::WireError;
use crate::dialects::gemini::request::{leftovers, spelling};
use crate::dialects::gemini::schema;
use crate::fields::{Fields, parse};
use crate::ir::{Effort, Field, OutputFormat, Request};

const NUMBER: &str = "a number";
const COUNT: &str = "a whole number";

/// Everything of `generationConfig`; what has no place stays an extra under its whole path.
pub(super) fn decode(fields: &mut Fields<'_>, request: &mut Request) -> Result<(), WireError> {
    let name = spelling(fields, "generationConfig");
    let Some(mut config) = fields.object(&name)? else { return Ok(()) };
    let sampling = &mut request.sampling;
    sampling.temperature = number(&mut config, "temperature")?;
    sampling.top_p = number(&mut config, "topP")?;
    sampling.top_k = count(&mut config, "topK")?;
    sampling.seed = whole(&mut config, "seed")?;
    sampling.presence_penalty = number(&mut config, "presencePenalty")?;
    sampling.frequency_penalty = number(&mut config, "frequencyPenalty")?;
    sampling.output_tokens_max = count(&mut config, "maxOutputTokens")?;
    if sampling.output_tokens_max == Some(0) {
        return Err(config.wrong(&spelling(&config, "maxOutputTokens"), "a positive whole number"));
    }
    let name = spelling(&config, "stopSequences");
    request.stop = config.optional(&name, "an array of strings")?.unwrap_or_default();
    request.output_format = decode_format(&mut config, &mut request.spelt)?;
    decode_thinking(&mut config, request)?;
    request.extras.extend(leftovers("generationConfig.", config));
    Ok(())
}

fn number(fields: &mut Fields<'_>, name: &'static str) -> Result<Option<f64>, WireError> {
    let name = spelling(fields, name);
    fields.optional(&name, NUMBER)
}

fn count(fields: &mut Fields<'_>, name: &'static str) -> Result<Option<u64>, WireError> {
    let whole = whole(fields, name)?;
    let count = whole.map(u64::try_from).transpose();
    count.map_err(|_| fields.wrong(&spelling(fields, name), "a whole number of 0 or more"))
}

/// Protocol buffers take `40`, `40.0` and `"40"` alike, and the Python client sends a `topK` of `40.0`.
fn whole(fields: &mut Fields<'_>, name: &'static str) -> Result<Option<i64>, WireError> {
    let name = spelling(fields, name);
    let Some(raw) = fields.take(&name) else { return Ok(None) };
    read_whole(raw).map(Some).ok_or_else(|| fields.wrong(&name, COUNT))
}

fn read_whole(raw: &RawValue) -> Option<i64> {
    if let Some(number) = parse::<i64>(raw) {
        return Some(number);
    }
    if let Some(text) = parse::<String>(raw) {
        return text.parse().ok();
    }
    let number = parse::<f64>(raw).filter(|number| number.fract() == 0.0)?;
    format!("{number:.0}").parse().ok()
}

/// A schema says JSON, whichever of its two names it has. Without the MIME type it has no effect and stays an extra, as
/// any other MIME type does.
fn decode_format(
    fields: &mut Fields<'_>,
    spelt: &mut Vec<(Field, &'static str)>,
) -> Result<Option<OutputFormat>, WireError> {
    const OLD: &str = "generationConfig.responseSchema";
    let name = spelling(fields, "responseMimeType");
    if fields.look(&name).is_none_or(|raw| raw.get() != "\"application/json\"") {
        return Ok(None);
    }
    fields.take(&name);
    let name = spelling(fields, "responseJsonSchema");
    if let Some(raw) = fields.take(&name) {
        return Ok(Some(json_schema(raw.to_owned())));
    }
    let name = spelling(fields, "responseSchema");
    let Some(raw) = fields.take(&name) else {
        spelt.push((Field::OutputFormat, "generationConfig.responseMimeType"));
        return Ok(Some(OutputFormat::JsonObject));
    };
    spelt.extend([(Field::OutputFormat, OLD), (Field::Schema, OLD)]);
    Ok(Some(json_schema(schema::json_schema(raw))))
}

fn json_schema(schema: Box<RawValue>) -> OutputFormat {
    OutputFormat::JsonSchema { name: None, description: None, schema, strict: None }
}

/// Where the level stands.
const LEVEL: &str = "generationConfig.thinkingConfig.thinkingLevel";

/// A budget of 0 is off, one of -1 leaves the amount to the model.
fn decode_thinking(fields: &mut Fields<'_>, request: &mut Request) -> Result<(), WireError> {
    let name = spelling(fields, "thinkingConfig");
    let Some(mut config) = fields.object(&name)? else { return Ok(()) };
    let thinking = &mut request.thinking;
    match whole(&mut config, "thinkingBudget")? {
        None => {}
        Some(-1) => thinking.enabled = Some(true),
        Some(0) => thinking.enabled = Some(false),
        Some(budget) => {
            let expected = "-1, 0 or a positive whole number";
            let budget =
                u64::try_from(budget).map_err(|_| config.wrong(&spelling(&config, "thinkingBudget"), expected))?;
            (thinking.enabled, thinking.budget_tokens) = (Some(true), Some(budget));
        }
    }
    let name = spelling(&config, "thinkingLevel");
    if thinking.enabled.is_none() {
        request.spelt.push((Field::Thinking, LEVEL));
    }
    if let Some(level) = config.optional::<String>(&name, "a string")? {
        thinking.effort = Some(match Effort::from_name(&level.to_ascii_lowercase()) {
            Effort::Other(_) => Effort::Other(level),
            known @ (Effort::None
            | Effort::Minimal
            | Effort::Low
            | Effort::Medium
            | Effort::High
            | Effort::XHigh
            | Effort::Max) => known,
        });
    }
    let name = spelling(&config, "includeThoughts");
    thinking.shown = config.optional(&name, "a boolean")?;
    request.extras.extend(leftovers("generationConfig.thinkingConfig.", config));
    Ok(())
}

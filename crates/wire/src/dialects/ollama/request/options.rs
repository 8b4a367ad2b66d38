//! What both `/api/chat` and `/api/generate` take beside the conversation: format, think, stream and options.

use serde_json::value::RawValue;

use super::encode::Writer;
use super::{OPTIONS, decode};
use crate::WireError;
use crate::fields::{Fields, parse, starts_with};
use crate::ir::{At, Effort, Extra, Field, OutputFormat, Request, Sampling, Thinking};
use crate::write::Object;
use crate::{capabilities::ThinkingMode, ir};

/// Reads all of it; `keep_alive`, unknown options and the like become extras.
pub(in super::super) fn decode(fields: &mut Fields<'_>) -> Result<Request, WireError> {
    let mut request = decode::named(fields)?;
    request.stream = fields.optional("stream", "a boolean")?.unwrap_or(true);
    // Ollama counts tokens at the end of every stream.
    request.include_usage = true;
    request.output_format = decode_format(fields)?;
    request.thinking = decode_think(fields)?;
    request.handling.logprobs = fields.optional("logprobs", "a boolean")?;
    request.handling.top_logprobs = fields.optional("top_logprobs", "an integer of 0 or more")?;
    if let Some(mut options) = fields.object("options")? {
        request.sampling = decode_sampling(&mut options, &mut request.extras)?;
        request.stop = options.optional("stop", "an array of strings")?.unwrap_or_default();
        let rest = options.rest().into_iter();
        request.extras.extend(rest.map(|extra| Extra { name: format!("{OPTIONS}{}", extra.name), raw: extra.raw }));
    }
    Ok(request)
}

fn decode_format(fields: &mut Fields<'_>) -> Result<Option<OutputFormat>, WireError> {
    match fields.take("format") {
        // Older clients write that they want none.
        None => Ok(None),
        Some(raw) if raw.get() == "\"\"" => Ok(None),
        Some(raw) if raw.get() == "\"json\"" => Ok(Some(OutputFormat::JsonObject)),
        Some(raw) if starts_with(raw, '{') => {
            let schema = raw.to_owned();
            Ok(Some(OutputFormat::JsonSchema { name: None, description: None, schema, strict: None }))
        }
        Some(_) => Err(fields.wrong("format", "\"json\" or a JSON schema")),
    }
}

fn decode_think(fields: &mut Fields<'_>) -> Result<Thinking, WireError> {
    let Some(raw) = fields.take("think") else { return Ok(Thinking::default()) };
    if let Some(enabled) = parse(raw) {
        return Ok(Thinking { enabled: Some(enabled), ..Thinking::default() });
    }
    match parse::<String>(raw) {
        Some(level) if !level.is_empty() => {
            Ok(Thinking { enabled: Some(true), effort: Some(Effort::from_name(&level)), ..Thinking::default() })
        }
        Some(_) | None => Err(fields.wrong("think", "a boolean or a level such as \"low\", \"medium\" or \"high\"")),
    }
}

fn decode_sampling(options: &mut Fields<'_>, extras: &mut Vec<Extra>) -> Result<Sampling, WireError> {
    Ok(Sampling {
        temperature: options.optional("temperature", "a number")?,
        top_p: options.optional("top_p", "a number")?,
        top_k: decode_count(options, "top_k", extras)?,
        min_p: options.optional("min_p", "a number")?,
        seed: decode_integer(options, "seed")?.map(|(seed, _)| seed),
        presence_penalty: options.optional("presence_penalty", "a number")?,
        frequency_penalty: options.optional("frequency_penalty", "a number")?,
        repetition_penalty: options.optional("repeat_penalty", "a number")?,
        output_tokens_max: decode_count(options, "num_predict", extras)?,
    })
}

/// A count of one or more. Zero and negative numbers, which lift a limit, are words of Ollama's own.
fn decode_count(options: &mut Fields<'_>, name: &str, extras: &mut Vec<Extra>) -> Result<Option<u64>, WireError> {
    let Some((count, raw)) = decode_integer(options, name)? else { return Ok(None) };
    if count < 1 {
        extras.push(Extra { name: format!("{OPTIONS}{name}"), raw: raw.to_owned() });
    }
    Ok(u64::try_from(count).ok().filter(|count| *count > 0))
}

/// An integer and how it is written: Ollama takes `40.0` for one as well.
fn decode_integer<'a>(options: &mut Fields<'a>, name: &str) -> Result<Option<(i64, &'a RawValue)>, WireError> {
    let Some(raw) = options.take(name) else { return Ok(None) };
    let text = raw.get().split_once('.').filter(|(_, fraction)| fraction.bytes().all(|digit| digit == b'0'));
    let number = text.map_or(raw.get(), |(whole, _)| whole).parse();
    number.map(|number| Some((number, raw))).map_err(|_| options.wrong(name, "an integer"))
}

/// Writes all of it but the model.
pub(in super::super) fn encode(body: &mut Object<'_>, writer: &mut Writer<'_>) {
    body.put("stream", &writer.request.stream);
    encode_format(body, writer);
    encode_think(body, writer);
    encode_options(body, writer);
    encode_handling(body, writer);
    lose_the_rest(writer);
}

fn encode_format(body: &mut Object<'_>, writer: &mut Writer<'_>) {
    match &writer.request.output_format {
        None => {}
        Some(OutputFormat::JsonObject) => body.put("format", "json"),
        Some(OutputFormat::JsonSchema { .. }) if !writer.to.json_schema => writer.lost.field(Field::OutputFormat),
        // A schema is always enforced, and nothing calls it by its name.
        Some(OutputFormat::JsonSchema { name: _, description, schema, strict: _ }) => {
            if description.is_some() {
                writer.lost.field(Field::SchemaDescription);
            }
            body.raw("format", schema);
        }
    }
}

/// What `think` says.
enum Think<'a> {
    Flag(bool),
    Level(&'a str),
}

fn encode_think(body: &mut Object<'_>, writer: &mut Writer<'_>) {
    match think(writer) {
        None => {}
        Some(Think::Flag(flag)) => body.put("think", &flag),
        Some(Think::Level(level)) => body.put("think", level),
    }
}

fn think<'a>(writer: &mut Writer<'a>) -> Option<Think<'a>> {
    let asked = &writer.request.thinking;
    let off = asked.enabled == Some(false) || asked.effort == Some(Effort::None);
    let on = !off && (asked.enabled == Some(true) || asked.effort.is_some() || asked.budget_tokens.is_some());
    match writer.to.thinking {
        // Ollama refuses to be told so of a model that does not think.
        ThinkingMode::Never if on => {
            let effort_alone = asked.enabled.is_none() && asked.effort.is_some();
            writer.lost.field(if effort_alone { Field::Effort } else { Field::Thinking });
            return None;
        }
        ThinkingMode::Never => return None,
        ThinkingMode::Always if off => {
            writer.lost.field(Field::Thinking);
            return None;
        }
        ThinkingMode::Always | ThinkingMode::Any | ThinkingMode::Budget | ThinkingMode::Adaptive => {}
    }
    if off {
        return Some(Think::Flag(false));
    }
    if asked.budget_tokens.is_some() {
        writer.lost.field(Field::ThinkingBudget);
    }
    if on && asked.shown == Some(false) {
        writer.lost.field(Field::ThoughtsShown);
    }
    match &asked.effort {
        None => on.then_some(Think::Flag(true)),
        Some(effort) => level(effort, writer),
    }
}

/// Ollama knows fewer levels than others; https://docs.ollama.com/capabilities/thinking (2026-11-21).
fn level<'a>(effort: &'a Effort, writer: &mut Writer<'_>) -> Option<Think<'a>> {
    match effort {
        Effort::None => Some(Think::Flag(false)),
        // Its own client's word goes back as it came, even one that it will refuse.
        Effort::Minimal | Effort::XHigh | Effort::Other(_) if writer.own => Some(Think::Level(effort.as_str())),
        Effort::Minimal | Effort::Low => Some(Think::Level("low")),
        Effort::Medium => Some(Think::Level("medium")),
        Effort::High => Some(Think::Level("high")),
        Effort::XHigh | Effort::Max => Some(Think::Level("max")),
        Effort::Other(name) if name == "ultra" => Some(Think::Level("max")),
        Effort::Other(_) => {
            writer.lost.field(Field::Effort);
            Some(Think::Flag(true))
        }
    }
}

/// Of how a request is to be handled it knows one thing: to tell how likely each token was.
fn encode_handling(body: &mut Object<'_>, writer: &mut Writer<'_>) {
    let mut unsaid = writer.request.handling.clone();
    let implied = || (!writer.own && unsaid.top_logprobs > Some(0)).then_some(true);
    body.put_some("logprobs", unsaid.logprobs.take().or_else(implied));
    body.put_some("top_logprobs", unsaid.top_logprobs.take());
    writer.lost.handling(&unsaid);
}

/// What was not said is left to the Modelfile, which holds what the model's makers recommend.
fn encode_options(body: &mut Object<'_>, writer: &mut Writer<'_>) {
    let sampling = allowed_sampling(writer);
    let stop = allowed_stop(writer);
    let (window, own) = context_window(writer);
    let said = crate::write::object(|options| {
        options.put_some("temperature", sampling.temperature);
        options.put_some("top_p", sampling.top_p);
        options.put_some("top_k", sampling.top_k);
        options.put_some("min_p", sampling.min_p);
        options.put_some("seed", sampling.seed);
        options.put_some("presence_penalty", sampling.presence_penalty);
        options.put_some("frequency_penalty", sampling.frequency_penalty);
        options.put_some("repeat_penalty", sampling.repetition_penalty);
        options.put_some("num_predict", sampling.output_tokens_max);
        options.put_some("num_ctx", window);
        if !stop.is_empty() {
            options.put("stop", stop);
        }
        own.iter().for_each(|(name, raw)| options.raw(name, raw));
    });
    if said.as_slice() != b"{}" {
        body.raw("options", &raw_object(&said));
    }
}

fn raw_object(bytes: &[u8]) -> Box<RawValue> {
    serde_json::from_slice(bytes).expect("an object that was just written is JSON")
}

fn allowed_sampling(writer: &mut Writer<'_>) -> Sampling {
    let to = writer.to;
    let mut sampling = writer.request.sampling.clone();
    if !to.sampling {
        let given = [
            (sampling.temperature.take().is_some(), Field::Temperature),
            (sampling.top_p.take().is_some(), Field::TopP),
            (sampling.top_k.take().is_some(), Field::TopK),
        ];
        given.into_iter().filter(|(given, _)| *given).for_each(|(_, field)| writer.lost.field(field));
    }
    if !to.temperature_with_top_p && sampling.temperature.is_some() && sampling.top_p.take().is_some() {
        writer.lost.field(Field::TopP);
    }
    if let (Some(asked), Some(most)) = (sampling.output_tokens_max, to.output_tokens_max)
        && asked > most
    {
        sampling.output_tokens_max = Some(most);
        writer.lost.field(Field::OutputTokensMax);
    }
    sampling
}

fn allowed_stop<'a>(writer: &mut Writer<'a>) -> &'a [String] {
    let stop = writer.request.stop.as_slice();
    match writer.to.stop_texts_max.and_then(|most| stop.get(..most)).filter(|kept| kept.len() < stop.len()) {
        None => stop,
        Some(kept) => {
            writer.lost.field(Field::Stop);
            kept
        }
    }
}

/// The window to ask for, and the client's own words among the options. Without a window Ollama takes a small one and
/// silently cuts the prompt; each new one makes it load the model again, so that the configured one wins over a larger one.
fn context_window<'a>(writer: &mut Writer<'a>) -> (Option<u64>, Vec<(&'a str, &'a RawValue)>) {
    let mut own = writer.own_options();
    let Some(window) = writer.to.context_window else { return (None, own) };
    let asked = own.iter().find(|(name, _)| *name == "num_ctx").and_then(|(_, raw)| parse::<u64>(raw));
    if asked.is_some_and(|asked| asked > window) {
        writer.lost.at(&At::default(), "options.num_ctx");
    }
    own.retain(|(name, _)| *name != "num_ctx");
    (Some(asked.filter(|asked| *asked > 0).map_or(window, |asked| asked.min(window))), own)
}

/// What Ollama has no word for at all.
fn lose_the_rest(writer: &mut Writer<'_>) {
    let ir::Caching { key, retention, mark } = &writer.request.caching;
    let lost = [
        (writer.request.user.is_some(), Field::User),
        (key.is_some(), Field::CacheKey),
        (retention.is_some(), Field::CacheRetention),
    ];
    if let Some(mark) = mark {
        writer.lost.mark(mark);
    }
    lost.into_iter().filter(|(there, _)| *there).for_each(|(_, field)| writer.lost.field(field));
}

//! The fields that Chat Completions and the legacy Completions share: how to choose tokens, when to stop, how to
//! stream.

use serde_json::value::RawValue;

use super::handling;
use crate::capabilities::MaxTokensField;
use crate::fields::{Fields, parse, parse_list, starts_with};
use crate::ir::{Caching, Extra, Field, Handling, Lost, Request, Sampling};
use crate::write::Object;
use crate::{Capabilities, DialectId, WireError};

/// The model's name.
///
/// # Errors
/// When it is missing, empty or no string.
pub(in crate::dialects) fn model(fields: &mut Fields<'_>) -> Result<String, WireError> {
    const EXPECTED: &str = "a non-empty string";
    let model: String = fields.required("model", EXPECTED)?;
    if model.is_empty() { Err(fields.wrong("model", EXPECTED)) } else { Ok(model) }
}

/// Reads them into `request`.
///
/// # Errors
/// When one has the wrong type.
pub(in crate::dialects) fn read(fields: &mut Fields<'_>, request: &mut Request) -> Result<(), WireError> {
    const NUMBER: &str = "a number";
    request.stream = fields.optional("stream", "a boolean")?.unwrap_or(false);
    let mut options = fields.object(handling::STREAM_OPTIONS)?;
    let include_usage = options.as_mut().map(|options| options.optional("include_usage", "a boolean")).transpose()?;
    request.include_usage = include_usage.flatten().unwrap_or(false);
    request.handling.obfuscation = handling::read_stream_options(options, &mut request.extras)?;
    request.sampling = Sampling {
        temperature: fields.optional("temperature", NUMBER)?,
        top_p: fields.optional("top_p", NUMBER)?,
        top_k: read_top_k(fields)?,
        min_p: fields.optional("min_p", NUMBER)?,
        seed: fields.optional("seed", "an integer")?,
        presence_penalty: fields.optional("presence_penalty", NUMBER)?,
        frequency_penalty: fields.optional("frequency_penalty", NUMBER)?,
        repetition_penalty: fields.optional("repetition_penalty", NUMBER)?,
        output_tokens_max: read_output_tokens_max(fields, &mut request.spelt)?,
    };
    request.stop = read_stop(fields)?;
    request.user = fields.optional("user", "a string")?;
    request.caching = Caching {
        key: fields.optional("prompt_cache_key", "a string")?,
        retention: fields.optional("prompt_cache_retention", "a string")?,
        mark: super::marks::take(fields),
    };
    Ok(())
}

/// Local servers take -1 or 0 for "all tokens", which is what an absent field says.
fn read_top_k(fields: &mut Fields<'_>) -> Result<Option<u64>, WireError> {
    const EXPECTED: &str = "an integer";
    let given: Option<i64> = fields.optional("top_k", EXPECTED)?;
    Ok(given.and_then(|given| u64::try_from(given).ok()).filter(|given| *given > 0))
}

/// The newer name wins; the older one must be right all the same.
fn read_output_tokens_max(
    fields: &mut Fields<'_>,
    spelt: &mut Vec<(Field, &'static str)>,
) -> Result<Option<u64>, WireError> {
    let mut limit = None;
    for name in ["max_tokens", "max_completion_tokens"] {
        const EXPECTED: &str = "a positive integer";
        let given: Option<u64> = fields.optional(name, EXPECTED)?;
        if given == Some(0) {
            return Err(fields.wrong(name, EXPECTED));
        }
        if given.is_some() {
            spelt.push((Field::OutputTokensMax, name));
            limit = given;
        }
    }
    Ok(limit)
}

fn read_stop(fields: &mut Fields<'_>) -> Result<Vec<String>, WireError> {
    const EXPECTED: &str = "a string or an array of strings";
    let Some(raw) = fields.take("stop") else { return Ok(Vec::new()) };
    if starts_with(raw, '"') {
        return Ok(vec![parse(raw).ok_or_else(|| fields.wrong("stop", EXPECTED))?]);
    }
    let texts: Vec<&RawValue> = parse_list(raw).ok_or_else(|| fields.wrong("stop", EXPECTED))?;
    let text = |(index, text)| parse(text).ok_or_else(|| fields.wrong(&format!("stop[{index}]"), "a string"));
    texts.into_iter().enumerate().map(text).collect()
}

/// Whether the model is one of OpenAI's own, which refuse what other servers added. Only they insist on that name.
pub(super) fn is_openai_own(to: &Capabilities) -> bool {
    to.max_tokens_field == MaxTokensField::MaxCompletionTokens
}

/// Writes them, and the request's own extras. Those of `dialect`, which is written, go back
/// word for word.
pub(in crate::dialects) fn write(
    object: &mut Object<'_>,
    request: &Request,
    dialect: DialectId,
    to: &Capabilities,
    lost: &mut Lost<'_>,
) {
    let own = request.origin == dialect;
    let mut unsaid = request.handling.clone();
    write_output_tokens_max(object, request, to, lost);
    write_sampling(object, &request.sampling, to, lost);
    write_stop(object, &request.stop, to, lost);
    match dialect {
        DialectId::OpenaiCompletions => handling::write_old_user(object, request, &mut unsaid),
        DialectId::OpenaiChat
        | DialectId::OpenaiResponses
        | DialectId::Anthropic
        | DialectId::Ollama
        | DialectId::Gemini => write_handling(object, request, &mut unsaid, own, to),
    }
    let Caching { key, retention, mark } = &request.caching;
    object.put_some("prompt_cache_key", key.as_ref());
    match request.origin {
        DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::OpenaiResponses => {
            object.put_some("prompt_cache_retention", retention.as_ref());
        }
        // Their words are not OpenAI's.
        DialectId::Anthropic | DialectId::Ollama | DialectId::Gemini if retention.is_some() => {
            lost.field(Field::CacheRetention);
        }
        DialectId::Anthropic | DialectId::Ollama | DialectId::Gemini => {}
    }
    if let Some(mark) = mark {
        if to.cache_marks && !is_openai_own(to) {
            super::marks::write(object, mark, to);
        } else {
            lost.mark(mark);
        }
    }
    // Of an answer that is not streamed it says nothing.
    let obfuscation = unsaid.obfuscation.take();
    if request.stream {
        object.put("stream", &true);
        // Usage is always asked for: reports need it, whatever the client wants to see.
        let extras: &[Extra] = if own { &request.extras } else { &[] };
        handling::write_stream_options(object, Some(true), obfuscation, extras);
    }
    lost.handling(&unsaid);
    for extra in &request.extras {
        if !own {
            lost.extra(extra);
        } else if handling::of_stream_options(extra).is_none() {
            object.raw(&extra.name, &extra.raw);
        }
    }
}

/// Writes how it is to be handled, as only Chat Completions says it.
fn write_handling(object: &mut Object<'_>, request: &Request, unsaid: &mut Handling, own: bool, to: &Capabilities) {
    let likely = unsaid.logprobs.take();
    let implied = || (!own && unsaid.top_logprobs > Some(0)).then_some(true);
    object.put_some("logprobs", likely.or_else(implied));
    handling::write(object, request, unsaid, own, to);
    if own || to.openai_options {
        object.put_some("verbosity", unsaid.verbosity.take());
        object.put_some("store", unsaid.store.take());
    }
}

fn write_output_tokens_max(object: &mut Object<'_>, request: &Request, to: &Capabilities, lost: &mut Lost<'_>) {
    let name = match to.max_tokens_field {
        MaxTokensField::MaxTokens => "max_tokens",
        MaxTokensField::MaxCompletionTokens => "max_completion_tokens",
    };
    let Some(asked) = request.sampling.output_tokens_max else { return };
    let most = to.output_tokens_max.unwrap_or(u64::MAX);
    if asked > most {
        lost.field(Field::OutputTokensMax);
    }
    object.put(name, &asked.min(most));
}

fn write_sampling(object: &mut Object<'_>, sampling: &Sampling, to: &Capabilities, lost: &mut Lost<'_>) {
    let Sampling {
        temperature,
        top_p,
        top_k,
        min_p,
        seed,
        presence_penalty,
        frequency_penalty,
        repetition_penalty,
        output_tokens_max: _,
    } = *sampling;
    let (given, extended) = (to.sampling, to.sampling && to.extended_sampling && !is_openai_own(to));
    let top_p_taken = given && (to.temperature_with_top_p || temperature.is_none());
    for (field, value, taken) in [
        (Field::Temperature, temperature, given),
        (Field::TopP, top_p, top_p_taken),
        (Field::MinP, min_p, extended),
        (Field::PresencePenalty, presence_penalty, given),
        (Field::FrequencyPenalty, frequency_penalty, given),
        (Field::RepetitionPenalty, repetition_penalty, extended),
    ] {
        match value {
            Some(value) if taken => object.put(field.usual(), &Number(value)),
            Some(_) => lost.field(field),
            None => {}
        }
    }
    match top_k {
        Some(top_k) if extended => object.put("top_k", &top_k),
        Some(_) => lost.field(Field::TopK),
        None => {}
    }
    object.put_some("seed", seed);
}

/// A number as people write it: `1`, not `1.0`.
struct Number(f64);

impl serde::Serialize for Number {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match format!("{}", self.0).parse::<i64>() {
            Ok(whole) => serializer.serialize_i64(whole),
            Err(_) => serializer.serialize_f64(self.0),
        }
    }
}

fn write_stop(object: &mut Object<'_>, stop: &[String], to: &Capabilities, lost: &mut Lost<'_>) {
    if stop.is_empty() {
        return;
    }
    let most = to.stop_texts_max.unwrap_or(usize::MAX);
    if stop.len() > most {
        lost.field(Field::Stop);
    }
    if most == 0 {
        return;
    }
    if most > 0 {
        object.array("stop", |list| stop.iter().take(most).for_each(|text| list.put(text)));
    }
}

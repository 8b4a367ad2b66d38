//! The fields that Chat Completions and the legacy Completions share: how to choose tokens, when to stop, how to
//! stream.

use serde_json::value::RawValue;

use crate::capabilities::MaxTokensField;
use crate::fields::{Fields, parse, parse_list, starts_with};
use crate::ir::{Caching, Extra, Field, Lost, Request, Sampling};
use crate::write::Object;
use crate::{Capabilities, DialectId, WireError};

/// Longest `user` that OpenAI takes, in bytes.
const USER_BYTES_MAX: usize = 64;

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
    request.include_usage = read_include_usage(fields, &mut request.extras)?;
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
    read_user(fields, request)?;
    request.caching = Caching {
        key: fields.optional("prompt_cache_key", "a string")?,
        retention: fields.optional("prompt_cache_retention", "a string")?,
        mark: super::marks::take(fields),
    };
    Ok(())
}

fn read_include_usage(fields: &mut Fields<'_>, extras: &mut Vec<Extra>) -> Result<bool, WireError> {
    let Some(raw) = fields.take("stream_options") else { return Ok(false) };
    let mut options = Fields::of_value(raw, "stream_options".to_owned())?;
    let include_usage = options.optional("include_usage", "a boolean")?.unwrap_or(false);
    if !options.is_empty() {
        extras.push(Extra { name: "stream_options".to_owned(), raw: raw.to_owned() });
    }
    Ok(include_usage)
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

/// `safety_identifier` is OpenAI's newer name for `user`. Where both stand, the older one rides along.
fn read_user(fields: &mut Fields<'_>, request: &mut Request) -> Result<(), WireError> {
    let user = fields.look("user");
    let old: Option<String> = fields.optional("user", "a string")?;
    let new: Option<String> = fields.optional("safety_identifier", "a string")?;
    if let (Some(raw), true) = (user, new.is_some()) {
        request.extras.push(Extra { name: "user".to_owned(), raw: raw.to_owned() });
    }
    if new.is_some() {
        request.spelt.push((Field::User, "safety_identifier"));
    }
    request.user = new.or(old);
    Ok(())
}

/// Whether the model is one of OpenAI's own, which refuse what other servers added. Only they insist on that name.
pub(super) fn is_openai_own(to: &Capabilities) -> bool {
    to.max_tokens_field == MaxTokensField::MaxCompletionTokens
}

/// Writes them, and the request's own extras. `own` says which dialect's extras go back word for word.
pub(in crate::dialects) fn write(
    object: &mut Object<'_>,
    request: &Request,
    own: DialectId,
    to: &Capabilities,
    lost: &mut Lost<'_>,
) {
    let own = request.origin == own;
    write_output_tokens_max(object, request, to, lost);
    write_sampling(object, &request.sampling, to, lost);
    write_stop(object, &request.stop, to, lost);
    write_user(object, request, own);
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
    if request.stream {
        object.put("stream", &true);
        write_stream_options(object, request, own);
    }
    for extra in &request.extras {
        if !own {
            lost.extra(extra);
        } else if extra.name != "stream_options" {
            object.raw(&extra.name, &extra.raw);
        }
    }
}

/// Usage is always asked for: reports need it, whatever the client wants to see.
fn write_stream_options(object: &mut Object<'_>, request: &Request, own: bool) {
    object.object("stream_options", |options| {
        options.put("include_usage", &true);
        let extra = request.extras.iter().find(|extra| own && extra.name == "stream_options");
        let rest = extra.and_then(|extra| Fields::of_value(&extra.raw, String::new()).ok());
        if let Some(mut rest) = rest {
            rest.take("include_usage");
            options.extras(&rest.rest());
        }
    });
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

fn write_user(object: &mut Object<'_>, request: &Request, own: bool) {
    let Some(user) = &request.user else { return };
    if own {
        let older = request.extras.iter().any(|extra| extra.name == "user");
        return object.put(if older { "safety_identifier" } else { "user" }, user);
    }
    if user.len() > USER_BYTES_MAX {
        // Claude Code's is longer; what matters is that the same user keeps the same name.
        return object.put("user", &format!("user_{:016x}", super::super::ids::hash([user.as_str()])));
    }
    object.put("user", user);
}

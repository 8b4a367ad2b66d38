//! `/api/embed`, and `/api/embeddings` that came before it: bodies of [`crate::embeddings`].

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::dialect::Encoded;
use crate::embeddings::{Answer, Form, Input, Request, broken, dimensions, named, numbers, vector_at, write_extras};
use crate::fields::{Fields, parse};
use crate::ir::{Extra, Losses};
use crate::{WireError, write};

/// Reads the body of `/api/embed`. No input at all is fine: that loads a model.
pub(crate) fn decode_request(body: &[u8]) -> Result<Request, WireError> {
    let mut fields = Fields::of_body(body)?;
    let mut request = named(&mut fields, Form::Ollama)?;
    if let Some(raw) = fields.take("input") {
        let input = parse(raw).map(Input::Text).or_else(|| parse(raw).map(Input::Texts));
        request.input = input.ok_or_else(|| fields.wrong("input", "a string or an array of strings"))?;
    }
    request.dimensions = dimensions(&mut fields)?;
    request.extras = fields.rest();
    Ok(request)
}

/// Reads the body of `/api/embeddings`.
pub(crate) fn decode_legacy_request(body: &[u8]) -> Result<Request, WireError> {
    let mut fields = Fields::of_body(body)?;
    let mut request = named(&mut fields, Form::OllamaLegacy)?;
    if let Some(prompt) = fields.optional("prompt", "a string")? {
        request.input = Input::Text(prompt);
    }
    request.extras = fields.rest();
    Ok(request)
}

/// Writes a body for `/api/embed`.
pub(crate) fn encode_request(request: &Request) -> Result<Encoded, WireError> {
    let mut losses = lost(request);
    let input = texts(request)?;
    let bytes = write::object(|body| {
        body.put("model", &request.model);
        match input {
            Texts::One(text) => body.put("input", text),
            Texts::Many(texts) => body.put("input", texts),
        }
        body.put_some("dimensions", request.dimensions);
        write_extras(Form::Ollama, request, body, &mut losses);
    });
    Ok(Encoded { bytes: Bytes::from(bytes), losses })
}

/// Writes a body for `/api/embeddings`.
pub(crate) fn encode_legacy_request(request: &Request) -> Result<Encoded, WireError> {
    let mut losses = lost(request);
    let prompt = match texts(request)? {
        Texts::One(text) => Some(text),
        Texts::Many([]) => None,
        Texts::Many([text]) => Some(text.as_str()),
        Texts::Many(_) => return Err(broken("input", "one text: this path takes no more")),
    };
    if request.dimensions.is_some() {
        losses.add("dimensions");
    }
    let bytes = write::object(|body| {
        body.put("model", &request.model);
        body.put_some("prompt", prompt);
        write_extras(Form::OllamaLegacy, request, body, &mut losses);
    });
    Ok(Encoded { bytes: Bytes::from(bytes), losses })
}

/// Texts that Ollama takes.
enum Texts<'a> {
    One(&'a str),
    Many(&'a [String]),
}

fn texts(request: &Request) -> Result<Texts<'_>, WireError> {
    match &request.input {
        Input::Text(text) => Ok(Texts::One(text)),
        Input::Texts(texts) => Ok(Texts::Many(texts)),
        Input::Tokens(_) | Input::TokenLists(_) => Err(broken("input", "text: this provider takes no tokens")),
    }
}

/// What no path of Ollama's can say. In which encoding the answer comes is the gateway's own affair.
fn lost(request: &Request) -> Losses {
    let mut losses = Losses::default();
    if request.user.is_some() {
        losses.add("user");
    }
    losses
}

/// Reads an answer of `/api/embed`.
pub(crate) fn decode_answer(body: &[u8]) -> Result<Answer, WireError> {
    let mut fields = Fields::of_body(body)?;
    let raw = fields.list("embeddings", "an array")?.ok_or_else(|| fields.missing("embeddings"))?;
    let vector = |(place, raw): (usize, &RawValue)| vector_at(raw, format!("embeddings[{place}]"));
    Ok(Answer {
        model: fields.optional("model", "a string")?.unwrap_or_default(),
        vectors: raw.into_iter().enumerate().map(vector).collect::<Result<_, _>>()?,
        input_tokens: fields.take("prompt_eval_count").and_then(parse),
        extras: fields.rest(),
    })
}

/// Reads an answer of `/api/embeddings`. A model that was only loaded gives an empty vector, which is none.
pub(crate) fn decode_legacy_answer(body: &[u8]) -> Result<Answer, WireError> {
    let mut fields = Fields::of_body(body)?;
    let raw = fields.take("embedding").ok_or_else(|| fields.missing("embedding"))?;
    let vector = Some(vector_at(raw, "embedding")?).filter(|vector| !vector.is_empty());
    let (model, vectors) = (String::new(), vector.into_iter().collect());
    Ok(Answer { model, vectors, input_tokens: None, extras: fields.rest() })
}

/// Writes an answer of `/api/embed`.
pub(crate) fn encode_answer(answer: &Answer) -> Encoded {
    const DURATIONS: [&str; 2] = ["total_duration", "load_duration"];
    let mut losses = Losses::default();
    answer
        .extras
        .iter()
        .filter(|extra| !DURATIONS.contains(&extra.name.as_str()))
        .for_each(|extra| losses.add(&extra.name));
    let bytes = write::object(|body| {
        body.put("model", &answer.model);
        body.put("embeddings", &answer.vectors);
        for name in DURATIONS {
            let told = |extra: &&Extra| extra.name == name;
            match answer.extras.iter().find(told) {
                Some(extra) => body.raw(name, &extra.raw),
                // Nobody knows it here, but typed clients want it.
                None => body.put(name, &0),
            }
        }
        body.put_some("prompt_eval_count", answer.input_tokens);
    });
    Encoded { bytes: Bytes::from(bytes), losses }
}

/// Writes an answer of `/api/embeddings`, which has room for one vector and nothing else.
pub(crate) fn encode_legacy_answer(answer: &Answer) -> Encoded {
    let mut losses = Losses::default();
    answer.extras.iter().for_each(|extra| losses.add(&extra.name));
    (1..answer.vectors.len()).for_each(|place| losses.add(format!("embeddings[{place}]")));
    let vector = answer.vectors.first().map(Vec::as_slice).unwrap_or_default();
    let bytes = write::object(|body| numbers(body, "embedding", vector));
    Encoded { bytes: Bytes::from(bytes), losses }
}

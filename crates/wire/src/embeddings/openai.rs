//! OpenAI's `/v1/embeddings`.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Answer, Encoding, Form, Input, Request, broken, dimensions, named, vector, vector_at, write_extras};
use crate::dialect::Encoded;
use crate::fields::{Fields, parse};
use crate::ir::Losses;
use crate::{WireError, write};

pub(super) fn decode_request(body: &[u8]) -> Result<Request, WireError> {
    let mut fields = Fields::of_body(body)?;
    let mut request = named(&mut fields, Form::Openai)?;
    request.input = decode_input(&mut fields)?;
    request.encoding = match fields.optional::<String>("encoding_format", "a string")?.as_deref() {
        None => None,
        Some("float") => Some(Encoding::Float),
        Some("base64") => Some(Encoding::Base64),
        Some(_) => return Err(fields.wrong("encoding_format", "\"float\" or \"base64\"")),
    };
    request.dimensions = dimensions(&mut fields)?;
    request.user = fields.optional("user", "a string")?;
    request.extras = fields.rest();
    Ok(request)
}

fn decode_input(fields: &mut Fields<'_>) -> Result<Input, WireError> {
    let raw = fields.take("input").ok_or_else(|| fields.missing("input"))?;
    let input = parse(raw)
        .map(Input::Text)
        .or_else(|| parse(raw).map(Input::Texts))
        .or_else(|| parse(raw).map(Input::Tokens))
        .or_else(|| parse(raw).map(Input::TokenLists));
    input.filter(|input| !is_empty(input)).ok_or_else(|| {
        fields.wrong("input", "a string, an array of strings, an array of tokens or an array of such arrays; not empty")
    })
}

fn is_empty(input: &Input) -> bool {
    match input {
        Input::Text(_) => false,
        Input::Texts(texts) => texts.is_empty(),
        Input::Tokens(tokens) => tokens.is_empty(),
        Input::TokenLists(lists) => lists.is_empty() || lists.iter().any(Vec::is_empty),
    }
}

pub(super) fn encode_request(request: &Request) -> Result<Encoded, WireError> {
    if is_empty(&request.input) {
        return Err(broken("input", "at least one text"));
    }
    let mut losses = Losses::default();
    let bytes = write::object(|body| {
        body.put("model", &request.model);
        match &request.input {
            Input::Text(text) => body.put("input", text),
            Input::Texts(texts) => body.put("input", texts),
            Input::Tokens(tokens) => body.put("input", tokens),
            Input::TokenLists(lists) => body.put("input", lists),
        }
        let encoding = request.encoding.map(|encoding| match encoding {
            Encoding::Float => "float",
            Encoding::Base64 => "base64",
        });
        body.put_some("encoding_format", encoding);
        body.put_some("dimensions", request.dimensions);
        body.put_some("user", request.user.as_ref());
        write_extras(Form::Openai, request, body, &mut losses);
    });
    Ok(Encoded { bytes: Bytes::from(bytes), losses })
}

/// One vector of an answer.
#[derive(Deserialize)]
struct Item<'a> {
    /// Which text it is of.
    index: Option<u64>,
    /// Numbers or base64.
    #[serde(borrow)]
    embedding: &'a RawValue,
}

/// What it took.
#[derive(Deserialize)]
struct UsageBody {
    /// Tokens of all texts.
    prompt_tokens: Option<u64>,
}

pub(super) fn decode_answer(body: &[u8]) -> Result<Answer, WireError> {
    let mut fields = Fields::of_body(body)?;
    let items = fields.list("data", "an array")?.ok_or_else(|| fields.missing("data"))?;
    let mut vectors = Vec::with_capacity(items.len());
    for (place, raw) in items.into_iter().enumerate() {
        let path = format!("data[{place}]");
        let Ok(item) = serde_json::from_str::<Item<'_>>(raw.get()) else {
            return Err(broken(path, "an object with an `embedding`"));
        };
        vectors.push((item.index, vector_at(item.embedding, path + ".embedding")?));
    }
    // Those without an index stay where they are.
    vectors.sort_by_key(|(index, _)| index.unwrap_or(0));
    let usage = fields.take("usage").and_then(parse::<UsageBody>);
    fields.take("object");
    Ok(Answer {
        model: fields.optional("model", "a string")?.unwrap_or_default(),
        vectors: vectors.into_iter().map(|(_, vector)| vector).collect(),
        input_tokens: usage.and_then(|usage| usage.prompt_tokens),
        extras: fields.rest(),
    })
}

pub(super) fn encode_answer(answer: &Answer, encoding: Encoding) -> Encoded {
    let mut losses = Losses::default();
    answer.extras.iter().for_each(|extra| losses.add(&extra.name));
    let bytes = write::object(|body| {
        body.put("object", "list");
        body.array("data", |list| {
            for (index, numbers) in answer.vectors.iter().enumerate() {
                list.object(|item| {
                    item.put("object", "embedding");
                    item.put("index", &index);
                    vector::write(item, numbers, encoding);
                });
            }
        });
        body.put("model", &answer.model);
        // The SDKs of OpenAI's take it for granted.
        let tokens = answer.input_tokens.unwrap_or(0);
        body.object("usage", |usage| {
            usage.put("prompt_tokens", &tokens);
            usage.put("total_tokens", &tokens);
        });
    });
    Encoded { bytes: Bytes::from(bytes), losses }
}

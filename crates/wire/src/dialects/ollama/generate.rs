//! `/api/generate`: one prompt, one answer. The same dialect as `/api/chat`, on another path.

use bytes::Bytes;

use super::answer::Form;
use super::request::encode::Writer;
use super::request::{decode, history, options};
use super::{Ollama, response, stream};
use crate::dialect::{Dialect, DialectId, Encoded, StreamDecoder, StreamEncoder, StreamHead};
use crate::fields::Fields;
use crate::ir::{Block, Message, Names, Request, Response, Role};
use crate::{Capabilities, Fault, Peek, WireError, write};

/// Ollama's `/api/generate`. Not in the list of all dialects: its id is that of `/api/chat`, of which it is the form for
/// plain completions.
#[derive(Debug)]
pub struct OllamaGenerate;

impl Dialect for OllamaGenerate {
    fn id(&self) -> DialectId {
        DialectId::Ollama
    }
    fn names(&self) -> &'static dyn Names {
        Ollama.names()
    }
    fn peek(&self, body: &[u8]) -> Result<Peek, WireError> {
        Ollama.peek(body)
    }
    fn decode_request(&self, body: &[u8]) -> Result<Request, WireError> {
        decode_generate_request(body)
    }
    fn encode_request(&self, request: &Request, to: &Capabilities) -> Result<Encoded, WireError> {
        encode_generate_request(request, to)
    }
    fn decode_response(&self, body: &[u8]) -> Result<Response, WireError> {
        response::decode(body)
    }
    fn error_in(&self, body: &[u8]) -> Option<Fault> {
        Ollama.error_in(body)
    }
    fn encode_response(&self, response: &Response, _head: &StreamHead) -> Encoded {
        encode_generate_response(response)
    }
    fn stream_decoder(&self) -> Box<dyn StreamDecoder> {
        Ollama.stream_decoder()
    }
    fn stream_encoder(&self, head: StreamHead) -> Box<dyn StreamEncoder> {
        generate_stream_encoder(head)
    }
    fn encode_fault(&self, fault: &Fault) -> Bytes {
        Ollama.encode_fault(fault)
    }
    fn encode_stream_fault(&self, fault: &Fault) -> Bytes {
        Ollama.encode_stream_fault(fault)
    }
}

/// Reads the body: `system` and `prompt` become messages; `suffix`, `raw`, `template` and `context` are extras. Neither a
/// prompt nor images are fine: that loads a model, or unloads it.
///
/// # Errors
/// When `model` is missing, or a field has the wrong type; the error names its path.
pub fn decode_generate_request(body: &[u8]) -> Result<Request, WireError> {
    let mut fields = Fields::of_body(body)?;
    let mut request = options::decode(&mut fields)?;
    let mut text = |name| fields.optional::<String>(name, "a string").map(|text| text.filter(|text| !text.is_empty()));
    let (system, prompt) = (text("system")?, text("prompt")?);
    let said: Vec<Block> = prompt
        .map(|text| Block::text(text).at("prompt"))
        .into_iter()
        .chain(decode::decode_images(&mut fields)?)
        .collect();
    let system = system.map(|text| Message::new(Role::System, vec![Block::text(text).at("system")]).at("system"));
    request.messages.extend(system);
    if !said.is_empty() {
        request.messages.push(Message::new(Role::User, said).at("prompt"));
    }
    request.extras.extend(fields.rest());
    Ok(request)
}

/// Writes a request for `/api/generate`: what operators say is `system`, what the one person says is the prompt.
///
/// # Errors
/// When it holds a conversation, or tools: that is for `/api/chat`.
pub fn encode_generate_request(request: &Request, to: &Capabilities) -> Result<Encoded, WireError> {
    let mut writer = Writer::new(request, to);
    let (mut system, mut prompt) = (None, None);
    for (index, message) in request.messages.iter().enumerate() {
        let said = history::gather(message, &mut writer);
        let place = match message.role {
            Role::System | Role::Developer if prompt.is_none() => &mut system,
            Role::User => &mut prompt,
            Role::System | Role::Developer | Role::Assistant | Role::Tool | Role::Other(_) => {
                return Err(conversation(index));
            }
        };
        if place.replace(said).is_some() {
            return Err(conversation(index));
        }
    }
    if !request.tools.is_empty() {
        return Err(WireError::Wrong { path: "tools".to_owned(), expected: "absent: a prompt alone has no tools" });
    }
    let bytes = write::object(|body| {
        body.put("model", &request.model);
        body.put_some("system", system.as_ref().map(|system| &system.content));
        let prompt = prompt.unwrap_or_default();
        body.put("prompt", &prompt.content);
        if !prompt.images.is_empty() {
            body.put("images", &prompt.images);
        }
        options::encode(body, &mut writer);
        writer.own_members(&[]).iter().for_each(|(name, raw)| body.raw(name, raw));
    });
    Ok(Encoded { bytes: Bytes::from(bytes), losses: writer.lost.into_losses() })
}

fn conversation(index: usize) -> WireError {
    WireError::Wrong { path: format!("messages[{index}]"), expected: "one prompt, after at most one system prompt" }
}

/// Writes a whole answer: its text is `response`.
pub fn encode_generate_response(response: &Response) -> Encoded {
    response::encode(response, Form::Generate)
}

/// Writes a streamed answer, event by event.
pub fn generate_stream_encoder(head: StreamHead) -> Box<dyn StreamEncoder> {
    Box::new(stream::encode::Encoder::new(head, Form::Generate))
}

#[cfg(test)]
mod tests;

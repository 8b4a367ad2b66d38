//! OpenAI's legacy Completions: plain text that goes on.

mod request;
mod response;
mod stream;

use bytes::Bytes;

use super::openai_chat;
use crate::dialect::{Dialect, DialectId, Encoded, StreamDecoder, StreamEncoder, StreamHead};
use crate::{Capabilities, Fault, Peek, WireError, ir, peek};

/// OpenAI's legacy Completions. A prompt is one message of the user; errors are those of the whole OpenAI family.
#[derive(Debug)]
pub struct OpenaiCompletions;

impl Dialect for OpenaiCompletions {
    fn id(&self) -> DialectId {
        DialectId::OpenaiCompletions
    }
    fn names(&self) -> &'static dyn ir::Names {
        &openai_chat::places::Places
    }
    fn peek(&self, body: &[u8]) -> Result<Peek, WireError> {
        peek::peek(body)
    }
    fn decode_request(&self, body: &[u8]) -> Result<ir::Request, WireError> {
        request::decode(body)
    }
    fn encode_request(&self, request: &ir::Request, to: &Capabilities) -> Result<Encoded, WireError> {
        Ok(request::encode(request, to))
    }
    fn decode_response(&self, body: &[u8]) -> Result<ir::Response, WireError> {
        openai_chat::response::decode(body)
    }
    fn error_in(&self, body: &[u8]) -> Option<Fault> {
        openai_chat::stream::error_in(body)
    }
    fn encode_response(&self, response: &ir::Response, head: &StreamHead) -> Encoded {
        response::encode(response, head)
    }
    fn stream_decoder(&self) -> Box<dyn StreamDecoder> {
        Box::new(openai_chat::stream::Decoder::default())
    }
    fn stream_encoder(&self, head: StreamHead) -> Box<dyn StreamEncoder> {
        Box::new(stream::Encoder::new(head))
    }
    fn encode_fault(&self, fault: &Fault) -> Bytes {
        openai_chat::error::encode(fault)
    }
    fn encode_stream_fault(&self, fault: &Fault) -> Bytes {
        openai_chat::error::encode_frame(fault)
    }
}

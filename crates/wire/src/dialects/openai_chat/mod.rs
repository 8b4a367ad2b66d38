//! OpenAI Chat Completions.

pub(in crate::dialects) mod error;
mod ids;
pub(in crate::dialects) mod places;
pub(crate) mod request;
pub(in crate::dialects) mod response;
pub(in crate::dialects) mod stream;
mod thoughts;
mod upstream_error;
pub(in crate::dialects) mod usage;

use bytes::Bytes;

use crate::dialect::{Dialect, DialectId, Encoded, StreamDecoder, StreamEncoder, StreamHead};
use crate::{Capabilities, Fault, Peek, WireError, ir, peek};

/// OpenAI Chat Completions, and the error shape of the whole OpenAI family.
#[derive(Debug)]
pub struct OpenaiChat;

impl Dialect for OpenaiChat {
    fn id(&self) -> DialectId {
        DialectId::OpenaiChat
    }
    fn names(&self) -> &'static dyn ir::Names {
        &places::Places
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
        response::decode(body)
    }
    fn error_in(&self, body: &[u8]) -> Option<Fault> {
        stream::error_in(body)
    }
    fn encode_response(&self, response: &ir::Response, head: &StreamHead) -> Encoded {
        response::encode(response, head)
    }
    fn stream_decoder(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::Decoder::default())
    }
    fn stream_encoder(&self, head: StreamHead) -> Box<dyn StreamEncoder> {
        Box::new(stream::Encoder::new(head))
    }
    fn encode_fault(&self, fault: &Fault) -> Bytes {
        error::encode(fault)
    }
    fn encode_stream_fault(&self, fault: &Fault) -> Bytes {
        error::encode_frame(fault)
    }
}

//! Anthropic Messages.

pub mod count_tokens;
pub mod names;
mod places;

mod citation;
mod error;
mod extras;
pub(crate) mod request;
mod response;
mod signature;
mod stop;
mod stream;
mod tier;
mod usage;

use bytes::Bytes;

use crate::dialect::{Dialect, DialectId, Encoded, StreamDecoder, StreamEncoder, StreamHead};
use crate::{Capabilities, Fault, Peek, WireError, ir, peek};

/// Anthropic Messages, of both live versions of its API.
#[derive(Debug)]
pub struct Anthropic;

impl Dialect for Anthropic {
    fn id(&self) -> DialectId {
        DialectId::Anthropic
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
        request::encode(request, to)
    }
    fn decode_response(&self, body: &[u8]) -> Result<ir::Response, WireError> {
        response::decode(body)
    }
    fn error_in(&self, body: &[u8]) -> Option<Fault> {
        error::error_in(body)
    }
    fn encode_response(&self, response: &ir::Response, head: &StreamHead) -> Encoded {
        response::encode(response, head)
    }
    fn stream_decoder(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::Decoder::new())
    }
    fn stream_encoder(&self, head: StreamHead) -> Box<dyn StreamEncoder> {
        Box::new(stream::Encoder::new(head))
    }
    fn encode_fault(&self, fault: &Fault) -> Bytes {
        error::encode(fault, None)
    }
    fn encode_fault_of(&self, fault: &Fault, request_id: &str) -> Bytes {
        error::encode(fault, Some(request_id))
    }
    fn encode_stream_fault(&self, fault: &Fault) -> Bytes {
        error::encode_frame(fault)
    }
}

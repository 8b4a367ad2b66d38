//! OpenAI Responses.
//!
//! A request's `input` is a list of items; the neutral model has messages of blocks. Items that the model made (its
//! messages, thoughts and calls) and that stand next to each other become one message of the assistant; every other
//! item becomes a message of its own. What the form of an item says beside that is kept in marks.

mod annotation;
mod answer;
mod error;
mod form;
mod item;
mod machine;
mod places;
mod request;
mod response;
pub mod state;
mod stream;

use bytes::Bytes;

use crate::dialect::{Dialect, DialectId, Encoded, StreamDecoder, StreamEncoder, StreamHead};
use crate::{Capabilities, Fault, Peek, WireError, ir, peek};

/// OpenAI Responses.
#[derive(Debug)]
pub struct OpenaiResponses;

impl Dialect for OpenaiResponses {
    fn id(&self) -> DialectId {
        DialectId::OpenaiResponses
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
        error::error_in(body)
    }
    fn encode_response(&self, response: &ir::Response, head: &StreamHead) -> Encoded {
        response::encode(response, head)
    }
    fn stream_decoder(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::Decoder::new())
    }
    fn stream_encoder(&self, head: StreamHead) -> Box<dyn StreamEncoder> {
        Box::new(stream::Encoder::new(&head))
    }
    fn encode_fault(&self, fault: &Fault) -> Bytes {
        error::encode(fault)
    }
    fn encode_stream_fault(&self, fault: &Fault) -> Bytes {
        error::encode_frame(fault, 0)
    }
    fn encode_stream_fault_behind(&self, fault: &Fault, events: u64) -> Bytes {
        error::encode_frame(fault, events)
    }
}

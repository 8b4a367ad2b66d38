//! OpenAI Chat Completions.

mod error;
mod request;
mod response;
mod stream;

use bytes::Bytes;

use crate::dialect::{Dialect, DialectId, StreamEncoder, StreamHead};
use crate::{Fault, Peek, WireError, ir, peek};

/// OpenAI Chat Completions, and the error shape of the whole OpenAI family.
#[derive(Debug)]
pub struct OpenaiChat;

impl Dialect for OpenaiChat {
    fn id(&self) -> DialectId {
        DialectId::OpenaiChat
    }
    fn peek(&self, body: &[u8]) -> Result<Peek, WireError> {
        peek::peek(body)
    }
    fn decode_request(&self, body: &[u8]) -> Result<ir::Request, WireError> {
        request::decode(body)
    }
    fn encode_response(&self, response: &ir::Response) -> Bytes {
        response::encode(response)
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

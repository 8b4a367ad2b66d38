//! Gemini's generateContent and streamGenerateContent. Names are those of `google-genai` 3.4.0 (November 2026).
//!
//! The model and whether to stream stand in the path, not in the body: whoever reads the path fills them in.

mod chunk;
pub mod count;
mod error;
pub mod models;
mod part;
mod places;
mod request;
mod response;
mod schema;
mod signature;
mod stream;

use bytes::Bytes;

use crate::dialect::{Dialect, DialectId, Encoded, StreamDecoder, StreamEncoder, StreamHead};
use crate::{Capabilities, Fault, Peek, WireError, ir, peek};

pub use error::read_fault;
pub use stream::ArrayEncoder;

/// Gemini's generateContent. Requests come with an empty model and without the stream flag.
#[derive(Debug)]
pub struct Gemini;

impl Dialect for Gemini {
    fn id(&self) -> DialectId {
        DialectId::Gemini
    }
    fn names(&self) -> &'static dyn ir::Names {
        &places::Places
    }
    fn peek(&self, body: &[u8]) -> Result<Peek, WireError> {
        peek::check_object(body)?;
        Ok(Peek::nameless(false))
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
        error::read_fault(body)
    }
    fn encode_response(&self, response: &ir::Response, head: &StreamHead) -> Encoded {
        response::encode(response, head)
    }
    fn stream_decoder(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::Decoder::new())
    }
    fn stream_encoder(&self, head: StreamHead) -> Box<dyn StreamEncoder> {
        Box::new(stream::SseEncoder::new(head))
    }
    fn encode_fault(&self, fault: &Fault) -> Bytes {
        error::encode(fault)
    }
    fn encode_stream_fault(&self, fault: &Fault) -> Bytes {
        error::encode_frame(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_known_without_a_model() {
        assert_eq!(Gemini.peek(b" {\"contents\": []} "), Ok(Peek::nameless(false)));
        assert_eq!(Gemini.peek(b"[]"), Err(WireError::NotAnObject));
        assert!(matches!(Gemini.peek(b"{\"a\": }"), Err(WireError::NotJson { .. })));
        assert!(matches!(Gemini.peek(b"{} x"), Err(WireError::NotJson { .. })));
    }
}

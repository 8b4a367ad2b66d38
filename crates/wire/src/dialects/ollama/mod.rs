//! Ollama's own API: `/api/chat`, `/api/generate`, and what its clients ask besides.

mod answer;
mod call;
pub(crate) mod embed;
mod error;
mod generate;
mod media;
#[cfg(test)]
mod mutation;
mod places;
mod request;
mod response;
mod stream;
pub mod surface;

use bytes::Bytes;

use crate::dialect::{Dialect, DialectId, Encoded, StreamDecoder, StreamEncoder, StreamHead};
use crate::{Capabilities, Fault, Peek, WireError, ir, peek, timestamp};

pub use generate::{
    OllamaGenerate, decode_generate_request, encode_generate_request, encode_generate_response, generate_stream_encoder,
};

/// Ollama's `/api/chat`, and the error shape of all its paths.
#[derive(Debug)]
pub struct Ollama;

impl Dialect for Ollama {
    fn id(&self) -> DialectId {
        DialectId::Ollama
    }
    fn names(&self) -> &'static dyn ir::Names {
        &places::Places
    }
    fn peek(&self, body: &[u8]) -> Result<Peek, WireError> {
        peek::peek_streaming(body)
    }
    fn decode_request(&self, body: &[u8]) -> Result<ir::Request, WireError> {
        request::decode::decode(body)
    }
    fn encode_request(&self, request: &ir::Request, to: &Capabilities) -> Result<Encoded, WireError> {
        Ok(request::encode::encode(request, to))
    }
    fn decode_response(&self, body: &[u8]) -> Result<ir::Response, WireError> {
        response::decode(body)
    }
    fn error_in(&self, body: &[u8]) -> Option<Fault> {
        error::error_in(body)
    }
    fn encode_response(&self, response: &ir::Response, _head: &StreamHead) -> Encoded {
        response::encode(response, answer::Form::Chat)
    }
    fn stream_decoder(&self) -> Box<dyn StreamDecoder> {
        Box::new(stream::decode::Decoder::default())
    }
    fn stream_encoder(&self, head: StreamHead) -> Box<dyn StreamEncoder> {
        Box::new(stream::encode::Encoder::new(head, answer::Form::Chat))
    }
    fn encode_fault(&self, fault: &Fault) -> Bytes {
        error::encode(fault)
    }
    fn encode_stream_fault(&self, fault: &Fault) -> Bytes {
        error::encode_line(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_streams_unless_told_not_to() {
        for (body, stream) in [
            (r#"{"model":"m"}"#, true),
            (r#"{"model":"m","stream":null}"#, true),
            (r#"{"model":"m","stream":true}"#, true),
            (r#"{"model":"m","stream":false}"#, false),
            (r#"{"stream":true,"model":"m","stream":false}"#, false),
        ] {
            let peek = Ollama.peek(body.as_bytes()).expect("a request");
            assert_eq!((peek.stream, peek.include_usage), (stream, true), "{body}");
            assert_eq!(Ollama.decode_request(body.as_bytes()).expect("a request").stream, stream, "{body}");
        }
    }
}

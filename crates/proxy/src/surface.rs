//! The client's side of an answer that is made here: which encoder, which content type, what it must know of the request.

use std::sync::Arc;

use trunkline_wire::{DialectId, Encoded, Fault, StreamEncoder, StreamHead, dialect, dialects, ir};

use crate::prepare::Taken;
use crate::report_guard::ReportGuard;
use crate::routes::Form;

/// What an answer's encoder must know of the request.
///
/// # Errors
/// When the body is not what its dialect says it must be.
pub(crate) fn head(taken: &Taken<'_>, guard: &ReportGuard) -> Result<StreamHead, Fault> {
    head_of(taken, guard.report.id, guard.report.at_ms)
}

/// The same of the request with this id, which began at `at_ms`.
///
/// # Errors
/// When the body is not what its dialect says it must be.
pub(crate) fn head_of(taken: &Taken<'_>, id: u128, at_ms: u64) -> Result<StreamHead, Fault> {
    let request = taken.request()?;
    Ok(StreamHead {
        model: taken.model.clone(),
        include_usage: request.include_usage,
        created: at_ms / 1000,
        request_id: format!("{id:032x}"),
        request: Some(Arc::clone(request)),
        cost: None,
    })
}

/// A whole answer in the client's words.
pub(crate) fn encode_response(taken: &Taken<'_>, response: &ir::Response, head: &StreamHead) -> Encoded {
    match taken.surface.form {
        Form::Generate => dialects::ollama::encode_generate_response(response),
        Form::Plain | Form::Streamed | Form::OneEmbedding | Form::InPath { .. } => {
            dialect::of(taken.surface.dialect).encode_response(response, head)
        }
    }
}

/// A streamed answer in the client's words.
pub(crate) fn stream_encoder(taken: &Taken<'_>, head: StreamHead) -> Box<dyn StreamEncoder> {
    match taken.surface.form {
        Form::Generate => dialects::ollama::generate_stream_encoder(head),
        Form::InPath { .. } if streams_as_array(taken) => Box::new(dialects::gemini::ArrayEncoder::new(head)),
        Form::Plain | Form::Streamed | Form::OneEmbedding | Form::InPath { .. } => {
            dialect::of(taken.surface.dialect).stream_encoder(head)
        }
    }
}

/// The content type of a streamed answer.
pub(crate) fn stream_type(taken: &Taken<'_>) -> &'static str {
    match taken.surface.dialect {
        DialectId::Ollama => "application/x-ndjson",
        DialectId::Gemini if streams_as_array(taken) => "application/json",
        DialectId::OpenaiChat
        | DialectId::OpenaiCompletions
        | DialectId::OpenaiResponses
        | DialectId::Anthropic
        | DialectId::Gemini => "text/event-stream; charset=utf-8",
    }
}

/// Gemini's clients say in the query whether they want a stream as events; else it is one array that grows.
pub(crate) fn streams_as_array(taken: &Taken<'_>) -> bool {
    let streamed = matches!(taken.surface.form, Form::InPath { stream: true, .. });
    streamed && !taken.query.is_some_and(|query| query.split('&').any(|pair| pair == "alt=sse"))
}

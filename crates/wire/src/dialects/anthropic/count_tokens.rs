//! `count_tokens`: how long a prompt is, asked before it is sent.

use bytes::Bytes;

use super::request;
use crate::ir::{Block, Content, Media, MediaKind, MediaSource, OutputFormat, Request, Response, Tool, ToolKind};
use crate::write::object;
use crate::{WireError, ir, tokens};

/// What one message takes beside its content.
const TOKENS_A_MESSAGE: u64 = 4;

/// A picture of usual size: Anthropic counts width times height over 750, and scales down to about this.
const TOKENS_AN_IMAGE: u64 = 1_500;

/// Characters of base64 for one token of a document, a sound or a film: a page of a PDF is some 60 KB and 2,000 tokens.
const BASE64_CHARS_A_TOKEN: u64 = 40;

/// Reads the body of `count_tokens`: that of Messages, where `max_tokens` need not be said.
///
/// # Errors
/// As for a request, save that `max_tokens` may be missing.
pub fn decode_count_request(body: &[u8]) -> Result<Request, WireError> {
    request::decode_prompt(body)
}

/// The answer that a prompt has so many tokens.
pub fn encode_count(tokens: u64) -> Bytes {
    Bytes::from(object(|body| body.put("input_tokens", &tokens)))
}

/// About how many tokens `request` is, for want of its model's tokeniser: an estimate, made of its [texts](tokens::count),
/// 4 tokens a message, and fixed rates for media.
pub fn estimate(request: &Request) -> u64 {
    let messages = request.messages.iter().map(|message| TOKENS_A_MESSAGE.saturating_add(of_blocks(&message.blocks)));
    let tools = request.tools.iter().map(of_tool);
    let format = match &request.output_format {
        Some(OutputFormat::JsonSchema { schema, .. }) => tokens::count(schema.get()),
        Some(OutputFormat::JsonObject) | None => 0,
    };
    messages.chain(tools).fold(format, u64::saturating_add)
}

/// The same of an answer.
pub fn estimate_answer(response: &Response) -> u64 {
    of_blocks(&response.blocks)
}

fn of_blocks(blocks: &[Block]) -> u64 {
    blocks.iter().map(of_block).fold(0, u64::saturating_add)
}

fn of_block(block: &Block) -> u64 {
    match &block.content {
        Content::Text(text) | Content::Refusal(text) => tokens::count(text),
        Content::Media(media) => of_media(media),
        Content::Reasoning(ir::Reasoning { text, .. }) => tokens::count(text),
        Content::ToolCall(call) => tokens::count(&call.name).saturating_add(tokens::count(&call.arguments)),
        Content::ToolResult(result) => of_blocks(&result.blocks),
        Content::Opaque { raw, .. } => tokens::count(raw.get()),
    }
}

fn of_media(media: &Media) -> u64 {
    match (media.kind, &media.source) {
        (_, MediaSource::Text(text)) => tokens::count(text),
        (MediaKind::Image, MediaSource::Base64(_) | MediaSource::Url(_) | MediaSource::File(_)) => TOKENS_AN_IMAGE,
        (MediaKind::Document | MediaKind::Audio | MediaKind::Video, MediaSource::Base64(data)) => {
            count(data.len()).div_ceil(BASE64_CHARS_A_TOKEN)
        }
        // Nobody knows how long it is.
        (MediaKind::Document | MediaKind::Audio | MediaKind::Video, MediaSource::Url(_) | MediaSource::File(_)) => {
            TOKENS_AN_IMAGE
        }
    }
}

fn of_tool(tool: &Tool) -> u64 {
    match &tool.kind {
        ToolKind::Function { name, description, parameters, strict: _ } => {
            let schema = parameters.as_ref().map_or(0, |schema| tokens::count(schema.get()));
            tokens::count(name) + description.as_deref().map_or(0, tokens::count) + schema
        }
        ToolKind::Custom { name, description, format } => {
            let grammar = format.as_ref().map_or(0, |format| tokens::count(format.get()));
            tokens::count(name) + description.as_deref().map_or(0, tokens::count) + grammar
        }
        ToolKind::Hosted { raw, .. } => tokens::count(raw.get()),
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, tokens: u64) {
        let request = decode_count_request(body.as_bytes()).expect("a request");
        assert_eq!(estimate(&request), tokens, "{body}");
    }

    #[test]
    fn everything_that_goes_into_the_prompt_counts() {
        check(r#"{"model":"m","messages":[{"role":"user","content":"lions"}]}"#, 4 + 1);
        check(r#"{"model":"m","system":"éééééééé","messages":[{"role":"user","content":""}]}"#, 4 + 7 + 4);
        check(
            r#"{"model":"m","tools":[{"name":"find","description":"animals","input_schema":{"a":1}},{"type":"x_1"}],
              "messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"u"}}]}]}"#,
            1 + 1 + 5 + 7 + 4 + 1500,
        );
    }

    #[test]
    fn a_count_needs_no_limit_but_a_model() {
        let error = decode_count_request(br#"{"messages":[{"role":"user","content":"a"}]}"#).expect_err("no model");
        assert_eq!(error.to_string(), "`model` is required");
        assert_eq!(encode_count(7), r#"{"input_tokens":7}"#);
    }
}

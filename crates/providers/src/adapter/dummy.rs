//! The built-in `dummy`: two models that need nothing, and the example of an adapter.
//!
//! `echo-1` says what the user said and which headers arrived; `story-1` tells a short tale. A request with
//! `x-dummy-fail: true` fails, for those who want to see what that looks like.

use std::iter;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use trunkline_wire::{Fault, FaultKind, ir};

use super::{Adapter, Context, Events, Subset, ready};

/// The adapter.
#[derive(Debug)]
pub struct Dummy;

/// What `echo-1` shows of the client's headers.
const TAG_HEADER: &str = "x-dummy-tag";

/// What makes every model fail.
const FAIL_HEADER: &str = "x-dummy-fail";

/// Stands for a tag that the client did not send.
const NO_TAG: &str = "none";

static SUBSET: Subset = Subset { roles: &[ir::Role::System, ir::Role::User, ir::Role::Assistant] };

impl Adapter for Dummy {
    fn subset(&self) -> &'static Subset {
        &SUBSET
    }

    fn models(&self) -> &'static [&'static str] {
        &["echo-1", "story-1"]
    }

    fn owned_by(&self) -> &'static str {
        "dummy-provider"
    }

    fn chat(&self, request: ir::Request, context: Context) -> Result<Events, Fault> {
        if context.headers.get(FAIL_HEADER).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true")) {
            let message = format!("the dummy provider failed because `{FAIL_HEADER}: true` asked it to");
            return Err(Fault::new(FaultKind::UpstreamBroken, message).with_code("dummy_upstream_failed"));
        }
        let text = match context.model.as_str() {
            "echo-1" => echo(&request, &context.headers),
            "story-1" => story(&context.headers),
            other => {
                let message = format!("the dummy provider has no model {other:?}; it has \"echo-1\" and \"story-1\"");
                return Err(Fault::new(FaultKind::ModelNotFound, message).with_param("model"));
            }
        };
        let prompt_words = request.messages.iter().map(|message| words(&text_of(message))).sum();
        let (text, stop) = cut(text, &request);
        let usage = ir::Usage { input: prompt_words, output: words(&text), ..ir::Usage::default() };
        Ok(tell(format!("chatcmpl_dummy_{}", context.request_id), text, usage, stop))
    }
}

fn echo(request: &ir::Request, headers: &HeaderMap) -> String {
    let said = request.messages.iter().rev().find(|message| message.role == ir::Role::User).map(text_of);
    let said = said.unwrap_or_default();
    let forwarded = headers.contains_key(AUTHORIZATION);
    format!("{said}\n\n{TAG_HEADER}={} authorization_forwarded={forwarded}", tag(headers))
}

fn story(headers: &HeaderMap) -> String {
    let tag = tag(headers);
    format!(
        "Once a small request set out along the trunk line with nothing but a tag that read {tag}. \
         It asked at every junction which way to go, and at the last one a signalman looked at the tag, \
         nodded, and let it through. The answer came back before the kettle had boiled."
    )
}

fn tag(headers: &HeaderMap) -> String {
    let tag = headers.get(TAG_HEADER).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    tag.filter(|tag| !tag.is_empty()).unwrap_or_else(|| NO_TAG.to_owned())
}

/// A message's text parts, joined by line breaks.
fn text_of(message: &ir::Message) -> String {
    let parts: Vec<&str> = message.blocks.iter().filter_map(ir::Block::as_text).collect();
    parts.join("\n")
}

fn words(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}

/// The text up to the first stop text, then up to the most words asked for; and which of the two ended it.
fn cut(mut text: String, request: &ir::Request) -> (String, ir::StopReason) {
    let stops = request.stop.iter().filter(|stop| !stop.is_empty());
    if let Some(at) = stops.filter_map(|stop| text.find(stop.as_str())).min() {
        text.truncate(at);
    }
    let Some(words_max) = request.sampling.output_tokens_max else { return (text, ir::StopReason::End) };
    let (mut at, mut told) = (0, 0);
    while let Some(piece) = piece_at(&text, at) {
        if !is_space(piece) {
            if told == words_max {
                text.truncate(at);
                text.truncate(text.trim_end().len());
                return (text, ir::StopReason::Length);
            }
            told += 1;
        }
        at += piece.len();
    }
    (text, ir::StopReason::End)
}

/// The events of a whole answer, made one by one as they are read.
fn tell(id: String, text: String, usage: ir::Usage, stop: ir::StopReason) -> Events {
    const BLOCK: u32 = 0;
    let opening = [ir::Event::Start { id }, ir::Event::Open { block: BLOCK, kind: ir::BlockKind::Text }];
    let mut at = 0;
    let deltas = iter::from_fn(move || {
        let piece = piece_at(&text, at)?.to_owned();
        at += piece.len();
        Some(ir::Event::Delta { block: BLOCK, delta: ir::Delta::Text(piece) })
    });
    let closing = [ir::Event::Close { block: BLOCK }, ir::Event::Usage(usage), ir::Event::Stop(stop)];
    ready(opening.into_iter().chain(deltas).chain(closing))
}

/// The word, or the white space between words, that begins at `at`; `None` at the end.
fn piece_at(text: &str, at: usize) -> Option<&str> {
    let rest = text.get(at..)?;
    let space = is_space(rest);
    let end = rest.find(|c: char| c.is_whitespace() != space).unwrap_or(rest.len());
    rest.get(..end).filter(|piece| !piece.is_empty())
}

fn is_space(text: &str) -> bool {
    text.starts_with(char::is_whitespace)
}

#[cfg(test)]
mod tests;

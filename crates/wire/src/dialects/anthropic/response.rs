//! The whole answer: a `message`.

use bytes::Bytes;

use super::signature::{self, Fingerprint};
use super::stop::{self, Held};
use super::{citation, extras, request, tier, usage};
use crate::dialect::{Encoded, StreamHead};
use crate::fields::{Fields, parse};
use crate::ir::{
    Block, BlockKind, Citation, Content, Reasoning, Response, Said, Sealed, ServiceTier, Speech, StopReason, Unsaid,
};
use crate::write::{Array, object};
use crate::{DialectId, WireError};

/// Reads a whole answer.
pub(super) fn decode(body: &[u8]) -> Result<Response, WireError> {
    let mut fields = Fields::of_body(body)?;
    let kind: String = fields.required("type", "`message`")?;
    if kind != "message" {
        return Err(fields.wrong("type", "`message`"));
    }
    let content = fields.list("content", "an array")?.ok_or_else(|| fields.missing("content"))?;
    let blocks = content.into_iter().enumerate();
    let blocks = blocks.map(|(index, raw)| request::decode_block(raw, format!("content[{index}]")));
    let mut blocks = blocks.collect::<Result<Vec<Block>, WireError>>()?;
    let called = blocks.iter().any(|block| matches!(block.content, Content::ToolCall(_)));
    let stop = stop::decode(
        fields.optional("stop_reason", "a string")?,
        fields.optional("stop_sequence", "a string")?,
        called,
    );
    let explained = fields.look("stop_details").and_then(stop::explanation);
    if let (StopReason::Filtered, true, Some(why)) = (&stop, blocks.is_empty(), explained) {
        blocks.push(Content::Refusal(why).into());
    }
    let mut kept = Vec::new();
    let (mut counts, mut tier) = (None, None);
    if let Some(mut object) = fields.object("usage")? {
        counts = Some(usage::decode(&mut object));
        let served: Option<String> = object.take("service_tier").and_then(parse);
        tier = served.as_deref().map(tier::read_served);
        extras::keep(object, "usage", &mut kept);
    }
    fields.take("role");
    let id = fields.optional("id", "a string")?.unwrap_or_default();
    let model = fields.optional("model", "a string")?.unwrap_or_default();
    kept.extend(fields.rest());
    Ok(Response { id, model, created: 0, blocks, stop, usage: counts, tier, extras: kept })
}

/// The id a client sees: the provider's when it is of this dialect, else one of ours.
pub(super) fn client_id(id: &str, head: &StreamHead) -> String {
    if id.starts_with("msg_") { id.to_owned() } else { format!("msg_{}", head.request_id) }
}

/// Writes a whole answer. Extras have no origin here, so none is written.
pub(super) fn encode(response: &Response, head: &StreamHead) -> Encoded {
    let mut losses = Unsaid::of(response, &Answers);
    response.extras.iter().for_each(|extra| losses.add(extra.name.as_str()));
    let held = Held {
        called: response.blocks.iter().any(|block| matches!(block.content, Content::ToolCall(_))),
        refused: response.blocks.iter().any(|block| matches!(block.content, Content::Refusal(_))),
    };
    let (reason, sequence) = stop::encode(&response.stop, held);
    let bytes = object(|body| {
        body.put("id", &client_id(&response.id, head));
        body.put("type", "message");
        body.put("role", "assistant");
        body.put("model", &response.model);
        body.array("content", |list| {
            response.blocks.iter().for_each(|block| put_block(block, list));
        });
        body.put("stop_reason", reason);
        body.put("stop_sequence", &sequence);
        body.object("usage", |object| {
            usage::encode(response.usage.unwrap_or_default(), object);
            object.put_some("service_tier", response.tier.as_ref().and_then(tier::write_served));
        });
    });
    Encoded { bytes: Bytes::from(bytes), losses }
}

/// What answers of Messages can say.
#[derive(Debug)]
pub(super) struct Answers;

impl Speech for Answers {
    fn block(&self, kind: &BlockKind) -> Said {
        match kind {
            BlockKind::Opaque { origin, .. } if *origin != DialectId::Anthropic => Said::Nothing,
            BlockKind::Text
            | BlockKind::Refusal
            | BlockKind::Reasoning { .. }
            | BlockKind::ToolCall { .. }
            | BlockKind::Opaque { .. } => Said::All,
        }
    }

    fn seal(&self, on: Sealed) -> bool {
        match on {
            Sealed::Thoughts => true,
            Sealed::Call => false,
        }
    }

    fn unsealed(&self) -> bool {
        false
    }

    fn citation(&self, citation: &Citation) -> bool {
        citation.is_sayable(DialectId::Anthropic)
    }

    fn logprobs(&self) -> bool {
        false
    }

    fn tier(&self, tier: &ServiceTier) -> bool {
        tier::write_served(tier).is_some()
    }
}

fn put_block(block: &Block, list: &mut Array<'_>) {
    match &block.content {
        Content::Text(text) | Content::Refusal(text) => list.object(|to| {
            to.put("type", "text");
            to.put("text", text);
            citation::put_all(&block.citations, to);
        }),
        Content::Reasoning(Reasoning { redacted: true, seal: None, .. }) => {}
        Content::Reasoning(reasoning) => list.object(|to| {
            let signature = signature::write(reasoning.seal.as_ref(), Fingerprint::of(&reasoning.text));
            if reasoning.redacted {
                to.put("type", "redacted_thinking");
                to.put("data", &signature);
            } else {
                to.put("type", "thinking");
                to.put("thinking", &reasoning.text);
                to.put("signature", &signature);
            }
        }),
        Content::ToolCall(call) => list.object(|to| {
            to.put("type", "tool_use");
            to.put("id", &call.id);
            to.put("name", &call.name);
            to.raw("input", &request::call_input(call));
        }),
        Content::Opaque { origin: DialectId::Anthropic, raw, .. } => list.raw(raw),
        // Models answer with neither of the first two.
        Content::Media(_) | Content::ToolResult(_) | Content::Opaque { .. } => {}
    }
}

#[cfg(test)]
mod tests;

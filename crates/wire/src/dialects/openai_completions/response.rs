//! The whole answer: `text_completion`.

use bytes::Bytes;

use super::openai_chat::usage::UsageBody;
use crate::dialect::{Encoded, StreamHead};
use crate::ir::{BlockKind, Citation, Response, Said, Sealed, ServiceTier, Speech, StopReason, Unsaid};
use crate::write;

/// Writes an answer: its text. All else is lost.
pub(super) fn encode(response: &Response, head: &StreamHead) -> Encoded {
    let mut losses = Unsaid::of(response, &Answers);
    let minted = format!("cmpl-{}", head.request_id);
    let created = if response.created == 0 { head.created } else { response.created };
    let bytes = write::object(|object| {
        object.put("id", if response.id.is_empty() { &minted } else { &response.id });
        object.put("object", "text_completion");
        object.put("created", &created);
        object.put("model", &head.model);
        object.array("choices", |choices| {
            choices.object(|choice| {
                choice.put("text", &response.text());
                choice.put("index", &0);
                choice.put("logprobs", &None::<&str>);
                choice.put("finish_reason", finish_reason(&response.stop));
            });
        });
        object.put_some("usage", response.usage.map(|usage| UsageBody::from(usage).with_cost(head.cost)));
    });
    response.extras.iter().for_each(|extra| losses.add(extra.name.as_str()));
    Encoded { bytes: Bytes::from(bytes), losses }
}

/// What answers can say: text.
#[derive(Debug)]
pub(super) struct Answers;

impl Speech for Answers {
    fn block(&self, kind: &BlockKind) -> Said {
        match kind {
            BlockKind::Text => Said::All,
            BlockKind::Refusal
            | BlockKind::Reasoning { .. }
            | BlockKind::ToolCall { .. }
            | BlockKind::Opaque { .. } => Said::Nothing,
        }
    }

    fn seal(&self, on: Sealed) -> bool {
        match on {
            Sealed::Thoughts | Sealed::Call => false,
        }
    }

    fn citation(&self, _citation: &Citation) -> bool {
        false
    }

    fn logprobs(&self) -> bool {
        false
    }

    fn tier(&self, _tier: &ServiceTier) -> bool {
        false
    }
}

/// As in Chat Completions, save that no client of this dialect can run tools.
pub(super) fn finish_reason(stop: &StopReason) -> &str {
    match stop {
        StopReason::ToolCalls => "stop",
        StopReason::End
        | StopReason::StopText(_)
        | StopReason::Length
        | StopReason::ContextFull
        | StopReason::Filtered
        | StopReason::Paused
        | StopReason::Other(_) => super::openai_chat::stream::finish_reason(stop),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::ir::{Block, Content, ToolCall, Usage};

    #[test]
    fn writes_the_text_and_loses_the_rest() {
        let response = Response {
            id: String::new(),
            model: "upstream".into(),
            created: 0,
            blocks: vec![Block::text("a"), Content::ToolCall(ToolCall::default()).into(), Block::text("b")],
            stop: StopReason::ToolCalls,
            usage: Some(Usage { input: 1, output: 2, ..Usage::default() }),
            tier: None,
            extras: Vec::new(),
        };
        let head = StreamHead {
            model: "m".into(),
            include_usage: false,
            created: 7,
            request_id: "0".into(),
            request: None,
            cost: None,
        };
        let encoded = encode(&response, &head);
        let losses: Vec<&str> = encoded.losses.iter().map(|loss| loss.field.as_str()).collect();
        assert_eq!(losses, ["content[1]"]);
        expect![[r#"{"id":"cmpl-0","object":"text_completion","created":7,"model":"m","choices":[{"text":"ab","index":0,"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#]].assert_eq(std::str::from_utf8(&encoded.bytes).expect("text"));
    }
}

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

use super::*;
use crate::capabilities::{ReasoningReplay, ThinkingMode};
use crate::ir::{
    Block, CacheMark, Content, Effort, Media, MediaKind, MediaSource, Message, OutputFormat, Reasoning, Request, Role,
    Seal, SealOrigin, Tool, ToolCall, ToolChoice, ToolKind, ToolResult, placed,
};
use crate::{Capabilities, DialectId, WireError};

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).expect("JSON")
}

fn value(json: &[u8]) -> Value {
    serde_json::from_slice(json).expect("JSON")
}

mod home;
mod settings;
mod turns;
mod wrong;

/// What a client of another dialect says, as it reaches Gemini.
#[track_caller]
fn check(request: &Request, to: &Capabilities, lost: &[&str], expected: &Expect) {
    let encoded = encode(&placed(request), to).expect("it can be said");
    assert_eq!(encoded.losses.iter().map(|loss| loss.field.as_str()).collect::<Vec<_>>(), lost);
    let pretty = serde_json::to_string_pretty(&value(&encoded.bytes)).expect("JSON");
    expected.assert_eq(&pretty);
}

fn said(role: Role, content: Vec<Content>) -> Message {
    Message::new(role, content.into_iter().map(Block::from).collect())
}

fn text(text: &str) -> Content {
    Content::Text(text.to_owned())
}

fn call(id: &str, arguments: &str, seal: Option<Seal>) -> Content {
    let (id, name) = (id.to_owned(), format!("tool_{id}"));
    Content::ToolCall(ToolCall { id, name, arguments: arguments.to_owned(), custom: false, seal })
}

fn result(id: &str, blocks: Vec<Content>, is_error: Option<bool>) -> Content {
    let blocks = blocks.into_iter().map(Block::from).collect();
    Content::ToolResult(ToolResult { call_id: id.to_owned(), name: None, blocks, is_error, custom: false })
}

fn image(source: MediaSource) -> Content {
    Content::Media(Media { kind: MediaKind::Image, source, media_type: None, name: None, detail: None })
}

fn seal(origin: SealOrigin) -> Option<Seal> {
    Some(Seal { origin, data: "SEAL".to_owned() })
}

proptest! {
    #[test]
    fn any_body_can_be_tried(body in crate::scan::tests::mutated_json()) {
        let _ = decode(&body);
    }

    /// A broken copy of everything is refused or goes through; once through, it comes out the same again.
    #[test]
    fn a_broken_request_is_refused_or_understood(at in 0..home::EVERYTHING.len(), cut in 0_usize..40, with in "[\\[\\]{}\",:0-9a-z]{0,3}") {
        let mut body = home::EVERYTHING.as_bytes().to_vec();
        let end = (at + cut).min(body.len());
        body.splice(at..end, with.bytes());
        let Ok(request) = decode(&body) else { return Ok(()) };
        let Ok(encoded) = encode(&request, &Capabilities::default()) else { return Ok(()) };
        let again = decode(&encoded.bytes).expect("what was written can be read");
        let twice = encode(&again, &Capabilities::default()).expect("what was said can be said");
        prop_assert_eq!(value(&encoded.bytes), value(&twice.bytes));
    }
}

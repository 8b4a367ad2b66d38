mod foreign;
mod own;
mod property;
mod strict;
mod thinking;

use crate::capabilities::Capabilities;
use crate::ir::Request;
use crate::{DialectId, ir};

use super::*;

/// A model that takes all that Messages can say.
fn able() -> Capabilities {
    Capabilities { cache_marks: true, tool_images: true, ..Capabilities::default() }
}

/// What is written for `to`, and the losses.
#[track_caller]
fn written(request: &Request, to: &Capabilities) -> (String, Vec<String>) {
    let encoded = encode(&ir::placed(request), to).expect("sayable");
    let losses = encoded.losses.iter().map(|loss| loss.field.clone()).collect();
    (String::from_utf8(encoded.bytes.to_vec()).expect("text"), losses)
}

/// A request of another dialect: one question.
fn question() -> Request {
    let mut request = Request::new(DialectId::OpenaiChat, "m");
    request.messages.push(ir::Message::new(ir::Role::User, vec![ir::Block::text("hi")]));
    request
}

/// One of every kind of block that a person and a model can say, cache marks and unknown members among them.
const ASSISTANT: [&str; 7] = [
    r#"{"type":"text","text":"t","citations":[{"type":"char_location","cited_text":"x"}],"cache_control":{"type":"ephemeral","ttl":"1h"}}"#,
    r#"{"type":"thinking","thinking":"","signature":"EqoB"}"#,
    r#"{"type":"redacted_thinking","data":"Emw"}"#,
    r#"{"type":"tool_use","id":"toolu_1","name":"f","input":{ "a" : [1.0, 2e3] },"caller":{"type":"direct"}}"#,
    r#"{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{}}"#,
    r#"{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[]}"#,
    r#"{"type":"compaction","content":"so far"}"#,
];
const USER: [&str; 10] = [
    r#"{"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"text","text":"a"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBO"}},{"type":"tool_reference","tool_name":"g"}],"is_error":true,"cache_control":{"type":"ephemeral","scope":"global"}}"#,
    r#"{"type":"text","text":"b"}"#,
    r#"{"type":"image","source":{"type":"url","url":"https://a/b.png"}}"#,
    r#"{"type":"image","source":{"type":"file","file_id":"file_1"},"cache_control":{"type":"ephemeral"}}"#,
    r#"{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"},"title":"T","context":"C","citations":{"enabled":true}}"#,
    r#"{"type":"document","source":{"type":"text","media_type":"text/plain","data":"d"}}"#,
    r#"{"type":"document","source":{"type":"content","content":[{"type":"text","text":"p"}]}}"#,
    r#"{"type":"document","source":{"type":"content","content":[{"type":"image","source":{"type":"url","url":"u"}}]}}"#,
    r#"{"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"x"}]}"#,
    r#"{"type":"container_upload","file_id":"file_2"}"#,
];

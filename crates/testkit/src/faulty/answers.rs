//! One answer in every dialect, in the parts between which it can break.

use trunkline_wire::DialectId;

use super::said;
use crate::upstream::Say;

/// What a whole answer says.
pub const TEXT: &str = "hello world";
/// What has been said behind the first content.
pub const FIRST_TEXT: &str = "hello";

/// An answer, taken apart. The parts of a stream are events; those of a whole body are pieces of its JSON.
pub(super) struct Answer {
    /// Its content type.
    pub(super) kind: &'static str,
    pub(super) streamed: bool,
    /// What stands before the content.
    pub(super) start: &'static str,
    /// The first content.
    pub(super) content: &'static str,
    /// The rest, to the end.
    pub(super) rest: &'static str,
    /// What is said instead when nothing of content was, and when some was.
    pub(super) error: &'static str,
    pub(super) error_late: &'static str,
}

impl Answer {
    /// All of it, under this type.
    pub(super) fn said(&self, kind: &str) -> Vec<Say> {
        if self.streamed {
            let all = [self.start, self.content, self.rest].map(Say::chunk);
            let head = head(kind, "transfer-encoding: chunked");
            return [head].into_iter().chain(all).chain([Say::last_chunk()]).collect();
        }
        vec![said(200, kind, "", &[self.start, self.content, self.rest].concat())]
    }

    /// The head, and these parts.
    pub(super) fn begun(&self, parts: &[&str]) -> Vec<Say> {
        if self.streamed {
            let parts = parts.iter().map(|part| Say::chunk(part));
            return [self.head()].into_iter().chain(parts).collect();
        }
        let length = self.start.len() + self.content.len() + self.rest.len();
        vec![head(self.kind, &format!("content-length: {length}")), Say::text(parts.concat())]
    }

    /// The head of a stream.
    pub(super) fn head(&self) -> Say {
        head(self.kind, "transfer-encoding: chunked")
    }
}

fn head(kind: &str, framing: &str) -> Say {
    Say::text(format!("HTTP/1.1 200 X\r\ncontent-type: {kind}\r\n{framing}\r\n\r\n"))
}

/// The answer of one dialect.
pub(super) fn answer(dialect: DialectId, streamed: bool) -> Answer {
    if streamed { stream(dialect) } else { whole(dialect) }
}

const SSE: &str = "text/event-stream";
const JSON: &str = "application/json";

fn whole(dialect: DialectId) -> Answer {
    let (start, content, rest) = match dialect {
        DialectId::OpenaiChat | DialectId::OpenaiCompletions => (
            r#"{"id":"c1","object":"chat.completion","created":1,"model":"real","choices":[{"index":0,"message":{"role":"assistant","content":""#,
            FIRST_TEXT,
            r#" world"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#,
        ),
        DialectId::OpenaiResponses => (
            r#"{"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"real","error":null,"incomplete_details":null,"output":[{"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text","annotations":[],"text":""#,
            FIRST_TEXT,
            r#" world"}]}],"usage":{"input_tokens":9,"output_tokens":2,"total_tokens":11}}"#,
        ),
        DialectId::Anthropic => (
            r#"{"id":"msg_1","type":"message","role":"assistant","model":"real","content":[{"type":"text","text":""#,
            FIRST_TEXT,
            r#" world"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":2}}"#,
        ),
        DialectId::Ollama => (
            r#"{"model":"real","created_at":"2026-11-21T00:00:00Z","message":{"role":"assistant","content":""#,
            FIRST_TEXT,
            r#" world"},"done":true,"done_reason":"stop","prompt_eval_count":9,"eval_count":2}"#,
        ),
        DialectId::Gemini => (
            r#"{"modelVersion":"real","responseId":"r1","candidates":[{"content":{"role":"model","parts":[{"text":""#,
            FIRST_TEXT,
            r#" world"}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":2,"totalTokenCount":11}}"#,
        ),
    };
    Answer { kind: JSON, streamed: false, start, content, rest, error: "", error_late: "" }
}

fn stream(dialect: DialectId) -> Answer {
    match dialect {
        DialectId::OpenaiChat | DialectId::OpenaiCompletions => CHAT,
        DialectId::OpenaiResponses => RESPONSES,
        DialectId::Anthropic => MESSAGES,
        DialectId::Ollama => LINES,
        DialectId::Gemini => CHUNKS,
    }
}

/// As vLLM has it: `[DONE]` stands behind errors, too.
const CHAT: Answer = Answer {
    kind: SSE,
    streamed: true,
    start: r#"data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"real","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}

"#,
    content: r#"data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"real","choices":[{"index":0,"delta":{"content":"hello"},"finish_reason":null}]}

"#,
    rest: r#"data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"real","choices":[{"index":0,"delta":{"content":" world"},"finish_reason":null}]}

data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"real","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"real","choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}

data: [DONE]

"#,
    error: r#"data: {"error":{"message":"Overloaded","type":"server_error","param":null,"code":"server_is_overloaded"}}

data: [DONE]

"#,
    error_late: r#"data: {"error":{"message":"Overloaded","type":"server_error","param":null,"code":"server_is_overloaded"}}

data: [DONE]

"#,
};

const RESPONSES: Answer = Answer {
    kind: SSE,
    streamed: true,
    start: r#"event: response.created
data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","created_at":1,"status":"in_progress","model":"real","output":[],"error":null}}

event: response.output_item.added
data: {"type":"response.output_item.added","sequence_number":1,"output_index":0,"item":{"type":"message","id":"msg_1","status":"in_progress","role":"assistant","content":[]}}

event: response.content_part.added
data: {"type":"response.content_part.added","sequence_number":2,"item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[]}}

"#,
    content: r#"event: response.output_text.delta
data: {"type":"response.output_text.delta","sequence_number":3,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"hello"}

"#,
    rest: r#"event: response.output_text.delta
data: {"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_1","output_index":0,"content_index":0,"delta":" world"}

event: response.output_text.done
data: {"type":"response.output_text.done","sequence_number":5,"item_id":"msg_1","output_index":0,"content_index":0,"text":"hello world"}

event: response.content_part.done
data: {"type":"response.content_part.done","sequence_number":6,"item_id":"msg_1","output_index":0,"content_index":0,"part":{"type":"output_text","text":"hello world","annotations":[]}}

event: response.output_item.done
data: {"type":"response.output_item.done","sequence_number":7,"output_index":0,"item":{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"hello world","annotations":[]}]}}

event: response.completed
data: {"type":"response.completed","sequence_number":8,"response":{"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"real","error":null,"output":[{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"hello world","annotations":[]}]}],"usage":{"input_tokens":9,"output_tokens":2,"total_tokens":11}}}

"#,
    error: r#"event: error
data: {"type":"error","sequence_number":0,"code":"server_is_overloaded","message":"Overloaded","param":null}

"#,
    error_late: r#"event: response.failed
data: {"type":"response.failed","sequence_number":4,"response":{"id":"resp_1","object":"response","created_at":1,"status":"failed","model":"real","output":[],"error":{"code":"server_is_overloaded","message":"Overloaded"}}}

"#,
};

const MESSAGES: Answer = Answer {
    kind: SSE,
    streamed: true,
    start: r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"real","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: ping
data: {"type":"ping"}

"#,
    content: r#"event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hello"}}

"#,
    rest: r#"event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" world"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":2}}

event: message_stop
data: {"type":"message_stop"}

"#,
    error: r#"event: error
data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}

"#,
    error_late: r#"event: error
data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}

"#,
};

const LINES: Answer = Answer {
    kind: "application/x-ndjson",
    streamed: true,
    start: r#"{"model":"real","created_at":"2026-11-21T00:00:00Z","message":{"role":"assistant","content":""},"done":false}
"#,
    content: r#"{"model":"real","created_at":"2026-11-21T00:00:00Z","message":{"role":"assistant","content":"hello"},"done":false}
"#,
    rest: r#"{"model":"real","created_at":"2026-11-21T00:00:00Z","message":{"role":"assistant","content":" world"},"done":false}
{"model":"real","created_at":"2026-11-21T00:00:00Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":9,"eval_count":2}
"#,
    error: r#"{"error":"server busy, please try again.  maximum pending requests exceeded"}
"#,
    error_late: r#"{"error":"server busy, please try again.  maximum pending requests exceeded"}
"#,
};

const CHUNKS: Answer = Answer {
    kind: SSE,
    streamed: true,
    start: r#"data: {"candidates":[{"content":{"role":"model","parts":[{"text":""}]},"index":0}],"modelVersion":"real","responseId":"r1"}

"#,
    content: r#"data: {"candidates":[{"content":{"role":"model","parts":[{"text":"hello"}]},"index":0}],"modelVersion":"real","responseId":"r1"}

"#,
    rest: r#"data: {"candidates":[{"content":{"role":"model","parts":[{"text":" world"}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":2,"totalTokenCount":11},"modelVersion":"real","responseId":"r1"}

"#,
    error: r#"data: {"error":{"code":503,"message":"Overloaded","status":"UNAVAILABLE"}}

"#,
    error_late: r#"data: {"error":{"code":503,"message":"Overloaded","status":"UNAVAILABLE"}}

"#,
};

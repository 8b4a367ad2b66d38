use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::capabilities::{MaxTokensField, ReasoningReplay};
use crate::scan::tests::mutated_json;
use crate::{Capabilities, ir};

mod translate;

fn read(body: &str) -> ir::Request {
    decode(body.as_bytes()).expect("a request")
}

/// What the messages and the tools of a body are, one a line.
#[track_caller]
fn check(body: &str, expected: &Expect) {
    let request = read(body);
    let mut lines: Vec<String> = Vec::new();
    for message in &request.messages {
        lines.push(format!("{:?} {:?}", message.role, message.extras));
        lines.extend(message.blocks.iter().map(|block| format!("  {block:?}")));
    }
    lines.extend(request.tools.iter().map(|tool| format!("{tool:?}")));
    lines.push(format!("{:?} {:?} {:?}", request.tool_choice, request.thinking, request.sampling));
    lines.push(format!("{:?} {:?} {:?}", request.user, request.caching, request.output_format));
    lines.push(format!("{:?} {:?} {:?}", request.stream, request.include_usage, request.stop));
    lines.push(format!("{:?}", request.extras));
    expected.assert_eq(&lines.join("\n"));
}

#[track_caller]
fn check_error(body: &str, expected: &str) {
    let error = decode(body.as_bytes()).expect_err("no request");
    assert_eq!(error.to_string(), expected, "{body}");
}

/// A body of one message of the user and these members.
fn with(members: &str) -> String {
    format!(r#"{{"model":"m","messages":[{{"role":"user","content":"a"}}]{members}}}"#)
}

#[track_caller]
fn check_same(body: &str, to: &Capabilities) {
    let encoded = encode(&read(body), to);
    let written: Value = serde_json::from_slice(&encoded.bytes).expect("JSON");
    let given: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(written, given, "{}", std::str::from_utf8(&encoded.bytes).expect("text"));
    assert_eq!(encoded.losses, ir::Losses::default(), "{body}");
}

#[test]
fn reads_the_smallest_request() {
    check(
        &with(""),
        &expect![[r#"
            User []
              Block { content: Text("a"), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[0].content") }
            None Thinking { enabled: None, effort: None, budget_tokens: None, shown: None } Sampling { temperature: None, top_p: None, top_k: None, min_p: None, seed: None, presence_penalty: None, frequency_penalty: None, repetition_penalty: None, output_tokens_max: None }
            None Caching { key: None, retention: None, mark: None } None
            false false []
            []"#]],
    );
}

#[test]
fn reads_every_part_and_keeps_what_it_does_not_know() {
    check(
        r#"{"model":"m","messages":[
            {"role":"developer","content":"be brief","name":"boss"},
            {"role":"user","content":[{"type":"text","text":"b","cache_control":{"type":"ephemeral","ttl":"1h"}},
              {"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":"low","format":"x"}},
              {"type":"image_url","image_url":"https://u"},
              {"type":"input_audio","input_audio":{"data":"AA==","format":"mp3"},"prompt_cache_breakpoint":{"mode":"explicit"}},
              {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,AA=="}},
              {"type":"file","file":{"file_id":"f1"},"note":1},
              {"type":"sticker","n":1}]},
            {"role":"assistant","content":null,"tool_calls":[]},
            {"role":"assistant"}
          ],"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false},"temperature":1,"top_p":0.5,
          "max_tokens":7,"max_completion_tokens":9,"stop":["x","y"],"user":"u","safety_identifier":"s","seed":null,"n":1}"#,
        &expect![[r#"
            Developer [Extra { name: "name", raw: RawValue("boss") }]
              Block { content: Text("be brief"), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[0].content") }
            User []
              Block { content: Text("b"), cache: Some(CacheMark { ttl: Some("1h"), at: At("messages[1].content[0].cache_control") }), citations: [], logprobs: [], extras: [], at: At("messages[1].content[0]") }
              Block { content: Media(Media { kind: Image, source: Base64("AA=="), media_type: Some("image/png"), name: None, detail: Some("low") }), cache: None, citations: [], logprobs: [], extras: [Extra { name: "image_url.format", raw: RawValue("x") }], at: At("messages[1].content[1]") }
              Block { content: Media(Media { kind: Image, source: Url("https://u"), media_type: None, name: None, detail: None }), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[1].content[2]") }
              Block { content: Media(Media { kind: Audio, source: Base64("AA=="), media_type: Some("audio/mpeg"), name: None, detail: None }), cache: Some(CacheMark { ttl: None, at: At("messages[1].content[3].prompt_cache_breakpoint") }), citations: [], logprobs: [], extras: [], at: At("messages[1].content[3]") }
              Block { content: Media(Media { kind: Document, source: Base64("AA=="), media_type: Some("application/pdf"), name: Some("a.pdf"), detail: None }), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[1].content[4]") }
              Block { content: Media(Media { kind: Document, source: File("f1"), media_type: None, name: None, detail: None }), cache: None, citations: [], logprobs: [], extras: [Extra { name: "note", raw: RawValue(1) }], at: At("messages[1].content[5]") }
              Block { content: Opaque { origin: OpenaiChat, kind: "sticker", raw: RawValue({"type":"sticker","n":1}) }, cache: None, citations: [], logprobs: [], extras: [], at: At("messages[1].content[6]") }
            Assistant []
            Assistant []
            None Thinking { enabled: None, effort: None, budget_tokens: None, shown: None } Sampling { temperature: Some(1.0), top_p: Some(0.5), top_k: None, min_p: None, seed: None, presence_penalty: None, frequency_penalty: None, repetition_penalty: None, output_tokens_max: Some(9) }
            Some("u") Caching { key: None, retention: None, mark: None } None
            true true ["x", "y"]
            [Extra { name: "n", raw: RawValue(1) }]"#]],
    );
}

#[test]
fn reads_thoughts_calls_and_results() {
    check(
        r#"{"model":"m","messages":[
            {"role":"assistant","content":"said","reasoning_content":"thought","refusal":null,
             "reasoning_details":[{"type":"reasoning.text","text":"thought","signature":"tl1.anthropic.sig","format":"anthropic-claude-v1","index":0},
               {"type":"reasoning.encrypted","data":"secret","id":"rs_1","format":"openai-responses-v1","index":1}],
             "tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"},"extra_content":{"google":{"thought_signature":"g"}}},
               {"id":"c2","type":"custom","custom":{"name":"g","input":"text"}},
               {"id":"c3","function":{"name":"h","arguments":{"b": 2}}}]},
            {"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"r"}],"cache_control":{"type":"ephemeral"}},
            {"role":"tool","tool_call_id":"c2","content":"r2","name":"g"},
            {"role":"assistant","content":null,"function_call":{"name":"old","arguments":"{}"}},
            {"role":"function","name":"old","content":"r3"}
          ],"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true,"x":1},"y":2},
             {"type":"custom","custom":{"name":"g","format":{"type":"text"}}},{"type":"web_search"}],
          "functions":[{"name":"old"}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"f"}}]}}}"#,
        &expect![[r#"
            Assistant []
              Block { content: Reasoning(Reasoning { text: "thought", summary: false, seal: Some(Seal { origin: Anthropic, data: "sig" }), redacted: false, id: None }), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[0].reasoning_details") }
              Block { content: Reasoning(Reasoning { text: "", summary: false, seal: Some(Seal { origin: Openrouter, data: "[{\"type\":\"reasoning.encrypted\",\"data\":\"secret\",\"id\":\"rs_1\",\"format\":\"openai-responses-v1\",\"index\":1}]" }), redacted: true, id: Some("rs_1") }), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[0].reasoning_details") }
              Block { content: Text("said"), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[0].content") }
              Block { content: ToolCall(ToolCall { id: "c1", name: "f", arguments: "{\"a\":1}", custom: false, seal: Some(Seal { origin: Gemini, data: "g" }) }), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[0].tool_calls[0]") }
              Block { content: ToolCall(ToolCall { id: "c2", name: "g", arguments: "text", custom: true, seal: None }), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[0].tool_calls[1]") }
              Block { content: ToolCall(ToolCall { id: "c3", name: "h", arguments: "{\"b\": 2}", custom: false, seal: None }), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[0].tool_calls[2]") }
            Tool []
              Block { content: ToolResult(ToolResult { call_id: "c1", name: None, blocks: [Block { content: Text("r"), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[1].content[0]") }], is_error: None, custom: false }), cache: Some(CacheMark { ttl: None, at: At("messages[1].cache_control") }), citations: [], logprobs: [], extras: [], at: At("messages[1]") }
            Tool []
              Block { content: ToolResult(ToolResult { call_id: "c2", name: Some("g"), blocks: [Block { content: Text("r2"), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[2].content") }], is_error: None, custom: true }), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[2]") }
            Assistant []
              Block { content: ToolCall(ToolCall { id: "call_3_old", name: "old", arguments: "{}", custom: false, seal: None }), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[3].function_call") }
            Tool []
              Block { content: ToolResult(ToolResult { call_id: "call_3_old", name: Some("old"), blocks: [Block { content: Text("r3"), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[4].content") }], is_error: None, custom: false }), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[4]") }
            Tool { kind: Function { name: "f", description: Some("d"), parameters: Some(RawValue({"type":"object"})), strict: Some(true) }, cache: None, extras: [Extra { name: "function.x", raw: RawValue(1) }, Extra { name: "y", raw: RawValue(2) }], at: At("tools[0]") }
            Tool { kind: Custom { name: "g", description: None, format: Some(RawValue({"type":"text"})) }, cache: None, extras: [], at: At("tools[1]") }
            Tool { kind: Hosted { origin: OpenaiChat, kind: "web_search", raw: RawValue({"type":"web_search"}) }, cache: None, extras: [], at: At("tools[2]") }
            Tool { kind: Function { name: "old", description: None, parameters: None, strict: None }, cache: None, extras: [], at: At("functions[0]") }
            Some(Allowed { required: true, names: ["f"] }) Thinking { enabled: None, effort: None, budget_tokens: None, shown: None } Sampling { temperature: None, top_p: None, top_k: None, min_p: None, seed: None, presence_penalty: None, frequency_penalty: None, repetition_penalty: None, output_tokens_max: None }
            None Caching { key: None, retention: None, mark: None } None
            false false []
            []"#]],
    );
}

#[test]
fn reads_what_cursor_sends() {
    check(
        r#"{"model":"m","messages":[
            {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"tool_use","id":"t1","name":"f","input":{"a":1}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"r"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}],"is_error":true},
              {"type":"text","text":"go on"}]}
          ],"tools":[{"name":"f","description":"d","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"}},
            {"type":"function","name":"g","parameters":{}}],"tool_choice":{"type":"tool","name":"f"}}"#,
        &expect![[r#"
            Assistant []
              Block { content: Reasoning(Reasoning { text: "t", summary: false, seal: Some(Seal { origin: Anthropic, data: "s" }), redacted: false, id: None }), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[0].content[0]") }
              Block { content: ToolCall(ToolCall { id: "t1", name: "f", arguments: "{\"a\":1}", custom: false, seal: None }), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[0].content[1]") }
            User []
              Block { content: ToolResult(ToolResult { call_id: "t1", name: None, blocks: [Block { content: Text("r"), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[1].content[0].content[0]") }, Block { content: Media(Media { kind: Image, source: Base64("AA=="), media_type: Some("image/png"), name: None, detail: None }), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[1].content[0].content[1]") }], is_error: Some(true), custom: false }), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[1].content[0]") }
              Block { content: Text("go on"), cache: None, citations: [], logprobs: [], extras: [], at: At("messages[1].content[1]") }
            Tool { kind: Function { name: "f", description: Some("d"), parameters: Some(RawValue({"type":"object"})), strict: None }, cache: Some(CacheMark { ttl: None, at: At("tools[0].cache_control") }), extras: [], at: At("tools[0]") }
            Tool { kind: Function { name: "g", description: None, parameters: Some(RawValue({})), strict: None }, cache: None, extras: [], at: At("tools[1]") }
            Some(Named { name: "f", custom: false }) Thinking { enabled: None, effort: None, budget_tokens: None, shown: None } Sampling { temperature: None, top_p: None, top_k: None, min_p: None, seed: None, presence_penalty: None, frequency_penalty: None, repetition_penalty: None, output_tokens_max: None }
            None Caching { key: None, retention: None, mark: None } None
            false false []
            []"#]],
    );
}

#[test]
fn goes_back_as_it_came() {
    let usual = Capabilities::default();
    for members in [
        "",
        r#","temperature":0.7,"top_p":1,"top_k":4,"min_p":0.1,"seed":-3,"presence_penalty":1,"frequency_penalty":-1.5,"repetition_penalty":1.1,"max_tokens":5"#,
        r#","stop":["x","y"],"user":"me","n":2,"logit_bias":{"1": 2},"metadata":{"a":"b"},"service_tier":"flex""#,
        r#","stream":true,"stream_options":{"include_usage":true,"x":1}"#,
        r#","safety_identifier":"s","user":"u","prompt_cache_key":"k","prompt_cache_retention":"24h""#,
        r#","reasoning_effort":"xhigh","verbosity":"low","prompt_cache_options":{"mode":"explicit"}"#,
        r#","reasoning":{"max_tokens":2000,"exclude":true}"#,
        r#","reasoning":{"effort":"low","other":1},"response_format":{"type":"grammar","grammar":"g"}"#,
        r#","response_format":{"type":"json_schema","json_schema":{"name":"n","description":"d","schema":{"b":1,"a":2},"strict":true}}"#,
        r#","response_format":{"type":"json_object"}"#,
        r#","tools":[{"type":"function","function":{"name":"f","parameters":{"z":1},"strict":false,"x":{"y":1}},"defer":true},{"type":"custom","custom":{"name":"c","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"d"}}}},{"type":"web_search","q":1}],"tool_choice":{"type":"custom","custom":{"name":"c"}},"parallel_tool_calls":false"#,
        r#","tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]}}"#,
    ] {
        check_same(&with(members), &usual);
    }
    let own = Capabilities { max_tokens_field: MaxTokensField::MaxCompletionTokens, ..Capabilities::default() };
    check_same(&with(r#","max_completion_tokens":9"#), &own);
    let marks = Capabilities { cache_marks: true, reasoning_replay: ReasoningReplay::Reasoning, ..usual };
    check_same(
        r#"{"model":"m","messages":[
            {"role":"system","content":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{"type":"ephemeral","ttl":"5m"}}],"name":"n"},
            {"role":"user","content":[{"type":"text","text":"b"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":"low","format":"x"},"q":1},
              {"type":"image_url","image_url":{"url":"https://u"}},{"type":"input_audio","input_audio":{"data":"AA==","format":"mp3"}},
              {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,AA=="}},{"type":"file","file":{"file_id":"f1"}},
              {"type":"video_url","video_url":{"url":"https://v"}},{"type":"sticker","n":1}]},
            {"role":"assistant","content":"said","annotations":[{"type":"url_citation","url_citation":{"url":"u"}}],"reasoning":"ab",
             "reasoning_details":[{"type":"reasoning.text","text":"a","signature":"s","format":"anthropic-claude-v1","index":0},
               {"type":"reasoning.summary","summary":"b","format":"openai-responses-v1","index":1},{"type":"reasoning.encrypted","data":"d","id":"rs","format":"openai-responses-v1","index":1}],
             "tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\": 1}"},"index":0,"extra_content":{"google":{"thought_signature":"g"}}},
               {"id":"c2","type":"custom","custom":{"name":"c","input":""}}]},
            {"role":"tool","tool_call_id":"c1","content":"r"},{"role":"tool","tool_call_id":"c2","content":"","name":"c"},
            {"role":"assistant","content":null,"refusal":"no"},{"role":"user","content":"","weight":1}]}"#,
        &marks,
    );
}

#[test]
fn errors_name_the_path() {
    for (body, expected) in [
        ("", "the body is not valid JSON: EOF while parsing a value at line 1 column 0"),
        ("[]", "the body must be a JSON object"),
        (r#"{"messages":[]}"#, "`model` is required"),
        (r#"{"model":"","messages":[]}"#, "`model` must be a non-empty string"),
        (r#"{"model":"m"}"#, "`messages` is required"),
        (r#"{"model":"m","messages":[]}"#, "`messages` must be a non-empty array"),
        (r#"{"model":"m","messages":"hi"}"#, "`messages` must be a non-empty array"),
    ] {
        check_error(body, expected);
    }
    for (messages, expected) in [
        ("7", "`messages[0]` must be an object"),
        ("{}", "`messages[0].role` is required"),
        (r#"{"role":7}"#, "`messages[0].role` must be a string"),
        (
            r#"{"role":"wizard","content":"a"}"#,
            "`messages[0].role` must be `system`, `developer`, `user`, `assistant`, `tool` or `function`",
        ),
        (r#"{"role":"user"}"#, "`messages[0].content` is required"),
        (r#"{"role":"user","content":{}}"#, "`messages[0].content` must be a string or an array of parts"),
        (r#"{"role":"user","content":["a"]}"#, "`messages[0].content[0]` must be an object"),
        (
            r#"{"role":"user","content":[{"type":"text","text":"a"},{"text":"b"}]}"#,
            "`messages[0].content[1].type` is required",
        ),
        (r#"{"role":"user","content":[{"type":"text","text":7}]}"#, "`messages[0].content[0].text` must be a string"),
        (
            r#"{"role":"user","content":[{"type":"image_url","image_url":{}}]}"#,
            "`messages[0].content[0].image_url.url` is required",
        ),
        (r#"{"role":"tool","content":"r"}"#, "`messages[0].tool_call_id` is required"),
        (
            r#"{"role":"tool","tool_call_id":"c","content":"r"}"#,
            "`messages[0].tool_call_id` must be the id of an earlier tool call",
        ),
        (
            r#"{"role":"function","name":"f","content":"r"}"#,
            "`messages[0].name` must be the name of a function that was called before",
        ),
        (
            r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"c"}]}"#,
            "`messages[0].content[0].tool_use_id` must be the id of an earlier tool call",
        ),
        (
            r#"{"role":"assistant","tool_calls":[{"id":"a","function":{}}]}"#,
            "`messages[0].tool_calls[0].function.name` is required",
        ),
        (
            r#"{"role":"assistant","tool_calls":[{"id":""}]}"#,
            "`messages[0].tool_calls[0].id` must be a non-empty string",
        ),
    ] {
        check_error(&format!(r#"{{"model":"m","messages":[{messages}]}}"#), expected);
    }
    for (field, expected) in [
        (r#""stream":1"#, "`stream` must be a boolean"),
        (r#""stream_options":[]"#, "`stream_options` must be an object"),
        (r#""stream_options":{"include_usage":1}"#, "`stream_options.include_usage` must be a boolean"),
        (r#""temperature":"hot""#, "`temperature` must be a number"),
        (r#""max_tokens":0"#, "`max_tokens` must be a positive integer"),
        (r#""max_completion_tokens":1.5"#, "`max_completion_tokens` must be a positive integer"),
        (r#""stop":7"#, "`stop` must be a string or an array of strings"),
        (r#""stop":["a",7]"#, "`stop[1]` must be a string"),
        (r#""user":{}"#, "`user` must be a string"),
        (r#""tools":{}"#, "`tools` must be an array"),
        (r#""tools":[{"type":"function","function":{}}]"#, "`tools[0].function.name` is required"),
        (r#""tools":[{"type":"custom"}]"#, "`tools[0].custom` is required"),
        (r#""functions":[{"name":7}]"#, "`functions[0].name` must be a non-empty string"),
        (r#""tool_choice":{"type":"function"}"#, "`tool_choice.name` is required"),
        (r#""tool_choice":"maybe""#, "`tool_choice` must be `auto`, `none`, `required` or an object that names a tool"),
        (
            r#""response_format":{"type":"json_schema","json_schema":{"name":"n"}}"#,
            "`response_format.json_schema.schema` is required",
        ),
    ] {
        check_error(&with(&format!(",{field}")), expected);
    }
}

proptest! {
    #[test]
    fn never_panics_and_takes_only_what_peek_takes(inner in mutated_json(), place in 0..6_usize) {
        let inner = String::from_utf8_lossy(&inner);
        let body = match place {
            0 => format!(r#"{{"model":"m","messages":{inner}}}"#),
            1 => format!(r#"{{"model":"m","messages":[{{"role":"user","content":{inner}}}]}}"#),
            2 => with(&format!(r#","stop":{inner}"#)),
            3 => with(&format!(r#","tools":[{inner}],"tool_choice":{inner}"#)),
            4 => format!(r#"{{"model":"m","messages":[{{"role":"assistant","reasoning_details":{inner},"tool_calls":{inner}}}]}}"#),
            _ => with(&format!(r#","response_format":{inner},"reasoning":{inner},"stream_options":{inner}"#)),
        };
        if let Ok(request) = decode(body.as_bytes()) {
            prop_assert!(crate::peek::peek(body.as_bytes()).is_ok());
            let encoded = encode(&request, &Capabilities::default());
            prop_assert!(serde_json::from_slice::<Value>(&encoded.bytes).is_ok());
        }
    }
}

use expect_test::{Expect, expect};
use serde_json::value::RawValue;

use super::*;
use crate::dialects::openai_chat::response::decode;
use crate::ir::{Block, Citation, Extra, Page, Seal, StopReason, Usage};

fn head() -> StreamHead {
    StreamHead {
        model: "m".into(),
        include_usage: false,
        created: 7,
        request_id: "0".repeat(32),
        request: None,
        cost: None,
    }
}

fn response(blocks: Vec<Block>, stop: StopReason, usage: Option<Usage>) -> Response {
    Response {
        id: "chatcmpl-1".into(),
        model: "m".into(),
        created: 7,
        blocks,
        stop,
        usage,
        tier: None,
        extras: Vec::new(),
    }
}

#[track_caller]
fn check(response: &Response, expected: &Expect) {
    let encoded = encode(response, &head());
    let losses: Vec<&str> = encoded.losses.iter().map(|loss| loss.field.as_str()).collect();
    expected.assert_eq(&format!("{}\n{losses:?}", std::str::from_utf8(&encoded.bytes).expect("text")));
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).expect("JSON")
}

fn thought(text: &str, seal: Option<(SealOrigin, &str)>) -> Reasoning {
    let seal = seal.map(|(origin, data)| Seal { origin, data: data.to_owned() });
    Reasoning { text: text.into(), seal, ..Reasoning::default() }
}

fn full() -> Response {
    let secret = Reasoning { redacted: true, ..thought("", Some((SealOrigin::Anthropic, "r"))) };
    let summary =
        Reasoning { summary: true, id: Some("rs_1".into()), ..thought("sum", Some((SealOrigin::Openai, "enc"))) };
    let seal = Some(Seal { origin: SealOrigin::Gemini, data: "g".into() });
    let call = ToolCall { id: "c1".into(), name: "f".into(), arguments: "{\"a\":1}".into(), custom: false, seal };
    let custom = ToolCall { id: "c2".into(), name: "p".into(), arguments: "x".into(), custom: true, seal: None };
    let blocks = vec![
        Content::Reasoning(thought("hm", Some((SealOrigin::Anthropic, "s")))).into(),
        Content::Reasoning(secret).into(),
        Content::Reasoning(summary).into(),
        Block::text("said"),
        Content::ToolCall(call).into(),
        Content::ToolCall(custom).into(),
    ];
    let usage = Usage { input: 3, cache_read: 4, cache_write: 5, output: 6, reasoning: 2, ..Usage::default() };
    response(blocks, StopReason::ToolCalls, Some(usage))
}

#[test]
fn writes_a_whole_answer() {
    let text = || vec![Block::text("a \"b\"")];
    check(
        &response(text(), StopReason::End, None),
        &expect![[r#"
        {"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"a \"b\"","refusal":null},"logprobs":null,"finish_reason":"stop"}]}
        []"#]],
    );
    check(
        &response(text(), StopReason::Other("eos".into()), None),
        &expect![[r#"
        {"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"a \"b\"","refusal":null},"logprobs":null,"finish_reason":"eos"}]}
        []"#]],
    );
    check(
        &full(),
        &expect![[r#"
            {"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"said","refusal":null,"reasoning_content":"hmsum","reasoning_details":[{"type":"reasoning.text","text":"hm","signature":"tl1.anthropic.s","format":"anthropic-claude-v1","index":0},{"type":"reasoning.encrypted","data":"tl1.anthropic.r","format":"anthropic-claude-v1","index":1},{"type":"reasoning.summary","summary":"sum","data":"tl1.openai.enc","id":"rs_1","format":"openai-responses-v1","index":2}],"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"},"extra_content":{"google":{"thought_signature":"g"}}},{"id":"c2","type":"custom","custom":{"name":"p","input":"x"}}]},"logprobs":null,"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":12,"completion_tokens":6,"total_tokens":18,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":5},"completion_tokens_details":{"reasoning_tokens":2}}}
            []"#]],
    );
    check(
        &response(vec![Content::Refusal("no".into()).into()], StopReason::Filtered, None),
        &expect![[r#"
        {"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,"refusal":"no"},"logprobs":null,"finish_reason":"content_filter"}]}
        []"#]],
    );
}

#[test]
fn sources_become_annotations_and_the_rest_is_lost() {
    let mut cited = Block::text("there");
    let page = Page { url: "https://u".into(), title: Some("t".into()), cited: None, place: None };
    let at = |place| Some(Page { place: Some(place), ..page.clone() });
    cited.citations = vec![
        Citation { page: Some(page.clone()), ..Citation::own(DialectId::Anthropic, raw("{}")) },
        Citation { page: at(1..3), ..Citation::own(DialectId::OpenaiResponses, raw("{}")) },
        Citation::own(DialectId::OpenaiChat, raw(r#"{"type":"url_citation","url_citation":{}}"#)),
        Citation::own(DialectId::Anthropic, raw(r#"{"type":"char_location","document_index":0}"#)),
    ];
    let hosted = Content::Opaque { origin: DialectId::Anthropic, kind: "server_tool_use".into(), raw: raw("{}") };
    let mut answer = response(vec![Block::text("é "), cited, hosted.into()], StopReason::End, None);
    answer.tier = Some(ServiceTier::Flex);
    answer.extras = vec![Extra { name: "container".into(), raw: raw("{}") }];
    check(
        &answer,
        &expect![[r#"
            {"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"é there","refusal":null,"annotations":[{"type":"url_citation","url_citation":{"start_index":2,"end_index":7,"url":"https://u","title":"t"}},{"type":"url_citation","url_citation":{"start_index":3,"end_index":5,"url":"https://u","title":"t"}},{"type":"url_citation","url_citation":{}}]},"logprobs":null,"finish_reason":"stop"}],"service_tier":"flex"}
            ["content[1].citations", "content[2]", "container"]"#]],
    );
}

#[test]
fn comes_back_as_it_went() {
    let answer = full();
    let encoded = encode(&answer, &head());
    let back = decode(&encoded.bytes).expect("an answer");
    assert_eq!(format!("{back:?}"), format!("{answer:?}"));
}

/// What an answer of a provider is, one block a line.
#[track_caller]
fn check_read(body: &str, expected: &Expect) {
    let answer = decode(body.as_bytes()).expect("an answer");
    let mut lines: Vec<String> = answer.blocks.iter().map(|block| format!("{:?}", block.content)).collect();
    lines.push(format!("{} {} {} {:?} {:?}", answer.id, answer.model, answer.created, answer.stop, answer.usage));
    lines.push(format!("{:?}", answer.extras));
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn reads_what_providers_answer() {
    check_read(
        r#"{"id":"x","object":"chat.completion","created":17.5,"model":"q","system_fingerprint":"fp","service_tier":null,
            "choices":[{"index":0,"message":{"role":"assistant","content":null,"reasoning":"t","tool_calls":[
              {"function":{"name":"a","arguments":""}},{"function":{"name":"b","arguments":{"x": 1}}}]},
            "finish_reason":"stop","stop_reason":null}],"usage":{"prompt_tokens":5,"completion_tokens":2}}"#,
        &expect![[r#"
            Reasoning(Reasoning { text: "t", summary: false, seal: None, redacted: false, id: None })
            ToolCall(ToolCall { id: "call_76ebb89877d8f6d9", name: "a", arguments: "", custom: false, seal: None })
            ToolCall(ToolCall { id: "call_4dbdb8a3c25ebdaf", name: "b", arguments: "{\"x\": 1}", custom: false, seal: None })
            x q 17 ToolCalls Some(Usage { input: 5, cache_read: 0, cache_write: 0, output: 2, reasoning: 0, audio_input: 0, audio_output: 0 })
            [Extra { name: "system_fingerprint", raw: RawValue("fp") }]"#]],
    );
    check_read(
        r#"{"choices":[{"message":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"t"}]},{"type":"text","text":"a"}]},
            "finish_reason":"stop","stop_reason":"END"}]}"#,
        &expect![[r#"
            Reasoning(Reasoning { text: "t", summary: false, seal: None, redacted: false, id: None })
            Text("a")
              0 StopText("END") None
            []"#]],
    );
    check_read(
        r#"{"id":"c","choices":[{"text":"once","index":0,"finish_reason":"length"}]}"#,
        &expect![[r#"
        Text("once")
        c  0 Length None
        []"#]],
    );
    check_read(
        r#"{"choices":[{"message":{"content":null,"refusal":"no","audio":{"id":"a","data":"AA==","transcript":"t"},
            "function_call":{"name":"f","arguments":"{}"}},"finish_reason":"function_call"}]}"#,
        &expect![[r#"
            Refusal("no")
            Opaque { origin: OpenaiChat, kind: "audio", raw: RawValue({"id":"a","data":"AA==","transcript":"t"}) }
            ToolCall(ToolCall { id: "call_e79bda5c1d3aef0c", name: "f", arguments: "{}", custom: false, seal: None })
              0 ToolCalls None
            []"#]],
    );
}

#[test]
fn what_is_no_answer_is_refused() {
    for (body, expected) in [
        ("", "the body is not valid JSON: EOF while parsing a value at line 1 column 0"),
        ("{}", "`choices` is required"),
        (r#"{"choices":[]}"#, "`choices` must be a non-empty array"),
        (r#"{"choices":[{"message":{"tool_calls":7}}]}"#, "`choices` must be an array of choices"),
        (r#"{"choices":[{"finish_reason":"error"}]}"#, "`choices` must be an answer, but holds an error"),
    ] {
        assert_eq!(decode(body.as_bytes()).expect_err("no answer").to_string(), expected, "{body}");
    }
}

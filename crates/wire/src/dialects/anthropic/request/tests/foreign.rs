use expect_test::{Expect, expect};
use serde_json::value::RawValue;

use super::*;
use crate::ir::{
    Block, CacheMark, Citation, Content, Extra, Media, MediaKind, MediaSource, Message, OutputFormat, Reasoning, Role,
    Seal, SealOrigin, Tool, ToolCall, ToolChoice, ToolKind, ToolResult,
};

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).expect("JSON")
}

fn call(id: &str, name: &str, arguments: &str) -> Block {
    let (id, name, arguments) = (id.to_owned(), name.to_owned(), arguments.to_owned());
    Content::ToolCall(ToolCall { id, name, arguments, ..ToolCall::default() }).into()
}

fn result(call_id: &str, blocks: Vec<Block>) -> Message {
    let result = ToolResult { call_id: call_id.to_owned(), blocks, ..ToolResult::default() };
    Message::new(Role::Tool, vec![Content::ToolResult(result).into()])
}

fn image(source: MediaSource) -> Block {
    Content::Media(Media { kind: MediaKind::Image, source, media_type: None, name: None, detail: None }).into()
}

/// What is written for a model that takes everything that Messages can say, but for images in results.
#[track_caller]
fn check(messages: Vec<Message>, expected: &Expect) {
    let request = Request { messages, ..question() };
    check_request(&request, expected);
}

#[track_caller]
fn check_request(request: &Request, expected: &Expect) {
    let (text, losses) = written(request, &Capabilities { cache_marks: true, ..Capabilities::default() });
    expected.assert_eq(&format!("{text}\n{losses:?}\n"));
}

#[test]
fn results_come_first_in_one_message_and_neighbours_are_merged() {
    check(
        vec![
            Message::new(Role::System, vec![Block::text("a")]),
            Message::new(Role::Developer, vec![Block::text("b")]),
            Message::new(Role::User, vec![Block::text("q"), Block::text("")]),
            Message::new(Role::User, vec![Block::text("r")]),
            Message::new(
                Role::Assistant,
                vec![Block::text(""), call("functions.f:0", "f", ""), call("c2", "g.h", "[1]")],
            ),
            result("functions.f:0", vec![Block::text("x")]),
            result("c2", vec![Block::text("y"), image(MediaSource::Base64("/9j/".to_owned()))]),
            Message::new(Role::User, vec![Block::text("go on")]),
        ],
        &expect![[r#"
            {"model":"m","max_tokens":8192,"system":[{"type":"text","text":"a"},{"type":"text","text":"b"}],"messages":[{"role":"user","content":[{"type":"text","text":"q"},{"type":"text","text":"r"}]},{"role":"assistant","content":[{"type":"tool_use","id":"functions_f_0","name":"f","input":{}},{"type":"tool_use","id":"c2","name":"g_h","input":{"_raw":"[1]"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"functions_f_0","content":"x"},{"type":"tool_result","tool_use_id":"c2","content":[{"type":"text","text":"y"},{"type":"text","text":"[image attached below]"}]},{"type":"text","text":"Tool result c2 images:"},{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"/9j/"}},{"type":"text","text":"go on"}]}]}
            []
        "#]],
    );
}

#[test]
fn the_operator_may_speak_only_between_a_person_and_the_model() {
    let said = |role: Role, text: &str| Message::new(role, vec![Block::text(text)]);
    check(
        vec![
            said(Role::User, "q"),
            said(Role::System, "s"),
            said(Role::Assistant, "a"),
            said(Role::System, "t"),
            said(Role::User, "r"),
            said(Role::Developer, "u"),
        ],
        &expect![[r#"
            {"model":"m","max_tokens":8192,"messages":[{"role":"user","content":"q"},{"role":"system","content":"s"},{"role":"assistant","content":"a"},{"role":"user","content":[{"type":"text","text":"<system>\nt\n</system>"},{"type":"text","text":"r"}]},{"role":"system","content":"u"}]}
            ["messages[3].role"]
        "#]],
    );
    check(
        vec![said(Role::System, "only")],
        &expect![[r#"
        {"model":"m","max_tokens":8192,"messages":[{"role":"user","content":"only"}]}
        ["messages[0].role"]
    "#]],
    );
}

#[test]
fn only_thoughts_that_anthropic_sealed_go_back() {
    let thoughts = |text: &str, seal: Option<(SealOrigin, &str)>| {
        let seal = seal.map(|(origin, data)| Seal { origin, data: data.to_owned() });
        Block::from(Content::Reasoning(Reasoning { text: text.to_owned(), seal, ..Reasoning::default() }))
    };
    let mut sealed_call = call("c", "f", "{}");
    if let Content::ToolCall(call) = &mut sealed_call.content {
        call.seal = Some(Seal { origin: SealOrigin::Gemini, data: "g".to_owned() });
    }
    check(
        vec![
            Message::new(Role::User, vec![Block::text("q")]),
            Message::new(
                Role::Assistant,
                vec![
                    thoughts("own", Some((SealOrigin::Anthropic, "E"))),
                    thoughts("other", Some((SealOrigin::Openai, "o"))),
                    thoughts("bare", None),
                    sealed_call,
                ],
            ),
        ],
        &expect![[r#"
            {"model":"m","max_tokens":8192,"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"thinking","thinking":"own","signature":"E"},{"type":"tool_use","id":"c","name":"f","input":{}}]}]}
            ["messages[1].content[1]", "messages[1].content[2]", "messages[1].content[3].extra_content"]
        "#]],
    );
}

#[test]
fn what_messages_has_no_word_for_is_a_loss() {
    let mut text = Block::text("t");
    text.cache = Some(CacheMark { ttl: Some("24h".to_owned()), ..CacheMark::default() });
    text.citations.push(Citation::own(DialectId::OpenaiChat, raw("{}")));
    text.extras.push(Extra { name: "more".to_owned(), raw: raw("1") });
    let media = |kind, source, media_type: Option<&str>| {
        let media_type = media_type.map(str::to_owned);
        Block::from(Content::Media(Media {
            kind,
            source,
            media_type,
            name: Some("n".into()),
            detail: Some("high".into()),
        }))
    };
    let mut message = Message::new(
        Role::User,
        vec![
            text,
            Content::Refusal("no".to_owned()).into(),
            media(MediaKind::Audio, MediaSource::Base64("x".to_owned()), None),
            media(MediaKind::Image, MediaSource::File("f".to_owned()), None),
            media(MediaKind::Image, MediaSource::Url("u".to_owned()), None),
            media(MediaKind::Document, MediaSource::Base64("YQ==".to_owned()), Some("text/csv")),
            media(MediaKind::Document, MediaSource::Base64("JVBE".to_owned()), None),
            Content::Opaque { origin: DialectId::Gemini, kind: "executableCode".to_owned(), raw: raw("{}") }.into(),
        ],
    );
    message.extras.push(Extra { name: "name".to_owned(), raw: raw("\"bob\"") });
    let mut request = Request { messages: vec![message], ..question() };
    request.sampling.temperature = Some(1.5);
    request.sampling.seed = Some(7);
    request.sampling.presence_penalty = Some(0.0);
    request.sampling.frequency_penalty = Some(0.5);
    request.stop = vec!["\n".to_owned(), "END".to_owned()];
    request.user = Some("bob@example.com".to_owned());
    request.caching.key = Some("k".to_owned());
    request.output_format = Some(OutputFormat::JsonObject);
    request.extras.push(Extra { name: "logit_bias".to_owned(), raw: raw("{}") });
    check_request(
        &request,
        &expect![[r#"
        {"model":"m","max_tokens":8192,"system":"Respond with a single JSON object and nothing else.","messages":[{"role":"user","content":[{"type":"text","text":"t","cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"text","text":"no"},{"type":"image","source":{"type":"url","url":"u"}},{"type":"document","source":{"type":"text","media_type":"text/plain","data":"a"},"title":"n"},{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"},"title":"n"}]}],"temperature":1.0,"stop_sequences":["END"]}
        ["messages[0].content[2]", "messages[0].content[3]", "messages[0].content[7]", "messages[0].name", "messages[0].annotations", "messages[0].content[0].cache_control.ttl", "messages[0].content[0].more", "messages[0].content[4].file.filename", "messages[0].content[4].image_url.detail", "messages[0].content[5].image_url.detail", "messages[0].content[6].image_url.detail", "temperature", "seed", "frequency_penalty", "stop", "response_format", "user", "prompt_cache_key", "logit_bias"]
    "#]],
    );
}

#[test]
fn tools_get_names_and_schemas_that_messages_takes() {
    let function = |name: &str, parameters: Option<&str>| {
        let (name, parameters) = (name.to_owned(), parameters.map(raw));
        Tool::new(ToolKind::Function { name, description: None, parameters, strict: Some(true) })
    };
    let mut request = question();
    request.tools = vec![
        function("a.b", None),
        function("a_b", Some(r#"{"type":"object","oneOf":[{"properties":{"x":{}}}]}"#)),
        function(&"n".repeat(70), Some(r#"{"properties":{}}"#)),
        Tool::new(ToolKind::Custom { name: "patch".to_owned(), description: None, format: Some(raw("{}")) }),
        Tool::new(ToolKind::Hosted { origin: DialectId::OpenaiChat, kind: "web_search".to_owned(), raw: raw("{}") }),
    ];
    request.tool_choice = Some(ToolChoice::Named { name: "a.b".to_owned(), custom: false });
    request.parallel_tool_calls = Some(false);
    check_request(
        &request,
        &expect![[r#"
            {"model":"m","max_tokens":8192,"tools":[{"name":"a_b_108bf50c","input_schema":{"type":"object","properties":{}},"strict":true},{"name":"a_b","input_schema":{"type":"object","properties":{"x":{}}},"strict":true},{"name":"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn_3395645d","input_schema":{"properties":{},"type":"object"},"strict":true},{"name":"patch","description":"The input must be of this form: {}","input_schema":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}}],"tool_choice":{"type":"tool","name":"a_b_108bf50c","disable_parallel_tool_use":true},"messages":[{"role":"user","content":"hi"}]}
            ["tools[4]", "tools[1].function.parameters.oneOf"]
        "#]],
    );
    request.tool_choice = Some(ToolChoice::Allowed { required: true, names: vec!["patch".to_owned()] });
    request.parallel_tool_calls = None;
    let patch = Content::ToolCall(ToolCall {
        id: "c".to_owned(),
        name: "patch".to_owned(),
        arguments: "a \"b\"".to_owned(),
        custom: true,
        seal: None,
    });
    request.messages.push(Message::new(Role::Assistant, vec![patch.into()]));
    check_request(
        &request,
        &expect![[r#"
            {"model":"m","max_tokens":8192,"tools":[{"name":"patch","description":"The input must be of this form: {}","input_schema":{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}}],"tool_choice":{"type":"any"},"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"patch","input":{"input":"a \"b\""}}]}]}
            ["tools[4]"]
        "#]],
    );
}

#[test]
fn an_answer_s_form_is_asked_for_as_far_as_it_can_be() {
    let mut request = question();
    let schema = raw(r#"{"type":"object","properties":{"a":{"type":"integer","minimum":1}}}"#);
    let name = Some("n".to_owned());
    request.output_format = Some(OutputFormat::JsonSchema { name, description: None, schema, strict: Some(true) });
    check_request(
        &request,
        &expect![[r#"
        {"model":"m","max_tokens":8192,"messages":[{"role":"user","content":"hi"}],"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"integer","description":"{minimum: 1}"}},"additionalProperties":false}}}}
        ["response_format.json_schema.schema.minimum"]
    "#]],
    );
    let (text, losses) = written(&request, &Capabilities { json_schema: false, ..able() });
    expect![[r#"
        {"model":"m","max_tokens":8192,"system":"Respond with a single JSON object and nothing else. It must conform to this JSON schema: {\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\",\"minimum\":1}}}","messages":[{"role":"user","content":"hi"}]}
        ["response_format"]
    "#]].assert_eq(&format!("{text}\n{losses:?}\n"));
}

#[test]
fn nothing_to_say_is_an_error() {
    let mut request = question();
    request.messages = vec![Message::new(Role::User, vec![Block::text("")])];
    let error = encode(&request, &able()).expect_err("nothing");
    assert_eq!(error.to_string(), "`messages` must be at least one message with content");
}

#[test]
fn a_result_without_its_call_is_left_out() {
    check(
        vec![
            Message::new(Role::User, vec![Block::text("q")]),
            Message::new(Role::User, vec![call("c", "f", "{}")]),
            result("c", vec![Block::text("x")]),
        ],
        &expect![[r#"
            {"model":"m","max_tokens":8192,"messages":[{"role":"user","content":"q"}]}
            ["messages[1].content[0]", "messages[2].content[0]"]
        "#]],
    );
}

#[test]
fn no_more_marks_are_set_than_anthropic_takes() {
    let mut text = Block::text("t");
    text.cache = Some(CacheMark::default());
    check(
        vec![Message::new(Role::User, vec![text; 5])],
        &expect![[r#"
        {"model":"m","max_tokens":8192,"messages":[{"role":"user","content":[{"type":"text","text":"t","cache_control":{"type":"ephemeral"}},{"type":"text","text":"t","cache_control":{"type":"ephemeral"}},{"type":"text","text":"t","cache_control":{"type":"ephemeral"}},{"type":"text","text":"t","cache_control":{"type":"ephemeral"}},{"type":"text","text":"t"}]}]}
        ["messages[0].content[4].cache_control"]
    "#]],
    );
}

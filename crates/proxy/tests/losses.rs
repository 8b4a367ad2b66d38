//! What a translation loses: named in the header for the client, and in the report, by the client's own words.

use serde_json::{Value, json};
use trunkline_testkit::{Gateway, Reply, Say, Upstream, ask};

/// A provider that speaks Messages alone.
fn config(upstream: &Upstream) -> String {
    format!(
        r#"
        [discovery]
        probe = false
        [providers.up]
        type = "anthropic"
        base_url = "{}"
        key = "sk-upstream"
        "#,
        upstream.url()
    )
}

/// Blocks that Chat Completions has no word for: a search of the provider's own, and a text with a place in a document.
fn blocks() -> [Value; 2] {
    let place = json!({"type": "char_location", "cited_text": "a", "document_index": 0, "document_title": null,
        "start_char_index": 0, "end_char_index": 1});
    [
        json!({"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "a"}}),
        json!({"type": "text", "text": "a", "citations": [place]}),
    ]
}

fn whole() -> Vec<Say> {
    let answer = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "real", "content": blocks(),
        "stop_reason": "end_turn", "stop_sequence": null, "usage": {"input_tokens": 1, "output_tokens": 1}});
    vec![Say::json(200, &answer.to_string())]
}

fn streamed() -> Vec<Say> {
    let [search, text] = blocks();
    let usage = json!({"input_tokens": 1, "output_tokens": 1});
    let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "real", "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage});
    let frames: String = [
        json!({"type": "message_start", "message": message}),
        json!({"type": "content_block_start", "index": 0, "content_block": search}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "a"}}),
        json!({"type": "content_block_delta", "index": 1,
            "delta": {"type": "citations_delta", "citation": text.pointer("/citations/0")}}),
        json!({"type": "content_block_stop", "index": 1}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null}, "usage": usage}),
        json!({"type": "message_stop"}),
    ]
    .iter()
    .map(|data| format!("event: {}\ndata: {data}\n\n", data["type"].as_str().expect("a type")))
    .collect();
    vec![Say::stream_head(), Say::chunk(&frames), Say::last_chunk()]
}

async fn ask_chat(gateway: &Gateway, more: Value) -> Reply {
    let mut body = json!({"model": "up/real", "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().expect("members").extend(more.as_object().expect("members").clone());
    ask(gateway.address(), "POST /v1/chat/completions", &[], &body.to_string()).await
}

#[tokio::test]
async fn what_an_answer_loses_is_in_the_report_streamed_or_whole() {
    let upstream = Upstream::start(vec![whole(), streamed(), streamed()]).await;
    let gateway = Gateway::start(&config(&upstream));
    let asked =
        [json!({"logit_bias": {"7": 1}}), json!({"logit_bias": {"7": 1}, "stream": true}), json!({"stream": true})];
    let mut named = Vec::new();
    for more in asked {
        let reply = ask_chat(&gateway, more).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        named.push(reply.header("x-trunkline-losses").map(str::to_owned));
    }
    // The header of a stream has left before its losses are met.
    assert_eq!(named, [Some("logit_bias".to_owned()), Some("logit_bias".to_owned()), None]);
    let reports = gateway.reports(3).await;
    let losses: Vec<Option<&str>> = reports.iter().map(|report| report.losses.as_deref()).collect();
    let both = Some("logit_bias, answer.content[0], answer.content[1].citations");
    assert_eq!(losses, [both, both, Some("answer.content[0], answer.content[1].citations")]);
}

#[tokio::test]
async fn a_refused_loss_is_named_as_the_client_wrote_it() {
    let upstream = Upstream::start(vec![]).await;
    let gateway = Gateway::start(&config(&upstream));
    let body = json!({"model": "up/real", "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "a"}, {"type": "input_image", "file_id": "file_1"}]},
    ]});
    let reject = ["x-trunkline-on-loss: reject"];
    let reply = ask(gateway.address(), "POST /v1/responses", &reject, &body.to_string()).await;
    assert_eq!((reply.status, &reply.json()["error"]["param"]), (400, &json!("input[0].content[1]")));
    let body = json!({"contents": [{"parts": [{"text": "a"}]}], "generationConfig": {"seed": 7}});
    let line = "POST /v1beta/models/up%2Freal:generateContent";
    let reply = ask(gateway.address(), line, &reject, &body.to_string()).await;
    assert_eq!(reply.status, 400, "{}", reply.body);
    assert!(reply.body.contains("`generationConfig.seed`"), "{}", reply.body);
    assert_eq!(upstream.received().len(), 0, "nobody was asked");
}

#[tokio::test]
async fn options_of_a_stream_are_kept_from_those_who_refuse_them() {
    let chunk = json!({"id": "c1", "object": "chat.completion.chunk", "model": "real",
        "choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}});
    let answer =
        || vec![Say::stream_head(), Say::chunk(&format!("data: {chunk}\n\ndata: [DONE]\n\n")), Say::last_chunk()];
    let upstream = Upstream::start(vec![answer(), answer(), answer()]).await;
    let gateway = Gateway::start(&config(&upstream).replace("anthropic", "mistral"));
    let own = ask_chat(&gateway, json!({"stream": true, "stream_options": {"include_usage": true}})).await;
    assert_eq!((own.status, own.header("x-trunkline-losses")), (200, Some("stream_options")), "{}", own.body);
    assert!(own.body.contains(r#""total_tokens":2"#), "usage is told all the same: {}", own.body);
    let none = ask_chat(&gateway, json!({"stream": true})).await;
    assert_eq!((none.status, none.header("x-trunkline-losses")), (200, None), "{}", none.body);
    let body =
        json!({"model": "up/real", "max_tokens": 9, "stream": true, "messages": [{"role": "user", "content": "hi"}]});
    let translated = ask(gateway.address(), "POST /v1/messages", &[], &body.to_string()).await;
    assert_eq!((translated.status, translated.header("x-trunkline-losses")), (200, None), "{}", translated.body);
    let sent = upstream.received();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|request| !request.body.contains("stream_options")), "{sent:?}");
}

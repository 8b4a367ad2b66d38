//! How long a prompt is, asked in each client's words, counted by whoever is behind the gateway.

use serde_json::{Value, json};
use trunkline_testkit::{Gateway, Received, Reply, Say, Upstream, ask};

const MESSAGES: &str = "POST /v1/messages/count_tokens";
const RESPONSES: &str = "POST /v1/responses/input_tokens";
const GEMINI: &str = "POST /v1beta/models/nice:countTokens";

/// The same question in the words of each path: a system text, a turn, a tool.
const QUESTIONS: [(&str, &str); 3] = [
    (
        MESSAGES,
        r#"{"model":"nice","system":"brief","messages":[{"role":"user","content":"hi"}],"tools":[{"name":"f","input_schema":{"type":"object"}}]}"#,
    ),
    (
        RESPONSES,
        r#"{"model":"nice","instructions":"brief","input":"hi","tools":[{"type":"function","name":"f","parameters":{"type":"object"}}]}"#,
    ),
    (
        GEMINI,
        r#"{"generateContentRequest":{"systemInstruction":{"parts":[{"text":"brief"}]},"contents":[{"role":"user","parts":[{"text":"hi"}]}],"tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object"}}]}]}}"#,
    ),
];

/// A gateway in front of a provider of this type, as it stands in the document.
fn gateway(upstream: &Upstream, provider: &str) -> Gateway {
    Gateway::start(&format!(
        r#"
        [discovery]
        probe = false
        [providers.up]
        base_url = "{}"
        {provider}
        [models.nice]
        targets = [{{ provider = "up", model = "real" }}]
        "#,
        upstream.url()
    ))
}

/// The answer, and what the provider was asked.
async fn count(provider: &str, scripts: Vec<Say>, line: &str, body: &str) -> (Reply, Vec<Received>) {
    let upstream = Upstream::start(scripts.into_iter().map(|say| vec![say]).collect()).await;
    let gateway = gateway(&upstream, provider);
    let reply = ask(gateway.address(), line, &["anthropic-version: 2023-06-01"], body).await;
    let report = gateway.reports(1).await.remove(0);
    assert_eq!((report.status, report.attempts), (reply.status, 1), "{}", reply.body);
    (reply, upstream.received())
}

/// How many tokens an answer says, in the words of its path.
fn said(line: &str, reply: &Reply) -> Option<u64> {
    assert_eq!(reply.status, 200, "{}", reply.body);
    let answer = reply.json();
    let object = answer.get("object").and_then(Value::as_str);
    assert_eq!(object, (line == RESPONSES).then_some("response.input_tokens"));
    answer.get(if line == GEMINI { "totalTokens" } else { "input_tokens" }).and_then(Value::as_u64)
}

fn path(request: &Received) -> &str {
    request.head.split(' ').nth(1).unwrap_or_default()
}

fn estimated(reply: &Reply) -> bool {
    reply.header("x-trunkline-estimated") == Some("true")
}

/// Every client is told what the provider's one counter says, asked at this path in these words.
#[track_caller]
fn check(line: &str, (reply, received): &(Reply, Vec<Received>), asked_at: &[&str], last_body: &Value) {
    assert_eq!(said(line, reply), Some(42), "{line}");
    assert!(!estimated(reply), "{line}");
    assert_eq!(received.iter().map(path).collect::<Vec<_>>(), asked_at, "{line}");
    let body: Value = serde_json::from_str(&received.last().expect("asked").body).expect("JSON");
    assert_eq!(body, *last_body, "{line}");
}

#[tokio::test]
async fn anthropics_counter_answers_every_client() {
    let asked = json!({"model": "real", "system": "brief", "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"name": "f", "input_schema": {"type": "object"}}]});
    for (line, body) in QUESTIONS {
        let counted = Say::json(200, r#"{"input_tokens":42}"#);
        let found = count("type = \"anthropic\"\nkey = \"sk-up\"", vec![counted], line, body).await;
        check(line, &found, &["/v1/messages/count_tokens"], &asked);
        let head = &found.1[0].head;
        assert!(head.contains("x-api-key: sk-up") && head.contains("anthropic-version: 2023-06-01"), "{head}");
    }
}

#[tokio::test]
async fn geminis_counter_answers_every_client() {
    for (line, body) in &QUESTIONS[..2] {
        let asked = json!({"generateContentRequest": {"model": "models/real",
            "systemInstruction": {"parts": [{"text": "brief"}]},
            "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
            "tools": [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": {"type": "object"}}]}]}});
        let counted = Say::json(200, r#"{"totalTokens":42}"#);
        let found = count("type = \"gemini\"\nkey = \"sk-up\"", vec![counted], line, body).await;
        // The upstream's `/v1` stands for Gemini's version.
        check(line, &found, &["/v1/models/real:countTokens"], &asked);
        assert!(found.1[0].head.contains("x-goog-api-key: sk-up"), "{}", found.1[0].head);
    }
}

#[tokio::test]
async fn openais_counter_answers_every_client() {
    for (line, body) in [QUESTIONS[0], QUESTIONS[2]] {
        let counted = Say::json(200, r#"{"object":"response.input_tokens","input_tokens":42}"#);
        let found = count("type = \"openai\"\nkey = \"sk-up\"", vec![counted], line, body).await;
        let sent: Value = serde_json::from_str(&found.1[0].body).expect("JSON");
        check(line, &found, &["/v1/responses/input_tokens"], &sent);
        let mut members: Vec<&str> = sent.as_object().expect("an object").keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["input", "instructions", "model", "tools"], "{sent}");
        assert_eq!(
            (&sent["model"], &sent["instructions"], &sent["tools"][0]["name"]),
            (&json!("real"), &json!("brief"), &json!("f"))
        );
    }
}

/// The question as vLLM's tokeniser and llama.cpp's template take it.
fn as_chat() -> Value {
    json!({"model": "real",
        "messages": [{"role": "system", "content": "brief"}, {"role": "user", "content": "hi"}],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]})
}

#[tokio::test]
async fn an_old_vllm_is_asked_for_its_tokeniser() {
    let tokens = || Say::json(200, r#"{"count":42,"max_model_len":100,"tokens":[1,2,3]}"#);
    for (line, body) in QUESTIONS {
        for missing in [404, 405, 501].map(|status| Say::json(status, r#"{"detail":"Not Found"}"#)) {
            let found = count("type = \"vllm\"", vec![missing, tokens()], line, body).await;
            check(line, &found, &["/v1/messages/count_tokens", "/tokenize"], &as_chat());
        }
        let found = count("type = \"vllm\"\ndialects = [\"openai_chat\"]", vec![tokens()], line, body).await;
        check(line, &found, &["/tokenize"], &as_chat());
    }
}

#[tokio::test]
async fn an_old_llama_cpp_is_asked_for_its_template_and_its_tokeniser() {
    let tokens = format!(r#"{{"tokens":{:?}}}"#, [7; 42]);
    let prompt = r#"{"prompt":"<|user|>hi"}"#;
    for (line, body) in QUESTIONS {
        let say = vec![Say::json(404, "{}"), Say::json(200, prompt), Say::json(200, &tokens)];
        let found = count("type = \"llama_cpp\"\ndialects = [\"openai_chat\"]", say, line, body).await;
        let asked_at = ["/v1/chat/completions/input_tokens", "/apply-template", "/tokenize"];
        let asked = json!({"model": "real", "content": "<|user|>hi", "add_special": true, "parse_special": true});
        check(line, &found, &asked_at, &asked);
        let templated: Value = serde_json::from_str(&found.1[1].body).expect("JSON");
        assert_eq!(templated, as_chat());
    }
}

#[tokio::test]
async fn pictures_are_no_matter_for_a_tokeniser() {
    let body = r#"{"model":"nice","messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"http://i"}}]}]}"#;
    let provider = "type = \"vllm\"\ndialects = [\"openai_chat\"]";
    let (reply, received) = count(provider, vec![Say::json(200, r#"{"count":1}"#)], MESSAGES, body).await;
    assert!(estimated(&reply) && said(MESSAGES, &reply) > Some(1000), "{}", reply.body);
    assert_eq!(received, []);
}

#[tokio::test]
async fn a_counter_that_fails_is_replaced_by_an_estimate_that_says_so() {
    let failures = [
        vec![Say::json(404, "{}")],
        vec![Say::json(500, r#"{"error":{"message":"boom"}}"#)],
        vec![Say::json(401, r#"{"error":{"message":"who"}}"#)],
        vec![Say::json(400, r#"{"error":{"message":"what"}}"#)],
        vec![Say::json(200, r#"{"input_tokens":"many"}"#)],
        vec![Say::json(200, "garbage")],
        vec![Say::Close],
    ];
    for failure in failures {
        for (line, body) in &QUESTIONS[1..] {
            let (reply, _) = count("type = \"anthropic\"\nkey = \"sk-up\"", failure.clone(), line, body).await;
            assert!(estimated(&reply), "{line} {failure:?}");
            assert!(said(line, &reply) > Some(5), "{line} {failure:?}: {}", reply.body);
        }
    }
}

#[tokio::test]
async fn a_counter_of_the_clients_own_dialect_that_fails_is_replaced_too() {
    let (line, body) = QUESTIONS[0];
    for (status, estimate) in [(404, true), (500, true), (429, true), (400, false)] {
        let failure = Say::json(status, r#"{"type":"error","error":{"type":"x","message":"no"}}"#);
        let (reply, _) = count("type = \"anthropic\"\nkey = \"sk-up\"", vec![failure], line, body).await;
        assert_eq!((reply.status, estimated(&reply)), (if estimate { 200 } else { 400 }, estimate), "{}", reply.body);
    }
}

#[tokio::test]
async fn the_next_key_counts_before_anybody_estimates() {
    for (line, body) in QUESTIONS {
        let slow = vec![Say::json(429, r#"{"error":{"message":"slow"}}"#)];
        let upstream = Upstream::start(vec![slow, vec![Say::json(200, r#"{"input_tokens":42}"#)]]).await;
        let gateway = gateway(&upstream, "type = \"anthropic\"\nkeys = [\"sk-1\", \"sk-2\"]");
        let reply = ask(gateway.address(), line, &[], body).await;
        assert_eq!((said(line, &reply), estimated(&reply)), (Some(42), false), "{line}");
        assert_eq!(gateway.reports(1).await[0].attempts, 2);
    }
}

#[tokio::test]
async fn what_no_counter_takes_is_told_as_a_loss() {
    let body = r#"{"contents":[{"role":"user","parts":[{"text":"hi"}]}],"safetySettings":[]}"#;
    let counted = vec![Say::json(200, r#"{"input_tokens":42}"#)];
    let (reply, _) = count("type = \"anthropic\"\nkey = \"sk-up\"", counted, GEMINI, body).await;
    assert_eq!(said(GEMINI, &reply), Some(42));
    assert_eq!(reply.header("x-trunkline-losses"), Some("safetySettings"));
}

#[tokio::test]
async fn a_question_that_is_none_is_refused_before_anybody_is_asked() {
    let (reply, received) = count("type = \"vllm\"", vec![Say::Close], GEMINI, r#"{"contents":7}"#).await;
    assert_eq!(reply.status, 400, "{}", reply.body);
    assert_eq!(received, []);
}

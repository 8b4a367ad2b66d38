//! A gateway whose model keeps its answers, and what it is asked.

use serde_json::{Value, json};
use trunkline_testkit::{Gateway, Reply, Say, Upstream, ask};

pub(crate) const CHAT: &str = "/v1/chat/completions";
const PRICE: &str = "price = { input = 3, output = 15 }";
/// 100 * 3 + 20 * 15, a million times less.
pub(crate) const COST: &str = "0.0006";

/// One gateway with a model `m` that keeps its answers, before one provider that speaks Chat.
pub(crate) struct Rig {
    pub(crate) upstream: Upstream,
    pub(crate) gateway: Gateway,
}

/// The same before this provider.
pub(crate) fn document(url: &str, cache: &str, more: &str) -> String {
    format!(
        "[discovery]\nprobe = false\n[failover]\nretries = 0\nwhen_resting = \"try\"\n\
         [providers.up]\ntype = \"vllm\"\nbase_url = \"{url}\"\ndialects = [\"openai_chat\"]\n\
         [models.m]\ntargets = [{{ provider = \"up\", model = \"real\" }}]\n{PRICE}\n{cache}\n{more}\n"
    )
}

pub(crate) const KEPT: &str = "cache = { ttl = \"1h\" }";
pub(crate) const KEYS: &str =
    "[[client_keys]]\nname = \"one\"\nkey = \"sk-one\"\n[[client_keys]]\nname = \"two\"\nkey = \"sk-two\"";

impl Rig {
    pub(crate) async fn new(
        cache: &str,
        more: &str,
        answer: impl Fn(usize, bool) -> Vec<Say> + Send + Sync + 'static,
    ) -> Self {
        let upstream =
            Upstream::answering(move |number, request| answer(number, request.body.contains("\"stream\":true"))).await;
        let gateway = Gateway::start(&document(&upstream.url(), cache, more));
        Self { upstream, gateway }
    }

    /// Each answer says which it is.
    pub(crate) async fn counting(cache: &str, more: &str) -> Self {
        Self::new(cache, more, |number, stream| says(&format!("answer {number}"), "stop", stream)).await
    }

    pub(crate) async fn ask(&self, path: &str, headers: &[&str], body: &Value) -> Reply {
        let reply = ask(self.gateway.address(), &format!("POST {path}"), headers, &body.to_string()).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        reply
    }

    /// What the kept answers had to do with a question that is put twice.
    pub(crate) async fn twice(&self, headers: &[&str], body: &Value) -> [String; 2] {
        let first = word(&self.ask(CHAT, headers, body).await);
        [first, word(&self.ask(CHAT, headers, body).await)]
    }

    pub(crate) fn asked(&self) -> usize {
        self.upstream.received().len()
    }
}

pub(crate) fn word(reply: &Reply) -> String {
    reply.header("x-trunkline-cache").unwrap_or("nothing").to_owned()
}

/// An answer in Chat, of 120 tokens.
pub(crate) fn answers(message: &Value, reason: &str, stream: bool) -> Vec<Say> {
    let usage = json!({"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120});
    if !stream {
        let body = json!({"id": "c1", "object": "chat.completion", "created": 1, "model": "real", "usage": usage,
            "choices": [{"index": 0, "message": message, "finish_reason": reason}]});
        return vec![Say::json(200, &body.to_string())];
    }
    let chunk = |choices: Value, usage: &Value| {
        let chunk = json!({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "real",
            "choices": choices, "usage": usage});
        Say::chunk(&format!("data: {chunk}\n\n"))
    };
    vec![
        Say::stream_head(),
        chunk(json!([{"index": 0, "delta": message, "finish_reason": null}]), &Value::Null),
        chunk(json!([{"index": 0, "delta": {}, "finish_reason": reason}]), &Value::Null),
        chunk(json!([]), &usage),
        Say::chunk("data: [DONE]\n\n"),
        Say::last_chunk(),
    ]
}

pub(crate) fn says(text: &str, reason: &str, stream: bool) -> Vec<Say> {
    answers(&json!({"role": "assistant", "content": text}), reason, stream)
}

pub(crate) fn question(stream: bool, more: Value) -> Value {
    let mut body = json!({"model": "m", "stream": stream, "max_tokens": 50,
        "messages": [{"role": "user", "content": "hi"}]});
    let Value::Object(more) = more else { unreachable!("a table") };
    body.as_object_mut().expect("a table").extend(more);
    body
}

/// A question in each dialect: its path, and its body.
pub(crate) fn dialects(stream: bool) -> Vec<(&'static str, Value)> {
    let gemini = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]});
    let gemini_path =
        if stream { "/v1beta/models/m:streamGenerateContent?alt=sse" } else { "/v1beta/models/m:generateContent" };
    vec![
        (CHAT, question(stream, json!({}))),
        ("/v1/completions", json!({"model": "m", "stream": stream, "prompt": "hi"})),
        ("/v1/responses", json!({"model": "m", "stream": stream, "input": "hi"})),
        ("/v1/messages", question(stream, json!({}))),
        ("/api/chat", question(stream, json!({}))),
        ("/api/generate", json!({"model": "m", "stream": stream, "prompt": "hi"})),
        (gemini_path, gemini),
    ]
}

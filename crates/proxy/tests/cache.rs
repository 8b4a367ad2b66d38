//! Answers that are given again to requests that say the same.

use serde_json::{Value, json};
use trunkline_providers::Usd;
use trunkline_route::{Outcome, Question};
use trunkline_testkit::{Gateway, Reply, Say, Upstream, ask};

const CHAT: &str = "/v1/chat/completions";
const PRICE: &str = "price = { input = 3, output = 15 }";
/// 100 * 3 + 20 * 15, a million times less.
const COST: &str = "0.0006";

/// One gateway with a model `m` that keeps its answers, before one provider that speaks Chat.
struct Rig {
    upstream: Upstream,
    gateway: Gateway,
}

/// The same before this provider.
fn document(url: &str, cache: &str, more: &str) -> String {
    format!(
        "[discovery]\nprobe = false\n[failover]\nretries = 0\nwhen_resting = \"try\"\n\
         [providers.up]\ntype = \"vllm\"\nbase_url = \"{url}\"\ndialects = [\"openai_chat\"]\n\
         [models.m]\ntargets = [{{ provider = \"up\", model = \"real\" }}]\n{PRICE}\n{cache}\n{more}\n"
    )
}

const KEPT: &str = "cache = { ttl = \"1h\" }";
const KEYS: &str =
    "[[client_keys]]\nname = \"one\"\nkey = \"sk-one\"\n[[client_keys]]\nname = \"two\"\nkey = \"sk-two\"";

impl Rig {
    async fn new(cache: &str, more: &str, answer: impl Fn(usize, bool) -> Vec<Say> + Send + Sync + 'static) -> Self {
        let upstream =
            Upstream::answering(move |number, request| answer(number, request.body.contains("\"stream\":true"))).await;
        let gateway = Gateway::start(&document(&upstream.url(), cache, more));
        Self { upstream, gateway }
    }

    /// Each answer says which it is.
    async fn counting(cache: &str, more: &str) -> Self {
        Self::new(cache, more, |number, stream| says(&format!("answer {number}"), "stop", stream)).await
    }

    async fn ask(&self, path: &str, headers: &[&str], body: &Value) -> Reply {
        let reply = ask(self.gateway.address(), &format!("POST {path}"), headers, &body.to_string()).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.body);
        reply
    }

    /// What the kept answers had to do with a question that is put twice.
    async fn twice(&self, headers: &[&str], body: &Value) -> [String; 2] {
        let first = word(&self.ask(CHAT, headers, body).await);
        [first, word(&self.ask(CHAT, headers, body).await)]
    }

    fn asked(&self) -> usize {
        self.upstream.received().len()
    }
}

fn word(reply: &Reply) -> String {
    reply.header("x-trunkline-cache").unwrap_or("nothing").to_owned()
}

/// An answer in Chat, of 120 tokens.
fn answers(message: &Value, reason: &str, stream: bool) -> Vec<Say> {
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

fn says(text: &str, reason: &str, stream: bool) -> Vec<Say> {
    answers(&json!({"role": "assistant", "content": text}), reason, stream)
}

fn question(stream: bool, more: Value) -> Value {
    let mut body = json!({"model": "m", "stream": stream, "max_tokens": 50,
        "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().expect("a table").extend(more.as_object().expect("a table").clone());
    body
}

/// A question in each dialect: its path, and its body.
fn dialects(stream: bool) -> Vec<(&'static str, Value)> {
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

#[tokio::test]
async fn every_dialects_answer_is_given_again_as_a_stream_and_as_a_whole() {
    for first in [false, true] {
        for (dialect, (path, body)) in dialects(first).into_iter().enumerate() {
            let rig = Rig::counting(KEPT, "").await;
            let fresh = rig.ask(path, &[], &body).await;
            assert_eq!(word(&fresh), "miss", "{path}");
            assert!(fresh.body.contains("answer 0"), "{path}: {}", fresh.body);
            for stream in [false, true] {
                let (path, body) = &dialects(stream)[dialect];
                let again = rig.ask(path, &[], body).await;
                assert_eq!((&*word(&again), again.header("age")), ("hit", Some("0")), "{path} {stream}");
                assert!(again.body.contains("answer 0"), "{path}: {}", again.body);
                let fits = again.header("content-type") == Some("application/json") && stream;
                assert!(!fits, "{path}: a stream was asked for");
                assert_eq!(again.header("x-trunkline-cost"), (!stream).then_some("0.00"), "{path}");
            }
            assert_eq!(rig.asked(), 1, "{path}: nobody is asked again");
        }
    }
}

#[tokio::test]
async fn an_answer_given_again_is_the_same_save_for_its_head() {
    let rig = Rig::counting(KEPT, "").await;
    for stream in [false, true] {
        let body = question(stream, json!({"messages": [{"role": "user", "content": stream.to_string()}]}));
        let fresh = rig.ask(CHAT, &[], &body).await;
        let again = rig.ask(CHAT, &[], &body).await;
        assert_eq!((word(&fresh), word(&again)), ("miss".to_owned(), "hit".to_owned()));
        assert_eq!(again.body, fresh.body, "the id, the time and the usage too");
    }
}

/// A provider that speaks the client's own dialect is asked in the client's own words.
#[tokio::test]
async fn what_would_pass_untouched_is_kept_as_well() {
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5});
    let completion = json!({"id": "c", "object": "text_completion", "created": 1, "model": "real", "usage": usage,
        "choices": [{"index": 0, "text": "yo", "finish_reason": "stop", "logprobs": null}]});
    let message = json!({"id": "m", "type": "message", "role": "assistant", "model": "real", "stop_reason": "end_turn",
        "stop_sequence": null, "content": [{"type": "text", "text": "yo"}],
        "usage": {"input_tokens": 3, "output_tokens": 2}});
    let part = json!({"type": "output_text", "text": "yo", "annotations": []});
    let response = json!({"id": "r", "object": "response", "created_at": 1, "model": "real", "status": "completed",
        "output": [{"type": "message", "id": "i", "role": "assistant", "status": "completed", "content": [part]}],
        "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}});
    let ollama = json!({"model": "real", "created_at": "2026-01-01T00:00:00Z", "done": true, "done_reason": "stop",
        "message": {"role": "assistant", "content": "yo"}, "prompt_eval_count": 3, "eval_count": 2});
    let gemini = json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "yo"}]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}});
    let asked = dialects(false);
    for (dialect, place, answer) in [
        ("openai_completions", 1, completion),
        ("openai_responses", 2, response),
        ("anthropic", 3, message),
        ("ollama", 4, ollama),
        ("gemini", 6, gemini),
    ] {
        let upstream = Upstream::start(vec![vec![Say::json(200, &answer.to_string())]]).await;
        let toml = document(&upstream.url(), KEPT, "").replace("[\"openai_chat\"]", &format!("[\"{dialect}\"]"));
        let rig = Rig { gateway: Gateway::start(&toml), upstream };
        let (path, body) = &asked[place];
        let fresh = rig.ask(path, &[], body).await;
        let again = rig.ask(path, &[], body).await;
        assert_eq!((word(&fresh), word(&again), rig.asked()), ("miss".to_owned(), "hit".to_owned(), 1), "{dialect}");
        assert!(fresh.body.contains("yo") && again.body.contains("yo"), "{dialect}: {} {}", fresh.body, again.body);
        let report = rig.gateway.reports(2).await.pop().expect("a report");
        assert_eq!((report.usage.input, report.usage.output), (3, 2), "{dialect}");
    }
}

#[tokio::test]
async fn what_is_given_again_costs_nothing_and_says_what_that_saved() {
    let rig = Rig::counting(KEPT, "").await;
    let mut count = 0;
    for stream in [false, true] {
        let body = question(stream, json!({"seed": u8::from(stream)}));
        for _ in 0..2 {
            rig.ask(CHAT, &[], &body).await;
            count += 1;
        }
        let reports = rig.gateway.reports(count).await;
        let [fresh, again] = reports.last_chunk::<2>().expect("two reports");
        let text = |usd: Option<Usd>| usd.map(|usd| usd.to_string());
        assert_eq!((fresh.cached, text(fresh.cost).as_deref(), fresh.attempts), (false, Some(COST), 1));
        assert_eq!((again.cached, text(again.cost).as_deref(), again.attempts), (true, Some("0.00"), 0));
        assert_eq!(text(again.saved).as_deref(), Some(COST), "stream={stream}");
        assert_eq!((again.outcome, again.status, &again.provider), (Outcome::Served, 200, &None));
        assert_eq!((again.usage, again.model.as_deref(), again.stream), (fresh.usage, Some("m"), stream));
    }
}

#[tokio::test]
async fn who_asks_for_the_cost_of_an_answer_given_again_is_told_that_it_is_nothing() {
    let rig = Rig::counting(KEPT, "").await;
    let plain = rig.ask(CHAT, &[], &question(false, json!({}))).await;
    assert_eq!(plain.json()["usage"]["cost"], Value::Null);
    for stream in [false, true] {
        let again = rig
            .ask(
                CHAT,
                &[],
                &question(
                    stream,
                    json!({"usage": {"include": true},
            "stream_options": {"include_usage": true}}),
                ),
            )
            .await;
        assert_eq!(word(&again), "hit", "it asks for nothing else");
        assert!(again.body.contains("\"cost\":0"), "{}", again.body);
    }
}

#[tokio::test]
async fn models_that_say_nothing_keep_nothing() {
    let rig = Rig::counting("", "").await;
    assert_eq!(rig.twice(&[], &question(false, json!({}))).await, ["nothing", "nothing"]);
    assert_eq!(rig.asked(), 2);
}

#[tokio::test]
async fn another_question_has_another_answer() {
    let rig = Rig::counting(KEPT, "").await;
    rig.ask(CHAT, &[], &question(false, json!({}))).await;
    let same = [json!({"user": "somebody"}), json!({"metadata": {"a": "b"}}), json!({"prompt_cache_key": "k"})];
    for more in same {
        assert_eq!(word(&rig.ask(CHAT, &[], &question(false, more.clone())).await), "hit", "{more}");
    }
    let others = [json!({"temperature": 0.5}), json!({"max_tokens": 51}), json!({"unknown": 1}), json!({"seed": 1})];
    for more in others {
        assert_eq!(rig.twice(&[], &question(false, more.clone())).await, ["miss", "hit"], "{more}");
    }
    let headers = [["x-trunkline-on-loss: reject"], ["openai-beta: x"]];
    for header in headers {
        assert_eq!(rig.twice(&header, &question(false, json!({}))).await, ["miss", "hit"], "{header:?}");
    }
    // What another dialect says may mean something else.
    assert_eq!(word(&rig.ask("/v1/messages", &[], &question(false, json!({}))).await), "miss");
}

#[tokio::test]
async fn nobody_gets_what_another_key_was_given_unless_that_is_wanted() {
    let keys = [["authorization: Bearer sk-one"], ["authorization: Bearer sk-two"]];
    let body = question(false, json!({}));
    let own = Rig::counting(KEPT, KEYS).await;
    let shared = Rig::counting("cache = { ttl = \"1h\", shared = true }", KEYS).await;
    assert_eq!(own.twice(&keys[0], &body).await, ["miss", "hit"]);
    assert_eq!(own.twice(&keys[1], &body).await, ["miss", "hit"]);
    assert_eq!(shared.twice(&keys[0], &body).await, ["miss", "hit"]);
    assert_eq!(shared.twice(&keys[1], &body).await, ["hit", "hit"]);
}

#[tokio::test]
async fn callers_with_credentials_of_their_own_are_not_told_apart_and_get_nothing() {
    let upstream = Upstream::start(vec![says("yo", "stop", false)]).await;
    let toml = document(&upstream.url(), "cache = { ttl = \"1h\", shared = true }", "");
    let gateway = Gateway::start(&toml.replace("type = \"vllm\"", "type = \"vllm\"\nauth = \"passthrough\""));
    let rig = Rig { upstream, gateway };
    assert_eq!(rig.twice(&["authorization: Bearer mine"], &question(false, json!({}))).await, ["bypass", "bypass"]);
}

#[tokio::test]
async fn requests_say_themselves_whether_they_want_a_kept_answer() {
    let rig = Rig::counting(KEPT, "").await;
    let plain = question(false, json!({}));
    let cache = |said: Value| question(false, json!({"cache": said}));
    rig.ask(CHAT, &[], &plain).await;
    let text = |reply: &Reply| reply.json()["choices"][0]["message"]["content"].as_str().expect("text").to_owned();
    for (header, body) in [("cache-control: no-store", &plain), ("x-a: b", &cache(json!({"no-store": true})))] {
        assert_eq!(word(&rig.ask(CHAT, &[header], body).await), "bypass");
        assert_eq!(text(&rig.ask(CHAT, &[], &plain).await), "answer 0", "nothing was kept of it");
    }
    for (header, body) in [("cache-control: no-cache", &plain), ("x-a: b", &cache(json!({"no-cache": true})))] {
        let fresh = rig.ask(CHAT, &[header], body).await;
        assert_eq!(word(&fresh), "bypass");
        let again = rig.ask(CHAT, &[], &plain).await;
        assert_eq!((word(&again), text(&again)), ("hit".to_owned(), text(&fresh)), "its answer is the newest");
    }
    assert_eq!(word(&rig.ask(CHAT, &["cache-control: max-age=3600"], &plain).await), "hit");
    assert_eq!(word(&rig.ask(CHAT, &[], &cache(json!({"s-maxage": 3600}))).await), "hit");
    assert_eq!(rig.twice(&[], &cache(json!({"namespace": "mine"}))).await, ["miss", "hit"]);
    assert_eq!(rig.twice(&[], &question(false, json!({"seed": 1, "cache": {"ttl": 0}}))).await, ["miss", "miss"]);
    let told = rig.upstream.received().iter().any(|request| request.body.contains("\"cache\""));
    assert!(!told, "what is said to the gateway is not the provider's to read");
}

#[tokio::test]
async fn a_wish_that_cannot_be_read_is_refused() {
    let rig = Rig::counting(KEPT, "").await;
    let body = question(false, json!({"cache": {"ttl": "soon"}})).to_string();
    let reply = ask(rig.gateway.address(), &format!("POST {CHAT}"), &[], &body).await;
    assert_eq!((reply.status, reply.json()["error"]["param"].clone()), (400, json!("cache.ttl")), "{}", reply.body);
}

#[tokio::test]
async fn only_a_text_that_came_to_its_end_is_kept() {
    let call = json!([{"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]);
    let messages = [
        (json!({"role": "assistant", "content": "cut"}), "length"),
        (json!({"role": "assistant", "content": "hidden"}), "content_filter"),
        (json!({"role": "assistant", "content": null, "refusal": "no"}), "stop"),
        (json!({"role": "assistant", "content": "I call", "tool_calls": call}), "tool_calls"),
        (json!({"role": "assistant", "content": ""}), "stop"),
    ];
    for (message, reason) in messages {
        for stream in [false, true] {
            let answer = message.clone();
            let rig = Rig::new(KEPT, "", move |_, stream| answers(&answer, reason, stream)).await;
            let tools = json!({"tools": [{"type": "function", "function": {"name": "f"}}]});
            assert_eq!(rig.twice(&[], &question(stream, tools)).await, ["miss", "miss"], "{message}");
        }
    }
}

#[tokio::test]
async fn errors_and_answers_that_break_off_are_not_kept() {
    let rig = Rig::new(KEPT, "", |number, stream| match number {
        0 => vec![Say::json(400, r#"{"error":{"message":"no","type":"invalid_request_error"}}"#)],
        1 => says("half", "stop", true).into_iter().take(2).chain([Say::last_chunk()]).collect(),
        _ => says("all of it", "stop", stream),
    })
    .await;
    let body = question(true, json!({}));
    let line = format!("POST {CHAT}");
    assert_eq!(ask(rig.gateway.address(), &line, &[], &body.to_string()).await.status, 400);
    let broken = rig.ask(CHAT, &[], &body).await;
    assert!(broken.body.contains("half") && broken.body.contains("error"), "{}", broken.body);
    let whole = rig.ask(CHAT, &[], &body).await;
    assert_eq!(word(&whole), "miss");
    assert!(whole.body.contains("all of it"), "{}", whole.body);
    assert_eq!(word(&rig.ask(CHAT, &[], &body).await), "hit");
}

#[tokio::test]
async fn requests_for_more_than_a_text_pass_as_without_a_cache() {
    let rig = Rig::counting(KEPT, "").await;
    for more in [json!({"n": 2}), json!({"modalities": ["text", "audio"]})] {
        assert_eq!(rig.twice(&[], &question(false, more.clone())).await, ["bypass", "bypass"], "{more}");
    }
    let first = rig.ask("/v1/responses", &[], &json!({"model": "m", "input": "hi"})).await;
    let id = first.json()["id"].clone();
    let next = json!({"model": "m", "input": "and?", "previous_response_id": id});
    assert_eq!(word(&rig.ask("/v1/responses", &[], &next).await), "bypass");
}

#[tokio::test]
async fn a_response_given_again_can_be_gone_on_from() {
    let rig = Rig::counting(KEPT, "").await;
    let body = json!({"model": "m", "input": "hi"});
    let first = rig.ask("/v1/responses", &[], &body).await.json();
    let again = rig.ask("/v1/responses", &[], &body).await.json();
    assert_ne!(first["id"], again["id"], "each is one of its own");
    let next = json!({"model": "m", "input": "and?", "previous_response_id": again["id"]});
    rig.ask("/v1/responses", &[], &next).await;
    let told = rig.upstream.received().pop().expect("asked").body;
    assert!(told.contains("answer 0") && told.contains("and?"), "{told}");
}

#[tokio::test]
async fn a_model_that_is_defined_anew_gives_no_old_answers() {
    let rig = Rig::counting(KEPT, "").await;
    let body = question(false, json!({}));
    let toml = document(&rig.upstream.url(), KEPT, "");
    assert_eq!(rig.twice(&[], &body).await, ["miss", "hit"]);
    rig.gateway.reload(&toml.replace("input = 3", "input = 4"));
    assert_eq!(word(&rig.ask(CHAT, &[], &body).await), "hit", "a new price changes no answer");
    rig.gateway.reload(&toml.replace("model = \"real\"", "model = \"other\""));
    assert_eq!(rig.twice(&[], &body).await, ["miss", "hit"]);
    rig.gateway.reload(&toml);
    assert_eq!(word(&rig.ask(CHAT, &[], &body).await), "hit", "it is what it was");
}

#[tokio::test]
async fn what_another_model_said_in_its_place_is_not_kept() {
    let upstream = Upstream::answering(|number, request| match number {
        0 => vec![Say::json(500, "{}")],
        _ if request.body.contains("spare") => says("in its place", "stop", false),
        _ => says("its own", "stop", false),
    })
    .await;
    let more = "fallbacks = [\"s\"]\n[models.s]\ntargets = [{ provider = \"up\", model = \"spare\" }]";
    let gateway = Gateway::start(&document(&upstream.url(), KEPT, more));
    let rig = Rig { upstream, gateway };
    let body = question(false, json!({}));
    let first = rig.ask(CHAT, &[], &body).await;
    assert!(first.body.contains("in its place"), "{}", first.body);
    let second = rig.ask(CHAT, &[], &body).await;
    assert_eq!(word(&second), "miss");
    assert!(second.body.contains("its own"), "{}", second.body);
    assert_eq!(word(&rig.ask(CHAT, &[], &body).await), "hit");
}

#[tokio::test]
async fn equal_requests_that_come_at_once_each_ask_for_themselves() {
    let upstream =
        Upstream::start(vec![[Say::Wait].into_iter().chain(says("yo", "stop", false)).collect::<Vec<_>>()]).await;
    let rig = Rig { gateway: Gateway::start(&document(&upstream.url(), KEPT, "")), upstream };
    let (address, body) = (rig.gateway.address(), question(false, json!({})).to_string());
    let asking = || {
        let body = body.clone();
        tokio::spawn(async move { ask(address, &format!("POST {CHAT}"), &[], &body).await })
    };
    let (one, other) = (asking(), asking());
    rig.upstream.wait_for(2).await;
    rig.upstream.go_on();
    rig.upstream.go_on();
    for reply in [one.await, other.await] {
        assert_eq!(word(&reply.expect("no panic")), "miss");
    }
}

#[tokio::test]
async fn an_answer_longer_than_its_share_is_not_kept() {
    let rig = Rig::new(KEPT, "[cache]\nbytes_max = \"16KiB\"", |number, stream| {
        says(&if number == 0 { "x".repeat(20_000) } else { "short".to_owned() }, "stop", stream)
    })
    .await;
    assert_eq!(rig.twice(&[], &question(false, json!({}))).await, ["miss", "miss"]);
    assert_eq!(word(&rig.ask(CHAT, &[], &question(false, json!({}))).await), "hit", "the short one is");
}

#[tokio::test]
async fn an_explanation_says_whether_a_kept_answer_would_be_looked_for() {
    let rig = Rig::counting(KEPT, "").await;
    let explained = async |more: Value, header: &str| {
        let request = serde_json::value::to_raw_value(&question(false, more)).expect("JSON");
        let headers = [("cache-control".to_owned(), header.to_owned())].into();
        let question = Question { request: Some(request), headers, ..Question::default() };
        let said = rig.gateway.explain(&question).await.expect("a question").cache.expect("its model keeps answers");
        (said.looked_up, said.kept, said.why.unwrap_or_default())
    };
    assert_eq!(explained(json!({}), "max-age=9").await, (true, true, String::new()));
    assert_eq!(explained(json!({}), "no-cache").await, (false, true, "the request asks for a new answer".to_owned()));
    let (looked_up, kept, why) = explained(json!({"n": 2}), "max-age=9").await;
    assert_eq!((looked_up, kept), (false, false));
    assert!(why.contains("`n`"), "{why}");
    assert_eq!(rig.asked(), 0);
    let off = Rig::counting("", "").await;
    let request = serde_json::value::to_raw_value(&question(false, json!({}))).expect("JSON");
    let question = Question { request: Some(request), ..Question::default() };
    assert_eq!(off.gateway.explain(&question).await.expect("a question").cache, None);
}

//! What a request says itself about who is to serve it, and what a target has said in its place.

use serde_json::Value;
use trunkline_proxy::refresh_once;
use trunkline_proxy::upstream::Client;
use trunkline_testkit::{Gateway, Reply, Say, Upstream, ask};

const CHAT: &str = "POST /v1/chat/completions";
const MESSAGES: &str = "POST /v1/messages";
const ANSWER: &str = r#"{"id":"c1","object":"chat.completion","model":"real","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;

fn served() -> Vec<Say> {
    vec![Say::json(200, ANSWER)]
}

fn refused(status: u16, message: &str) -> Vec<Say> {
    vec![Say::json(status, &format!(r#"{{"error":{{"message":"{message}","type":"t","code":null}}}}"#))]
}

/// A gateway before providers `p0`, `p1` and so on, each of this type and with these lines of its own; each serves the
/// model `m0`, `m1` and so on with this more in its only target. Further lines end the document.
fn gateway(providers: &[(&Upstream, &str, &str, &str)], more: &str) -> Gateway {
    let mut document = "[discovery]\nprobe = false\n[failover]\nretries = 0\n".to_owned();
    for (index, (upstream, kind, lines, target)) in providers.iter().enumerate() {
        let url = upstream.url();
        document += &format!(
            "[providers.p{index}]\ntype = \"{kind}\"\nbase_url = \"{url}\"\nkey = \"k\"\n{lines}\n\
             [models.m{index}]\ntargets = [{{ provider = \"p{index}\", model = \"real\", {target} }}]\n",
        );
    }
    Gateway::start(&(document + more))
}

async fn chat(gateway: &Gateway, body: &str) -> Reply {
    ask(gateway.address(), CHAT, &[], body).await
}

/// The last body that a provider was sent.
fn sent(upstream: &Upstream) -> Value {
    let received = upstream.received();
    let last = received.iter().rev().find(|request| request.head.starts_with("POST")).expect("a request");
    serde_json::from_str(&last.body).expect("JSON")
}

/// How often a provider was asked.
fn asked(upstream: &Upstream) -> usize {
    upstream.received().iter().filter(|request| request.head.starts_with("POST")).count()
}

#[tokio::test]
async fn the_clients_own_fallbacks_are_asked_and_no_provider_is_told() {
    for (path, field) in
        [(CHAT, r#""models":["m1"]"#), (CHAT, r#""fallbacks":[{"model":"m1"}]"#), (MESSAGES, r#""models":["m1"]"#)]
    {
        let down = Upstream::start(vec![refused(503, "busy")]).await;
        let spare = Upstream::start(vec![served()]).await;
        let gateway = gateway(
            &[
                (&down, "vllm", "dialects = [\"openai_chat\"]", ""),
                (&spare, "vllm", "dialects = [\"openai_chat\"]", ""),
            ],
            "",
        );
        let body = format!(r#"{{{field},"model":"m0","max_tokens":9,"messages":[{{"role":"user","content":"hi"}}]}}"#);
        let reply = ask(gateway.address(), path, &[], &body).await;
        assert_eq!((reply.status, reply.header("x-trunkline-provider")), (200, Some("p1")), "{}", reply.body);
        assert_eq!(reply.header("x-trunkline-losses"), None);
        for upstream in [&down, &spare] {
            let sent = sent(upstream);
            assert_eq!(
                (&sent["models"], &sent["fallbacks"], &sent["model"]),
                (&Value::Null, &Value::Null, &"real".into())
            );
        }
        let off = ["x-trunkline-disable-fallbacks: true"];
        assert_eq!(ask(gateway.address(), path, &off, &body).await.status, if path == CHAT { 503 } else { 529 });
    }
}

#[tokio::test]
async fn another_gateway_is_told_what_is_wished_and_others_what_is_lost() {
    let upstream = Upstream::start(vec![served()]).await;
    let gateway = gateway(&[(&upstream, "openrouter", "", ""), (&upstream, "vllm", "", "")], "");
    let wishes = r#""provider":{"sort":"price","order":["x"]}"#;
    let body = |model: &str| format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":"hi"}}],{wishes}}}"#);
    let told = chat(&gateway, &body("m0")).await;
    assert_eq!((told.status, told.header("x-trunkline-losses")), (200, None), "{}", told.body);
    assert_eq!(sent(&upstream)["provider"]["sort"], "price");
    let untold = chat(&gateway, &body("m1")).await;
    assert_eq!((untold.status, untold.header("x-trunkline-losses")), (200, Some("provider.sort")));
    assert_eq!(sent(&upstream)["provider"], Value::Null);
    let rejecting = ask(gateway.address(), CHAT, &["x-trunkline-on-loss: reject"], &body("m1")).await;
    assert_eq!((rejecting.status, asked(&upstream)), (400, 2), "{}", rejecting.body);
}

#[tokio::test]
async fn who_must_be_told_all_is_passed_over_when_it_cannot_be() {
    let (less, more) = (Upstream::start(vec![served()]).await, Upstream::start(vec![served()]).await);
    let gateway = gateway(&[(&less, "anthropic", "", ""), (&more, "vllm", "", "")], "");
    let body = r#"{"model":"m0","models":["m1"],"provider":{"require_parameters":true},"logit_bias":{"1":2},"messages":[{"role":"user","content":"hi"}]}"#;
    let reply = chat(&gateway, body).await;
    assert_eq!((reply.status, reply.header("x-trunkline-provider")), (200, Some("p1")), "{}", reply.body);
    assert_eq!((asked(&less), asked(&more)), (0, 1));
}

#[tokio::test]
async fn a_prompt_that_cannot_fit_goes_to_a_larger_model_or_nowhere() {
    let (small, large) = (Upstream::start(vec![served()]).await, Upstream::start(vec![served()]).await);
    let window = "context_window = 1000";
    let gateway = gateway(
        &[(&small, "vllm", window, ""), (&large, "vllm", "", "")],
        "[models.both]\ntargets = [{ provider = \"p0\", model = \"real\" }]\ncontext_fallbacks = [\"m1\"]\n",
    );
    let body = |model: &str, words: usize, more: &str| {
        format!(
            r#"{{"model":"{model}","max_tokens":9,{more}"messages":[{{"role":"user","content":"{}"}}]}}"#,
            "word ".repeat(words)
        )
    };
    assert_eq!(chat(&gateway, &body("m0", 1_000, "")).await.status, 200, "it may fit");
    let reply = chat(&gateway, &body("both", 1_001, "")).await;
    assert_eq!(reply.header("x-trunkline-attempts"), Some("p0/real context, p1#1/real served"), "{}", reply.body);
    let cut = chat(&gateway, &body("m0", 1_001, r#""truncate_prompt_tokens":-1,"#)).await;
    assert_eq!(cut.status, 200, "the provider cuts it");
    let asked_before = asked(&small);
    for (path, words) in [(CHAT, "context_length_exceeded"), (MESSAGES, "prompt is too long")] {
        let refused = ask(gateway.address(), path, &[], &body("m0", 1_001, "")).await;
        assert!(refused.status == 400 && refused.body.contains(words), "{}", refused.body);
        assert_eq!(refused.header("x-trunkline-attempts"), Some("p0/real context"));
    }
    assert_eq!(asked(&small), asked_before, "nobody was asked");
}

#[tokio::test]
async fn a_target_says_what_its_operator_wants_in_every_lane() {
    let upstream = Upstream::start(vec![served()]).await;
    let target = r#"set = { temperature = 0.5, chat_template_kwargs = { enable_thinking = false } }, default = { top_p = 0.25 }, drop = ["seed"]"#;
    let gateway = gateway(&[(&upstream, "vllm", "dialects = [\"openai_chat\"]", target)], "");
    let chat_body = r#"{"model":"m0","seed":7,"temperature":1,"chat_template_kwargs":{"a":1},"messages":[{"role":"user","content":"hi"}]}"#;
    let reply = chat(&gateway, chat_body).await;
    assert_eq!((reply.status, reply.header("x-trunkline-losses")), (200, Some("seed")), "{}", reply.body);
    let native = sent(&upstream);
    assert_eq!(native["chat_template_kwargs"], serde_json::json!({"enable_thinking": false, "a": 1}));
    let messages = r#"{"model":"m0","max_tokens":9,"top_p":0.75,"messages":[{"role":"user","content":"hi"}]}"#;
    let reply = ask(gateway.address(), MESSAGES, &[], messages).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let bridged = sent(&upstream);
    let said = |sent: &Value| (sent["temperature"].as_f64(), sent["top_p"].as_f64(), sent["seed"].as_u64());
    assert_eq!([said(&native), said(&bridged)], [(Some(0.5), Some(0.25), None), (Some(0.5), Some(0.75), None)]);
}

/// A conversation whose second call has no answer, and whose last answer has no call.
const ORPHANS: &str = r#"{"model":"MODEL","seed":7,"messages":[
    {"role":"user","content":"hi"},
    {"role":"assistant","content":null,"tool_calls":[
        {"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},
        {"id":"b","type":"function","function":{"name":"f","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"a","content":"done"},
    {"role":"user","content":"and?"},
    {"role":"tool","tool_call_id":"z","content":"lost"}]}"#;

/// The messages that a provider was last sent: role, and which call they answer.
fn conversation(upstream: &Upstream) -> String {
    let sent = sent(upstream);
    let messages = sent.get("messages").and_then(|all| all.as_array()).cloned().unwrap_or_default();
    let short = |message: &Value| {
        format!("{}{}", message["role"].as_str().unwrap_or("?"), message["tool_call_id"].as_str().unwrap_or_default())
    };
    messages.iter().map(short).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn tool_messages_are_put_right_when_that_is_why_they_were_refused() {
    let action = "errors = { 400 = \"auto_fix_tool_responses\" }";
    for (lines, policy) in [(action, "off"), ("", "on_error")] {
        let upstream = Upstream::start(vec![refused(400, "tool_call_ids did not have response"), served()]).await;
        let gateway = gateway(
            &[(&upstream, "vllm", lines, "")],
            &format!(
                "[models.x]\nfix_tool_messages = \"{policy}\"\ntargets = [{{ provider = \"p0\", model = \"real\" }}]\n"
            ),
        );
        let reply = chat(&gateway, &ORPHANS.replace("MODEL", "x")).await;
        assert_eq!((reply.status, reply.header("x-trunkline-fixed")), (200, Some("tool_messages")), "{}", reply.body);
        assert_eq!(reply.header("x-trunkline-losses"), Some("messages[4]"));
        assert_eq!(conversation(&upstream), "user assistant toola toolb user");
        assert_eq!((asked(&upstream), sent(&upstream)["seed"].as_u64()), (2, Some(7)));
    }
}

#[tokio::test]
async fn they_are_put_right_beforehand_or_never_when_the_model_says_so() {
    let upstream = Upstream::start(vec![served()]).await;
    let always = gateway(
        &[(&upstream, "vllm", "", "")],
        "[models.x]\nfix_tool_messages = \"always\"\ntargets = [{ provider = \"p0\", model = \"real\" }]\n",
    );
    assert_eq!(chat(&always, &ORPHANS.replace("MODEL", "x")).await.header("x-trunkline-fixed"), Some("tool_messages"));
    assert_eq!((asked(&upstream), conversation(&upstream)), (1, "user assistant toola toolb user".to_owned()));
    let off = chat(&always, &ORPHANS.replace("MODEL", "m0")).await;
    assert_eq!((off.status, off.header("x-trunkline-fixed")), (200, None));
    assert_eq!(conversation(&upstream), "user assistant toola user toolz");
}

#[tokio::test]
async fn where_there_is_nothing_to_put_right_the_client_is_told() {
    let upstream = Upstream::start(vec![refused(400, "no")]).await;
    let gateway = gateway(&[(&upstream, "vllm", "errors = { 400 = \"auto_fix_tool_responses\" }", "")], "");
    let reply = chat(&gateway, r#"{"model":"m0","messages":[{"role":"user","content":"hi"}]}"#).await;
    assert_eq!((reply.status, asked(&upstream)), (400, 1), "{}", reply.body);
}

#[tokio::test]
async fn llama_cpps_slots_say_what_fits() {
    let upstream = Upstream::answering(|_, request| {
        let said = match request.head.split(' ').nth(1) {
            Some("/props") => r#"{"default_generation_settings":{"n_ctx":1000}}"#,
            Some("/v1/models") => r#"{"data":[{"id":"real","meta":{"n_ctx_train":32768}}]}"#,
            _ => ANSWER,
        };
        vec![Say::json(200, said)]
    })
    .await;
    let gateway = gateway(&[(&upstream, "llama_cpp", "", "")], "");
    refresh_once(gateway.shared(), &Client::new()).await;
    let body = |words: usize| {
        format!(r#"{{"model":"m0","messages":[{{"role":"user","content":"{}"}}]}}"#, "word ".repeat(words))
    };
    assert_eq!([chat(&gateway, &body(999)).await.status, chat(&gateway, &body(1_001)).await.status], [200, 400]);
}

//! `repair = "strict"`: a call is given when it is known to be good, or the client is told that it is not.

use serde_json::{Value, json};
use trunkline_testkit::{Gateway, Reply, Say, Upstream, ask};

use super::upstreams::{HERMES, QWEN, called, sliced, whole};
use crate::{CLIENTS, asked, document, frames, question, read};

const STRICT: &str = "repair = \"strict\"";
const CHAT: &str = "/v1/chat/completions";

/// Calls that lack what the tool requires.
const BROKEN: [&str; 2] = [
    "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"days\": 1}}\n</tool_call>",
    "<tool_call>\n<function=get_weather>\n<parameter=days>\n1\n</parameter>\n</function>\n</tool_call>",
];

/// How many of a stream's frames say that it failed.
fn errors(reply: &Reply) -> usize {
    let failed = |frame: &&Value| {
        !frame["error"].is_null() || ["error", "response.failed"].map(Value::from).contains(&frame["type"])
    };
    frames(reply).iter().filter(failed).count()
}

/// Whether anything of a call is in it, in any dialect.
fn has_call(reply: &Reply) -> bool {
    ["\"tool_calls\"", "tool_use", "input_json_delta", "function_call"].iter().any(|sign| reply.body.contains(sign))
}

#[tokio::test]
async fn a_broken_call_is_an_error_in_the_clients_dialect() {
    for broken in BROKEN {
        for (path, _) in CLIENTS {
            let (reply, _) = asked(vec![whole(broken)], STRICT, path, &question(path, false)).await;
            assert!(reply.status >= 500, "{path} {} {}", reply.status, reply.body);
            assert!(reply.body.contains("get_weather"), "{path} {}", reply.body);
            // Nothing of it has left when it shows.
            let (reply, _) = asked(sliced(broken, 9), STRICT, path, &question(path, true)).await;
            assert!(reply.status >= 500, "{path} {} {}", reply.status, reply.body);
            let said = format!("Let me look. {broken} Farewell.");
            let (reply, _) = asked(sliced(&said, 9), STRICT, path, &question(path, true)).await;
            assert_eq!((reply.status, errors(&reply), has_call(&reply)), (200, 1, false), "{path} {}", reply.body);
            assert!(!reply.body.contains("Farewell"), "{path} {}", reply.body);
        }
    }
}

#[tokio::test]
async fn a_good_call_is_given_whole() {
    for (path, stop) in CLIENTS {
        for (said, days) in [(HERMES, Value::Null), (QWEN, json!(3))] {
            let (reply, _) = asked(sliced(said, 3), STRICT, path, &question(path, true)).await;
            let (text, calls, ended) = read(path, true, &reply);
            assert_eq!((text.trim(), &*ended, errors(&reply)), ("Let me look.", stop, 0), "{path} {}", reply.body);
            let [(name, input)] = &*calls else { unreachable!("one call: {calls:?}") };
            assert_eq!((&**name, &input["city"], &input["days"]), ("get_weather", &json!("Paris"), &days), "{path}");
        }
    }
}

#[tokio::test]
async fn a_call_that_the_server_found_is_checked_too() {
    let (reply, _) = asked(called(&["{\"days\"", ": 1}"]), STRICT, CHAT, &question(CHAT, true)).await;
    assert_eq!(reply.status, 502, "{}", reply.body);
    let (reply, _) =
        asked(called(&["{\"city\": \"Pa", "ris\", \"days\": \"2\"}"]), STRICT, CHAT, &question(CHAT, true)).await;
    let (_, calls, ended) = read(CHAT, true, &reply);
    assert_eq!(calls, [("get_weather".to_owned(), json!({"city": "Paris", "days": 2}))], "{}", reply.body);
    assert_eq!(ended, "tool_calls");
    // Its id is the server's.
    assert!(reply.body.contains("call_up"), "{}", reply.body);
}

#[tokio::test]
async fn another_target_is_asked_as_long_as_nothing_has_left() {
    for (broken, good, stream) in
        [(vec![whole(BROKEN[0])], vec![whole(HERMES)], false), (sliced(BROKEN[0], 9), sliced(HERMES, 9), true)]
    {
        let (first, second) = (Upstream::start(vec![broken]).await, Upstream::start(vec![good]).await);
        let settings = format!("strategy = \"backup\"\n{STRICT}");
        let gateway = Gateway::start(&document(&[&first, &second], &settings));
        let body = question(CHAT, stream).to_string();
        let reply = ask(gateway.address(), &format!("POST {CHAT}"), &[], &body).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        let (_, calls, _) = read(CHAT, stream, &reply);
        assert_eq!(calls, [("get_weather".to_owned(), json!({"city": "Paris"}))], "{}", reply.body);
        assert_eq!((first.received().len(), second.received().len()), (1, 1));
    }
}

#[tokio::test]
async fn a_long_call_leaves_in_the_end() {
    let city = "Llanfair".repeat(4_000);
    let pieces: Vec<String> = [format!("{{\"city\": \"{city}\"")].into_iter().chain(["}".to_owned()]).collect();
    let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
    let (reply, _) = asked(called(&pieces), STRICT, CHAT, &question(CHAT, true)).await;
    let (_, calls, _) = read(CHAT, true, &reply);
    assert_eq!(calls, [("get_weather".to_owned(), json!({ "city": city }))]);
}

#[tokio::test]
async fn a_call_that_breaks_off_is_not_given() {
    let mut script = vec![Say::stream_head()];
    script.extend(
        sliced("Let me look. <tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Pa", 9)
            .into_iter()
            .skip(1),
    );
    script.truncate(script.len() - 3);
    script.push(Say::Close);
    for (path, _) in CLIENTS {
        let (reply, _) = asked(script.clone(), STRICT, path, &question(path, true)).await;
        assert_eq!((errors(&reply), has_call(&reply)), (1, false), "{path} {}", reply.body);
    }
}

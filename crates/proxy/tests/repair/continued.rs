//! An answer that breaks off within a call that is text, and is gone on with by another: it is read as one.

use serde_json::json;
use trunkline_testkit::{Gateway, Say, Upstream, ask};

use super::upstreams::{HERMES, QWEN, sliced_at};
use crate::{CLIENTS, at, document, question, read};

#[tokio::test]
async fn a_call_that_one_began_and_another_ended_is_a_call() {
    for mode in ["mend", "strict"] {
        for (path, stop) in CLIENTS {
            for (said, cut) in [(HERMES, "\"ci"), (HERMES, "<tool_c"), (QWEN, "<parameter=city>\nPa")] {
                let place = said.find(cut).expect("it is there") + cut.len();
                let (begun, rest) = said.split_at(place);
                let mut broken = sliced_at(&[begun]);
                broken.truncate(2);
                broken.push(Say::Close);
                let first = Upstream::start(vec![broken]).await;
                let second = Upstream::start(vec![sliced_at(&[rest])]).await;
                let settings = format!("strategy = \"backup\"\ncontinuation = true\nrepair = \"{mode}\"");
                let gateway = Gateway::start(&document(&[&first, &second], &settings));
                let reply =
                    ask(gateway.address(), &format!("POST {path}"), &[], &question(path, true).to_string()).await;
                let (text, calls, ended) = read(path, true, &reply);
                assert_eq!((text.trim(), &*ended), ("Let me look.", stop), "{mode} {path} {cut} {}", reply.body);
                let [(name, input)] = &*calls else { unreachable!("one call: {calls:?} in {}", reply.body) };
                assert_eq!((&**name, &input["city"]), ("get_weather", &json!("Paris")), "{mode} {path} {cut}");
                // The first was asked in the client's own bytes, the other one with what was said so far.
                let asked = second.received().remove(0);
                let letter: serde_json::Value = serde_json::from_str(&asked.body).expect("JSON");
                assert_eq!(at(&letter, "/continue_final_message"), &json!(true));
                let report = gateway.reports(1).await.remove(0);
                assert_eq!(report.continued, 1);
                assert!(report.repairs.is_some_and(|told| told.starts_with("found:get_weather")), "{path}");
            }
        }
    }
}

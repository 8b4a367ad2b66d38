use std::task::{self, Poll, Waker};

use http::{HeaderName, HeaderValue};
use trunkline_wire::DialectId;

use super::*;

fn request(texts: &[&str]) -> ir::Request {
    let blocks = texts.iter().map(|text| ir::Block::text(*text)).collect();
    ir::Request {
        messages: vec![ir::Message::new(ir::Role::User, blocks)],
        ..ir::Request::new(DialectId::OpenaiChat, "dummy/echo-1")
    }
}

fn context(model: &str, headers: &[(&'static str, &'static str)]) -> Context {
    let headers =
        headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect();
    Context { headers, model: model.to_owned(), request_id: "7".to_owned() }
}

/// Every event of an answer, as text: what a stream's reader sees.
fn read(mut events: Events) -> Vec<String> {
    let mut cx = task::Context::from_waker(Waker::noop());
    let mut shown = Vec::new();
    while let Poll::Ready(Some(event)) = events.as_mut().poll_next(&mut cx) {
        shown.push(match event {
            ir::Event::Start { id } => format!("start {id}"),
            ir::Event::Open { block, kind } => format!("open {block} {kind:?}"),
            ir::Event::Delta { block, delta: ir::Delta::Text(text) } => format!("delta {block} {text:?}"),
            ir::Event::Delta { block, delta } => format!("delta {block} {delta:?}"),
            ir::Event::Close { block } => format!("close {block}"),
            ir::Event::Served(tier) => format!("served {}", tier.as_str()),
            ir::Event::Usage(usage) => format!("usage {} {}", usage.prompt(), usage.output),
            ir::Event::Ping => "ping".to_owned(),
            ir::Event::Stop(reason) => format!("stop {reason:?}"),
            ir::Event::Fault(fault) => format!("fault {fault:?}"),
        });
    }
    shown
}

/// The text, the usage and the stop of an answer.
fn answer(request: ir::Request, context: Context) -> (String, String, String) {
    let mut events = read(Dummy.chat(request, context).expect("an answer"));
    let (stop, usage) = (events.pop().expect("a stop"), events.pop().expect("usage"));
    let deltas = events.iter().filter_map(|event| event.strip_prefix("delta 0 "));
    let text = deltas.map(|text| serde_json::from_str::<String>(text).expect("quoted")).collect();
    (text, usage, stop)
}

fn told(text: &str, usage: &str, stop: &str) -> (String, String, String) {
    (text.to_owned(), usage.to_owned(), stop.to_owned())
}

#[test]
fn echo_streams_one_word_or_space_at_a_time() {
    let request = request(&["hello  proxy"]);
    let events = read(Dummy.chat(request, context("echo-1", &[("x-dummy-tag", "tutorial")])).expect("an answer"));
    assert_eq!(
        events,
        [
            "start chatcmpl_dummy_7",
            "open 0 Text",
            "delta 0 \"hello\"",
            "delta 0 \"  \"",
            "delta 0 \"proxy\"",
            "delta 0 \"\\n\\n\"",
            "delta 0 \"x-dummy-tag=tutorial\"",
            "delta 0 \" \"",
            "delta 0 \"authorization_forwarded=false\"",
            "close 0",
            "usage 2 4",
            "stop End",
        ]
    );
}

#[test]
fn echo_joins_text_parts_and_names_the_headers_it_got() {
    let headers = [("authorization", "Bearer upstream-secret")];
    assert_eq!(
        answer(request(&["hello", "proxy"]), context("echo-1", &headers)),
        told("hello\nproxy\n\nx-dummy-tag=none authorization_forwarded=true", "usage 2 4", "stop End")
    );
}

#[test]
fn echo_repeats_the_last_user_message_and_counts_all_words() {
    let mut request = request(&["first words"]);
    let mut say = |role, text: &str| {
        request.messages.push(ir::Message::new(role, vec![ir::Block::text(text)]));
    };
    say(ir::Role::User, "second");
    say(ir::Role::Assistant, "an answer of five words");
    assert_eq!(
        answer(request, context("echo-1", &[])),
        told("second\n\nx-dummy-tag=none authorization_forwarded=false", "usage 8 3", "stop End")
    );
}

#[test]
fn story_tells_the_tag() {
    let (text, _, stop) = answer(request(&["tell a tale"]), context("story-1", &[("x-dummy-tag", "stream-demo")]));
    assert!(text.contains("a tag that read stream-demo."), "{text}");
    assert_eq!(stop, "stop End");
}

#[test]
fn the_most_tokens_are_words_and_end_with_length() {
    let limited = |words_max| {
        let mut request = request(&["one two three"]);
        request.sampling.output_tokens_max = Some(words_max);
        answer(request, context("echo-1", &[]))
    };
    let whole = "one two three\n\nx-dummy-tag=none authorization_forwarded=false";
    assert_eq!(limited(1), told("one", "usage 3 1", "stop Length"));
    assert_eq!(limited(3), told("one two three", "usage 3 3", "stop Length"));
    assert_eq!(limited(5), told(whole, "usage 3 5", "stop End"));
    assert_eq!(limited(u64::MAX), told(whole, "usage 3 5", "stop End"));
}

#[test]
fn the_first_stop_text_ends_the_answer() {
    let mut request = request(&["one two three"]);
    request.stop = vec!["three".to_owned(), " two".to_owned(), String::new(), "absent".to_owned()];
    assert_eq!(answer(request.clone(), context("echo-1", &[])), told("one", "usage 3 1", "stop End"));
    request.sampling.output_tokens_max = Some(1);
    assert_eq!(answer(request, context("echo-1", &[])), told("one", "usage 3 1", "stop End"));
}

#[test]
fn the_fail_header_fails_with_its_own_code() {
    let fault = Dummy.chat(request(&["hello"]), context("echo-1", &[("x-dummy-fail", "true")])).err();
    let message = "the dummy provider failed because `x-dummy-fail: true` asked it to";
    let expected = Fault::new(FaultKind::UpstreamBroken, message).with_code("dummy_upstream_failed");
    assert_eq!(fault, Some(expected));
    assert!(Dummy.chat(request(&["hello"]), context("echo-1", &[("x-dummy-fail", "false")])).is_ok());
}

#[test]
fn an_unknown_model_is_refused_by_name() {
    let fault = Dummy.chat(request(&["hello"]), context("echo-2", &[])).err();
    let message = "the dummy provider has no model \"echo-2\"; it has \"echo-1\" and \"story-1\"";
    assert_eq!(fault, Some(Fault::new(FaultKind::ModelNotFound, message).with_param("model")));
}

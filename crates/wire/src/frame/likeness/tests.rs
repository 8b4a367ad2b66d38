use serde::Deserialize;
use smallvec::smallvec;

use super::*;

/// An event with one text and two values that tell nothing.
#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow)]
    text: &'a RawValue,
    #[serde(borrow)]
    number: &'a RawValue,
    #[serde(borrow)]
    name: &'a RawValue,
}

fn learnt(event: &str) -> Likeness<u8> {
    let mut likeness = Likeness::default();
    let data = event.trim().strip_prefix("data: ").expect("data");
    likeness.learn(event.as_bytes(), || {
        let Told { text, number, name } = serde_json::from_str(data).ok()?;
        Some(Sketch { told: 7, text, idle: smallvec![number, name] })
    });
    likeness
}

#[track_caller]
fn check(event: &str, bytes: &[u8], expected: Option<(usize, &str)>) {
    let found = learnt(event).recognise(bytes).map(|Alike { len, told, text }| (len, told, text.into_owned()));
    assert_eq!(found, expected.map(|(len, text)| (len, 7, text.to_owned())));
}

const EVENT: &str = "data: {\"name\":\"a\",\"text\":\"b\",\"number\":3   }\n\n";

#[test]
fn an_event_that_differs_in_its_text_alone_is_recognised() {
    check(EVENT, EVENT.as_bytes(), Some((EVENT.len(), "b")));
    let other = "data: {\"name\":\"\\u00e9\",\"text\":\"\\\"é\\ud83d\\ude00\\n\",\"number\":120}\n\n";
    check(EVENT, other.as_bytes(), Some((other.len(), "\"é😀\n")));
    let more = [other, "data: "].concat();
    check(EVENT, more.as_bytes(), Some((other.len(), "\"é😀\n")));
    check(EVENT, "data: {\"name\":\"\",\"text\":\"\",\"number\":0 }\n\n".as_bytes(), Some((41, "")));
}

#[test]
fn anything_else_is_left_to_a_parser() {
    check(EVENT, b"", None);
    check(EVENT, &EVENT.as_bytes()[..EVENT.len() - 1], None);
    for other in [
        "data: {\"name\":\"a\",\"text\":null,\"number\":3}\n\n",
        "data: {\"name\":\"a\",\"text\":\"b\",\"number\":03}\n\n",
        "data: {\"name\":\"a\",\"text\":\"b\",\"number\":}\n\n",
        "data: {\"name\":\"a\",\"text\":\"b\",\"number\":-3}\n\n",
        "data: {\"name\":\"a\",\"text\":\"\\ud800\",\"number\":3}\n\n",
        "data: {\"name\":\"a\",\"text\":\"\\x\",\"number\":3}\n\n",
        "data: {\"name\":\"a\",\"text\":\"b\n\",\"number\":3}\n\n",
        "data: {\"name\":\"a\",\"text\":\"b\",\"number\":3,\"text\":\"c\"}\n\n",
        "data: {\"name\":\"a\",\"text\":\"b\",\"number\":3}\r\n\r\n",
    ] {
        check(EVENT, other.as_bytes(), None);
    }
    check(EVENT, b"data: {\"name\":\"a\",\"text\":\"\xff\",\"number\":3}\n\n", None);
    check(EVENT, b"data: {\"name\":\"\xff\",\"text\":\"b\",\"number\":3}\n\n", None);
}

#[test]
fn an_event_that_may_go_on_is_not_learnt() {
    let open = EVENT.trim_end().to_owned() + "\r\r";
    check(&open, open.as_bytes(), None);
    let closed = EVENT.trim_end().to_owned() + "\r\n\r\n";
    check(&closed, closed.as_bytes(), Some((closed.len(), "b")));
}

#[test]
fn learning_in_vain_becomes_rare() {
    let mut likeness = Likeness::<u8>::default();
    let mut attempts = 0;
    for _ in 0..1000 {
        likeness.learn(EVENT.as_bytes(), || {
            attempts += 1;
            None
        });
    }
    assert_eq!(attempts, 22);
}

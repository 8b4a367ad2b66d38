use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

/// A conversation in short: `u` a person's text, `c1,2` the model calls 1 and 2, `r1` the answer to 1, `R1,2` one message
/// with both answers and a text behind them.
fn request(origin: DialectId, short: &str) -> Request {
    let mut request = Request::new(origin, "m");
    request.messages = short.split_whitespace().enumerate().map(|(at, word)| message(at, word)).collect();
    request
}

fn message(at: usize, word: &str) -> Message {
    let ids = word.get(1..).unwrap_or_default().split(',').filter(|id| !id.is_empty());
    let call =
        |id: &str| Content::ToolCall(ToolCall { id: id.to_owned(), name: "f".to_owned(), ..ToolCall::default() });
    let result = |id: &str| {
        Content::ToolResult(ToolResult {
            call_id: id.to_owned(),
            blocks: vec![Block::text(format!("from {at}"))],
            ..ToolResult::default()
        })
    };
    let (role, blocks): (_, Vec<Block>) = match word.as_bytes().first() {
        Some(b'c') => (Role::Assistant, ids.map(|id| call(id).into()).collect()),
        Some(b'r') => (Role::Tool, ids.map(|id| result(id).into()).collect()),
        Some(b'R') => {
            let text = std::iter::once(Block::text("and"));
            (Role::User, ids.map(|id| result(id).into()).chain(text).collect())
        }
        Some(b'a') => (Role::Assistant, vec![Block::text("a")]),
        _ => (Role::User, vec![Block::text("u")]),
    };
    Message::new(role, blocks).at(crate::ir::At::from(format!("messages[{at}]")))
}

/// The same the other way round; answers say from where they came, `!` is one that was made up.
fn short(request: &Request) -> String {
    let words = request.messages.iter().map(|message| {
        let blocks = message.blocks.iter().map(|block| match &block.content {
            Content::ToolCall(call) => format!("c{}", call.id),
            Content::ToolResult(result) => {
                let text = result.blocks.first().and_then(Block::as_text).unwrap_or_default();
                format!(
                    "r{}{}",
                    result.call_id,
                    text.strip_prefix("from ").map_or("!".to_owned(), |at| format!("@{at}"))
                )
            }
            Content::Text(text) => text.clone(),
            Content::Refusal(_) | Content::Media(_) | Content::Reasoning(_) | Content::Opaque { .. } => "?".to_owned(),
        });
        blocks.collect::<Vec<_>>().join("+")
    });
    words.collect::<Vec<_>>().join(" ")
}

fn check_in(origin: DialectId, conversation: &str, expected: &Expect) {
    let mut request = request(origin, conversation);
    let losses = mend(&mut request);
    let lost = losses.map_or("untouched".to_owned(), |losses| format!("lost: {}", losses.joined(", ")));
    expected.assert_eq(&format!("{}; {lost}", short(&request)));
}

fn check(conversation: &str, expected: &Expect) {
    check_in(DialectId::OpenaiChat, conversation, expected);
}

#[test]
fn what_goes_together_is_left_alone() {
    check("u c1,2 r2 r1 a u", &expect!["u c1+c2 r2@2 r1@3 a u; untouched"]);
    check("u c1 R1 c1 r1", &expect!["u c1 r1@2+and c1 r1@4; untouched"]);
    check("u a u", &expect!["u a u; untouched"]);
}

#[test]
fn an_answer_without_a_call_is_left_out_and_named() {
    check("u r1 u", &expect!["u u; lost: messages[1]"]);
    check("u c1 r1 r1 R9", &expect!["u c1 r1@2 and; lost: messages[3], messages[4]"]);
}

#[test]
fn a_call_without_an_answer_gets_one() {
    check("u c1 u", &expect!["u c1 r1! u; lost: "]);
    check("u c1,2 r2 u", &expect!["u c1+c2 r1! r2@2 u; lost: "]);
    check("u c1", &expect!["u c1 r1!; lost: "]);
}

#[test]
fn an_answer_elsewhere_is_moved() {
    check("u c1 u r1 a", &expect!["u c1 r1@3 u a; lost: "]);
    check("u r1 c1 a", &expect!["u c1 r1@1 a; lost: "]);
    check("u c1 c2 r1 r2", &expect!["u c1 r1@3 c2 r2@4; lost: "]);
    check("u c1 u R1", &expect!["u c1 r1@3 u and; lost: "]);
}

#[test]
fn calls_may_have_the_same_id_as_earlier_ones() {
    check("c1 r1 c1 u", &expect!["c1 r1@1 c1 r1! u; lost: "]);
    check("c1 u c1 r1", &expect!["c1 r1! u c1 r1@3; lost: "]);
    check("c1,1 r1 r1", &expect!["c1+c1 r1@1 r1@2; untouched"]);
}

#[test]
fn a_run_of_items_of_responses_calls_as_one() {
    check_in(DialectId::OpenaiResponses, "u c1 c2 r1 r2", &expect!["u c1 c2 r1@3 r2@4; untouched"]);
    check_in(DialectId::OpenaiResponses, "u c1 a c2 r2", &expect!["u c1 a c2 r1! r2@4; lost: "]);
}

/// Whether every call has its answer right behind it, in the words of a strict provider.
fn is_in_order(request: &Request) -> bool {
    let mut open: Vec<String> = Vec::new();
    for message in &request.messages {
        for block in &message.blocks {
            match &block.content {
                Content::ToolResult(result) => match open.iter().position(|id| *id == result.call_id) {
                    Some(at) => drop(open.remove(at)),
                    None => return false,
                },
                _ if !open.is_empty() => return false,
                Content::ToolCall(_)
                | Content::Text(_)
                | Content::Refusal(_)
                | Content::Media(_)
                | Content::Reasoning(_)
                | Content::Opaque { .. } => {}
            }
        }
        open.extend(message.blocks.iter().filter_map(call_in).map(|call| call.id.clone()));
    }
    open.is_empty()
}

/// All that is no answer, in its order.
fn others(request: &Request) -> Vec<String> {
    let blocks = request.messages.iter().flat_map(|message| message.blocks.iter().map(move |block| (message, block)));
    let kept = blocks.filter(|(_, block)| !matches!(block.content, Content::ToolResult(_)));
    kept.map(|(message, block)| format!("{:?} {:?}", message.role, block.content)).collect()
}

proptest! {
    #[test]
    fn afterwards_everything_goes_together_and_nothing_else_changed(
        words in proptest::collection::vec("u|a|c[1-3]|c[1-3],[1-3]|r[1-3]|r[1-3],[1-3]|R[1-3]|R[1-3],[1-3]", 0..10),
    ) {
        let before = request(DialectId::OpenaiChat, &words.join(" "));
        let mut after = before.clone();
        let touched = mend(&mut after).is_some();
        prop_assert!(is_in_order(&after), "{} became {}", short(&before), short(&after));
        prop_assert_eq!(others(&before), others(&after));
        prop_assert_eq!(touched, !is_in_order(&before));
        if !touched {
            prop_assert_eq!(format!("{before:?}"), format!("{after:?}"));
        }
        prop_assert!(mend(&mut after).is_none(), "twice is once");
    }
}

//! A conversation that ends with the model's own words, for the model to go on from: a prefill.

use crate::Capabilities;
use crate::ir::{Block, Content, Losses, Lost, Message, Request, Role};

/// What the person says to a model that does not go on from its own words.
const GO_ON: &str = "Go on from exactly where your last message stops, without repeating any of it.";

/// Has the person speak last where the model refuses a prefill. Its words stay; that the answer need not begin with what
/// would follow them is a loss.
pub fn ask_instead(request: &mut Request, to: &Capabilities) -> Losses {
    let mut lost = Lost::of(request);
    match prefill(request) {
        Some(last) if !to.prefill => lost.message(last),
        Some(_) | None => return Losses::default(),
    }
    let losses = lost.into_losses();
    request.messages.push(Message::new(Role::User, vec![Block::text(GO_ON)]));
    losses
}

/// Has a conversation end with what the model has said of its answer so far. Where it ended with the model's own words
/// already, these are the same turn.
pub fn go_on_from(request: &mut Request, said: &str) {
    let last = request.messages.last_mut().filter(|last| last.role == Role::Assistant);
    match last.and_then(|last| last.blocks.last_mut()).map(|block| &mut block.content) {
        Some(Content::Text(text)) => text.push_str(said),
        Some(_) | None => request.messages.push(Message::new(Role::Assistant, vec![Block::text(said)])),
    }
}

/// A call that nobody answered is no prefill; encoders deal with those.
fn prefill(request: &Request) -> Option<&Message> {
    let last = request.messages.last()?;
    let calls = |block: &Block| matches!(block.content, Content::ToolCall(_) | Content::Opaque { .. });
    (last.role == Role::Assistant && !last.blocks.is_empty() && !last.blocks.iter().any(calls)).then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dialect;
    use crate::dialects::anthropic::Anthropic;
    use crate::dialects::openai_chat::OpenaiChat;
    use crate::dialects::openai_responses::OpenaiResponses;

    const REFUSES: Capabilities = Capabilities { prefill: false, ..Capabilities::UNKNOWN };

    /// What is lost, and the role and the text of the last message.
    #[track_caller]
    fn check(origin: &dyn Dialect, body: &str, to: &Capabilities, expected: (&[&str], &str, &str)) {
        let mut request = origin.decode_request(body.as_bytes()).expect("a request");
        let losses = ask_instead(&mut request, to);
        let lost: Vec<&str> = losses.iter().map(|loss| loss.field.as_str()).collect();
        let last = request.messages.last().expect("a message");
        let text = last.blocks.last().and_then(Block::as_text).unwrap_or_default();
        assert_eq!((lost.as_slice(), last.role.as_str(), text), expected);
    }

    #[test]
    fn the_person_speaks_last_where_a_prefill_is_refused() {
        let chat = r#"{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}"#;
        check(&OpenaiChat, chat, &REFUSES, (&["messages[1]"], "user", GO_ON));
        check(&OpenaiChat, chat, &Capabilities::UNKNOWN, (&[], "assistant", "b"));
        let messages = r#"{"model":"m","max_tokens":9,"system":"s",
            "messages":[{"role":"user","content":"a"},{"role":"assistant","content":"{"}]}"#;
        check(&Anthropic, messages, &REFUSES, (&["messages[1]"], "user", GO_ON));
        let items = r#"{"model":"m","input":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}"#;
        check(&OpenaiResponses, items, &REFUSES, (&["input[1]"], "user", GO_ON));
    }

    #[test]
    fn what_was_said_is_one_turn() {
        let said_to = |body: &str| {
            let mut request = OpenaiChat.decode_request(body.as_bytes()).expect("a request");
            go_on_from(&mut request, "so far");
            let texts = |message: &Message| message.blocks.iter().filter_map(Block::as_text).collect::<String>();
            request.messages.iter().map(|message| (message.role.clone(), texts(message))).collect::<Vec<_>>()
        };
        let question = r#"{"model":"m","messages":[{"role":"user","content":"a"}]}"#;
        assert_eq!(said_to(question), [(Role::User, "a".into()), (Role::Assistant, "so far".into())]);
        let begun =
            r#"{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"Well, "}]}"#;
        assert_eq!(said_to(begun), [(Role::User, "a".into()), (Role::Assistant, "Well, so far".into())]);
    }

    #[test]
    fn what_is_no_prefill_stays_as_it_is() {
        let question = r#"{"model":"m","messages":[{"role":"assistant","content":"b"},{"role":"user","content":"a"}]}"#;
        check(&OpenaiChat, question, &REFUSES, (&[], "user", "a"));
        let call = r#"{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b",
            "tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]}]}"#;
        check(&OpenaiChat, call, &REFUSES, (&[], "assistant", ""));
    }
}

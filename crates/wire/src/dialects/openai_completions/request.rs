//! The request: a prompt, and how to go on from it.

use bytes::Bytes;

use super::openai_chat::request::{model, read_options, write_options};
use crate::dialect::Encoded;
use crate::fields::{Fields, parse, parse_list, starts_with};
use crate::ir::{Block, Content, Field, Lost, Member, Message, Request, Role, ToolChoice};
use crate::write;
use crate::{Capabilities, DialectId, WireError};

/// Reads a request; every error names the path of the field to blame. The default of 16 tokens is left to the provider.
pub(super) fn decode(body: &[u8]) -> Result<Request, WireError> {
    let mut fields = Fields::of_body(body)?;
    let mut request = Request::new(DialectId::OpenaiCompletions, model(&mut fields)?);
    let prompt = decode_prompt(&mut fields)?;
    request.messages = vec![Message::new(Role::User, vec![Block::text(prompt).at("prompt")]).at("prompt")];
    read_options(&mut fields, &mut request)?;
    request.extras.extend(fields.rest());
    Ok(request)
}

fn decode_prompt(fields: &mut Fields<'_>) -> Result<String, WireError> {
    const EXPECTED: &str = "a string, or an array of one string: prompts of tokens and several prompts at once are \
                            taken only by providers that speak this dialect themselves";
    let raw = fields.take("prompt").ok_or_else(|| fields.missing("prompt"))?;
    let only = if starts_with(raw, '[') {
        match parse_list(raw).as_deref() {
            Some([only]) => *only,
            Some(_) | None => return Err(fields.wrong("prompt", EXPECTED)),
        }
    } else {
        raw
    };
    parse(only).ok_or_else(|| fields.wrong("prompt", EXPECTED))
}

/// Writes a request: one message of text as it is, a conversation as a transcript for the model to go on with.
pub(super) fn encode(request: &Request, to: &Capabilities) -> Encoded {
    let mut lost = Lost::of(request);
    let prompt = write_prompt(request, &mut lost);
    lose_conversation(request, &mut lost);
    let bytes = write::object(|object| {
        object.put("model", &request.model);
        object.put("prompt", &prompt);
        write_options(object, request, DialectId::OpenaiCompletions, to, &mut lost);
    });
    Encoded { bytes: Bytes::from(bytes), losses: lost.into_losses() }
}

fn write_prompt(request: &Request, lost: &mut Lost<'_>) -> String {
    let mut told = Vec::new();
    for message in &request.messages {
        lost.message_extras(message);
        let texts: Vec<&str> = message.blocks.iter().filter_map(|block| text_of(block, lost)).collect();
        // Of a message whose blocks are all lost there is nothing to tell.
        if !texts.is_empty() || message.blocks.is_empty() {
            told.push((message.role.as_str(), texts.join("\n")));
        }
    }
    if let [(_, only)] = told.as_mut_slice() {
        return std::mem::take(only);
    }
    let mut prompt: String = told.iter().map(|(role, text)| format!("{role}: {text}\n\n")).collect();
    prompt.push_str("assistant:");
    prompt
}

/// The block's text; what else it is or carries is lost.
fn text_of<'a>(block: &'a Block, lost: &mut Lost<'_>) -> Option<&'a str> {
    if let Some(mark) = &block.cache {
        lost.mark(mark);
    }
    if !block.citations.is_empty() {
        lost.of_block(block, Member::Citations);
    }
    lost.block_extras(block);
    match &block.content {
        Content::Text(text) | Content::Refusal(text) => Some(text),
        // Nobody reads earlier thoughts here.
        Content::Reasoning(_) => None,
        Content::Media(_) | Content::ToolCall(_) | Content::ToolResult(_) | Content::Opaque { .. } => {
            lost.block(block);
            None
        }
    }
}

/// What only a conversation can ask for.
fn lose_conversation(request: &Request, lost: &mut Lost<'_>) {
    lost.tools();
    let choice = request.tool_choice.as_ref().filter(|choice| **choice != ToolChoice::None);
    for (field, asked) in [
        (Field::ToolChoice, choice.is_some()),
        (Field::ParallelToolCalls, request.parallel_tool_calls.is_some()),
        (Field::OutputFormat, request.output_format.is_some()),
        (Field::Thinking, request.thinking.enabled == Some(true)),
        (Field::Effort, request.thinking.effort.is_some()),
        (Field::ThinkingBudget, request.thinking.budget_tokens.is_some()),
    ] {
        lost.field_if(asked, field);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;
    use crate::scan::tests::mutated_json;

    #[track_caller]
    fn check(body: &str, expected: &Expect) {
        let request = decode(body.as_bytes()).expect("a request");
        let encoded = encode(&request, &Capabilities::default());
        let losses: Vec<&str> = encoded.losses.iter().map(|loss| loss.field.as_str()).collect();
        expected.assert_eq(&format!("{}\n{losses:?}", std::str::from_utf8(&encoded.bytes).expect("text")));
    }

    #[track_caller]
    fn check_error(body: &str, expected: &str) {
        assert_eq!(decode(body.as_bytes()).expect_err("no request").to_string(), expected, "{body}");
    }

    #[test]
    fn goes_back_as_it_came() {
        check(
            r#"{"model":"m","prompt":"once"}"#,
            &expect![[r#"
            {"model":"m","prompt":"once"}
            []"#]],
        );
        check(
            r#"{"model":"m","prompt":["once"],"suffix":"end","max_tokens":7,"echo":true,"best_of":1,"logprobs":2,
                "temperature":0.5,"stop":"x","stream":true,"user":"me","n":1}"#,
            &expect![[r#"
                {"model":"m","prompt":"once","max_tokens":7,"temperature":0.5,"stop":["x"],"user":"me","stream":true,"stream_options":{"include_usage":true},"suffix":"end","echo":true,"best_of":1,"logprobs":2,"n":1}
                []"#]],
        );
    }

    #[test]
    fn a_conversation_becomes_a_transcript() {
        let mut request = Request::new(DialectId::Anthropic, "m");
        request.messages = vec![
            Message::new(Role::System, vec![Block::text("be brief")]),
            Message::new(Role::User, vec![Block::text("a"), Block::text("b")]),
        ];
        let encoded = encode(&request, &Capabilities::default());
        expect![[r#"{"model":"m","prompt":"system: be brief\n\nuser: a\nb\n\nassistant:"}"#]]
            .assert_eq(std::str::from_utf8(&encoded.bytes).expect("text"));
    }

    #[test]
    fn errors_name_the_path() {
        const TOKENS: &str = "`prompt` must be a string, or an array of one string: prompts of tokens and several \
                              prompts at once are taken only by providers that speak this dialect themselves";
        check_error(r#"{"prompt":"a"}"#, "`model` is required");
        check_error(r#"{"model":"m"}"#, "`prompt` is required");
        for prompt in ["[]", "[1,2]", "[[1,2]]", r#"["a","b"]"#, "{}", "7"] {
            check_error(&format!(r#"{{"model":"m","prompt":{prompt}}}"#), TOKENS);
        }
        check_error(r#"{"model":"m","prompt":"a","max_tokens":0}"#, "`max_tokens` must be a positive integer");
    }

    proptest! {
        #[test]
        fn never_panics(inner in mutated_json()) {
            let body = format!(r#"{{"model":"m","prompt":{}}}"#, String::from_utf8_lossy(&inner));
            if let Ok(request) = decode(body.as_bytes()) {
                encode(&request, &Capabilities::default());
            }
        }
    }
}

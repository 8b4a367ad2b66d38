//! The fewest tokens that a prompt can be, whatever its model's tokeniser.

use serde_json::value::RawValue;

use crate::ir::{Block, Content, Message, Request, Role};

/// Letters of one token: the longest words that vocabularies hold are shorter.
const ASCII_LETTERS_A_TOKEN: usize = 32;
/// The same beyond ASCII; scripts without spaces have phrases of a dozen.
const OTHER_LETTERS_A_TOKEN: usize = 16;

/// What ends the thoughts in a model's own text; templates leave them out of later prompts.
const THOUGHTS_END: &str = "</think>";

/// Fields that have a provider cut a prompt to fit, or change how much fits.
const CUT_TO_FIT: [&str; 6] =
    ["truncation", "truncate", "truncate_prompt_tokens", "transforms", "context_management", "options.num_ctx"];

/// No fewer tokens than this is `request`. No tokeniser of a language model known to us (November 2026) joins words across a
/// space, so that each word is a token at least; what a template might leave out or write otherwise (tools, thoughts, media)
/// does not count. Real counts are a quarter above that for prose, and several times as much for code.
pub fn at_least(request: &Request) -> u64 {
    request.messages.iter().map(of_message).fold(0, u64::saturating_add)
}

/// Whether the request has the provider cut its prompt to fit, so that none is too long.
pub fn is_cut_to_fit(request: &Request) -> bool {
    let says_so = |raw: &RawValue| !matches!(raw.get(), "null" | "false" | "[]" | "{}" | "\"disabled\"");
    request.extras.iter().any(|extra| CUT_TO_FIT.contains(&extra.name.as_str()) && says_so(&extra.raw))
}

fn of_message(message: &Message) -> u64 {
    let own = message.role == Role::Assistant;
    message.blocks.iter().map(|block| of_block(block, own)).fold(0, u64::saturating_add)
}

fn of_block(block: &Block, own: bool) -> u64 {
    match &block.content {
        Content::Text(text) if own => of_text(text.rsplit(THOUGHTS_END).next().unwrap_or_default()),
        Content::Text(text) => of_text(text),
        Content::ToolResult(result) => result.blocks.iter().map(|block| of_block(block, false)).sum(),
        Content::ToolCall(call) => of_text(&call.arguments),
        Content::Refusal(_) | Content::Media(_) | Content::Reasoning(_) | Content::Opaque { .. } => 0,
    }
}

/// A token a word, and more for long ones; rules and frames are none.
fn of_text(text: &str) -> u64 {
    text.split_whitespace().map(of_word).sum()
}

fn of_word(word: &str) -> u64 {
    let ascii = word.bytes().filter(u8::is_ascii_alphanumeric).count();
    let other = if word.is_ascii() { 0 } else { word.chars().filter(|c| !c.is_ascii() && c.is_alphanumeric()).count() };
    let tokens = ascii.div_ceil(ASCII_LETTERS_A_TOKEN).max(other.div_ceil(OTHER_LETTERS_A_TOKEN));
    u64::try_from(tokens).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DialectId, dialect};

    fn request(body: &str) -> Request {
        dialect::of(DialectId::OpenaiChat).decode_request(body.as_bytes()).expect("a request")
    }

    #[track_caller]
    fn check(text: &str, tokens: u64) {
        assert_eq!(of_text(text), tokens, "{text}");
    }

    #[test]
    fn a_word_is_a_token_at_least() {
        check("one two\n  three", 3);
        check("---- ==== |", 0);
        check(&"a".repeat(65), 3);
        check(&"\u{8a9e}".repeat(33), 3);
        check("", 0);
    }

    #[test]
    fn what_a_template_may_leave_out_does_not_count() {
        let body = r#"{"model":"m","tools":[{"type":"function","function":{"name":"f","description":"many words"}}],"messages":[
            {"role":"user","content":"one two"},
            {"role":"assistant","content":"<think>so many words</think>three","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"four"}}]},
            {"role":"tool","tool_call_id":"c","content":"five six"}]}"#;
        assert_eq!(at_least(&request(body)), 6);
    }

    #[test]
    fn it_is_never_more_than_the_estimate_or_half_the_bytes() {
        for text in ["a b c d e f", "The quick brown fox jumps over the lazy dog", "x = [1, 2, 3]"] {
            let body = serde_json::json!({"model":"m","messages":[{"role":"user","content":text}]}).to_string();
            let fewest = at_least(&request(&body));
            assert!(fewest <= crate::counting::estimate(&request(&body)) && fewest <= body.len() as u64 / 2, "{text}");
        }
    }

    #[test]
    fn a_request_may_have_itself_cut() {
        for (field, cut) in
            [(r#""truncation":"auto""#, true), (r#""truncation":"disabled""#, false), (r#""transforms":[]"#, false)]
        {
            let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"a"}}],{field}}}"#);
            assert_eq!(is_cut_to_fit(&request(&body)), cut, "{field}");
        }
    }
}

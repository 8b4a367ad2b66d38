//! Answers of a server that leaves its model's calls in the text.

use serde_json::{Value, json};
use trunkline_testkit::Say;

pub(crate) const HERMES: &str =
    "Let me look.\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}\n</tool_call>";
pub(crate) const QWEN: &str = "Let me look.\n<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n\
                        <parameter=days>\n3\n</parameter>\n</function>\n</tool_call>";
pub(crate) const FENCED: &str =
    "Let me look.\n```json\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Paris\"}}\n```";
pub(crate) const PLAIN: &str = "It is fine: {\"city\": \"Paris\"}, `x < 3`.";

/// A whole answer that says this.
pub(crate) fn whole(said: &str) -> Say {
    let answer = json!({"id": "c1", "object": "chat.completion", "created": 1, "model": "real", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}});
    Say::json(200, &answer.to_string())
}

/// The same as a stream of pieces of so many characters.
pub(crate) fn sliced(said: &str, characters: usize) -> Vec<Say> {
    let characters_of: Vec<char> = said.chars().collect();
    let pieces: Vec<String> = characters_of.chunks(characters).map(|piece| piece.iter().collect()).collect();
    sliced_at(&pieces.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A stream of these pieces.
pub(crate) fn sliced_at(pieces: &[&str]) -> Vec<Say> {
    let delta = |text: &&str| json!({ "content": text });
    streamed(pieces.iter().map(delta), "stop")
}

/// A stream of one call that the server found by itself, its arguments in pieces.
pub(crate) fn called(arguments: &[&str]) -> Vec<Say> {
    let begun = json!({"tool_calls": [{"index": 0, "id": "call_up", "type": "function",
        "function": {"name": "get_weather", "arguments": ""}}]});
    let piece = |text: &&str| json!({"tool_calls": [{"index": 0, "function": {"arguments": text}}]});
    streamed([begun].into_iter().chain(arguments.iter().map(piece)), "tool_calls")
}

fn streamed(deltas: impl Iterator<Item = Value>, reason: &str) -> Vec<Say> {
    let frame = |choice: Value| {
        let chunk =
            json!({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "real", "choices": [choice]});
        Say::chunk(&format!("data: {chunk}\n\n"))
    };
    let mut script = vec![Say::stream_head()];
    script.extend(deltas.map(|delta| frame(json!({"index": 0, "delta": delta, "finish_reason": null}))));
    script.push(frame(json!({"index": 0, "delta": {}, "finish_reason": reason})));
    script.push(Say::chunk("data: [DONE]\n\n"));
    script.push(Say::last_chunk());
    script
}

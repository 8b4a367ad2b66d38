//! Answers of a server that leaves its model's calls in the text.

use serde_json::json;
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
    let frame = |choice: serde_json::Value| {
        let chunk =
            json!({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "real", "choices": [choice]});
        Say::chunk(&format!("data: {chunk}\n\n"))
    };
    let pieces: Vec<char> = said.chars().collect();
    let delta = |text: &[char]| {
        let text: String = text.iter().collect();
        frame(json!({"index": 0, "delta": {"content": text}, "finish_reason": null}))
    };
    let mut script = vec![Say::stream_head()];
    script.extend(pieces.chunks(characters).map(delta));
    script.push(frame(json!({"index": 0, "delta": {}, "finish_reason": "stop"})));
    script.push(Say::chunk("data: [DONE]\n\n"));
    script.push(Say::last_chunk());
    script
}

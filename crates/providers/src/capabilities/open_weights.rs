//! Open-weight models behind their makers' own look-alikes of OpenAI's API. Seen in DeepSeek's pages "Thinking mode" and
//! "JSON output" (November 2026): within a tool loop it refuses turns that lack their `reasoning_content`.

use trunkline_wire::Capabilities;
use trunkline_wire::capabilities::ReasoningReplay;

/// What their names begin with.
const NAMES: [&str; 8] = ["deepseek", "glm", "kimi", "mimo", "minimax", "moonshot", "qwen", "qwq"];

/// What is known of such a model; nothing changes for other names.
pub(super) fn narrow(name: &str, takes: &mut Capabilities) {
    if !NAMES.iter().any(|start| name.starts_with(start)) {
        return;
    }
    takes.reasoning_replay = ReasoningReplay::ReasoningContent;
    takes.documents = false;
    takes.openai_options = false;
    // DeepSeek writes JSON, but to no schema.
    takes.json_schema &= !name.starts_with("deepseek");
}

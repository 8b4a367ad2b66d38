//! OpenAI's models. Seen in OpenAI's OpenAPI document (August 2026) and its page "Using reasoning models".

use trunkline_wire::Capabilities;
use trunkline_wire::capabilities::{MaxTokensField, ReasoningReplay, ThinkingMode};

use super::{leading_number, leading_version};

/// What a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// o1 to o4 and on.
    Thinker,
    /// From GPT-5 on; whether it can be told not to think.
    Gpt { thinks_always: bool },
    /// GPT-5's sibling for conversation, GPT-4o, GPT-4.1.
    Plain,
    /// GPT-4 before 4o, and older.
    Old,
}

/// What is known of an OpenAI model of this name; nothing changes for other names.
pub(super) fn narrow(name: &str, takes: &mut Capabilities) {
    let Some(kind) = kind(name) else { return };
    takes.max_tokens_field = MaxTokensField::MaxCompletionTokens;
    takes.reasoning_replay = ReasoningReplay::Dropped;
    takes.audio = name.contains("audio") || name.contains("realtime");
    takes.developer_role = kind != Kind::Old;
    takes.json_schema = kind != Kind::Old;
    // `prompt_cache_breakpoint` came with GPT-5.6.
    takes.cache_marks |= version(name).is_some_and(|(version, _)| ((5, 6)..(35, 0)).contains(&version));
    match kind {
        Kind::Old => {
            takes.thinking = ThinkingMode::Never;
            takes.images = name.contains("gpt-4-turbo") || name.contains("vision");
            takes.documents = false;
        }
        Kind::Plain => takes.thinking = ThinkingMode::Never,
        Kind::Gpt { thinks_always } => {
            takes.thinking = if thinks_always { ThinkingMode::Always } else { ThinkingMode::Adaptive };
            takes.sampling = false;
            takes.stop_texts_max = Some(0);
        }
        Kind::Thinker => {
            takes.thinking = ThinkingMode::Always;
            takes.sampling = false;
            takes.parallel_tools = false;
            takes.stop_texts_max = Some(0);
            // The first small ones were blind, and knew neither roles above the user nor schemas.
            let early = name.starts_with("o1-mini") || name.starts_with("o1-preview");
            takes.images = !early && !name.starts_with("o3-mini");
            takes.documents = takes.images;
            takes.developer_role = !early;
            takes.json_schema = !early;
        }
    }
}

/// The version of a GPT, and what follows it.
fn version(name: &str) -> Option<((u32, u32), &str)> {
    leading_version(name.strip_prefix("gpt-")?)
}

fn kind(name: &str) -> Option<Kind> {
    if let Some((_, rest)) = name.strip_prefix('o').and_then(leading_number) {
        return (rest.is_empty() || rest.starts_with('-')).then_some(Kind::Thinker);
    }
    if name.starts_with("chatgpt-") {
        return Some(Kind::Plain);
    }
    if name.starts_with("codex-") {
        return Some(Kind::Gpt { thinks_always: true });
    }
    let (version, rest) = version(name)?;
    Some(match version {
        // Azure writes GPT-3.5 without the dot.
        (..=3 | 35, _) => Kind::Old,
        (4, 0) if rest.starts_with('o') => Kind::Plain,
        (4, 0) => Kind::Old,
        (4, _) => Kind::Plain,
        _ if rest.contains("-chat") || rest.contains("-audio") => Kind::Plain,
        (5, 0) => Kind::Gpt { thinks_always: true },
        _ => Kind::Gpt { thinks_always: rest.contains("-pro") },
    })
}

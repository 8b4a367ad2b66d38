//! Claude. Seen in Anthropic's pages "Models overview", "Troubleshooting thinking" and "Mid-conversation system
//! messages" (November 2026); <https://platform.claude.com/docs/en/about-claude/models/overview>.

use trunkline_wire::Capabilities;
use trunkline_wire::capabilities::ThinkingMode;

/// The tiers, of which there may be more one day; a version says enough for those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tier {
    Opus,
    /// Fable and Mythos: they cannot be told not to think.
    Thinker,
    /// Sonnet, Haiku and what may come.
    Other,
}

type Version = (u32, u32);

/// What is known of a Claude of this name; nothing changes for other names, and for those without a version.
pub(super) fn narrow(name: &str, takes: &mut Capabilities) {
    let Some((tier, version)) = line(name) else { return };
    let thinks_always = tier == Tier::Thinker || tier == Tier::Opus && version >= (5, 5);
    takes.thinking = match version {
        _ if thinks_always => ThinkingMode::Always,
        (4, 6..) | (5.., _) => ThinkingMode::Adaptive,
        (3, 7..) | (4, _) => ThinkingMode::Budget,
        _ => ThinkingMode::Never,
    };
    takes.sampling = version < (4, 7);
    takes.temperature_with_top_p = version < (4, 0);
    takes.system_in_middle = version >= (4, 8);
    takes.prefill = version < (4, 6);
    takes.json_schema = version >= (4, 5) || (tier, version) == (Tier::Opus, (4, 1));
    takes.images = version >= (3, 0);
    takes.documents = version >= (3, 5);
    takes.output_tokens_max = Some(output_tokens_max(tier, version));
}

fn output_tokens_max(tier: Tier, version: Version) -> u64 {
    match version {
        (4, 6..) | (5.., _) => 128_000,
        (4, ..=1) if tier == Tier::Opus => 32_000,
        (3, 7..) | (4, _) => 64_000,
        (3, 5..) => 8192,
        _ => 4096,
    }
}

/// The tier and the version in a name: `claude-opus-4-5-20251101`, `claude-3-5-sonnet-latest`, `claude-sonnet-4.6`,
/// `us.anthropic.claude-haiku-4-5-20251001-v1:0`.
fn line(name: &str) -> Option<(Tier, Version)> {
    let (_, rest) = name.split_once("claude")?;
    let mut words = rest.split(|char: char| !char.is_ascii_alphanumeric());
    let tier = if rest.contains("opus") {
        Tier::Opus
    } else if rest.contains("fable") || rest.contains("mythos") {
        Tier::Thinker
    } else {
        Tier::Other
    };
    // A date has more digits than any part of a version.
    let part = |word: &str| word.parse().ok().filter(|_| word.len() <= 2);
    let major: u32 = words.find_map(part)?;
    Some((tier, (major, words.next().and_then(part).unwrap_or(0))))
}

//! Gemini's `usageMetadata`.

use super::count;
use crate::ir::Usage;
use crate::scan::Members;

/// The tokens that a `usageMetadata` object counts; the conventions are those of [`super::read_usage`].
pub(in crate::relay) fn read_usage_metadata(json: &[u8]) -> Option<Usage> {
    let mut members = Members::open(json)?;
    let [mut prompt, mut tools, mut cached, mut candidates, mut thoughts] = [None; 5];
    while let Some(member) = members.next().ok()? {
        match member.name().as_ref() {
            b"promptTokenCount" => prompt = count(member.value),
            b"toolUsePromptTokenCount" => tools = count(member.value),
            b"cachedContentTokenCount" => cached = count(member.value),
            b"candidatesTokenCount" => candidates = count(member.value),
            b"thoughtsTokenCount" => thoughts = count(member.value),
            _ => {}
        }
    }
    if [prompt, tools, candidates, thoughts].iter().all(Option::is_none) {
        return None;
    }
    let prompt = prompt.unwrap_or(0);
    let cache_read = cached.unwrap_or(0).min(prompt);
    let reasoning = thoughts.unwrap_or(0);
    Some(Usage {
        input: (prompt - cache_read).saturating_add(tools.unwrap_or(0)),
        cache_read,
        cache_write: 0,
        output: candidates.unwrap_or(0).saturating_add(reasoning),
        reasoning,
    })
}

//! Gemini's `usageMetadata`.

use serde_json::value::RawValue;

use super::count;
use crate::ir::Usage;
use crate::scan::Members;

/// The tokens that a `usageMetadata` object counts; the conventions are those of [`super::read_usage`].
pub(crate) fn read_usage_metadata(json: &[u8]) -> Option<Usage> {
    let mut members = Members::open(json)?;
    let [mut prompt, mut tools, mut cached, mut candidates, mut thoughts] = [None; 5];
    let [mut heard, mut spoken] = [0; 2];
    while let Some(member) = members.next().ok()? {
        match member.name().as_ref() {
            b"promptTokenCount" => prompt = count(member.value),
            b"toolUsePromptTokenCount" => tools = count(member.value),
            b"cachedContentTokenCount" => cached = count(member.value),
            b"candidatesTokenCount" => candidates = count(member.value),
            b"thoughtsTokenCount" => thoughts = count(member.value),
            b"promptTokensDetails" => heard = sound(member.value),
            b"candidatesTokensDetails" => spoken = sound(member.value),
            _ => {}
        }
    }
    if [prompt, tools, candidates, thoughts].iter().all(Option::is_none) {
        return None;
    }
    let prompt = prompt.unwrap_or(0);
    let cache_read = cached.unwrap_or(0).min(prompt);
    let reasoning = thoughts.unwrap_or(0);
    let input = (prompt - cache_read).saturating_add(tools.unwrap_or(0));
    let output = candidates.unwrap_or(0).saturating_add(reasoning);
    Some(Usage {
        input,
        cache_read,
        output,
        reasoning,
        audio_input: heard.min(input),
        audio_output: spoken.min(output),
        ..Usage::default()
    })
}

/// The tokens of sound in a list of counts by modality.
fn sound(json: &[u8]) -> u64 {
    let counts: Vec<Modality<'_>> = serde_json::from_slice(json).unwrap_or_default();
    let of_sound = counts.iter().filter(|count| count.modality == "AUDIO");
    of_sound.filter_map(|counted| count(counted.token_count?.get().as_bytes())).fold(0, u64::saturating_add)
}

/// Tokens of one kind of content.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Modality<'a> {
    #[serde(default)]
    modality: String,
    #[serde(borrow, default)]
    token_count: Option<&'a RawValue>,
}

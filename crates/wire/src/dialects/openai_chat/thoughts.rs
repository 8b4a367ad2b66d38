//! Thoughts in a message: `reasoning_content` or `reasoning` as text, `reasoning_details` with what their maker wants
//! back. The latter is OpenRouter's convention, <https://openrouter.ai/docs/use-cases/reasoning-tokens> (2026-11-21).

use serde::{Deserialize, Serialize};

use crate::fields::{Fields, parse, starts_with};
use crate::ir::{Block, Content, Reasoning, Seal, SealOrigin};
use crate::write::Array;

/// Where servers and clients put the text; the first one found counts.
const TEXT_FIELDS: [&str; 4] = ["reasoning_content", "reasoning", "reasoning_text", "thinking"];

/// Where the entries stand.
const DETAILS: &str = "reasoning_details";

const TEXT: &str = "reasoning.text";
const SUMMARY: &str = "reasoning.summary";
const ENCRYPTED: &str = "reasoning.encrypted";

/// One entry of `reasoning_details`, or in a stream a piece of one.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
pub(super) struct Detail {
    /// `reasoning.text`, `reasoning.summary` or `reasoning.encrypted`.
    #[serde(rename = "type", default)]
    kind: String,
    /// The thoughts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// A summary of the thoughts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    /// The thoughts in secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    /// What proves the thoughts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    /// Their maker's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Whose they are, such as `anthropic-claude-v1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    format: Option<String>,
    /// Which thought they belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
}

/// Entries that tell of one thought, put together. Of several entries of one type the later ones add to the first.
#[derive(Clone, Debug, Default)]
pub(super) struct Thought {
    /// What was thought.
    pub(super) text: String,
    entries: Vec<Detail>,
}

impl Thought {
    /// Whether the entry tells of another thought than those before it.
    pub(super) fn is_other(&self, detail: &Detail) -> bool {
        match self.entries.last() {
            // Plain text so far: a secret is not its proof, for that would come as a signature.
            None => detail.kind == ENCRYPTED,
            Some(last) => last.index != detail.index || (detail.index.is_none() && self.is_sealed()),
        }
    }

    /// Whether it is complete: what is thought after this is another thought.
    pub(super) fn is_sealed(&self) -> bool {
        self.entries.iter().any(|entry| entry.signature.is_some() || entry.data.is_some())
    }

    /// Takes an entry; gives its text.
    pub(super) fn add(&mut self, mut detail: Detail) -> String {
        let mut text = detail.text.take().unwrap_or_default();
        text.push_str(&detail.summary.take().unwrap_or_default());
        match self.entries.iter_mut().find(|entry| entry.kind == detail.kind) {
            None => self.entries.push(detail),
            Some(entry) => {
                let Detail { kind: _, text: _, summary: _, data, signature, id, format, index } = detail;
                entry.data = data.or(entry.data.take());
                entry.signature = signature.or(entry.signature.take());
                entry.id = id.or(entry.id.take());
                entry.format = format.or(entry.format.take());
                entry.index = index.or(entry.index);
            }
        }
        text
    }

    /// Whether the text is a summary.
    pub(super) fn is_summary(&self) -> bool {
        self.entries.iter().any(|entry| entry.kind == SUMMARY)
    }

    /// Whether the thoughts are secret, so that there can be no text.
    pub(super) fn is_secret(&self) -> bool {
        !self.entries.is_empty() && self.entries.iter().all(|entry| entry.kind == ENCRYPTED)
    }

    /// The id that its maker knows it by.
    pub(super) fn id(&self) -> Option<String> {
        self.entries.iter().find_map(|entry| entry.id.clone())
    }

    /// What its maker wants back, if anything: what an envelope of ours holds, or the entries themselves.
    pub(super) fn seal(&self) -> Option<Seal> {
        if let Some(seal) = self.entries.iter().find_map(Detail::envelope) {
            return Some(seal);
        }
        if !self.entries.iter().any(|entry| entry.signature.is_some() || entry.data.is_some() || entry.id.is_some()) {
            return None;
        }
        let data = serde_json::to_string(&self.entries).expect("text and numbers always serialise");
        Some(Seal { origin: SealOrigin::Openrouter, data })
    }

    fn into_reasoning(self) -> Reasoning {
        Reasoning {
            summary: self.is_summary(),
            seal: self.seal(),
            redacted: self.is_secret(),
            id: self.id(),
            text: self.text,
        }
    }
}

impl Detail {
    /// What it tells.
    pub(super) fn told(&self) -> impl Iterator<Item = &str> {
        [self.text.as_deref(), self.summary.as_deref()].into_iter().flatten()
    }

    /// Somebody else's seal that stands here.
    fn envelope(&self) -> Option<Seal> {
        let text = self.signature.as_ref().or(self.data.as_ref())?;
        Seal::read(text, SealOrigin::Openrouter).filter(|seal| seal.origin != SealOrigin::Openrouter)
    }
}

/// Takes a message's thoughts, in order. What contradicts the rest is left in `fields`.
pub(super) fn take(fields: &mut Fields<'_>) -> Vec<Block> {
    let mut thoughts = take_details(fields);
    let mut plain: Option<(&str, String)> = None;
    for name in TEXT_FIELDS {
        let Some(text) = fields.look(name).filter(|raw| starts_with(raw, '"')).and_then(parse::<String>) else {
            continue;
        };
        let told: String = thoughts.iter().map(|thought| thought.text.as_str()).collect();
        let repeated = text.is_empty() || text == told || plain.as_ref().is_some_and(|(_, plain)| *plain == text);
        if !repeated && (plain.is_some() || !told.is_empty()) {
            continue;
        }
        fields.take(name);
        if !repeated {
            plain = Some((name, text));
        }
    }
    let at = fields.at_member(DETAILS);
    let block = |thought: Thought| Block::from(Content::Reasoning(thought.into_reasoning()));
    let mut first = None;
    if let Some((name, text)) = plain {
        match thoughts.as_mut_slice() {
            // A client kept the text only once, beside the signature.
            [only] if !only.is_secret() => only.text = text,
            _ => first = Some(block(Thought { text, entries: Vec::new() }).at(fields.at_member(name))),
        }
    }
    first.into_iter().chain(thoughts.into_iter().map(|thought| block(thought).at(at.clone()))).collect()
}

fn take_details(fields: &mut Fields<'_>) -> Vec<Thought> {
    let Some(details) = fields.look(DETAILS).and_then(parse::<Vec<Detail>>) else { return Vec::new() };
    if details.iter().any(|detail| ![TEXT, SUMMARY, ENCRYPTED].contains(&detail.kind.as_str())) {
        return Vec::new();
    }
    fields.take(DETAILS);
    let mut thoughts: Vec<Thought> = Vec::new();
    for detail in details {
        let thought = match thoughts.pop() {
            Some(last) if !last.is_other(&detail) => last,
            other => {
                thoughts.extend(other);
                Thought::default()
            }
        };
        thoughts.push(thought);
        if let Some(thought) = thoughts.last_mut() {
            let text = thought.add(detail);
            thought.text.push_str(&text);
        }
    }
    thoughts
}

/// Writes a thought as entries of `reasoning_details`; `index` is its place among the message's thoughts.
pub(super) fn write_details(reasoning: &Reasoning, index: u64, list: &mut Array<'_>) {
    let Reasoning { text, summary, seal, redacted, id } = reasoning;
    let some_text = || Some(text.clone());
    let base = Detail { index: Some(index), id: id.clone(), ..Detail::default() };
    let kind = |kind: &str| kind.to_owned();
    let Some(seal) = seal else {
        let told = if *summary {
            Detail { kind: kind(SUMMARY), summary: some_text(), ..base }
        } else {
            Detail { kind: kind(TEXT), text: some_text(), ..base }
        };
        return list.put(&told);
    };
    if seal.origin == SealOrigin::Openrouter {
        return write_own(seal, text, base, list);
    }
    let base = Detail { format: Some(kind(format_of(seal.origin))), ..base };
    let proof = Some(seal.write(SealOrigin::Openrouter));
    if *summary && !text.is_empty() {
        // One entry for both: clients put entries of one index together by joining their members.
        list.put(&Detail { kind: kind(SUMMARY), summary: some_text(), data: proof, ..base });
    } else if *redacted {
        list.put(&Detail { kind: kind(ENCRYPTED), data: proof, ..base });
    } else {
        list.put(&Detail { kind: kind(TEXT), text: some_text(), signature: proof, ..base });
    }
}

/// Entries as they came, with the text back in its place.
fn write_own(seal: &Seal, text: &str, base: Detail, list: &mut Array<'_>) {
    // Not of this shape is only what somebody tampered with.
    let Ok(mut entries) = serde_json::from_str::<Vec<Detail>>(&seal.data) else { return };
    match entries.iter_mut().find(|entry| entry.kind == TEXT || entry.kind == SUMMARY) {
        Some(entry) if entry.kind == SUMMARY => entry.summary = Some(text.to_owned()),
        Some(entry) => entry.text = Some(text.to_owned()),
        None if text.is_empty() => {}
        None => list.put(&Detail { kind: TEXT.to_owned(), text: Some(text.to_owned()), ..base }),
    }
    entries.iter().for_each(|entry| list.put(entry));
}

/// OpenRouter's word for whose thoughts they are.
fn format_of(origin: SealOrigin) -> &'static str {
    match origin {
        SealOrigin::Anthropic => "anthropic-claude-v1",
        SealOrigin::Openai => "openai-responses-v1",
        SealOrigin::Gemini => "google-gemini-v1",
        SealOrigin::Openrouter => "unknown",
    }
}

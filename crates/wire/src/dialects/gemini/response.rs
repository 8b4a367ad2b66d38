//! The whole answer, both ways. What is not of the one alternative that the neutral model holds is an extra under its
//! whole path, such as `candidates[0].safetyRatings`.

use bytes::Bytes;
use serde_json::value::RawValue;

use super::chunk::finish_reason;
use super::part::{Json, Part, write_all};
use super::signature;
use super::stream::Reader;
use crate::dialect::{Encoded, StreamHead};
use crate::fields::{Fields, parse_list};
use crate::ir::{
    BlockKind, Citation, Collector, Content, Event, Extra, Response, Said, Sealed, ServiceTier, Speech, StopReason,
    Unsaid, Usage,
};
use crate::write::{Object, object};
use crate::{DialectId, WireError};

/// Where extras of the alternative come from and go back to.
const CANDIDATE: &str = "candidates[0].";

/// Members of the answer itself that are kept.
const BESIDE: [&str; 3] = ["promptFeedback", "createTime", "modelStatus"];

/// What a candidate says beside its content and is kept as the sources of its text.
const SOURCES: [&str; 3] = ["citationMetadata", "groundingMetadata", "urlContextMetadata"];

/// Members of a candidate that are read.
const READ: [&str; 4] = ["content", "finishReason", "finishMessage", "index"];

/// Reads a whole answer.
pub(super) fn decode(body: &[u8]) -> Result<Response, WireError> {
    let mut fields = Fields::of_body(body)?;
    if !fields.has("candidates") && !fields.has("promptFeedback") {
        return Err(fields.missing("candidates"));
    }
    let mut reader = Reader::default();
    let mut events = Vec::new();
    reader.read(body, &mut events);
    reader.finish(&mut events);
    let mut collector = Collector::default();
    for event in &events {
        if let Event::Fault(_) = event {
            let began = !matches!(events.first(), Some(Event::Fault(_)));
            let path = if began { "candidates[0].finishReason" } else { "candidates" };
            return Err(WireError::Wrong { path: path.to_owned(), expected: "a usable answer" });
        }
        collector.push(event);
    }
    let mut response = collector.finish(reader.model_version.unwrap_or_default(), 0);
    let candidates = fields.take("candidates").and_then(parse_list).unwrap_or_default();
    for (index, raw) in candidates.into_iter().enumerate() {
        if index > 0 {
            response.extras.push(Extra { name: format!("candidates[{index}]"), raw: raw.to_owned() });
            continue;
        }
        let candidate = Fields::of_value(raw, "candidates[0]".to_owned())?.rest().into_iter();
        let unread = candidate.filter(|extra| !READ.iter().chain(&SOURCES).any(|name| *name == extra.name));
        response.extras.extend(unread.map(|extra| Extra { name: format!("{CANDIDATE}{}", extra.name), ..extra }));
    }
    response.extras.extend(fields.rest().into_iter().filter(|extra| BESIDE.contains(&extra.name.as_str())));
    Ok(response)
}

/// Writes a whole answer.
pub(super) fn encode(response: &Response, head: &StreamHead) -> Encoded {
    let mut losses = Unsaid::of(response, &Answers);
    let mut sources = Sources::default();
    let mut parts = Vec::new();
    for block in &response.blocks {
        parts.extend(self::parts(&block.content, &mut sources));
        block.citations.iter().for_each(|citation| sources.add(citation.origin, &citation.raw));
    }
    if parts.is_empty() {
        parts.push(Part::Text { text: "", extras: &[] });
    }
    let strange = response.extras.iter().filter(|extra| !is_own(&extra.name));
    strange.for_each(|extra| losses.add(extra.name.as_str()));
    let answer = Answer {
        id: if response.id.is_empty() { &head.request_id } else { &response.id },
        model: if response.model.is_empty() { &head.model } else { &response.model },
        parts: &parts,
        stop: Some(&response.stop),
        sources: &sources,
        usage: response.usage,
        extras: &response.extras,
    };
    Encoded { bytes: Bytes::from(object(|body| answer.write(body))), losses }
}

/// What answers of Gemini can say.
#[derive(Debug)]
pub(super) struct Answers;

impl Speech for Answers {
    fn block(&self, kind: &BlockKind) -> Said {
        match kind {
            BlockKind::Refusal => Said::Without("refusal"),
            BlockKind::Opaque { origin, .. } if *origin != DialectId::Gemini => Said::Nothing,
            BlockKind::Text | BlockKind::Reasoning { .. } | BlockKind::ToolCall { .. } | BlockKind::Opaque { .. } => {
                Said::All
            }
        }
    }

    fn seal(&self, on: Sealed) -> bool {
        match on {
            Sealed::Thoughts | Sealed::Call => true,
        }
    }

    fn citation(&self, citation: &Citation) -> bool {
        read_sources(citation.origin, &citation.raw).is_some()
    }

    fn logprobs(&self) -> bool {
        false
    }

    fn tier(&self, _tier: &ServiceTier) -> bool {
        false
    }

    fn stop(&self, reason: &StopReason) -> Option<&'static str> {
        match reason {
            StopReason::StopText(_) => Some("stop_sequence"),
            StopReason::Paused | StopReason::ContextFull | StopReason::Other(_) => Some("stop_reason"),
            StopReason::End | StopReason::Length | StopReason::ToolCalls | StopReason::Filtered => None,
        }
    }
}

/// The members of what a candidate says beside its content.
fn read_sources(origin: DialectId, raw: &RawValue) -> Option<Vec<Extra>> {
    let fields = Fields::of_value(raw, String::new()).ok()?;
    (origin == DialectId::Gemini).then(|| fields.rest())
}

fn is_own(name: &str) -> bool {
    name.starts_with("candidates[") || BESIDE.contains(&name)
}

/// What a block says as parts; what stands beside the content goes to `sources`. Blocks that Gemini has no word for say
/// nothing.
pub(super) fn parts<'a>(content: &'a Content, sources: &mut Sources) -> Vec<Part<'a>> {
    let part = match content {
        Content::Text(text) | Content::Refusal(text) if text.is_empty() => return Vec::new(),
        Content::Text(text) | Content::Refusal(text) => Part::Text { text, extras: &[] },
        Content::Reasoning(reasoning) => match reasoning.seal.as_ref().map(signature::write) {
            Some(signature) if reasoning.redacted => Part::Signature { signature, extras: &[] },
            None if reasoning.text.is_empty() => return Vec::new(),
            signature => Part::Thought { text: &reasoning.text, signature, extras: &[] },
        },
        Content::ToolCall(call) => Part::Call {
            id: Some(&call.id),
            name: &call.name,
            args: Json::of_arguments(call),
            signature: call.seal.as_ref().map(signature::write),
            extras: &[],
        },
        Content::Opaque { origin: DialectId::Gemini, kind, raw } => {
            if SOURCES.contains(&kind.as_str()) {
                sources.add(DialectId::Gemini, raw);
                return Vec::new();
            }
            Part::Raw(raw)
        }
        Content::Opaque { .. } | Content::Media(_) | Content::ToolResult(_) => return Vec::new(),
    };
    vec![part]
}

/// What a candidate says beside its content: the last of each name counts.
#[derive(Debug, Default)]
pub(super) struct Sources(Vec<Extra>);

impl Sources {
    /// Takes an object of such members, unless it is of another dialect's making.
    pub(super) fn add(&mut self, origin: DialectId, raw: &RawValue) {
        for member in read_sources(origin, raw).into_iter().flatten() {
            self.0.retain(|held| held.name != member.name);
            self.0.push(member);
        }
    }
}

/// A `GenerateContentResponse` to be written: a whole answer, or one step of a stream.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    /// The same in every step.
    pub(super) id: &'a str,
    /// The client's name for the model.
    pub(super) model: &'a str,
    /// What is said.
    pub(super) parts: &'a [Part<'a>],
    /// Why it ended, when it did.
    pub(super) stop: Option<&'a StopReason>,
    /// Beside the content.
    pub(super) sources: &'a Sources,
    /// Tokens, when known.
    pub(super) usage: Option<Usage>,
    /// Of Gemini's own making, where they stood.
    pub(super) extras: &'a [Extra],
}

impl Answer<'_> {
    /// Writes the members.
    pub(super) fn write(&self, body: &mut Object<'_>) {
        body.array("candidates", |list| {
            list.object(|candidate| {
                candidate.object("content", |content| {
                    content.array("parts", |list| write_all(self.parts, list));
                    content.put("role", "model");
                });
                candidate.put_some("finishReason", self.stop.map(finish_reason));
                candidate.put("index", &0);
                candidate.extras(&self.sources.0);
                for extra in self.extras {
                    if let Some(name) = extra.name.strip_prefix(CANDIDATE) {
                        candidate.raw(name, &extra.raw);
                    }
                }
            });
            let others = self.extras.iter().filter(|extra| extra.name.ends_with(']') && is_own(&extra.name));
            others.for_each(|extra| list.raw(&extra.raw));
        });
        for extra in self.extras.iter().filter(|extra| BESIDE.contains(&extra.name.as_str())) {
            body.raw(&extra.name, &extra.raw);
        }
        if let Some(usage) = self.usage {
            body.object("usageMetadata", |counts| write_usage(usage, counts));
        }
        body.put("modelVersion", self.model);
        body.put("responseId", self.id);
    }
}

fn write_usage(usage: Usage, counts: &mut Object<'_>) {
    let some = |count: u64| (count > 0).then_some(count);
    counts.put("promptTokenCount", &usage.prompt());
    counts.put("candidatesTokenCount", &usage.output.saturating_sub(usage.reasoning));
    counts.put("totalTokenCount", &usage.prompt().saturating_add(usage.output));
    counts.put_some("cachedContentTokenCount", some(usage.cache_read));
    counts.put_some("thoughtsTokenCount", some(usage.reasoning));
}

#[cfg(test)]
mod tests;

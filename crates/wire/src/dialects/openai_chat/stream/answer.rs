//! Turns chunks into events: the one place that knows what compatible servers do with the format.

use std::borrow::Cow;

use super::calls::Calls;
use super::chunk::{CallPiece, Choice, Chunk, Delta, Said};
use super::sketch::Told;
use crate::dialects::openai_chat::response::{read_annotation, read_logprobs};
use crate::dialects::openai_chat::thoughts::{Detail, Thought};
use crate::dialects::openai_chat::upstream_error;
use crate::fields::{parse, parse_list, starts_with};
use crate::ir::{self, BlockKind, Event, ServiceTier, StopReason, Usage};
use crate::relay::read_usage;
use crate::{DialectId, Fault, FaultKind};

/// The answer as far as it has come.
#[derive(Debug, Default)]
pub(in crate::dialects::openai_chat) struct Answer {
    id: String,
    started: bool,
    over: bool,
    next: u32,
    voice: Option<(u32, Voice)>,
    thought: Thought,
    /// Whether thoughts came as plain text, so that details only repeat them.
    plain_thoughts: bool,
    calls: Calls,
    /// How many texts began.
    texts: u32,
    usage: Option<Usage>,
    tier: Option<ServiceTier>,
    stop: Option<StopReason>,
}

/// What the one open block beside calls holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    Text,
    Refusal,
    Thoughts,
}

impl Answer {
    /// Whether nothing more can come.
    pub(in crate::dialects::openai_chat) fn is_over(&self) -> bool {
        self.over
    }

    /// Takes a chunk.
    pub(in crate::dialects::openai_chat) fn push(&mut self, chunk: Chunk<'_>, out: &mut Vec<Event>) {
        let no_choices = chunk.choices.as_ref().is_none_or(Vec::is_empty);
        if let Some(error) = chunk.error() {
            return self.fail(upstream_error::fault(error), out);
        }
        self.take_id(chunk.id);
        if !no_choices || chunk.usage.is_some() {
            self.start(out);
        }
        let first = chunk.choices.into_iter().flatten().find(|choice| choice.index.unwrap_or(0) == 0);
        if let Some(choice) = first {
            self.choice(choice, out);
        }
        self.served(chunk.service_tier, out);
        let groq =
            chunk.x_groq.and_then(|raw| serde_json::from_str::<Groq<'_>>(raw.get()).ok()).and_then(|groq| groq.usage);
        let usage = chunk
            .usage
            .or(groq)
            .and_then(|raw| read_usage(raw.get().as_bytes()))
            .filter(|usage| self.usage != Some(*usage));
        if let (Some(usage), false) = (usage, self.over) {
            self.start(out);
            self.usage = Some(usage);
            out.push(Event::Usage(usage));
        }
    }

    /// Takes the text of a chunk that adds this text and does nothing else. False when it would do more now: then
    /// nothing was taken.
    #[inline]
    pub(super) fn push_alike(&mut self, told: Told, text: Cow<'_, str>, out: &mut Vec<Event>) -> bool {
        let (block, arguments) = match (told, self.voice) {
            _ if self.over => return false,
            (Told::Said(voice), Some((block, open))) if voice == open => (block, false),
            (Told::Argued(index), None) => match self.calls.block_of(index) {
                Some(block) => (block, true),
                None => return false,
            },
            (Told::Said(_) | Told::Argued(_), _) => return false,
        };
        if told == Told::Said(Voice::Thoughts) && self.thought.is_sealed() {
            return false;
        }
        if !text.is_empty() {
            let text = text.into_owned();
            let delta = if arguments { ir::Delta::Arguments(text) } else { ir::Delta::Text(text) };
            out.push(Event::Delta { block, delta });
        }
        true
    }

    /// The provider says that this was all.
    pub(in crate::dialects::openai_chat) fn done(&mut self, out: &mut Vec<Event>) {
        if self.over {
            return;
        }
        if !self.started {
            return self.fail(broken("the provider's answer was empty; try again"), out);
        }
        self.close_all(out);
        self.over = true;
        out.push(Event::Stop(self.stop_reason()));
    }

    /// The bytes are at their end: all is well if the model had said why it stopped.
    pub(in crate::dialects::openai_chat) fn end(&mut self, out: &mut Vec<Event>) {
        if self.stop.is_some() {
            self.done(out);
        } else if !self.over {
            self.fail(broken(super::encode::BROKE_OFF), out);
        }
    }

    /// The answer failed.
    pub(in crate::dialects::openai_chat) fn fail(&mut self, fault: Fault, out: &mut Vec<Event>) {
        if !self.over {
            self.over = true;
            out.push(Event::Fault(Box::new(fault)));
        }
    }

    fn take_id(&mut self, id: Option<&serde_json::value::RawValue>) {
        if !self.started
            && let Some(id) = id.and_then(parse::<String>)
        {
            self.id = id;
        }
    }

    fn start(&mut self, out: &mut Vec<Event>) {
        if !self.started {
            self.started = true;
            out.push(Event::Start { id: self.id.clone() });
        }
    }

    /// Every chunk may say it; told when it is new.
    fn served(&mut self, tier: Option<&serde_json::value::RawValue>, out: &mut Vec<Event>) {
        let tier = tier.and_then(parse::<String>).map(|tier| ServiceTier::from_name(&tier));
        if let Some(tier) = tier.filter(|tier| self.started && !self.over && self.tier.as_ref() != Some(tier)) {
            self.tier = Some(tier.clone());
            out.push(Event::Served(tier));
        }
    }

    fn choice(&mut self, choice: Choice<'_>, out: &mut Vec<Event>) {
        if let Some(delta) = choice.delta {
            self.delta(delta, out);
        }
        if let Some(mut message) = choice.message {
            // A whole answer's calls are told apart by their places.
            for (piece, place) in message.tool_calls.iter_mut().flatten().zip(0..) {
                piece.index = Some(place);
            }
            self.delta(message, out);
        }
        self.say(Voice::Text, choice.text.text, out);
        self.likely(read_logprobs(choice.logprobs), out);
        let Some(word) = choice.finish_reason.filter(|word| !word.is_empty()) else {
            if let Some(error) = choice.error {
                self.fail(upstream_error::fault(error), out);
            }
            return;
        };
        if matches!(word.as_str(), "error" | "abort") {
            let fault = choice.error.map_or_else(|| broken(super::encode::BROKE_OFF), upstream_error::fault);
            return self.fail(fault, out);
        }
        let matched = [choice.matched_stop, choice.stop_reason].into_iter().flatten();
        let matched = matched.filter(|raw| starts_with(raw, '"')).find_map(parse::<String>);
        // Later chunks may repeat it.
        self.stop = Some(stop_of(word, matched));
        self.close_all(out);
    }

    fn delta(&mut self, delta: Delta<'_>, out: &mut Vec<Event>) {
        let plain = [delta.reasoning_content, delta.reasoning, delta.reasoning_text];
        let plain = plain.into_iter().map(|said| said.text).find(|text| !text.is_empty()).unwrap_or_default();
        self.think(plain, delta.reasoning_details.and_then(parse), out);
        let Said { text, thoughts } = delta.content;
        self.think(thoughts, None, out);
        self.say(Voice::Text, text, out);
        self.say(Voice::Refusal, delta.refusal.text, out);
        for raw in delta.annotations.and_then(parse_list).into_iter().flatten() {
            let block = self.speak(Voice::Text, out);
            let mut citation = read_annotation(raw);
            if let Some(page) = citation.page.as_mut().filter(|_| self.texts > 1) {
                // Counted from where an earlier text began.
                page.place = None;
            }
            let delta = ir::Delta::Citation(Box::new(citation));
            out.push(Event::Delta { block, delta });
        }
        if let Some(raw) = delta.audio.filter(|raw| raw.get().contains("\"id\"") && raw.get().contains("\"data\"")) {
            self.close_voice(out);
            self.calls.open_named(&self.id, &mut self.next, out);
            let block = self.number();
            let kind =
                BlockKind::Opaque { origin: DialectId::OpenaiChat, kind: "audio".to_owned(), raw: raw.to_owned() };
            out.extend([Event::Open { block, kind }, Event::Close { block }]);
        }
        let old = delta.function_call.map(|function| CallPiece {
            index: Some(u64::MAX),
            function: Some(function),
            ..CallPiece::default()
        });
        for piece in delta.tool_calls.into_iter().flatten().chain(old) {
            self.close_voice(out);
            self.calls.add(piece, &self.id, &mut self.next, out);
        }
    }

    fn number(&mut self) -> u32 {
        let number = self.next;
        self.next += 1;
        number
    }

    fn say(&mut self, voice: Voice, text: String, out: &mut Vec<Event>) {
        if !text.is_empty() {
            let block = self.speak(voice, out);
            out.push(Event::Delta { block, delta: ir::Delta::Text(text) });
        }
    }

    /// How likely the tokens of the text were.
    fn likely(&mut self, tokens: Vec<Box<serde_json::value::RawValue>>, out: &mut Vec<Event>) {
        if !tokens.is_empty() {
            let block = self.speak(Voice::Text, out);
            out.push(Event::Delta { block, delta: ir::Delta::Logprobs(tokens) });
        }
    }

    /// The open block of this voice.
    fn speak(&mut self, voice: Voice, out: &mut Vec<Event>) -> u32 {
        if let Some((block, _)) = self.voice.filter(|(_, open)| *open == voice) {
            return block;
        }
        self.close_voice(out);
        self.calls.open_named(&self.id, &mut self.next, out);
        let block = self.number();
        self.voice = Some((block, voice));
        self.texts += u32::from(voice == Voice::Text);
        let kind = match voice {
            Voice::Text => BlockKind::Text,
            Voice::Refusal => BlockKind::Refusal,
            Voice::Thoughts => BlockKind::Reasoning {
                summary: self.thought.is_summary(),
                redacted: self.thought.is_secret(),
                id: self.thought.id(),
            },
        };
        out.push(Event::Open { block, kind });
        block
    }

    /// Takes thoughts: plain text, and details that repeat it, or stand alone.
    fn think(&mut self, plain: String, details: Option<Vec<Detail>>, out: &mut Vec<Event>) {
        let thinking = |answer: &Self| answer.voice.is_some_and(|(_, voice)| voice == Voice::Thoughts);
        let details = details.unwrap_or_default();
        let repeated = details.iter().flat_map(Detail::told).collect::<String>() == plain;
        // What is told twice in one chunk is taken from the details: they say which thought it belongs to.
        let ignored = !repeated && (self.plain_thoughts || !plain.is_empty());
        self.plain_thoughts |= !plain.is_empty();
        let mut plain = Some(plain).filter(|plain| !plain.is_empty() && (details.is_empty() || !repeated));
        if details.is_empty() && plain.is_some() && thinking(self) && self.thought.is_sealed() {
            self.close_voice(out);
        }
        for detail in details {
            if thinking(self) && self.thought.is_other(&detail) {
                self.close_voice(out);
            }
            let text = self.thought.add(detail);
            self.speak(Voice::Thoughts, out);
            let text = if ignored { plain.take().unwrap_or_default() } else { text };
            self.say(Voice::Thoughts, text, out);
        }
        self.say(Voice::Thoughts, plain.unwrap_or_default(), out);
    }

    fn close_voice(&mut self, out: &mut Vec<Event>) {
        let Some((block, voice)) = self.voice.take() else { return };
        if voice == Voice::Thoughts {
            let thought = std::mem::take(&mut self.thought);
            out.extend(thought.seal().map(|seal| Event::Delta { block, delta: ir::Delta::Seal(seal) }));
        }
        out.push(Event::Close { block });
    }

    fn close_all(&mut self, out: &mut Vec<Event>) {
        self.close_voice(out);
        self.calls.close(&self.id, &mut self.next, out);
    }

    /// Many servers say `stop` although the model waits for its tools.
    fn stop_reason(&mut self) -> StopReason {
        match self.stop.take() {
            Some(StopReason::End | StopReason::StopText(_) | StopReason::Other(_)) | None if self.calls.any() => {
                StopReason::ToolCalls
            }
            Some(stop) => stop,
            None => StopReason::End,
        }
    }
}

/// Groq's part of a chunk.
#[derive(serde::Deserialize)]
struct Groq<'a> {
    /// Tokens.
    #[serde(borrow, default)]
    usage: Option<&'a serde_json::value::RawValue>,
}

fn stop_of(word: String, matched: Option<String>) -> StopReason {
    match word.as_str() {
        "stop" | "eos" | "eos_token" | "end_turn" | "stop_sequence" | "stop_token" => {
            matched.map_or(StopReason::End, StopReason::StopText)
        }
        "length" | "max_tokens" => StopReason::Length,
        "tool_calls" | "function_call" | "tool_use" => StopReason::ToolCalls,
        "content_filter" => StopReason::Filtered,
        _ => StopReason::Other(word),
    }
}

fn broken(message: &str) -> Fault {
    Fault::new(FaultKind::UpstreamBroken, message)
}

//! What comes beside a text: its sources, and how likely its tokens were.

use serde_json::value::RawValue;

use super::super::super::annotation;
use super::super::frames::Frame;
use super::super::parts::Part;
use super::Answer;
use crate::ir::{Citation, Delta, Event};

impl Answer {
    pub(super) fn source(&mut self, frame: &Frame<'_>, out: &mut Vec<Event>) {
        let Some(annotation) = frame.annotation else { return };
        let part = Part::Text(frame.content_index);
        if let Some(block) = self.block(frame.output_index, part, out) {
            self.items.entry(frame.output_index).or_default().cited = true;
            let delta = Delta::Citation(Box::new(annotation::read(annotation)));
            out.push(Event::Delta { block, delta });
        }
    }

    /// How likely the tokens of a delta were.
    pub(super) fn likely(&mut self, frame: &Frame<'_>, out: &mut Vec<Event>) {
        let tokens: Vec<_> = frame.logprobs.iter().flatten().map(|raw| (*raw).to_owned()).collect();
        if tokens.is_empty() {
            return;
        }
        if let Some(block) = self.block(frame.output_index, Part::Text(frame.content_index), out) {
            self.items.entry(frame.output_index).or_default().weighed = true;
            out.push(Event::Delta { block, delta: Delta::Logprobs(tokens) });
        }
    }

    pub(super) fn logprobs_done(&mut self, index: u32, part: Part, tokens: Vec<Box<RawValue>>, out: &mut Vec<Event>) {
        let Some(parts) = self.items.get(&index).filter(|parts| !parts.weighed && !tokens.is_empty()) else { return };
        let Some(block) = parts.find(part).filter(|entry| entry.open).map(|entry| entry.block) else { return };
        out.push(Event::Delta { block, delta: Delta::Logprobs(tokens) });
    }

    pub(super) fn sources_done(&mut self, index: u32, part: Part, sources: Vec<Citation>, out: &mut Vec<Event>) {
        let Some(parts) = self.items.get(&index).filter(|parts| !parts.cited) else { return };
        let Some(block) = parts.find(part).filter(|entry| entry.open).map(|entry| entry.block) else { return };
        let told = |source| Event::Delta { block, delta: Delta::Citation(Box::new(source)) };
        out.extend(sources.into_iter().map(told));
    }
}

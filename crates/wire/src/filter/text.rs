//! The way of one text: thoughts are told from the answer, patterns are tried, calls are searched for.

use std::sync::Arc;

use super::Recipe;
use super::offered::Offered;
use super::patterns::PatternText;
use super::reasoning::Split;
use super::telling::{Telling, Voice};
use super::tool_text::ToolText;

/// The filter of all texts of one answer.
#[derive(Debug)]
pub(super) struct TextFilter {
    split: Option<Split>,
    calls: Option<Calls>,
    /// As whose words the last of it was told.
    voice: Voice,
}

/// The search for calls.
#[derive(Debug)]
struct Calls {
    patterns: Option<PatternText>,
    search: ToolText,
}

impl TextFilter {
    pub(super) fn new(recipe: &Recipe, offered: Option<&Arc<Offered>>) -> Self {
        let split = recipe.thoughts.map(|thoughts| Split::new(thoughts.start));
        let calls = offered.map(|offered| Calls {
            patterns: PatternText::new(&recipe.patterns, offered),
            search: ToolText::new(Arc::clone(&recipe.families), Arc::clone(offered)),
        });
        Self { split, calls, voice: Voice::Answer }
    }

    /// Bytes that were looked at so far.
    pub(super) fn work(&self) -> u64 {
        let split = self.split.as_ref().map_or(0, Split::work);
        let calls = self
            .calls
            .as_ref()
            .map_or(0, |calls| calls.search.work() + calls.patterns.as_ref().map_or(0, PatternText::work));
        split + calls
    }

    /// As whose words `text` can pass as it is; `None` when it must be pushed.
    #[inline]
    pub(super) fn passes(&mut self, text: &str) -> Option<Voice> {
        match (&mut self.split, &mut self.calls) {
            (None, None) => Some(Voice::Answer),
            (None, Some(calls)) => calls.passes(text).then_some(Voice::Answer),
            (Some(split), None) => split.passes(text),
            // What one of them has looked at cannot be taken back: it goes on to the other by itself.
            (Some(_), Some(_)) => None,
        }
    }

    /// Takes more.
    pub(super) fn push(&mut self, text: &str, telling: &mut Telling) {
        let Some(split) = &mut self.split else {
            said(&mut self.calls, text, telling);
            return;
        };
        if let Some(voice) = split.passes(text) {
            turn(&mut self.voice, voice, &mut self.calls, telling);
            return split.passed(said(&mut self.calls, text, telling));
        }
        split.push(text, &mut |voice, text| {
            turn(&mut self.voice, voice, &mut self.calls, telling);
            said(&mut self.calls, text, telling)
        });
    }

    /// A text is over; another may follow.
    pub(super) fn finish(&mut self, telling: &mut Telling) {
        if let Some(split) = &mut self.split {
            split.finish(&mut |voice, text| {
                turn(&mut self.voice, voice, &mut self.calls, telling);
                said(&mut self.calls, text, telling)
            });
        }
        if let Some(calls) = &mut self.calls {
            calls.finish(telling);
        }
    }
}

/// Another voice speaks: what was held is the former one's.
fn turn(last: &mut Voice, voice: Voice, calls: &mut Option<Calls>, telling: &mut Telling) {
    if *last != voice {
        if let Some(calls) = calls {
            calls.finish(telling);
        }
        *last = voice;
    }
    telling.voice = voice;
}

/// Searches what was said; whether it ends within the arguments of a call.
fn said(calls: &mut Option<Calls>, text: &str, telling: &mut Telling) -> bool {
    if let Some(calls) = calls
        && !calls.passes(text)
    {
        calls.push(text, telling);
        return calls.search.is_within_call();
    }
    telling.say(text.to_owned());
    false
}

impl Calls {
    #[inline]
    fn passes(&mut self, text: &str) -> bool {
        self.patterns.is_none() && self.search.passes(text)
    }

    fn push(&mut self, text: &str, telling: &mut Telling) {
        match &mut self.patterns {
            Some(patterns) => patterns.push(text, &mut self.search, telling),
            None => self.search.push(text, telling),
        }
    }

    fn finish(&mut self, telling: &mut Telling) {
        if let Some(patterns) = &mut self.patterns {
            patterns.finish(&mut self.search, telling);
        }
        self.search.finish(telling);
        self.search.restart();
    }
}

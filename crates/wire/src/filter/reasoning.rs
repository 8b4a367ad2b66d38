//! Tells a model's thoughts from its answer where both came as one text: `<think>` and its kin, and the channels of
//! harmony, also where their tokens were stripped.

use std::sync::LazyLock;

use super::telling::Voice;
use super::tool_text::cursor::{Cursor, Stop};
use super::tool_text::markers::{LINE, MID, Markers, Place, State};
use super::tool_text::{FENCE, slices};

/// Bytes that wait for the mark that shows them to be thoughts. Guards memory against a model that thinks without end.
const UNKNOWN_BYTES_MAX: usize = 4 << 20;

/// How an answer's text begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// With the answer, unless a tag says otherwise.
    #[default]
    Answer,
    /// With thoughts: the prompt's template has opened them already.
    Thoughts,
    /// With thoughts when a closing tag comes and no opening one did. The text waits for its end: for answers that come
    /// whole.
    Unknown,
}

/// What a marker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Open,
    Close,
    /// A token that says nothing to a person.
    Nothing,
    /// A channel's name follows.
    Channel,
    /// A channel's name, its tokens stripped.
    Final,
    Fence,
}

const MARKS: &[(&str, Place, Mark)] = &[
    ("<think>", Place::Line, Mark::Open),
    ("</think>", Place::Anywhere, Mark::Close),
    ("<thought>", Place::Line, Mark::Open),
    ("</thought>", Place::Anywhere, Mark::Close),
    ("\u{25c1}think\u{25b7}", Place::Anywhere, Mark::Open),
    ("\u{25c1}/think\u{25b7}", Place::Anywhere, Mark::Close),
    ("[THINK]", Place::Line, Mark::Open),
    ("[/THINK]", Place::Anywhere, Mark::Close),
    ("<seed:think>", Place::Line, Mark::Open),
    ("</seed:think>", Place::Anywhere, Mark::Close),
    ("<mm:think>", Place::Line, Mark::Open),
    ("</mm:think>", Place::Anywhere, Mark::Close),
    ("<ifm|think>", Place::Anywhere, Mark::Open),
    ("</ifm|think>", Place::Anywhere, Mark::Close),
    ("<|channel>thought", Place::Anywhere, Mark::Open),
    ("<channel|>", Place::Anywhere, Mark::Close),
    ("<|START_THINKING|>", Place::Anywhere, Mark::Open),
    ("<|END_THINKING|>", Place::Anywhere, Mark::Close),
    ("<|START_RESPONSE|>", Place::Anywhere, Mark::Nothing),
    ("<|END_RESPONSE|>", Place::Anywhere, Mark::Nothing),
    ("<|START_TEXT|>", Place::Anywhere, Mark::Nothing),
    ("<|END_TEXT|>", Place::Anywhere, Mark::Nothing),
    ("<|inner_prefix|>", Place::Anywhere, Mark::Open),
    ("<|inner_suffix|>", Place::Anywhere, Mark::Close),
    ("<|begin_of_thought|>", Place::Anywhere, Mark::Open),
    ("<|end_of_thought|>", Place::Anywhere, Mark::Close),
    ("<|begin_of_solution|>", Place::Anywhere, Mark::Nothing),
    ("<|end_of_solution|>", Place::Anywhere, Mark::Nothing),
    ("<|channel|>", Place::Anywhere, Mark::Channel),
    ("<|start|>assistant<|channel|>", Place::Anywhere, Mark::Channel),
    ("<|end|>", Place::Anywhere, Mark::Close),
    ("<|return|>", Place::Anywhere, Mark::Nothing),
    ("assistantfinal", Place::Anywhere, Mark::Final),
    (FENCE, Place::Line, Mark::Fence),
];

/// Within thoughts, other thoughts may begin anywhere: where a tag stands, is looked at when it was found.
static MARKERS: LazyLock<Markers> = LazyLock::new(|| {
    let place = |mark| if mark == Mark::Fence { Place::Line } else { Place::Anywhere };
    Markers::new(MARKS.iter().map(|(text, _, mark)| (*text, place(*mark))))
});

/// What stands before the answer where the tokens of its channel were stripped.
const FINAL: &str = "final:";

/// What stands before thoughts where the tokens of their channel were stripped, glued to their first word.
const ANALYSIS: &str = "analysis";

/// Takes in text and whose words it is, and says whether it ends within the arguments of a call.
pub(super) trait Tell: FnMut(Voice, &str) -> bool {}

impl<F: FnMut(Voice, &str) -> bool> Tell for F {}

/// A text that is being split.
#[derive(Debug)]
pub(super) struct Split {
    held: String,
    state: State,
    scanned: usize,
    phase: Phase,
    /// Thoughts within thoughts.
    depth: u32,
    fenced: bool,
    last: u8,
    /// Whether what was told last ends within the arguments of a call: a tag there is one of them.
    within_call: bool,
    /// White space at a border is layout.
    trimming: bool,
    work: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing has come.
    Before,
    /// All of it waits.
    Unknown,
    Said(Voice),
    /// A marker stands at the beginning of what is held.
    At(Voice, u16),
}

impl Split {
    pub(super) fn new(start: Start) -> Self {
        let (phase, depth) = match start {
            Start::Answer => (Phase::Before, 0),
            Start::Thoughts => (Phase::Said(Voice::Thoughts), 1),
            Start::Unknown => (Phase::Unknown, 0),
        };
        let held = String::new();
        Self {
            held,
            state: LINE,
            scanned: 0,
            phase,
            depth,
            fenced: false,
            last: b'\n',
            within_call: false,
            trimming: depth > 0,
            work: 0,
        }
    }

    /// Bytes that were looked at so far.
    pub(super) fn work(&self) -> u64 {
        self.work
    }

    /// As whose words `text` can pass as it is: then it was looked at, and nothing is held.
    #[inline]
    pub(super) fn passes(&mut self, text: &str) -> Option<Voice> {
        let Phase::Said(voice) = self.phase else { return None };
        if !self.held.is_empty() || self.trimming {
            return None;
        }
        let mut state = self.state;
        let found = MARKERS.find(&mut state, text.as_bytes());
        self.work += text.len() as u64;
        if found.is_some() || MARKERS.held(state) > 0 {
            return None;
        }
        self.state = state;
        self.last = text.bytes().last().unwrap_or(self.last);
        Some(voice)
    }

    /// Says where the text that passed ends, as [`Tell`] does.
    pub(super) fn passed(&mut self, within_call: bool) {
        self.within_call = within_call;
    }

    /// Takes more, and tells what it is.
    pub(super) fn push(&mut self, text: &str, tell: &mut impl Tell) {
        for slice in slices(text) {
            self.held.push_str(slice);
            while self.step(false, tell) {}
        }
    }

    /// The text is over.
    pub(super) fn finish(&mut self, tell: &mut impl Tell) {
        while self.step(true, tell) {}
    }

    fn step(&mut self, ended: bool, tell: &mut impl Tell) -> bool {
        if self.held.is_empty() {
            return false;
        }
        match self.phase {
            Phase::Before => self.begin(ended),
            Phase::Unknown => self.wait(ended, tell),
            Phase::Said(voice) => self.look(voice, ended, tell),
            Phase::At(voice, marker) => self.mark(voice, marker, ended, tell),
        }
    }

    /// Sees whether a stripped channel's name stands first.
    fn begin(&mut self, ended: bool) -> bool {
        for (name, voice) in [(FINAL, Voice::Answer), (ANALYSIS, Voice::Thoughts)] {
            if !ended && name.starts_with(self.held.as_str()) {
                return false;
            }
            let Some(behind) = self.held.strip_prefix(name) else { continue };
            let glued = match behind.chars().next() {
                Some(c) => voice == Voice::Answer || c.is_uppercase(),
                None if !ended => return false,
                None => false,
            };
            if glued {
                self.held.drain(..name.len());
                self.depth = u32::from(voice == Voice::Thoughts);
                self.turn(voice);
                return true;
            }
        }
        self.phase = Phase::Said(Voice::Answer);
        true
    }

    /// Waits for the mark that shows what all this was.
    fn wait(&mut self, ended: bool, tell: &mut impl Tell) -> bool {
        let rest = self.held.as_bytes().get(self.scanned..).unwrap_or_default();
        let found = MARKERS.find(&mut self.state, rest);
        self.work += rest.len() as u64;
        let mark = found.and_then(|(_, marker)| MARKS.get(usize::from(marker)));
        let known = match (found, mark) {
            (Some((end, _)), Some((text, _, Mark::Close))) => {
                let end = self.scanned + end;
                let thoughts = self.held.get(..end - text.len()).unwrap_or_default();
                tell(Voice::Thoughts, thoughts.trim());
                self.held.drain(..end);
                self.turn(Voice::Answer);
                return true;
            }
            (Some((end, _)), Some((_, _, Mark::Fence))) => {
                self.scanned += end;
                return true;
            }
            (found, _) => found.is_some() || ended || self.held.len() > UNKNOWN_BYTES_MAX,
        };
        self.scanned = self.held.len();
        if known {
            (self.phase, self.scanned, self.state) = (Phase::Before, 0, LINE);
        }
        known
    }

    fn look(&mut self, voice: Voice, ended: bool, tell: &mut impl Tell) -> bool {
        if self.trimming && self.scanned == 0 {
            let spaces = self.held.len() - self.held.trim_start().len();
            self.held.drain(..spaces);
            if self.held.is_empty() {
                return false;
            }
            self.trimming = false;
        }
        let rest = self.held.as_bytes().get(self.scanned..).unwrap_or_default();
        let found = MARKERS.find(&mut self.state, rest);
        self.work += found.map_or(rest.len(), |(end, _)| end) as u64;
        if let Some((end, marker)) = found {
            let len = MARKS.get(usize::from(marker)).map_or(0, |(text, _, _)| text.len());
            self.give(self.scanned + end - len, voice, tell);
            self.phase = Phase::At(voice, marker);
            return true;
        }
        let keep = if ended { 0 } else { MARKERS.held(self.state) };
        self.give(self.held.len() - keep, voice, tell);
        self.scanned = self.held.len();
        false
    }

    fn mark(&mut self, voice: Voice, marker: u16, ended: bool, tell: &mut impl Tell) -> bool {
        let Some((text, place, mark)) = MARKS.get(usize::from(marker)) else { return false };
        let within_a_line = *mark == Mark::Open && *place == Place::Line && self.last != b'\n';
        // Models that write calls as text do not write their special tokens into one.
        let argument = self.within_call && !text.contains('|');
        let example = self.fenced || within_a_line || argument || matches!(self.last, b'`' | b'"' | b'\'');
        match mark {
            Mark::Fence => {
                self.fenced = !self.fenced;
                self.keep(text.len(), voice, tell);
            }
            _ if example && voice == Voice::Answer => self.keep(text.len(), voice, tell),
            Mark::Open => {
                self.depth += 1;
                self.held.drain(..text.len());
                self.turn(Voice::Thoughts);
            }
            Mark::Close => {
                self.depth = self.depth.saturating_sub(1);
                self.held.drain(..text.len());
                let voice = if self.depth > 0 { Voice::Thoughts } else { Voice::Answer };
                self.turn(voice);
            }
            Mark::Nothing => {
                self.held.drain(..text.len());
                self.turn(voice);
            }
            Mark::Final => {
                self.held.drain(..text.len());
                self.depth = 0;
                self.turn(Voice::Answer);
            }
            Mark::Channel => match channel(self.held.get(text.len()..).unwrap_or_default()) {
                Ok((voice, len)) => {
                    self.held.drain(..text.len() + len);
                    self.depth = u32::from(voice == Voice::Thoughts);
                    self.turn(voice);
                }
                Err(Stop::More) if !ended => return false,
                // One with a recipient is a call, and no business of ours.
                Err(Stop::More | Stop::No) => {
                    self.depth = 0;
                    self.keep(text.len(), Voice::Answer, tell);
                }
            },
        }
        true
    }

    fn turn(&mut self, voice: Voice) {
        (self.phase, self.scanned, self.state, self.trimming) = (Phase::Said(voice), 0, LINE, true);
        self.last = b'\n';
    }

    /// A marker that is none.
    fn keep(&mut self, len: usize, voice: Voice, tell: &mut impl Tell) {
        self.give(len, voice, tell);
        (self.phase, self.scanned, self.state) = (Phase::Said(voice), 0, MID);
    }

    fn give(&mut self, end: usize, voice: Voice, tell: &mut impl Tell) {
        let text = self.held.get(..end).unwrap_or_default();
        if !text.is_empty() {
            self.within_call = tell(voice, text);
            self.last = text.bytes().last().unwrap_or(self.last);
            self.held.drain(..end);
            self.scanned = self.scanned.saturating_sub(end);
        }
    }
}

/// Whose words a channel without a recipient holds, and how many bytes say so.
fn channel(text: &str) -> Result<(Voice, usize), Stop> {
    let mut cursor = Cursor::new(text);
    let name = cursor.any(&["analysis", "commentary", "final"])?;
    if !cursor.skip("<|message|>")? {
        cursor.expect(" <|constrain|>")?;
        cursor.run(|c| c.is_alphanumeric())?;
        cursor.expect("<|message|>")?;
    }
    let voice = if name == "analysis" { Voice::Thoughts } else { Voice::Answer };
    Ok((voice, cursor.at()))
}

#[cfg(test)]
mod tests;

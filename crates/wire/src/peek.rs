//! Finds what routing needs in a request body without building a tree.

use std::ops::Range;

use bytes::Bytes;
use smallvec::SmallVec;

use crate::WireError;
use crate::counting::Answers;
use crate::scan::{Broken, Member, Members, check};
use crate::splice::Edit;

/// Repetitions of one key. Guards the list of edits against a body that says nothing but `"model"`.
const REPEATS_MAX: usize = 8;

/// What routing needs of a body, and where in the bytes it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peek {
    /// The model asked for, escapes resolved.
    pub model: String,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// Whether the body itself asks for the usage chunk at the end of a stream. Also true when `stream_options` cannot
    /// be understood: then it is the provider's to judge.
    pub include_usage: bool,
    /// Whether some field may say whom the client wants to be asked; see [`wishes::read`](crate::wishes::read).
    pub has_wishes: bool,
    /// What the answer may hold, and what it is to go on from.
    pub turn: Turn,
    /// How much of an answer is asked for; `None` where only the path was looked at.
    pub answers: Option<Answers>,
    places: Places,
}

/// What of a conversation decides whether its answer can be looked into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Whether tools are offered.
    pub has_tools: bool,
    /// Whether several answers are asked for at once.
    pub has_choices: bool,
    /// Whether it goes on from an answer that somebody keeps.
    pub goes_on: bool,
}

impl Turn {
    fn note(&mut self, name: &[u8], member: &Member<'_>) {
        let said = !matches!(member.value, b"null" | b"[]");
        match name {
            b"tools" | b"functions" => self.has_tools = said,
            b"n" => self.has_choices = said && member.value != b"1",
            b"previous_response_id" | b"conversation" => self.goes_on |= said,
            _ => {}
        }
    }

    /// What a body says of it whose other fields need not be known.
    pub fn of(body: &[u8]) -> Self {
        let mut turn = Self::default();
        let Some(mut members) = Members::open(body) else { return turn };
        while let Ok(Some(member)) = members.next() {
            turn.note(&member.name(), &member);
        }
        turn
    }
}

/// Byte ranges of top-level values; every occurrence of a repeated key, so that whoever reads first or last sees the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Places {
    model: SmallVec<[Range<usize>; 1]>,
    stream: SmallVec<[Range<usize>; 1]>,
    stream_options: SmallVec<[Options; 1]>,
    /// Just behind the opening brace.
    inside: usize,
}

/// One occurrence of `stream_options`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Options {
    /// Not an object.
    Other(Range<usize>),
    /// An object without `include_usage`.
    Without { inside: usize, empty: bool },
    /// An object with it; the values' places.
    With(SmallVec<[Range<usize>; 1]>),
}

/// Reads the top level of `body`: one pass, nothing kept but four fields, whether there are wishes, what sort of turn it is,
/// and how much of an answer is asked for. Of a repeated key the last one counts.
///
/// # Errors
/// When the body is not one JSON object, or `model` is missing, empty or not a string, or `stream` is not a boolean, or
/// one of these keys is repeated more than 8 times.
pub fn peek(body: &[u8]) -> Result<Peek, WireError> {
    let Some(mut members) = Members::open(body) else {
        check(body).map_err(|broken| not_json(body, broken))?;
        return Err(WireError::NotAnObject);
    };
    let mut places = Places { inside: members.inside(), ..Places::default() };
    let (mut model, mut stream, mut include_usage, mut has_wishes) = (None, None, false, false);
    let (mut turn, mut answers) = (Turn::default(), Answers::default());
    while let Some(member) = members.next().map_err(|broken| not_json(body, broken))? {
        match member.name().as_ref() {
            b"model" => {
                push(&mut places.model, member.place(), "model")?;
                model = Some(member);
            }
            b"stream" => {
                push(&mut places.stream, member.place(), "stream")?;
                stream = Some(member);
            }
            b"stream_options" => {
                let (options, asked) = read_options(&member)?;
                push(&mut places.stream_options, options, "stream_options")?;
                include_usage = asked;
            }
            b"models" | b"fallbacks" | b"provider" | b"disable_fallbacks" | b"usage" | b"cache" => has_wishes = true,
            name => {
                turn.note(name, &member);
                answers.note(name, &member);
            }
        }
    }
    let (model, stream, answers) = (read_model(model)?, read_stream(stream)?, Some(answers));
    Ok(Peek { model, stream, include_usage, has_wishes, turn, answers, places })
}

/// The same for a dialect that streams, usage included, unless told not to.
///
/// # Errors
/// As [`peek`].
pub(crate) fn peek_streaming(body: &[u8]) -> Result<Peek, WireError> {
    let peek = peek(body)?;
    let unsaid = peek.places.stream.last().is_none_or(|place| body.get(place.clone()) == Some(b"null"));
    Ok(Peek { stream: peek.stream || unsaid, include_usage: true, ..peek })
}

fn push<T>(places: &mut SmallVec<[T; 1]>, place: T, path: &str) -> Result<(), WireError> {
    if places.len() == REPEATS_MAX {
        return Err(WireError::Wrong { path: path.to_owned(), expected: "given once" });
    }
    places.push(place);
    Ok(())
}

fn read_model(member: Option<Member<'_>>) -> Result<String, WireError> {
    let Some(member) = member else { return Err(WireError::Missing { path: "model".to_owned() }) };
    match member.text() {
        Some(model) if !model.is_empty() => Ok(model),
        Some(_) | None => Err(WireError::Wrong { path: "model".to_owned(), expected: "a non-empty string" }),
    }
}

fn read_stream(member: Option<Member<'_>>) -> Result<bool, WireError> {
    match member.map(|member| member.value) {
        None | Some(b"false" | b"null") => Ok(false),
        Some(b"true") => Ok(true),
        Some(_) => Err(WireError::Wrong { path: "stream".to_owned(), expected: "a boolean" }),
    }
}

/// Where `include_usage` stands in one `stream_options`, and whether it must be taken as true.
fn read_options(member: &Member<'_>) -> Result<(Options, bool), WireError> {
    let Some(mut members) = Members::open(member.value) else {
        return Ok((Options::Other(member.place()), !member.is_null()));
    };
    let mut places = SmallVec::new();
    let (mut asked, mut empty) = (false, true);
    // It was walked over once already, so it is not broken.
    while let Ok(Some(inner)) = members.next() {
        empty = false;
        if inner.name().as_ref() == b"include_usage" {
            let place = member.place().start + inner.place().start..member.place().start + inner.place().end;
            push(&mut places, place, "stream_options.include_usage")?;
            asked = !matches!(inner.value, b"false" | b"null");
        }
    }
    if places.is_empty() {
        return Ok((Options::Without { inside: member.place().start + members.inside(), empty }, false));
    }
    Ok((Options::With(places), asked))
}

fn not_json(body: &[u8], broken: Broken) -> WireError {
    let before = body.get(..broken.at).unwrap_or(body);
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let column = before.len() - memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1) + 1;
    WireError::NotJson { what: broken.what.to_owned(), line, column }
}

const TRUE: Bytes = Bytes::from_static(b"true");

/// Whether `body` is one JSON object, for dialects whose path says everything that routing needs.
///
/// # Errors
/// When it is not.
pub(crate) fn check_object(body: &[u8]) -> Result<(), WireError> {
    check(body).map_err(|broken| not_json(body, broken))?;
    Members::open(body).map(|_| ()).ok_or(WireError::NotAnObject)
}

impl Peek {
    /// What is known of a body whose path names the model and says whether to stream. The model is for the caller to fill
    /// in. Answers end with their usage unasked, so `include_usage` is true; nothing of the body is to be edited, so
    /// [`Peek::ask_for_usage`] and [`Peek::force_stream`] must not be called.
    pub fn nameless(stream: bool) -> Self {
        let (model, turn, places) = (String::new(), Turn::default(), Places::default());
        Self { model, stream, include_usage: true, has_wishes: false, turn, answers: None, places }
    }

    /// Whether the body says anything of how its stream is to be.
    pub fn has_stream_options(&self) -> bool {
        !self.places.stream_options.is_empty()
    }

    /// The edits that put `upstream_model`, a JSON string, where the client's name for it stood.
    pub fn rename(&self, upstream_model: &Bytes, edits: &mut SmallVec<[Edit; 4]>) {
        edits.extend(self.places.model.iter().map(|range| Edit { range: range.clone(), with: upstream_model.clone() }));
    }

    /// Where the model's name stands that counts, quotes included.
    pub fn model_place(&self) -> Range<usize> {
        self.places.model.last().cloned().unwrap_or_default()
    }

    /// The edits that ask for the usage chunk; call only when `include_usage` is false.
    pub fn ask_for_usage(&self, edits: &mut SmallVec<[Edit; 4]>) {
        debug_assert!(!self.include_usage, "a body that asks for usage, or asks what we cannot read, is left alone");
        for options in &self.places.stream_options {
            match options {
                Options::Other(range) => {
                    edits.push(Edit { range: range.clone(), with: Bytes::from_static(b"{\"include_usage\":true}") });
                }
                Options::Without { inside, empty: true } => edits.push(insertion(*inside, b"\"include_usage\":true")),
                Options::Without { inside, empty: false } => edits.push(insertion(*inside, b"\"include_usage\":true,")),
                Options::With(places) => {
                    edits.extend(places.iter().map(|range| Edit { range: range.clone(), with: TRUE }));
                }
            }
        }
        if self.places.stream_options.is_empty() {
            // A comma may follow, for `model` is there too.
            edits.push(insertion(self.places.inside, b"\"stream_options\":{\"include_usage\":true},"));
        }
    }

    /// The edits that make the body ask for a stream, whatever it said.
    pub fn force_stream(&self, edits: &mut SmallVec<[Edit; 4]>) {
        if self.stream && self.places.stream.len() == 1 {
            return;
        }
        edits.extend(self.places.stream.iter().map(|range| Edit { range: range.clone(), with: TRUE }));
        if self.places.stream.is_empty() {
            edits.push(insertion(self.places.inside, b"\"stream\":true,"));
        }
    }
}

fn insertion(at: usize, text: &'static [u8]) -> Edit {
    Edit { range: at..at, with: Bytes::from_static(text) }
}

/// A JSON string that says `text`.
pub fn quoted(text: &str) -> Bytes {
    serde_json::to_vec(text).expect("text always serialises").into()
}

#[cfg(test)]
mod tests;

//! One block of a provider's stream, while it is open.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::value::RawValue;
use smallvec::SmallVec;

use crate::DialectId;
use crate::dialects::anthropic::{citation as source, signature};
use crate::fields::parse;
use crate::frame::likeness::Sketch;
use crate::ir::{BlockKind, Delta, Event};

/// What is held of one block until it is whole. Guards memory against a block that never ends.
const HELD_BYTES_MAX: usize = 4 << 20;

/// A block is longer than may be held.
#[derive(Debug)]
pub(super) struct TooLong;

/// One open block.
#[derive(Debug)]
pub(super) struct Reading {
    block: u32,
    shape: Shape,
}

#[derive(Debug)]
enum Shape {
    Text,
    Thoughts,
    /// `input` is what came with the start; it counts when no pieces follow.
    Call {
        input: Option<Box<RawValue>>,
        argued: bool,
    },
    /// Told as a whole at its end.
    Opaque(Opaque),
}

/// A block that the neutral model has no word for, put together out of its pieces.
#[derive(Debug)]
struct Opaque {
    kind: String,
    members: IndexMap<String, Box<RawValue>>,
    /// Pieces of its input.
    input: String,
    bytes: usize,
}

/// What a block begins with.
#[derive(Deserialize)]
struct Start<'a> {
    /// Decides which of the others are there.
    #[serde(rename = "type")]
    kind: String,
    /// Of a text.
    text: Option<String>,
    /// Of thoughts.
    thinking: Option<String>,
    /// Of thoughts.
    signature: Option<String>,
    /// Of hidden thoughts.
    data: Option<String>,
    /// Of a call.
    id: Option<String>,
    /// Of a call.
    name: Option<String>,
    /// Of a call.
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    /// Of a text.
    #[serde(borrow)]
    citations: Option<Vec<&'a RawValue>>,
}

/// A piece of a block.
#[derive(Deserialize)]
struct Piece<'a> {
    /// Decides which of the others is there.
    #[serde(rename = "type")]
    kind: String,
    /// `text_delta`.
    text: Option<String>,
    /// `thinking_delta`.
    thinking: Option<String>,
    /// `signature_delta`.
    signature: Option<String>,
    /// `input_json_delta`.
    partial_json: Option<String>,
    /// `citations_delta`.
    #[serde(borrow)]
    citation: Option<&'a RawValue>,
}

/// What a piece adds its text to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// A text.
    Text,
    /// Thoughts.
    Thoughts,
    /// The input of a call.
    Input,
}

/// A `content_block_delta`, as far as it decides whether another one is like it. A member that comes twice makes it
/// unlike any.
#[derive(Deserialize)]
struct Addition<'a> {
    /// `content_block_delta`.
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    /// Which block.
    index: u64,
    /// The piece.
    #[serde(borrow)]
    delta: PieceText<'a>,
}

/// A piece, with its text as it stands.
#[derive(Deserialize)]
struct PieceText<'a> {
    /// Decides which of the others is there.
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    /// `text_delta`.
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    /// `thinking_delta`.
    #[serde(borrow)]
    thinking: Option<&'a RawValue>,
    /// `input_json_delta`.
    #[serde(borrow)]
    partial_json: Option<&'a RawValue>,
}

/// The sketch of an event that adds a text to a block; of any other none.
pub(super) fn sketch(data: &[u8]) -> Option<Sketch<'_, (u64, Told)>> {
    let Addition { kind, index, delta } = serde_json::from_slice(data).ok()?;
    let (told, text) = match delta.kind.as_ref() {
        "text_delta" => (Told::Text, delta.text),
        "thinking_delta" => (Told::Thoughts, delta.thinking),
        "input_json_delta" => (Told::Input, delta.partial_json),
        _ => return None,
    };
    (kind == "content_block_delta").then_some(Sketch { told: (index, told), text: text?, idle: SmallVec::new() })
}

impl Reading {
    /// Begins a block, under the number `block`; `message` is the answer's id, of which the id of a call is made that
    /// came without one.
    pub(super) fn begin(raw: &RawValue, block: u32, message: &str, out: &mut Vec<Event>) -> Self {
        let Ok(start) = serde_json::from_str::<Start<'_>>(raw.get()) else {
            return Self { block, shape: Shape::Opaque(Opaque::begin(String::new(), raw)) };
        };
        let (kind, shape) = match start.kind.as_str() {
            "text" => (BlockKind::Text, Shape::Text),
            "thinking" => (BlockKind::Reasoning { summary: false, redacted: false, id: None }, Shape::Thoughts),
            "redacted_thinking" => (BlockKind::Reasoning { summary: false, redacted: true, id: None }, Shape::Thoughts),
            "tool_use" => {
                let id = start.id.filter(|id| !id.is_empty()).unwrap_or_else(|| format!("toolu_{message}_{block}"));
                let name = start.name.unwrap_or_default();
                let input = start.input.filter(|input| input.get() != "null").map(ToOwned::to_owned);
                (BlockKind::ToolCall { id, name, custom: false }, Shape::Call { input, argued: false })
            }
            _ => return Self { block, shape: Shape::Opaque(Opaque::begin(start.kind, raw)) },
        };
        out.push(Event::Open { block, kind });
        let text = start.text.or(start.thinking).filter(|text| !text.is_empty()).map(Delta::Text);
        let seal = start.signature.or(start.data).and_then(|text| signature::read(&text)).map(Delta::Seal);
        let citations = start.citations.unwrap_or_default().into_iter().map(citation);
        match &shape {
            Shape::Text => out.extend(text.into_iter().chain(citations).map(|delta| Event::Delta { block, delta })),
            Shape::Thoughts => out.extend(text.into_iter().chain(seal).map(|delta| Event::Delta { block, delta })),
            Shape::Call { .. } | Shape::Opaque(_) => {}
        }
        Self { block, shape }
    }

    pub(super) fn is_call(&self) -> bool {
        matches!(self.shape, Shape::Call { .. })
    }

    /// Takes the text of a piece that adds this text and does nothing else. False when this block would do something
    /// else with it: then nothing was taken.
    #[inline]
    pub(super) fn push_alike(&mut self, told: Told, text: Cow<'_, str>, out: &mut Vec<Event>) -> bool {
        let block = self.block;
        let delta = match (&mut self.shape, told) {
            (Shape::Text, Told::Text) | (Shape::Thoughts, Told::Thoughts) => Delta::Text,
            (Shape::Call { argued, .. }, Told::Input) => {
                *argued |= !text.is_empty();
                Delta::Arguments
            }
            (Shape::Text | Shape::Thoughts | Shape::Call { .. } | Shape::Opaque(_), _) => return false,
        };
        if !text.is_empty() {
            out.push(Event::Delta { block, delta: delta(text.into_owned()) });
        }
        true
    }

    /// Takes a piece. One that its block cannot hold is left out, as an unknown event is.
    pub(super) fn push(&mut self, raw: &RawValue, out: &mut Vec<Event>) -> Result<(), TooLong> {
        let block = self.block;
        if let Shape::Opaque(opaque) = &mut self.shape {
            return opaque.push(raw);
        }
        let Ok(piece) = serde_json::from_str::<Piece<'_>>(raw.get()) else { return Ok(()) };
        let some = |text: Option<String>| text.filter(|text| !text.is_empty());
        let delta = match (&mut self.shape, piece.kind.as_str()) {
            (Shape::Text, "text_delta") => some(piece.text).map(Delta::Text),
            (Shape::Text, "citations_delta") => piece.citation.map(citation),
            (Shape::Thoughts, "thinking_delta") => some(piece.thinking).map(Delta::Text),
            (Shape::Thoughts, "signature_delta") => {
                piece.signature.and_then(|text| signature::read(&text)).map(Delta::Seal)
            }
            (Shape::Call { argued, .. }, "input_json_delta") => {
                let more = some(piece.partial_json).map(Delta::Arguments);
                *argued |= more.is_some();
                more
            }
            (_, _) => None,
        };
        out.extend(delta.map(|delta| Event::Delta { block, delta }));
        Ok(())
    }

    /// Ends the block.
    pub(super) fn end(self, out: &mut Vec<Event>) {
        let block = self.block;
        match self.shape {
            Shape::Text | Shape::Thoughts | Shape::Call { argued: true, .. } => {}
            Shape::Call { input, argued: false } => {
                let arguments = input.map_or_else(|| "{}".to_owned(), |input| input.get().to_owned());
                out.push(Event::Delta { block, delta: Delta::Arguments(arguments) });
            }
            Shape::Opaque(opaque) => {
                let (kind, raw) = opaque.end();
                out.push(Event::Open { block, kind: BlockKind::Opaque { origin: DialectId::Anthropic, kind, raw } });
            }
        }
        out.push(Event::Close { block });
    }
}

fn citation(raw: &RawValue) -> Delta {
    Delta::Citation(Box::new(source::read(raw)))
}

impl Opaque {
    fn begin(kind: String, raw: &RawValue) -> Self {
        let members = parse(raw).unwrap_or_default();
        Self { kind, members, input: String::new(), bytes: raw.get().len() }
    }

    /// Adds a piece: to the input, to a text that is there under the same name, else as a member of its own.
    fn push(&mut self, raw: &RawValue) -> Result<(), TooLong> {
        self.bytes += raw.get().len();
        if self.bytes > HELD_BYTES_MAX {
            return Err(TooLong);
        }
        let mut members: IndexMap<String, Box<RawValue>> = parse(raw).unwrap_or_default();
        members.shift_remove("type");
        if let Some(more) = members.shift_remove("partial_json").and_then(|more| parse::<String>(&more)) {
            self.input.push_str(&more);
        }
        for (name, value) in members {
            let text = |raw: &RawValue| parse::<String>(raw);
            let longer = self.members.get(&name).and_then(|held| Some(text(held)? + &text(&value)?));
            let value = longer.and_then(|text| serde_json::value::to_raw_value(&text).ok()).unwrap_or(value);
            self.members.insert(name, value);
        }
        Ok(())
    }

    fn end(mut self) -> (String, Box<RawValue>) {
        if let Ok(input) = RawValue::from_string(self.input) {
            self.members.insert("input".to_owned(), input);
        }
        let raw = serde_json::value::to_raw_value(&self.members).expect("what was read as JSON is written as JSON");
        (self.kind, raw)
    }
}

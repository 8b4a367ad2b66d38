//! Arguments that pass on as they arrive: what is right goes out word for word, and from the first thing on that is not,
//! they are held until all is there and can be mended.

use serde_json::{Map, Value};

use super::{Given, Mended, bash, missing};
use crate::filter::offered::{Schema, Tool};
use crate::filter::repair::{RepairKind, Repairs};
use member::{Member, Next};

mod member;

/// Bytes of one call's arguments that can be mended; longer ones pass as they are. Guards memory.
pub(crate) const ARGUMENT_BYTES_MAX: usize = 8 << 20;

/// The arguments of one call.
#[derive(Debug, Default)]
pub(crate) struct ArgumentStream {
    /// All of them.
    raw: String,
    /// How much of it was looked at.
    read: usize,
    /// How much of it was sent, word for word.
    sent: usize,
    phase: Phase,
    /// Names of the members that were sent whole.
    members: Vec<String>,
    /// The text that is going out: its member's name, and where its content begins.
    open: Option<(String, usize)>,
}

#[derive(Debug, Default)]
enum Phase {
    /// Before the bracket.
    #[default]
    Before,
    /// Before a member, or the end.
    Between { first: bool },
    /// Within a member.
    Member(Member),
    /// Behind a member.
    Behind,
    /// Behind the last bracket.
    Over,
    /// Something is not as it should be: the rest waits for the end.
    Waiting,
    /// Too long to be mended.
    Passing,
}

impl ArgumentStream {
    /// Takes more, and appends to `out` what may go out.
    pub(crate) fn push(&mut self, text: &str, tool: &Tool, out: &mut String) {
        if self.is_too_long() {
            return out.push_str(text);
        }
        self.raw.push_str(text);
        if self.raw.len() > ARGUMENT_BYTES_MAX {
            self.phase = Phase::Passing;
            self.send(self.raw.len(), out);
            self.raw = String::new();
            return;
        }
        while !matches!(self.phase, Phase::Waiting | Phase::Passing) && self.read < self.raw.len() {
            if !self.step(tool, out) {
                break;
            }
        }
    }

    /// Whether there are more of them than can be looked at.
    pub(crate) fn is_too_long(&self) -> bool {
        matches!(self.phase, Phase::Passing)
    }

    /// Everything has come: appends the rest to `out`. False when the arguments could not be mended and went out as they
    /// are, or lack what the tool requires.
    pub(crate) fn finish(&mut self, tool: &Tool, repairs: &mut Repairs, out: &mut String) -> bool {
        if self.is_too_long() {
            return false;
        }
        if matches!(self.phase, Phase::Over) && !bash::is(tool) && self.behind().trim().is_empty() {
            self.send(self.raw.trim_end().len(), out);
            let object: Map<String, Value> = self.members.iter().map(|name| (name.clone(), Value::Null)).collect();
            let missing = missing(&object, tool);
            missing.iter().for_each(|name| repairs.add(RepairKind::Missing, &format!("{}.{name}", tool.name)));
            return missing.is_empty();
        }
        let Some(mended) = super::mend(&Given::Json(self.raw.clone()), tool, repairs) else {
            repairs.add(RepairKind::Unmended, &tool.name);
            self.send(self.raw.len(), out);
            return false;
        };
        self.rest(mended, out)
    }

    /// Tells the members that were not sent yet.
    fn rest(&mut self, mut mended: Mended, out: &mut String) -> bool {
        if self.sent == 0 {
            out.push_str(&Value::Object(mended.object).to_string());
            return mended.complete;
        }
        for name in &self.members {
            mended.object.shift_remove(name);
        }
        let mut first = self.members.is_empty();
        if let Some((name, begun)) = self.begun() {
            // What stands there was sent; what it should have been goes on behind it.
            let value = mended.object.shift_remove(&name);
            let rest = value.as_ref().and_then(Value::as_str).and_then(|text| text.strip_prefix(begun.as_str()));
            let quoted = Value::String(rest.unwrap_or_default().to_owned()).to_string();
            out.push_str(quoted.get(1..).unwrap_or("\""));
            first = false;
        }
        for (name, value) in mended.object {
            if !std::mem::take(&mut first) {
                out.push(',');
            }
            out.push_str(&Value::String(name).to_string());
            out.push(':');
            out.push_str(&value.to_string());
        }
        out.push('}');
        self.sent = self.raw.len();
        mended.complete
    }

    /// The member of which a part was sent: its name, and what that part says.
    fn begun(&self) -> Option<(String, String)> {
        let (name, from) = self.open.as_ref()?;
        let part = self.raw.get(*from..self.sent)?;
        Some((name.clone(), serde_json::from_str(&format!("\"{part}\"")).ok()?))
    }

    fn behind(&self) -> &str {
        self.raw.get(self.read..).unwrap_or_default()
    }

    /// Looks at one more thing; false when more must come first.
    fn step(&mut self, tool: &Tool, out: &mut String) -> bool {
        let rest = self.behind();
        let spaces = rest.len() - rest.trim_start_matches([' ', '\n', '\r', '\t']).len();
        if spaces > 0 && !matches!(self.phase, Phase::Member(_)) {
            self.read += spaces;
            return true;
        }
        let byte = rest.bytes().next().unwrap_or_default();
        match &mut self.phase {
            Phase::Before if byte == b'{' => self.go(Phase::Between { first: true }),
            Phase::Between { .. } if byte == b'"' => self.phase = Phase::Member(Member::new(self.read)),
            Phase::Between { first: true } if byte == b'}' => self.go(Phase::Over),
            Phase::Behind if byte == b',' => self.go(Phase::Between { first: false }),
            Phase::Behind if byte == b'}' => self.go(Phase::Over),
            Phase::Member(_) => return self.member(tool, out),
            Phase::Before | Phase::Between { .. } | Phase::Behind | Phase::Over => self.phase = Phase::Waiting,
            Phase::Waiting | Phase::Passing => return false,
        }
        true
    }

    /// Past one byte.
    fn go(&mut self, phase: Phase) {
        self.read += 1;
        self.phase = phase;
    }

    fn member(&mut self, tool: &Tool, out: &mut String) -> bool {
        let Phase::Member(member) = &mut self.phase else { return false };
        let next = member.step(&self.raw, tool.schema());
        self.read = member.read();
        self.open = member.text_begun().map(|(name, from)| (name.to_owned(), from));
        match next {
            Next::More { send } => {
                self.send(send, out);
                false
            }
            Next::Done { name } => {
                self.members.push(name);
                self.open = None;
                self.phase = Phase::Behind;
                self.send(self.read, out);
                true
            }
            Next::Wrong { send } => {
                self.send(send, out);
                self.phase = Phase::Waiting;
                false
            }
        }
    }

    fn send(&mut self, end: usize, out: &mut String) {
        if end > self.sent {
            out.push_str(self.raw.get(self.sent..end).unwrap_or_default());
            self.sent = end;
        }
    }
}

/// Whether a member of this name can go out before all others are known.
fn may_go(schema: Option<&Schema>, name: &str) -> bool {
    schema.is_none_or(|schema| schema.properties.is_empty() || schema.property(name).is_some())
}

#[cfg(test)]
mod tests;

//! What was changed of an answer, for the report and for whoever reads the headers.

use std::fmt;

/// How far broken calls are repaired.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Not at all: text stays text, arguments stay as they are.
    Off,
    /// As far as possible; what cannot be mended stays as the model wrote it.
    #[default]
    Mend,
    /// As far as possible; a call that cannot be mended is an error.
    Strict,
}

impl Mode {
    /// Its name in documents and in what is told of a plan.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Mend => "mend",
            Self::Strict => "strict",
        }
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// What was done.
    pub kind: RepairKind,
    /// Where: the tool's name, and behind a dot the argument's.
    pub path: String,
}

/// Sorts of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RepairKind {
    /// A call was found in text.
    Found,
    /// A call's name was brought into the form that was offered.
    Name,
    /// Broken JSON was mended.
    Json,
    /// What was cut off was closed.
    Closed,
    /// Arguments lay within something else.
    Unwrapped,
    /// An argument was renamed.
    Renamed,
    /// A value was brought into the type that the schema asks for.
    Coerced,
    /// A value was added where its tool is known not to work without.
    Added,
    /// A required argument is missing.
    Missing,
    /// A call was left out, since only one was allowed.
    Dropped,
    /// What was wrong could not be mended.
    Unmended,
}

impl RepairKind {
    /// The name in reports and headers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Name => "name",
            Self::Json => "json",
            Self::Closed => "closed",
            Self::Unwrapped => "unwrapped",
            Self::Renamed => "renamed",
            Self::Coerced => "coerced",
            Self::Added => "added",
            Self::Missing => "missing",
            Self::Dropped => "dropped",
            Self::Unmended => "unmended",
        }
    }
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.as_str(), self.path)
    }
}

/// The changes of one answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repairs(Vec<Repair>);

impl Repairs {
    /// Changes that are remembered. Guards the report against an answer that is all faults.
    pub const MAX: usize = 32;
    /// Bytes of a path that are kept.
    pub const PATH_BYTES_MAX: usize = 128;

    /// Remembers a change, once.
    pub fn add(&mut self, kind: RepairKind, path: &str) {
        let end = path.floor_char_boundary(Self::PATH_BYTES_MAX);
        let repair = Repair { kind, path: path.get(..end).unwrap_or_default().to_owned() };
        if self.0.len() < Self::MAX && !self.0.contains(&repair) {
            self.0.push(repair);
        }
    }

    /// In the order in which they were made.
    pub fn iter(&self) -> impl Iterator<Item = &Repair> {
        self.0.iter()
    }

    /// Whether nothing was changed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_once_and_not_at_length() {
        let mut repairs = Repairs::default();
        (0..3).for_each(|_| repairs.add(RepairKind::Coerced, "edit.line"));
        repairs.add(RepairKind::Json, &"\u{e4}".repeat(100));
        let told: Vec<String> = repairs.iter().map(Repair::to_string).collect();
        assert_eq!(told, ["coerced:edit.line".to_owned(), format!("json:{}", "\u{e4}".repeat(64))]);
        (0..100).for_each(|number| repairs.add(RepairKind::Json, &number.to_string()));
        assert_eq!(repairs.iter().count(), Repairs::MAX);
    }
}

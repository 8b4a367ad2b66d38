//! What became of each key of a source, for the one who moves.

use std::borrow::Cow;
use std::fmt;

/// How much of a key's meaning the document keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// All of it.
    Exact,
    /// Most of it; the note says what differs.
    Approximate,
    /// None of it by itself; the note says what to do.
    Manual,
    /// None of it; the note says why.
    Unsupported,
}

impl Verdict {
    /// Every verdict, the best first.
    pub const ALL: [Self; 4] = [Self::Exact, Self::Approximate, Self::Manual, Self::Unsupported];

    /// The word in the report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Approximate => "approximate",
            Self::Manual => "manual",
            Self::Unsupported => "unsupported",
        }
    }
}

/// What became of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where it stands in the source, such as `models/turbo.json: timeout_seconds`.
    pub path: String,
    /// How much of it is kept.
    pub verdict: Verdict,
    /// Where it went, how it differs, what to do, or why not. Never a value of the source that may be a secret.
    pub note: Cow<'static, str>,
}

/// A part of the source that could not be used at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSource {
    /// Which.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// What an import has to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// One for each key, in the order of the source.
    pub findings: Vec<Finding>,
    /// What could not be used; the rest was.
    pub bad: Vec<BadSource>,
    /// Worth knowing about the document as a whole.
    pub notes: Vec<String>,
}

impl Report {
    /// How many keys have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict == verdict).count()
    }

    pub(super) fn bad(&mut self, name: &str, reason: impl Into<String>) {
        self.bad.push(BadSource { name: name.to_owned(), reason: reason.into() });
    }

    /// In one line: how many keys, and how many of each verdict.
    pub fn summary(&self) -> String {
        let counts = Verdict::ALL.map(|verdict| format!("{} {}", self.count(verdict), verdict.as_str()));
        let bad = if self.bad.is_empty() { String::new() } else { format!("; {} could not be used", self.bad.len()) };
        format!("{} keys: {}{bad}", self.findings.len(), counts.join(", "))
    }
}

impl fmt::Display for Report {
    /// A line for each key, one for each part that is bad, one for each note, and the summary.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { path, verdict, note } in &self.findings {
            writeln!(f, "{:<11}  {path}: {note}", verdict.as_str())?;
        }
        for BadSource { name, reason } in &self.bad {
            writeln!(f, "{:<11}  {name}: {reason}", "bad")?;
        }
        for note in &self.notes {
            writeln!(f, "{:<11}  {note}", "note")?;
        }
        writeln!(f, "{}", self.summary())
    }
}

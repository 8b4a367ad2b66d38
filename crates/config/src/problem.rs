//! What is wrong with a document, a variable or a flag, said so that it can be mended.

use std::fmt;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the document; `None` when a variable or a flag is wrong.
    pub place: Option<Place>,
    /// The setting, such as `providers.groq.keys[0]`, or the variable or flag. Empty for a problem of syntax.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// A position in a document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The document's name, as it was given.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1; one past the end of the line when something is missing there.
    pub column: usize,
    /// The line with its values masked, because any of them may be a key. `None` when the line is very long, and when
    /// the syntax is wrong: then nobody knows what is a value.
    pub excerpt: Option<String>,
}

impl fmt::Display for Problem {
    /// One line; with `{:#}` the line of the document follows, and a caret below it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{}:{}:{}: ", place.file, place.line, place.column)?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "; {hint}")?;
        }
        match &self.place {
            Some(Place { column, excerpt: Some(line), .. }) if f.alternate() => {
                write!(f, "\n    {line}\n    {:>column$}", "^")
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Everything that is wrong, in the order of the document; never empty as an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    told: Vec<Problem>,
    /// How many more there are, when there are too many to tell.
    untold: usize,
}

impl Problems {
    /// One, of which nobody knows the place.
    pub fn of_message(message: String) -> Self {
        Self { told: vec![Problem { place: None, path: String::new(), message, hint: None }], untold: 0 }
    }
    /// In the order of the document, what has no place in it first.
    pub(crate) fn new(mut told: Vec<Problem>, untold: usize) -> Self {
        told.sort_by(|a, b| a.place.cmp(&b.place));
        Self { told, untold }
    }
    /// One after the other, those beyond the first few hundred left out.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.told.iter()
    }
    /// How many there are in all.
    pub fn count(&self) -> usize {
        self.told.len() + self.untold
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    /// A line for each; with `{:#}` each with its line of the document.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        if self.untold > 0 {
            write!(f, "\nand {} more", self.untold)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_column() {
        let place = Place { file: "t.toml".into(), line: 3, column: 5, excerpt: Some("    typ = ****".into()) };
        let problem = Problem {
            place: Some(place),
            path: "providers.groq.typ".into(),
            message: "unknown key".into(),
            hint: Some("did you mean `type`?".into()),
        };
        assert_eq!(
            format!("{problem:#}"),
            "t.toml:3:5: providers.groq.typ: unknown key; did you mean `type`?\n        typ = ****\n        ^"
        );
    }
}

//! Reads the beginning of a call that may not be all there yet: every step says whether it fits, does not, or cannot be
//! told before more has come.

/// Why a step did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// More text could still fit.
    More,
    /// Nothing that may follow makes it fit.
    No,
}

/// Reads a text from its beginning.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Bytes read.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next character; it stays.
    pub(crate) fn peek(&self) -> Result<char, Stop> {
        self.rest().chars().next().ok_or(Stop::More)
    }

    /// Leaves out white space, also where it was written as backslash and n. Something must follow.
    pub(crate) fn spaces(&mut self) -> Result<(), Stop> {
        loop {
            self.at = self.text.len() - self.rest().trim_start().len();
            if !self.skip("\\n")? {
                return self.peek().map(|_| ());
            }
        }
    }

    /// Whether `text` stands here; then it is read.
    pub(crate) fn skip(&mut self, text: &str) -> Result<bool, Stop> {
        let rest = self.rest();
        if rest.starts_with(text) {
            self.at += text.len();
            return Ok(true);
        }
        if text.starts_with(rest) { Err(Stop::More) } else { Ok(false) }
    }

    /// Reads `text`, which must stand here.
    pub(crate) fn expect(&mut self, text: &str) -> Result<(), Stop> {
        if self.skip(text)? { Ok(()) } else { Err(Stop::No) }
    }

    /// Reads one of `texts`, which must stand here.
    pub(crate) fn any<'t>(&mut self, texts: &[&'t str]) -> Result<&'t str, Stop> {
        let mut more = false;
        for text in texts {
            match self.skip(text) {
                Ok(true) => return Ok(text),
                Ok(false) => {}
                Err(_) => more = true,
            }
        }
        Err(if more { Stop::More } else { Stop::No })
    }

    /// Reads all characters that `fits`; another one must follow.
    pub(crate) fn run(&mut self, fits: impl Fn(char) -> bool) -> Result<&'a str, Stop> {
        let rest = self.rest();
        let end = rest.find(|c| !fits(c)).ok_or(Stop::More)?;
        self.at += end;
        Ok(rest.get(..end).unwrap_or_default())
    }

    /// Reads a tool's name, bare.
    pub(crate) fn name(&mut self) -> Result<&'a str, Stop> {
        let name = self.run(is_name)?;
        if name.is_empty() { Err(Stop::No) } else { Ok(name) }
    }

    /// Reads a string in quotes of either sort, without escapes: names and keys have none.
    pub(crate) fn quoted(&mut self) -> Result<&'a str, Stop> {
        let quote = self.peek()?;
        if !matches!(quote, '"' | '\'') {
            return Err(Stop::No);
        }
        self.at += 1;
        let text = self.run(|c| c != quote && !matches!(c, '\\' | '\n'))?;
        if self.peek()? != quote {
            return Err(Stop::No);
        }
        self.at += 1;
        Ok(text)
    }
}

/// Whether a tool's name may hold it.
pub(crate) fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/')
}

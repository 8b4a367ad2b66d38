//! Follows brackets and strings of JSON or Python text byte by byte, forgiving as models need it: a quote closes a string
//! only when what comes next could stand behind one.

/// What surrounds values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    Json,
    Python,
}

/// Where a walk over a value stands.
#[derive(Clone, Debug)]
pub(crate) struct Balance {
    syntax: Syntax,
    depth: u32,
    string: Option<Quote>,
    /// Something was opened.
    begun: bool,
}

#[derive(Clone, Copy, Debug)]
struct Quote {
    byte: u8,
    escaped: bool,
    /// Its like was seen, and only spaces since.
    closing: bool,
}

impl Balance {
    pub(crate) fn new(syntax: Syntax) -> Self {
        Self { syntax, depth: 0, string: None, begun: false }
    }

    /// The same, within so many brackets already.
    pub(crate) fn within(self, depth: u32) -> Self {
        Self { depth, begun: depth > 0, ..self }
    }

    /// Brackets that are open.
    pub(crate) fn depth(&self) -> u32 {
        self.depth
    }

    /// Whether a string is open for certain.
    pub(crate) fn in_string(&self) -> bool {
        self.string.is_some_and(|quote| !quote.closing)
    }

    /// Takes one byte; true when it closes what was opened first.
    pub(crate) fn step(&mut self, byte: u8) -> bool {
        if let Some(quote) = self.string.as_mut() {
            if !quote.step(byte, self.syntax) {
                return false;
            }
            self.string = None;
        }
        match byte {
            b'"' | b'\'' => self.string = Some(Quote { byte, escaped: false, closing: false }),
            b'{' | b'[' => self.open(),
            b'(' if self.syntax == Syntax::Python => self.open(),
            b'}' | b']' => return self.close(),
            b')' if self.syntax == Syntax::Python => return self.close(),
            _ => {}
        }
        false
    }

    fn open(&mut self) {
        self.depth += 1;
        self.begun = true;
    }

    fn close(&mut self) -> bool {
        self.depth = self.depth.saturating_sub(1);
        self.begun && self.depth == 0
    }
}

impl Quote {
    /// Whether `byte` stands behind the string.
    fn step(&mut self, byte: u8, syntax: Syntax) -> bool {
        if self.closing {
            let behind = match byte {
                b',' | b'}' | b']' | b':' | b'<' => true,
                b')' | b';' | b'+' => syntax == Syntax::Python,
                _ => false,
            };
            if behind || byte.is_ascii_whitespace() {
                return behind;
            }
            self.closing = false;
        }
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            _ => self.closing = byte == self.byte,
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(syntax: Syntax, text: &str, end: Option<usize>) {
        let mut balance = Balance::new(syntax);
        assert_eq!(text.bytes().position(|byte| balance.step(byte)).map(|at| at + 1), end, "{text}");
    }

    #[test]
    fn values_end_where_their_first_bracket_is_closed() {
        check(Syntax::Json, r#"{"a":{"b":"}"}} x"#, Some(15));
        check(Syntax::Json, r#"{"cmd":"echo "hi""} x"#, Some(19));
        check(Syntax::Json, r#"{'a': 'it's'}"#, Some(13));
        check(Syntax::Json, r#"{"a":"\"}"}"#, Some(11));
        check(Syntax::Json, r#"{"a":"x"#, None);
        check(Syntax::Python, r#"[f(a="]", b=(1, 2))] x"#, Some(20));
    }
}

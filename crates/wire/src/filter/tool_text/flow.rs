//! Arguments that pass on while they come: where they end, and what around them is left out.

use super::balance::{Balance, Syntax};
use super::ends::{Ends, stands};

/// White space behind a tag that is waited for. Bounds what is read again while it comes.
const SPACES_MAX: usize = 64;

/// A walk over arguments and what closes them.
#[derive(Debug)]
pub(crate) struct Flow {
    ends: Ends,
    balance: Balance,
    /// Brackets around the arguments.
    around: u32,
    /// Whether the arguments have ended.
    over: bool,
}

/// What became of the text that has come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Bytes at its beginning that are arguments.
    pub(crate) arguments: usize,
    /// Bytes at its beginning that were used; what follows must come again.
    pub(crate) used: usize,
    /// Whether the call has ended behind them.
    pub(crate) done: bool,
}

impl Flow {
    pub(crate) fn new(ends: Ends, around: u32) -> Self {
        Self { ends, balance: Balance::new(Syntax::Json).within(around), around, over: false }
    }

    /// Whether the arguments came to their last bracket.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    /// Walks on over `text`, as far as it can tell; `ended` when no more comes.
    pub(crate) fn advance(&mut self, text: &str, ended: bool) -> Progress {
        let mut arguments = 0;
        for (at, byte) in text.bytes().enumerate() {
            let rest = text.as_bytes().get(at..).unwrap_or_default();
            match self.tag(rest, ended) {
                Some(false) => {}
                Some(true) => return Progress { arguments, used: at, done: true },
                None => return Progress { arguments, used: at, done: false },
            }
            let closed = self.balance.step(byte);
            if !self.over {
                arguments = at + 1;
                self.over = byte == b'}' && !self.balance.in_string() && self.balance.depth() == self.around;
            }
            if closed {
                return Progress { arguments, used: at + 1, done: true };
            }
        }
        Progress { arguments, used: text.len(), done: false }
    }

    /// Whether a tag ends the call here: within a string only when nothing but another call follows it. `None` when more
    /// must come to tell.
    fn tag(&self, rest: &[u8], ended: bool) -> Option<bool> {
        for tag in self.ends.tags.iter().chain(self.ends.before) {
            let here = stands(rest, tag).or(ended.then_some(false))?;
            if !here || !self.balance.in_string() {
                if here {
                    return Some(true);
                }
                continue;
            }
            let after = rest.get(tag.len()..).unwrap_or_default();
            let behind = after.trim_ascii_start();
            if after.len() - behind.len() > SPACES_MAX {
                continue;
            }
            if behind.is_empty() {
                return ended.then_some(true);
            }
            for next in self.ends.before {
                if stands(behind, next).or(ended.then_some(false))? {
                    return Some(true);
                }
            }
        }
        Some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::tool_text::json;

    /// However `text` is cut: its arguments, and what is left behind the call.
    #[track_caller]
    fn check(around: u32, text: &str, arguments: &str, left: &str) {
        for size in 1..=text.len() {
            let mut flow = Flow::new(json::one(&["</t>"], &["<t>"]), around);
            let (mut held, mut out, mut done, mut at) = (String::new(), String::new(), false, 0);
            while !done && at < text.len() {
                held.push_str(&text[at..(at + size).min(text.len())]);
                at += size;
                let progress = flow.advance(&held, at >= text.len());
                out.push_str(&held[..progress.arguments]);
                held.drain(..progress.used);
                done = progress.done;
            }
            held.push_str(text.get(at..).unwrap_or_default());
            assert_eq!((out.as_str(), held.as_str()), (arguments, left), "{text} in pieces of {size}");
        }
    }

    #[test]
    fn arguments_end_with_their_bracket_or_the_tag() {
        check(0, r#"{"a":{}} x"#, r#"{"a":{}}"#, " x");
        check(1, r#"{"a":{}}, "id": "}"}</t>"#, r#"{"a":{}}"#, "</t>");
        check(1, r#"{"a":1</t> x"#, r#"{"a":1"#, "</t> x");
        check(0, r#"{"a":"</t> x"}y"#, r#"{"a":"</t> x"}"#, "y");
        check(0, r#"{"a":"x</t> <t>"#, r#"{"a":"x"#, "</t> <t>");
        check(0, r#"{"a":"x</t>"#, r#"{"a":"x"#, "</t>");
        check(0, r#"{"a":"x"#, r#"{"a":"x"#, "");
    }
}

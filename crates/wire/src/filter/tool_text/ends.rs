//! Where a call's text ends, found as it comes.

use super::balance::{Balance, Syntax};

/// What ends a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    /// What is in it.
    pub(crate) shape: Shape,
    /// Any of these ends it and belongs to it.
    pub(crate) tags: &'static [&'static str],
    /// Any of these ends it and belongs to what follows.
    pub(crate) before: &'static [&'static str],
}

/// What a call's text is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Anything.
    Text,
    /// One value, with whose last bracket it ends; a tag within its strings ends nothing.
    One(Syntax),
    /// Values one after another, until a tag.
    Many(Syntax),
}

/// A search for the end of one call.
#[derive(Clone, Debug)]
pub(crate) struct EndFinder {
    ends: Ends,
    balance: Balance,
    /// How much was looked at.
    at: usize,
    /// Behind the first tag within a string: the end, when the string turns out to have none.
    doubtful: Option<usize>,
}

impl EndFinder {
    /// A search from `at` on.
    pub(crate) fn new(ends: Ends, at: usize) -> Self {
        let syntax = match ends.shape {
            Shape::One(syntax) | Shape::Many(syntax) => syntax,
            Shape::Text => Syntax::Json,
        };
        Self { ends, balance: Balance::new(syntax), at, doubtful: None }
    }

    /// How much was looked at.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The offset behind the call, once it is certain. What `text` began with stays.
    pub(crate) fn find(&mut self, text: &str) -> Option<usize> {
        let bytes = text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if let Some(end) = self.ended(text)? {
                return Some(end);
            }
            let closed = self.ends.shape != Shape::Text && self.balance.step(*byte);
            self.at += 1;
            if closed && matches!(self.ends.shape, Shape::One(_)) {
                return Some(self.at);
            }
        }
        None
    }

    /// The offset behind the call when no more text comes.
    pub(crate) fn last(&self, text: &str) -> usize {
        self.doubtful.unwrap_or(text.len())
    }

    /// Whether a tag stands here: `None` when more must come to tell, `Some(None)` when not.
    fn ended(&mut self, text: &str) -> Option<Option<usize>> {
        let rest = text.as_bytes().get(self.at..).unwrap_or_default();
        let quoted = self.ends.shape != Shape::Text && self.balance.in_string();
        for tag in self.ends.tags {
            match stands(rest, tag)? {
                false => {}
                true if quoted => self.doubtful = self.doubtful.or(Some(self.at + tag.len())),
                true => return Some(Some(self.at + tag.len())),
            }
        }
        for tag in self.ends.before {
            if !stands(rest, tag)? {
                continue;
            }
            let between = self.doubtful.and_then(|end| text.get(end..self.at));
            let behind_a_tag = between.is_some_and(|between| between.trim().is_empty());
            match self.doubtful.filter(|_| quoted && behind_a_tag) {
                Some(end) => return Some(Some(end)),
                None if !quoted => return Some(Some(self.at)),
                None => {}
            }
        }
        Some(None)
    }
}

/// Whether `rest` begins with `tag`; `None` when it ends too early to tell.
pub(super) fn stands(rest: &[u8], tag: &str) -> Option<bool> {
    let tag = tag.as_bytes();
    if rest.first() != tag.first() {
        return Some(false);
    }
    if rest.starts_with(tag) {
        return Some(true);
    }
    if tag.starts_with(rest) { None } else { Some(false) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Ends = Ends { shape: Shape::One(Syntax::Json), tags: &["</t>"], before: &["<t>"] };
    const MANY: Ends = Ends { shape: Shape::Many(Syntax::Json), ..ONE };
    const TEXT: Ends = Ends { shape: Shape::Text, ..ONE };

    /// The end is the same however the text comes.
    #[track_caller]
    fn check(ends: Ends, text: &str, end: Option<usize>, last: usize) {
        for step in 1..=text.len() {
            let mut finder = EndFinder::new(ends, 0);
            let found = (step..text.len() + step).step_by(step).find_map(|to| finder.find(&text[..to.min(text.len())]));
            assert_eq!(found, end, "{text} in steps of {step}");
            if end.is_none() {
                assert_eq!(finder.last(text), last, "{text}");
            }
        }
    }

    #[test]
    fn a_call_ends_at_its_bracket_its_tag_or_the_next_call() {
        check(ONE, r#"{"a":"</t>"}</t>"#, Some(12), 0);
        check(ONE, r#"{"a":1</t> x"#, Some(10), 0);
        check(ONE, r#"{"a":"x</t>"#, None, 11);
        check(ONE, r#"{"a":"x</t> <t>{"#, Some(11), 0);
        check(ONE, r#"{"a":1 <t>{"#, Some(7), 0);
        check(MANY, "{} {} </t> x", Some(10), 0);
        check(TEXT, "a \"</t> x", Some(7), 0);
        check(TEXT, "a </", None, 4);
    }
}

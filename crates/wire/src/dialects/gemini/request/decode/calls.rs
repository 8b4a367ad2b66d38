//! Which result answers which call: ids are optional in Gemini, so results are matched by name and order where they must.

use std::collections::{HashMap, VecDeque};

/// The calls of a conversation so far, found without looking at all of them.
#[derive(Debug, Default)]
pub(super) struct Calls {
    made: Vec<Call>,
    /// The last call of each id.
    by_id: HashMap<String, usize>,
    /// Calls of each tool that may wait for a result; those that do not any more are left out when met.
    waiting: HashMap<String, VecDeque<usize>>,
    /// The last call of each tool.
    by_name: HashMap<String, usize>,
}

#[derive(Debug)]
struct Call {
    id: String,
    answered: bool,
}

/// The id of the call at this position, counted from 0 over the whole conversation, when it came with none.
pub(in crate::dialects::gemini) fn minted(position: usize) -> String {
    format!("call_{position}")
}

impl Calls {
    /// Takes note of a call; gives its id, never empty.
    pub(super) fn make(&mut self, id: Option<String>, name: &str) -> String {
        let position = self.made.len();
        let id = id.filter(|id| !id.is_empty()).unwrap_or_else(|| minted(position));
        self.made.push(Call { id: id.clone(), answered: false });
        self.by_id.insert(id.clone(), position);
        self.waiting.entry(name.to_owned()).or_default().push_back(position);
        self.by_name.insert(name.to_owned(), position);
        id
    }

    /// The id of the call that a result answers: the one it names, else the first of this tool that waits for one, else
    /// the last of this tool. `None` when there is none.
    pub(super) fn answer(&mut self, id: Option<&str>, name: &str) -> Option<String> {
        let named = id.and_then(|id| self.by_id.get(id).copied());
        let found = named.or_else(|| self.first_waiting(name)).or_else(|| self.by_name.get(name).copied())?;
        let call = self.made.get_mut(found)?;
        call.answered = true;
        Some(call.id.clone())
    }

    fn first_waiting(&mut self, name: &str) -> Option<usize> {
        let waiting = self.waiting.get_mut(name)?;
        while let Some(position) = waiting.pop_front() {
            if self.made.get(position).is_some_and(|call| !call.answered) {
                return Some(position);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_by_id_then_by_name_and_order() {
        let mut calls = Calls::default();
        assert_eq!(calls.make(None, "a"), "call_0");
        assert_eq!(calls.make(Some("x".to_owned()), "a"), "x");
        assert_eq!(calls.make(Some(String::new()), "b"), "call_2");
        assert_eq!(calls.answer(Some("x"), "a").as_deref(), Some("x"));
        assert_eq!(calls.answer(None, "a").as_deref(), Some("call_0"));
        assert_eq!(calls.answer(Some("made up"), "b").as_deref(), Some("call_2"));
        assert_eq!(calls.answer(None, "c"), None);
    }
}

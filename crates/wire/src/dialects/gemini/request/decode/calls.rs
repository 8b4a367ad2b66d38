//! Which result answers which call: ids are optional in Gemini, so results are matched by name and order where they must.

/// The calls of a conversation so far.
#[derive(Debug, Default)]
pub(super) struct Calls(Vec<Call>);

#[derive(Debug)]
struct Call {
    id: String,
    name: String,
    answered: bool,
}

/// The id of the call at this position, counted from 0 over the whole conversation, when it came with none.
pub(in crate::dialects::gemini) fn minted(position: usize) -> String {
    format!("call_{position}")
}

impl Calls {
    /// Takes note of a call; gives its id, never empty and never one that another call has.
    pub(super) fn make(&mut self, id: Option<String>, name: &str) -> String {
        let id = id.filter(|id| !id.is_empty()).unwrap_or_else(|| minted(self.0.len()));
        self.0.push(Call { id: id.clone(), name: name.to_owned(), answered: false });
        id
    }

    /// The id of the call that a result answers: the one it names, else the first of this tool that waits for one, else
    /// the last of this tool. `None` when there is none.
    pub(super) fn answer(&mut self, id: Option<&str>, name: &str) -> Option<String> {
        let found = id
            .and_then(|id| self.0.iter().rposition(|call| call.id == id))
            .or_else(|| self.0.iter().position(|call| call.name == name && !call.answered))
            .or_else(|| self.0.iter().rposition(|call| call.name == name))?;
        let call = self.0.get_mut(found)?;
        call.answered = true;
        Some(call.id.clone())
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

//! Which call a tool's result answers: by its id, else by its tool's name, else by its turn.

use std::collections::{BTreeMap, VecDeque};

use super::super::call::CallIds;

/// The calls of the messages read so far.
#[derive(Debug, Default)]
pub(super) struct Calls {
    ids: CallIds,
    calls: Vec<Call>,
    /// The newest call with an id, as the client wrote it.
    by_id: BTreeMap<String, usize>,
    /// Calls of a tool, oldest first; those answered otherwise are still in.
    by_name: BTreeMap<String, VecDeque<usize>>,
    /// Before this one all are answered.
    first_open: usize,
}

#[derive(Debug)]
struct Call {
    id: String,
    answered: bool,
}

impl Calls {
    /// Notes a call; returns the id it is known by from now on.
    pub(super) fn add(&mut self, given: Option<String>, name: &str, salt: &[u8]) -> String {
        let place = self.calls.len();
        if let Some(id) = given.as_ref().filter(|id| !id.is_empty()) {
            self.by_id.insert(id.clone(), place);
        }
        self.by_name.entry(name.to_owned()).or_default().push_back(place);
        let id = self.ids.take(given, salt);
        self.calls.push(Call { id: id.clone(), answered: false });
        id
    }

    /// The id of the call that a result with this `tool_call_id` answers.
    pub(super) fn answer_id(&mut self, given: &str) -> Option<String> {
        let place = *self.by_id.get(given)?;
        self.answer(place)
    }

    /// The id of the call that a result with this `tool_name` answers.
    pub(super) fn answer_name(&mut self, name: &str) -> Option<String> {
        loop {
            let place = self.by_name.get_mut(name)?.pop_front()?;
            if self.is_open(place) {
                return self.answer(place);
            }
        }
    }

    /// The id of the call that a result without any name answers.
    pub(super) fn answer_next(&mut self) -> Option<String> {
        while self.first_open < self.calls.len() && !self.is_open(self.first_open) {
            self.first_open += 1;
        }
        self.answer(self.first_open)
    }

    fn is_open(&self, place: usize) -> bool {
        self.calls.get(place).is_some_and(|call| !call.answered)
    }

    fn answer(&mut self, place: usize) -> Option<String> {
        let call = self.calls.get_mut(place)?;
        call.answered = true;
        Some(call.id.clone())
    }
}

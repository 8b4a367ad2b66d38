//! How much of an answer a request asks for, read without building a tree.

use crate::scan::{Member, Members};

/// What a body says of how long its answer may be. Of what is said twice the larger counts: nobody knows which one a provider
/// reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// The most tokens of one answer.
    pub tokens_max: Option<u64>,
    /// How many answers are asked for at once; 0 where nothing is said.
    stated: u64,
}

impl Answers {
    /// Of a body in any dialect. One that is no JSON object says nothing.
    pub fn of(body: &[u8]) -> Self {
        let mut answers = Self::default();
        answers.read(body, Self::note);
        answers
    }

    /// How many answers are asked for at once.
    pub fn count(&self) -> u64 {
        self.stated.max(1)
    }

    fn read(&mut self, json: &[u8], note: fn(&mut Self, &[u8], &Member<'_>)) {
        let Some(mut members) = Members::open(json) else { return };
        while let Ok(Some(member)) = members.next() {
            note(self, &member.name(), &member);
        }
    }

    /// Takes up a member of a body; what it is called is known already.
    pub(crate) fn note(&mut self, name: &[u8], member: &Member<'_>) {
        match name {
            b"max_tokens" | b"max_completion_tokens" | b"max_output_tokens" => self.bound(member.value),
            b"n" | b"best_of" => self.ask_for(member.value),
            b"options" => self.read(member.value, Self::note_ollama),
            b"generationConfig" | b"generation_config" => self.read(member.value, Self::note_gemini),
            _ => {}
        }
    }

    fn note_ollama(&mut self, name: &[u8], member: &Member<'_>) {
        if name == b"num_predict" {
            self.bound(member.value);
        }
    }

    fn note_gemini(&mut self, name: &[u8], member: &Member<'_>) {
        match name {
            b"maxOutputTokens" | b"max_output_tokens" => self.bound(member.value),
            b"candidateCount" | b"candidate_count" => self.ask_for(member.value),
            _ => {}
        }
    }

    fn bound(&mut self, json: &[u8]) {
        self.tokens_max = self.tokens_max.max(number(json));
    }

    fn ask_for(&mut self, json: &[u8]) {
        self.stated = self.stated.max(number(json).unwrap_or(0));
    }
}

/// A whole number that is not below zero; of others the provider has to make something.
fn number(json: &[u8]) -> Option<u64> {
    std::str::from_utf8(json).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn says(body: &str, tokens_max: impl Into<Option<u64>>, count: u64) {
        let answers = Answers::of(body.as_bytes());
        assert_eq!((answers.tokens_max, answers.count()), (tokens_max.into(), count), "{body}");
    }

    #[test]
    fn each_dialect_says_it_in_its_own_place() {
        says(r#"{"model":"m","max_tokens":5,"n":2}"#, 5, 2);
        says(r#"{"max_completion_tokens": 7 , "best_of":4,"n":2}"#, 7, 4);
        says(r#"{"max_output_tokens":9,"input":"max_tokens"}"#, 9, 1);
        says(r#"{"options":{"num_predict":11,"n":3}}"#, 11, 1);
        says(r#"{"generationConfig":{"maxOutputTokens":13,"candidateCount":2}}"#, 13, 2);
    }

    #[test]
    fn of_what_is_said_twice_the_larger_counts() {
        says(r#"{"max_tokens":5,"max_tokens":50,"max_completion_tokens":20}"#, 50, 1);
    }

    #[test]
    fn what_is_no_count_says_nothing() {
        for body in [r#"{"max_tokens":null,"n":null}"#, r#"{"max_tokens":-1,"n":0}"#, r#"{"max_tokens":"5"}"#, "[]", ""]
        {
            says(body, None, 1);
        }
        says(r#"{"messages":[{"max_tokens":5,"n":9}]}"#, None, 1);
    }
}

//! Whether and how long to think, in the words that the model takes: reference 03, sections 0.1 and 4.

use super::Writer;
use super::turns::{Piece, Speaker, Turn};
use crate::capabilities::ThinkingMode;
use crate::ir::{Content, Effort, Field};
use crate::write::Object;

/// Fewest tokens that Anthropic thinks with.
const BUDGET_MIN: u64 = 1024;

/// What is thought with when nobody said how hard: as much as for `high`, which is Anthropic's own default.
const BUDGET_USUAL: u64 = 4096;

/// What a request says of thinking, and how much may come out.
pub(super) struct Plan {
    /// `max_tokens`.
    pub(super) output_tokens: u64,
    /// `output_config.effort`.
    pub(super) effort: Option<String>,
    told: Option<Told>,
}

/// The types of `thinking`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Adaptive,
    Budget(u64),
    Off,
}

/// What the client wants.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    On,
    Off,
    Unsaid,
}

impl Plan {
    /// Whether the model is told to think.
    pub(super) fn is_on(&self) -> bool {
        matches!(self.told, Some(Told::Adaptive | Told::Budget(_)))
    }

    /// Whether it is told with how many tokens: then it cannot be made to call a tool.
    pub(super) fn has_budget(&self) -> bool {
        matches!(self.told, Some(Told::Budget(_)))
    }
}

impl Writer<'_> {
    /// Decides it.
    pub(super) fn plan(&mut self, turns: &[Turn<'_>]) -> Plan {
        let (told, effort) = match self.to.thinking {
            ThinkingMode::Any => self.as_asked(),
            ThinkingMode::Never => self.never(),
            ThinkingMode::Budget => self.by_budget(),
            ThinkingMode::Adaptive => self.by_itself(),
            ThinkingMode::Always => self.always(),
        };
        let told = told.filter(|told| {
            // With a budget, the turn that called tools must begin with thoughts, or the request is refused.
            let refused = matches!(told, Told::Budget(_)) && calls_without_thoughts(turns);
            self.lost.field_if(refused, Field::Thinking);
            !refused
        });
        self.fit(told, effort)
    }

    fn wish(&self) -> Wish {
        let asked = &self.request.thinking;
        match (asked.enabled, &asked.effort, asked.budget_tokens) {
            (Some(false), _, _) | (None, Some(Effort::None), _) | (None, _, Some(0)) => Wish::Off,
            (Some(true), _, _) | (None, _, Some(_)) => Wish::On,
            // Elsewhere the effort is what switches thinking on; here it is for all of the answer.
            (None, Some(_), None) if !self.own => Wish::On,
            (None, _, None) => Wish::Unsaid,
        }
    }

    /// Nothing is known of the model: the client's own words, or what comes next to them.
    fn as_asked(&mut self) -> (Option<Told>, Option<String>) {
        let told = match (self.wish(), self.request.thinking.budget_tokens) {
            (Wish::On, Some(budget)) => Some(Told::Budget(budget)),
            (Wish::On, None) => Some(Told::Adaptive),
            (Wish::Off, _) => Some(Told::Off),
            (Wish::Unsaid, _) => None,
        };
        (told, self.effort_word())
    }

    fn never(&mut self) -> (Option<Told>, Option<String>) {
        if self.wish() == Wish::On {
            self.lose_thinking();
        }
        self.lose_effort();
        (None, None)
    }

    fn by_budget(&mut self) -> (Option<Told>, Option<String>) {
        let asked = &self.request.thinking;
        let budget = match (&asked.effort, asked.budget_tokens) {
            (effort, Some(budget)) => {
                self.lost.field_if(effort.is_some(), Field::Effort);
                budget
            }
            (None | Some(Effort::None), None) => BUDGET_USUAL,
            (Some(Effort::Minimal | Effort::Low), None) => 1024,
            (Some(Effort::Medium), None) => 2048,
            (Some(Effort::High), None) => 4096,
            (Some(Effort::XHigh), None) => 8192,
            (Some(Effort::Max), None) => 16384,
            (Some(Effort::Other(_)), None) => {
                self.lose_effort();
                BUDGET_USUAL
            }
        };
        match self.wish() {
            Wish::On => (Some(Told::Budget(budget)), None),
            // It is off unless told otherwise.
            Wish::Off => (self.own.then_some(Told::Off), None),
            Wish::Unsaid => {
                self.lose_effort();
                (None, None)
            }
        }
    }

    fn by_itself(&mut self) -> (Option<Told>, Option<String>) {
        match self.wish() {
            Wish::On => (Some(Told::Adaptive), self.effort_or_budget()),
            Wish::Off => (Some(Told::Off), self.effort_word()),
            Wish::Unsaid => (None, self.effort_word()),
        }
    }

    fn always(&mut self) -> (Option<Told>, Option<String>) {
        match self.wish() {
            Wish::On => (Some(Told::Adaptive), self.effort_or_budget()),
            Wish::Off => {
                self.lose_thinking();
                (None, self.effort_word())
            }
            Wish::Unsaid => (None, self.effort_word()),
        }
    }

    /// The effort, or the one that comes next to a budget, which the model does not take.
    fn effort_or_budget(&mut self) -> Option<String> {
        let budget = self.request.thinking.budget_tokens;
        self.lost.field_if(budget.is_some(), Field::ThinkingBudget);
        let instead = budget.map(|budget| match budget {
            0..=1024 => "low",
            1025..=8192 => "medium",
            8193.. => "high",
        });
        self.effort_word().or_else(|| instead.map(str::to_owned))
    }

    fn effort_word(&mut self) -> Option<String> {
        match self.request.thinking.effort.as_ref()? {
            Effort::None => None,
            Effort::Minimal => {
                self.lose_effort();
                Some("low".to_owned())
            }
            effort @ (Effort::Low | Effort::Medium | Effort::High | Effort::XHigh | Effort::Max | Effort::Other(_)) => {
                Some(effort.as_str().to_owned())
            }
        }
    }

    fn lose_effort(&mut self) {
        let said = self.request.thinking.effort.as_ref().is_some_and(|effort| *effort != Effort::None);
        self.lost.field_if(said, Field::Effort);
    }

    /// What switched thinking on or off.
    fn lose_thinking(&mut self) {
        let asked = &self.request.thinking;
        let field = match (asked.enabled, &asked.effort, asked.budget_tokens) {
            (Some(_), _, _) => Field::Thinking,
            (None, Some(_), _) => Field::Effort,
            (None, None, _) => Field::ThinkingBudget,
        };
        self.lost.field(field);
    }

    /// Makes room for the answer beside the thoughts, and fits both into what the model can produce.
    fn fit(&mut self, told: Option<Told>, effort: Option<String>) -> Plan {
        let budget = if let Some(Told::Budget(budget)) = told { budget.max(BUDGET_MIN) } else { 0 };
        let most = self.to.output_tokens_max.unwrap_or(u64::MAX);
        let asked = self.request.sampling.output_tokens_max;
        self.lost.field_if(asked.is_some_and(|asked| asked > most), Field::OutputTokensMax);
        let output_tokens = asked.unwrap_or(self.to.output_tokens_default.saturating_add(budget)).min(most).max(1);
        let told = match told {
            Some(Told::Budget(_)) if output_tokens <= BUDGET_MIN => {
                self.lose_thinking();
                None
            }
            Some(Told::Budget(wanted)) => {
                let budget = budget.min(output_tokens - 1);
                let said = self.request.thinking.budget_tokens.is_some();
                let field = if said { Field::ThinkingBudget } else { Field::Effort };
                self.lost.field_if(budget != wanted, field);
                Some(Told::Budget(budget))
            }
            other @ (Some(Told::Adaptive | Told::Off) | None) => other,
        };
        Plan { output_tokens, effort, told }
    }

    /// Writes `thinking`.
    pub(super) fn put_thinking(&mut self, plan: &Plan, to: &mut Object<'_>) {
        let nested = self.nested(&self.request.extras, "thinking");
        // A type of its own that the neutral model has no word for.
        let foreign = plan.told.is_none() && nested.iter().any(|(name, _)| *name == "type");
        let sayable = self.to.thinking == ThinkingMode::Any || !foreign;
        if plan.told.is_none() && (nested.is_empty() || !foreign || !sayable) {
            self.lost.field_if(!nested.is_empty(), Field::Thinking);
            return;
        }
        to.object("thinking", |thinking| {
            match plan.told {
                Some(Told::Adaptive) => thinking.put("type", "adaptive"),
                Some(Told::Budget(budget)) => {
                    thinking.put("type", "enabled");
                    thinking.put("budget_tokens", &budget);
                }
                Some(Told::Off) => thinking.put("type", "disabled"),
                None => {}
            }
            thinking.put_some("display", self.display(plan));
            nested.iter().for_each(|(name, raw)| thinking.raw(name, raw));
        });
    }

    /// Newer models leave thoughts out unless told to show them, and clients of other dialects expect to see them.
    fn display(&self, plan: &Plan) -> Option<&'static str> {
        match (self.request.thinking.shown, plan.told) {
            (Some(true), _) => Some("summarized"),
            (Some(false), _) => Some("omitted"),
            (None, Some(Told::Adaptive)) if !self.own => Some("summarized"),
            (None, _) => None,
        }
    }
}

/// Whether the model's last turn called tools, has their results now, and does not begin with thoughts.
fn calls_without_thoughts(turns: &[Turn<'_>]) -> bool {
    let Some((last, before)) = turns.split_last() else { return false };
    let called = before.iter().rev().find(|turn| turn.speaker == Speaker::Assistant);
    let begins_with_thoughts = |turn: &Turn<'_>| matches!(turn.rest.first(), Some(Piece::Block(block)) if matches!(block.content, Content::Reasoning(_)));
    !last.results.is_empty() && called.is_some_and(|turn| !begins_with_thoughts(turn))
}

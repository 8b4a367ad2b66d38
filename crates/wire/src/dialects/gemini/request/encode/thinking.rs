//! `thinkingConfig`: a budget for Gemini 2.5, a level for Gemini 3; both together are refused.

use std::borrow::Cow;

use crate::capabilities::ThinkingMode;
use crate::ir::{Effort, Field, Lost, Thinking};

/// What `thinkingConfig` says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told<'a> {
    /// 0 is off, -1 leaves the amount to the model.
    pub(super) budget: Option<i64>,
    /// How hard.
    pub(super) level: Option<Cow<'a, str>>,
    /// Whether to show the thoughts.
    pub(super) shown: Option<bool>,
}

/// A client of another dialect that asks for thinking expects to see it, unless it says otherwise: Gemini shows thoughts
/// only when told to.
pub(super) fn plan<'a>(thinking: &'a Thinking, mode: ThinkingMode, own: bool, lost: &mut Lost<'_>) -> Told<'a> {
    let Thinking { enabled, effort, budget_tokens, shown } = thinking;
    let off = *enabled == Some(false) || *effort == Some(Effort::None);
    if mode == ThinkingMode::Never {
        lost.field_if(*enabled == Some(true), Field::Thinking);
        lost.field_if(!off && effort.is_some(), Field::Effort);
        lost.field_if(!off && budget_tokens.is_some(), Field::ThinkingBudget);
        lost.field_if(*shown == Some(true), Field::ThoughtsShown);
        return Told::default();
    }
    if off {
        return plan_off(thinking, mode, lost);
    }
    let asked = *enabled == Some(true) || effort.is_some() || budget_tokens.is_some();
    let shown = shown.or((asked && !own).then_some(true));
    let budget = budget_tokens.map(|budget| i64::try_from(budget).unwrap_or(i64::MAX));
    let level = effort.as_ref();
    let (budget, level) = match mode {
        ThinkingMode::Any if own => {
            let free = (*enabled == Some(true) && level.is_none()).then_some(-1);
            (budget.or(free), level.and_then(|effort| level_of(effort, own, lost)))
        }
        ThinkingMode::Any | ThinkingMode::Budget => match (budget, level) {
            (Some(budget), _) => {
                lost.field_if(level.is_some(), Field::Effort);
                (Some(budget), None)
            }
            // Of a model of which nothing is known, the newer way is the better guess.
            (None, Some(effort)) if mode == ThinkingMode::Any => (None, level_of(effort, own, lost)),
            (None, Some(effort)) => (budget_of(effort, lost), None),
            (None, None) => ((*enabled == Some(true)).then_some(-1), None),
        },
        ThinkingMode::Adaptive | ThinkingMode::Always => {
            lost.field_if(budget.is_some(), Field::ThinkingBudget);
            let level = level.and_then(|effort| level_of(effort, own, lost));
            (None, level.or_else(|| budget.map(|budget| Cow::Borrowed(level_for(budget)))))
        }
        ThinkingMode::Never => (None, None),
    };
    Told { budget, level, shown }
}

fn plan_off<'a>(thinking: &Thinking, mode: ThinkingMode, lost: &mut Lost<'_>) -> Told<'a> {
    let shown = thinking.shown;
    match mode {
        ThinkingMode::Always => {
            let said = if thinking.enabled.is_some() { Field::Thinking } else { Field::Effort };
            lost.field(said);
            Told { budget: None, level: Some(Cow::Borrowed("LOW")), shown }
        }
        ThinkingMode::Any | ThinkingMode::Budget | ThinkingMode::Adaptive | ThinkingMode::Never => {
            Told { budget: Some(0), level: None, shown }
        }
    }
}

fn level_of<'a>(effort: &'a Effort, own: bool, lost: &mut Lost<'_>) -> Option<Cow<'a, str>> {
    let level = match effort {
        Effort::None | Effort::Minimal => "MINIMAL",
        Effort::Low => "LOW",
        Effort::Medium => "MEDIUM",
        Effort::High => "HIGH",
        Effort::XHigh => "XHIGH",
        Effort::Max => {
            lost.field(Field::Effort);
            "XHIGH"
        }
        Effort::Other(word) if own => word,
        Effort::Other(_) => {
            lost.field(Field::Effort);
            return None;
        }
    };
    Some(Cow::Borrowed(level))
}

/// The budgets that Google's own OpenAI endpoint takes for an effort, <https://ai.google.dev/gemini-api/docs/openai>
/// (2026-11-21).
fn budget_of(effort: &Effort, lost: &mut Lost<'_>) -> Option<i64> {
    match effort {
        Effort::None => Some(0),
        Effort::Minimal | Effort::Low => Some(1024),
        Effort::Medium => Some(8192),
        Effort::High | Effort::XHigh | Effort::Max => Some(24576),
        Effort::Other(_) => {
            lost.field(Field::Effort);
            None
        }
    }
}

/// The level that spends about as much.
fn level_for(budget: i64) -> &'static str {
    match budget {
        ..=1024 => "LOW",
        1025..=8192 => "MEDIUM",
        8193.. => "HIGH",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DialectId;
    use crate::ir::Request;

    #[track_caller]
    fn check(
        mode: ThinkingMode,
        thinking: &Thinking,
        expected: (Option<i64>, Option<&str>, Option<bool>),
        lost: &[&str],
    ) {
        let request = Request::new(DialectId::Anthropic, "m");
        let mut notes = Lost::of(&request);
        let told = plan(thinking, mode, false, &mut notes);
        assert_eq!((told.budget, told.level.as_deref(), told.shown), expected);
        assert_eq!(notes.into_losses().iter().map(|loss| loss.field.as_str()).collect::<Vec<_>>(), lost);
    }

    #[test]
    fn each_mode_is_told_in_its_own_way() {
        use ThinkingMode::*;
        let budget = |tokens| Thinking { enabled: Some(true), budget_tokens: Some(tokens), ..Thinking::default() };
        let effort = |effort| Thinking { effort: Some(effort), shown: Some(false), ..Thinking::default() };
        let off = Thinking { enabled: Some(false), ..Thinking::default() };
        let nothing = Thinking::default();
        check(Any, &budget(2000), (Some(2000), None, Some(true)), &[]);
        check(Any, &effort(Effort::High), (None, Some("HIGH"), Some(false)), &[]);
        check(Budget, &effort(Effort::High), (Some(24576), None, Some(false)), &[]);
        check(Adaptive, &budget(2000), (None, Some("MEDIUM"), Some(true)), &["thinking.budget_tokens"]);
        check(Always, &effort(Effort::Max), (None, Some("XHIGH"), Some(false)), &["output_config.effort"]);
        check(Always, &off, (None, Some("LOW"), None), &["thinking"]);
        check(Adaptive, &off, (Some(0), None, None), &[]);
        check(Never, &off, (None, None, None), &[]);
        check(Never, &budget(9), (None, None, None), &["thinking", "thinking.budget_tokens"]);
        for mode in [Any, Never, Budget, Adaptive, Always] {
            check(mode, &nothing, (None, None, None), &[]);
        }
        let both = Thinking { effort: Some(Effort::Low), ..budget(7) };
        check(Any, &both, (Some(7), None, Some(true)), &["output_config.effort"]);
        check(Adaptive, &both, (None, Some("LOW"), Some(true)), &["thinking.budget_tokens"]);
        check(Budget, &Thinking { enabled: Some(true), ..nothing }, (Some(-1), None, Some(true)), &[]);
    }
}

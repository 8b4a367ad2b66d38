//! What the holder of a client key may do.

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

use trunkline_providers::price::Usd;

use crate::file::{AllowanceSection, Amount, BudgetPeriod, BudgetSection, Day};

/// What the holder of a client key may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Which models may be asked for; empty: all.
    models: Vec<Box<str>>,
    /// Who may serve; empty: all.
    providers: Vec<Box<str>>,
    /// When it ends, in milliseconds since the Unix epoch.
    pub expires_ms: Option<u64>,
    /// Whether its holder is let in at all.
    pub enabled: bool,
    /// Within any minute.
    pub requests_per_minute: Option<u32>,
    /// Within any minute.
    pub tokens_per_minute: Option<u64>,
    /// Open at once.
    pub parallel_requests: Option<u32>,
    /// What may be spent.
    pub budgets: Vec<Budget>,
}

/// What may be spent in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How much.
    pub limit: Usd,
    /// In what time.
    pub period: BudgetPeriod,
    /// Whether it keeps requests out, or only warns.
    pub hard: bool,
}

impl Allowance {
    /// What a document, or a key made at run time, says; `None` where it says that everything is allowed.
    pub fn of(section: &AllowanceSection) -> Option<Arc<Self>> {
        let boxed = |names: &[String]| names.iter().map(|name| name.trim().into()).collect();
        let budget = |stated: &BudgetSection| Budget { limit: stated.usd.0, period: stated.period, hard: stated.hard };
        (*section != AllowanceSection::default()).then(|| {
            Arc::new(Self {
                models: boxed(&section.models),
                providers: boxed(&section.providers),
                expires_ms: section.expires.map(|day| day.0),
                enabled: section.enabled,
                requests_per_minute: section.requests_per_minute.map(Into::into),
                tokens_per_minute: section.tokens_per_minute.map(Into::into),
                parallel_requests: section.parallel_requests.map(Into::into),
                budgets: section.budgets.iter().map(budget).collect(),
            })
        })
    }

    /// The same, as a document would say it.
    pub fn stated(&self) -> AllowanceSection {
        let texts = |names: &[Box<str>]| names.iter().map(|name| name.to_string()).collect();
        let budget =
            |budget: &Budget| BudgetSection { usd: Amount(budget.limit), period: budget.period, hard: budget.hard };
        AllowanceSection {
            models: texts(&self.models),
            providers: texts(&self.providers),
            expires: self.expires_ms.map(Day),
            enabled: self.enabled,
            requests_per_minute: self.requests_per_minute.and_then(NonZeroU32::new),
            tokens_per_minute: self.tokens_per_minute.and_then(NonZeroU64::new),
            parallel_requests: self.parallel_requests.and_then(NonZeroU32::new),
            budgets: self.budgets.iter().map(budget).collect(),
        }
    }

    /// Whether this model, by the name that clients use, may be asked for.
    pub fn has_model(&self, name: &str) -> bool {
        self.models.is_empty() || self.models.iter().any(|pattern| fits(pattern, name))
    }

    /// Whether this provider may serve.
    pub fn has_provider(&self, name: &str) -> bool {
        self.providers.is_empty() || self.providers.iter().any(|allowed| **allowed == *name)
    }

    /// Whether anything of its use has to be counted.
    pub fn is_counted(&self) -> bool {
        self.requests_per_minute.is_some()
            || self.tokens_per_minute.is_some()
            || self.parallel_requests.is_some()
            || !self.budgets.is_empty()
    }

    /// Whether it has ended.
    pub fn is_over(&self, now_ms: u64) -> bool {
        self.expires_ms.is_some_and(|end| end <= now_ms)
    }
}

/// Whether a pattern with `*` and `?` stands for this text. Goes back to the last `*` alone, so it takes no longer than the
/// product of their lengths.
fn fits(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    let mut last_star = None;
    loop {
        let mut after = pattern.clone();
        match (after.next(), text.clone().next()) {
            (Some('*'), _) => {
                last_star = Some((after.clone(), text.clone()));
                pattern = after;
                continue;
            }
            (None, None) => return true,
            (Some(wanted), Some(found)) if wanted == '?' || wanted == found => {
                pattern = after;
                text.next();
                continue;
            }
            (_, _) => {}
        }
        let Some((behind, mut taken)) = last_star.take() else { return false };
        if taken.next().is_none() {
            return false;
        }
        pattern = behind.clone();
        text = taken.clone();
        last_star = Some((behind, taken));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_stand_for_any_text_and_question_marks_for_one_character() {
        for (pattern, text) in [
            ("gpt-4o", "gpt-4o"),
            ("gpt-*", "gpt-"),
            ("*", ""),
            ("groq/*", "groq/a/b"),
            ("a?c*e", "abcde"),
            ("*-mini", "x-y-mini"),
            ("é?", "éü"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("gpt-4o", "gpt-4o-mini"), ("gpt-*", "xgpt-4"), ("?", ""), ("a*b", "ac"), ("*-mini", "mini"), ("", "a")]
        {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn a_text_fits_itself_with_parts_left_open(text in "[ab/]{0,12}", at in 0_usize..13, length in 0_usize..13) {
            let (at, end) = (at.min(text.len()), (at + length).min(text.len()));
            let open = format!("{}*{}", &text[..at], &text[end.max(at)..]);
            prop_assert!(fits(&open, &text));
            prop_assert!(fits(&text, &text));
            prop_assert_eq!(fits(&format!("{text}?"), &text), false);
        }
    }
}

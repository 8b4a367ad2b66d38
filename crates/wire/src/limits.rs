//! What a provider says of a caller's budget, and the same in the headers of another dialect.
//!
//! Seen in OpenAI's and Anthropic's pages on rate limits, and in those of Groq, Cerebras and Together (November 2026).

mod reset;

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use crate::DialectId;

/// Figures kept of one answer. Guards memory against a provider that sends thousands; the longest known set has 18.
const FIGURES_MAX: usize = 32;
/// Bytes of one figure's value; the longest known is a moment of 30.
const VALUE_BYTES_MAX: usize = 64;

/// Those who name such headers alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Openai,
    Anthropic,
}

/// What their names begin with.
const PREFIXES: [(&str, Family); 5] = [
    ("x-ratelimit-", Family::Openai),
    ("x-tokenlimit-", Family::Openai),
    ("anthropic-ratelimit-", Family::Anthropic),
    ("anthropic-priority-", Family::Anthropic),
    ("anthropic-fast-", Family::Anthropic),
];

/// One budget: how much it is, how much is left, and when it will be whole again.
struct Budget {
    limit: Names,
    remaining: Names,
    /// A span at OpenAI, a moment at Anthropic.
    reset: Names,
}

/// What a figure is called in each family.
struct Names {
    anthropic: &'static str,
    openai: &'static str,
    /// By OpenAI's look-alikes: Cerebras names the span of time, Together does not say what is counted.
    also: [&'static str; 2],
}

/// What both families can say. That input and output have budgets of their own only Anthropic says; its `tokens` is the
/// tightest of them.
static BUDGETS: [Budget; 2] = [
    Budget {
        limit: Names {
            anthropic: "anthropic-ratelimit-requests-limit",
            openai: "x-ratelimit-limit-requests",
            also: ["x-ratelimit-limit-requests-day", "x-ratelimit-limit"],
        },
        remaining: Names {
            anthropic: "anthropic-ratelimit-requests-remaining",
            openai: "x-ratelimit-remaining-requests",
            also: ["x-ratelimit-remaining-requests-day", "x-ratelimit-remaining"],
        },
        reset: Names {
            anthropic: "anthropic-ratelimit-requests-reset",
            openai: "x-ratelimit-reset-requests",
            also: ["x-ratelimit-reset-requests-day", "x-ratelimit-reset"],
        },
    },
    Budget {
        limit: Names {
            anthropic: "anthropic-ratelimit-tokens-limit",
            openai: "x-ratelimit-limit-tokens",
            also: ["x-ratelimit-limit-tokens-minute", "x-tokenlimit-limit"],
        },
        remaining: Names {
            anthropic: "anthropic-ratelimit-tokens-remaining",
            openai: "x-ratelimit-remaining-tokens",
            also: ["x-ratelimit-remaining-tokens-minute", "x-tokenlimit-remaining"],
        },
        reset: Names {
            anthropic: "anthropic-ratelimit-tokens-reset",
            openai: "x-ratelimit-reset-tokens",
            also: ["x-ratelimit-reset-tokens-minute", "x-tokenlimit-reset"],
        },
    },
];

impl Names {
    fn hold(&self, name: &str) -> bool {
        self.anthropic == name || self.openai == name || self.also.contains(&name)
    }

    fn of(&self, family: Family) -> &'static str {
        match family {
            Family::Openai => self.openai,
            Family::Anthropic => self.anthropic,
        }
    }
}

/// What a provider said of a caller's budget: names in lower case, and values, word for word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateLimits(Vec<(Box<str>, Box<str>)>);

/// One budget of a caller's own, as we count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// How much it is.
    pub limit: u64,
    /// What is left of it.
    pub remaining: u64,
    /// In how long it is whole again.
    pub reset: Duration,
}

/// What a caller may have of what is limited, and has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of a limit")]
pub struct Remaining {
    pub requests: Option<Figure>,
    pub tokens: Option<Figure>,
}

impl Remaining {
    /// Hands over the headers that clients of `dialect` know for it, name and value; Ollama and Gemini have none.
    pub fn tell(&self, dialect: DialectId, now: SystemTime, mut header: impl FnMut(&'static str, &str)) {
        let Some(to) = family_of(dialect) else { return };
        // Both are whole again at the same time, as a rule.
        let mut reset_in_words: Option<(Duration, String)> = None;
        for (figure, names) in [self.requests, self.tokens].into_iter().zip(&BUDGETS) {
            let Some(Figure { limit, remaining, reset }) = figure else { continue };
            header(names.limit.of(to), itoa::Buffer::new().format(limit));
            header(names.remaining.of(to), itoa::Buffer::new().format(remaining));
            let known = reset_in_words.take().filter(|(of, _)| *of == reset);
            let (_, words) = reset_in_words.insert(known.unwrap_or_else(|| (reset, reset::write(reset, to, now))));
            header(names.reset.of(to), words);
        }
    }
}

impl RateLimits {
    /// Picks those of an answer's headers, names in lower case, that speak of a budget.
    pub fn read<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let figures = headers.filter(|(name, value)| is_limit(name) && value.len() <= VALUE_BYTES_MAX);
        Self(figures.take(FIGURES_MAX).map(|(name, value)| (name.into(), value.trim().into())).collect())
    }

    /// The same as headers that clients of `dialect` know, none of them twice: those of its own family as they came, of
    /// the other what its own has a name for. Ollama and Gemini have no such headers.
    pub fn in_dialect(&self, dialect: DialectId, now: SystemTime) -> Vec<(&str, Cow<'_, str>)> {
        let Some(to) = family_of(dialect) else { return Vec::new() };
        let figures = || self.0.iter().map(|(name, value)| (&**name, &**value));
        let own = figures().filter(|(name, _)| family_in(name) == Some(to));
        let mut told: Vec<_> = own.map(|(name, value)| (name, Cow::Borrowed(value))).collect();
        for (name, value) in figures().filter_map(|(name, value)| translated(name, value, to, now)) {
            if !told.iter().any(|(other, _)| *other == name) {
                told.push((name, value));
            }
        }
        told
    }

    /// How long the last of the budgets that are used up will stay so, where that is said.
    pub fn wait(&self, now: SystemTime) -> Option<Duration> {
        let used_up = BUDGETS.iter().filter(|budget| self.find(&budget.remaining).is_some_and(|(_, left)| left == "0"));
        used_up
            .filter_map(|budget| self.find(&budget.reset).and_then(|(from, text)| reset::read(text, from, now)))
            .max()
    }

    fn find(&self, names: &Names) -> Option<(Family, &str)> {
        let (name, value) = self.0.iter().find(|(name, _)| names.hold(name))?;
        Some((family_in(name)?, value))
    }
}

/// Whether a header, its name in lower case, speaks of somebody's budget.
pub fn is_limit(name: &str) -> bool {
    family_in(name).is_some()
}

/// A figure of the other family in the words of `to`; `None` when that has none for it, or the value is no figure.
fn translated<'a>(name: &str, value: &'a str, to: Family, now: SystemTime) -> Option<(&'static str, Cow<'a, str>)> {
    let from = family_in(name).filter(|from| *from != to)?;
    for Budget { limit, remaining, reset } in &BUDGETS {
        if reset.hold(name) {
            return Some((reset.of(to), Cow::Owned(reset::write(reset::read(value, from, now)?, to, now))));
        }
        let names = [limit, remaining].into_iter().find(|names| names.hold(name));
        if let Some(names) = names {
            // Azure says -1 where it does not count.
            let counted = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            return counted.then_some((names.of(to), Cow::Borrowed(value)));
        }
    }
    None
}

fn family_in(name: &str) -> Option<Family> {
    // All headers of an answer are asked about, and most begin otherwise.
    if !matches!(name.as_bytes(), [b'a' | b'x', ..]) {
        return None;
    }
    PREFIXES.iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, family)| *family)
}

fn family_of(dialect: DialectId) -> Option<Family> {
    match dialect {
        DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::OpenaiResponses => Some(Family::Openai),
        DialectId::Anthropic => Some(Family::Anthropic),
        DialectId::Ollama | DialectId::Gemini => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> SystemTime {
        // 2026-11-21T17:16:00Z
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_281_360)
    }

    #[track_caller]
    fn check(headers: &[(&str, &str)], dialect: DialectId, expected: &[(&str, &str)]) {
        let limits = RateLimits::read(headers.iter().copied());
        let told = limits.in_dialect(dialect, now());
        let told: Vec<(&str, &str)> = told.iter().map(|(name, value)| (*name, &**value)).collect();
        assert_eq!(told, expected, "{}", dialect.as_str());
    }

    const OPENAI: &[(&str, &str)] = &[
        ("x-ratelimit-limit-requests", "100"),
        ("x-ratelimit-remaining-requests", "99"),
        ("x-ratelimit-reset-requests", "6m0s"),
        ("x-ratelimit-limit-tokens", "40000"),
        ("x-ratelimit-remaining-tokens", "39000"),
        ("x-ratelimit-reset-tokens", "12s"),
    ];

    const ANTHROPIC: &[(&str, &str)] = &[
        ("anthropic-ratelimit-requests-limit", "100"),
        ("anthropic-ratelimit-requests-remaining", "99"),
        ("anthropic-ratelimit-requests-reset", "2026-11-21T17:22:00Z"),
        ("anthropic-ratelimit-tokens-limit", "40000"),
        ("anthropic-ratelimit-tokens-remaining", "39000"),
        ("anthropic-ratelimit-tokens-reset", "2026-11-21T17:16:12Z"),
    ];

    #[test]
    fn all_that_is_known_begins_with_one_of_the_letters_that_are_looked_at() {
        assert!(PREFIXES.iter().all(|(prefix, family)| family_in(prefix) == Some(*family)));
    }

    #[test]
    fn the_table_goes_both_ways() {
        check(OPENAI, DialectId::Anthropic, ANTHROPIC);
        for dialect in [DialectId::OpenaiChat, DialectId::OpenaiCompletions, DialectId::OpenaiResponses] {
            check(ANTHROPIC, dialect, OPENAI);
            check(OPENAI, dialect, OPENAI);
        }
        check(ANTHROPIC, DialectId::Anthropic, ANTHROPIC);
        for dialect in [DialectId::Ollama, DialectId::Gemini] {
            check(OPENAI, dialect, &[]);
            check(ANTHROPIC, dialect, &[]);
        }
    }

    #[test]
    fn our_own_figures_are_told_to_both() {
        let figure = |limit, remaining, seconds| Some(Figure { limit, remaining, reset: Duration::from_secs(seconds) });
        let remaining = Remaining { requests: figure(100, 99, 360), tokens: figure(40_000, 39_000, 12) };
        let told = |remaining: Remaining, dialect| -> Vec<(&str, String)> {
            let mut headers = Vec::new();
            remaining.tell(dialect, now(), |name, value| headers.push((name, value.to_owned())));
            headers
        };
        let owned = |headers: &[(&'static str, &str)]| -> Vec<(&str, String)> {
            headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
        };
        assert_eq!(told(remaining, DialectId::OpenaiChat), owned(OPENAI));
        assert_eq!(told(remaining, DialectId::Anthropic), owned(ANTHROPIC));
        assert_eq!(told(remaining, DialectId::Gemini), []);
        assert_eq!(told(Remaining::default(), DialectId::OpenaiChat), []);
    }

    #[test]
    fn look_alikes_names_are_known_too() {
        let cerebras = [("x-ratelimit-remaining-requests-day", "7"), ("x-ratelimit-reset-requests-day", "60.5")];
        let known = [
            ("anthropic-ratelimit-requests-remaining", "7"),
            ("anthropic-ratelimit-requests-reset", "2026-11-21T17:17:01Z"),
        ];
        check(&cerebras, DialectId::Anthropic, &known);
        check(&cerebras, DialectId::OpenaiChat, &cerebras);
        check(&[("x-tokenlimit-limit", "5")], DialectId::Anthropic, &[("anthropic-ratelimit-tokens-limit", "5")]);
    }

    #[test]
    fn what_means_nothing_to_the_other_family_stays_behind() {
        let odd = [
            ("x-ratelimit-limit-audio-seconds", "9"),
            ("x-ratelimit-limit-requests", "-1"),
            ("x-ratelimit-remaining-requests", ""),
            ("x-ratelimit-reset-tokens", "soon"),
            ("content-type", "text/plain"),
        ];
        check(&odd, DialectId::Anthropic, &[]);
        check(&odd, DialectId::OpenaiChat, &odd[..4]);
        check(&[("anthropic-ratelimit-input-tokens-limit", "9")], DialectId::OpenaiChat, &[]);
    }

    #[test]
    fn a_header_of_the_clients_own_goes_before_a_translated_one() {
        let both = [("anthropic-ratelimit-tokens-limit", "1"), ("x-ratelimit-limit-tokens", "2")];
        check(&both, DialectId::OpenaiChat, &both[1..]);
        check(&both, DialectId::Anthropic, &both[..1]);
    }

    #[test]
    fn a_flood_of_figures_is_cut() {
        let names: Vec<String> = (0..100).map(|number| format!("x-ratelimit-{number}")).collect();
        let limits = RateLimits::read(names.iter().map(|name| (name.as_str(), "1")));
        assert_eq!(limits.in_dialect(DialectId::OpenaiChat, now()).len(), FIGURES_MAX);
        let long = "1".repeat(VALUE_BYTES_MAX + 1);
        assert_eq!(RateLimits::read([("x-ratelimit-limit", &*long)].into_iter()), RateLimits::default());
    }

    #[test]
    fn what_is_used_up_says_how_long_to_wait() {
        let wait = |headers: &[(&str, &str)]| RateLimits::read(headers.iter().copied()).wait(now());
        assert_eq!(wait(OPENAI), None);
        assert_eq!(wait(&[("x-ratelimit-remaining-tokens", "0")]), None);
        let used_up = [
            ("anthropic-ratelimit-requests-remaining", "0"),
            ("anthropic-ratelimit-requests-reset", "2026-11-21T17:16:30Z"),
            ("anthropic-ratelimit-tokens-remaining", "0"),
            ("anthropic-ratelimit-tokens-reset", "2026-11-21T17:17:00Z"),
        ];
        assert_eq!(wait(&used_up), Some(Duration::from_secs(60)));
        let used_up = [("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "1.5s")];
        assert_eq!(wait(&used_up), Some(Duration::from_millis(1500)));
    }
}

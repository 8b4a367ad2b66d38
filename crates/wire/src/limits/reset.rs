//! When a budget is whole again: a span at OpenAI and its look-alikes, a moment at Anthropic.

use std::time::{Duration, SystemTime};

use super::Family;
use crate::timestamp;

/// Longest span that is believed; guards the clock's arithmetic. Budgets are of a day at most.
const SPAN_MAX: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// Seconds of each unit, longer names before those that they begin with.
const UNITS: [(&str, f64); 6] = [("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9), ("h", 3600.0), ("m", 60.0), ("s", 1.0)];

/// How long until then, as a provider of this family says it; a moment that has passed is no time at all.
pub(super) fn read(text: &str, from: Family, now: SystemTime) -> Option<Duration> {
    let span = match from {
        Family::Openai => span(text, now)?,
        Family::Anthropic => {
            let then = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(timestamp::read(text)?))?;
            then.duration_since(now).unwrap_or_default()
        }
    };
    Some(span.min(SPAN_MAX))
}

/// The same in the other's words, in whole seconds and never too early.
pub(super) fn write(span: Duration, to: Family, now: SystemTime) -> String {
    match to {
        Family::Openai => {
            let seconds = seconds_up(span);
            let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
            // As Go writes it: no unit is left out between the first and the seconds. Each answer to a key with limits has
            // it, so that it does without `format!`.
            let (mut text, mut digits) = (String::new(), itoa::Buffer::new());
            for (number, unit, is_said) in
                [(hours, "h", hours > 0), (minutes, "m", hours > 0 || minutes > 0), (seconds, "s", true)]
            {
                if is_said {
                    text.push_str(digits.format(number));
                    text.push_str(unit);
                }
            }
            text
        }
        Family::Anthropic => {
            let since_epoch = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            timestamp::write(seconds_up(since_epoch.saturating_add(span)))
        }
    }
}

fn seconds_up(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

/// Numbers from here on are moments, in seconds or milliseconds since the Unix epoch: both are later than 2001.
const EPOCH_SECONDS: f64 = 1e9;
const EPOCH_MILLIS: f64 = 1e12;

/// `6m0s`, `12ms`, `2m59.56s`; Cerebras and Together write seconds without a unit, OpenRouter a moment in milliseconds.
fn span(text: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(number) = text.parse::<f64>() {
        let moment = if number >= EPOCH_MILLIS { number / 1000.0 } else { number };
        if moment >= EPOCH_SECONDS {
            let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            return seconds_of((moment - now.as_secs_f64()).max(0.0));
        }
        return seconds_of(number);
    }
    let (mut rest, mut seconds) = (text, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| letter != '.' && !letter.is_ascii_digit())?;
        let (number, unit) = rest.split_at_checked(digits)?;
        let (name, worth) = UNITS.iter().find(|(name, _)| unit.starts_with(name))?;
        seconds += number.parse::<f64>().ok()? * worth;
        rest = unit.strip_prefix(name)?;
    }
    seconds_of(seconds).filter(|_| !text.is_empty())
}

fn seconds_of(seconds: f64) -> Option<Duration> {
    (seconds >= 0.0).then(|| Duration::try_from_secs_f64(seconds.min(SPAN_MAX.as_secs_f64())).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn now() -> SystemTime {
        // 2026-11-21T17:16:00.25Z
        SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_281_360_250)
    }

    #[test]
    fn spans_are_read_as_vendors_write_them() {
        let ms = |ms| Some(Duration::from_millis(ms));
        for (text, expected) in [
            ("12ms", ms(12)),
            ("1s", ms(1_000)),
            ("6m0s", ms(360_000)),
            ("2m59.5s", ms(179_500)),
            ("1h0m1s", ms(3_601_000)),
            ("33011.5", ms(33_011_500)),
            ("0", ms(0)),
            ("1e300", Some(SPAN_MAX)),
            ("99999999h", Some(SPAN_MAX)),
            ("-1", None),
            ("NaN", None),
            ("", None),
            ("s", None),
            ("1", ms(1_000)),
            ("1x", None),
            ("1s2", None),
            ("1.2.3s", None),
            ("tomorrow", None),
            // Moments: half a minute from now, then one that has passed.
            ("1795281390.25", ms(30_000)),
            ("1795281390250", ms(30_000)),
            ("1795281360", ms(0)),
        ] {
            assert_eq!(read(text, Family::Openai, now()), expected, "{text:?}");
        }
    }

    #[test]
    fn moments_are_read_from_now_on() {
        let read = |text| read(text, Family::Anthropic, now());
        assert_eq!(read("2026-11-21T17:17:00Z"), Some(Duration::from_millis(59_750)));
        assert_eq!(read("2026-11-21T17:15:00Z"), Some(Duration::ZERO));
        assert_eq!(read("9999-12-31T23:59:59Z"), Some(SPAN_MAX));
        assert_eq!(read("12s"), None);
    }

    #[test]
    fn what_is_written_is_never_too_early() {
        let openai = |ms| write(Duration::from_millis(ms), Family::Openai, now());
        assert_eq!(["0s", "1s", "1m0s", "1h0m0s", "1h1m1s"], [0, 12, 60_000, 3_600_000, 3_661_000].map(openai)[..]);
        assert_eq!(write(Duration::from_secs(59), Family::Anthropic, now()), "2026-11-21T17:17:00Z");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[0-9hmsun.e-]{0,24}|.{0,24}") {
            for family in [Family::Openai, Family::Anthropic] {
                if let Some(span) = read(&text, family, now()) {
                    prop_assert!(span <= SPAN_MAX);
                }
            }
        }

        #[test]
        fn a_span_goes_there_and_back(seconds in 0..SPAN_MAX.as_secs()) {
            let span = Duration::from_secs(seconds);
            prop_assert_eq!(read(&write(span, Family::Openai, now()), Family::Openai, now()), Some(span));
        }
    }
}

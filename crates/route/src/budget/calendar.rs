//! When periods begin and end, in UTC.

use trunkline_config::file::BudgetPeriod;
use trunkline_wire::timestamp;

use crate::live::Moment;

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
const WEEK_MS: u64 = 7 * DAY_MS;
/// The first Monday: 1970-01-05.
const FIRST_MONDAY_MS: u64 = 4 * DAY_MS;
/// Longer than any month, and shorter than any two.
const BEYOND_A_MONTH_MS: u64 = 32 * DAY_MS;

/// When the period that holds this moment began.
pub fn begins(period: BudgetPeriod, now: Moment) -> Moment {
    let Moment(now_ms) = now;
    Moment(match period {
        BudgetPeriod::Hour => now_ms - now_ms % HOUR_MS,
        BudgetPeriod::Day => now_ms - now_ms % DAY_MS,
        BudgetPeriod::Week => now_ms.saturating_sub((now_ms + WEEK_MS - FIRST_MONDAY_MS) % WEEK_MS),
        BudgetPeriod::Month => month(now_ms),
        BudgetPeriod::Total => 0,
    })
}

/// When it ends; for good, never.
pub fn ends(period: BudgetPeriod, now: Moment) -> Moment {
    let Moment(from_ms) = begins(period, now);
    Moment(match period {
        BudgetPeriod::Hour => from_ms + HOUR_MS,
        BudgetPeriod::Day => from_ms + DAY_MS,
        BudgetPeriod::Week => from_ms + WEEK_MS,
        BudgetPeriod::Month => month(from_ms + BEYOND_A_MONTH_MS),
        BudgetPeriod::Total => u64::MAX,
    })
}

/// The first of the month.
fn month(now_ms: u64) -> u64 {
    let text = timestamp::write(now_ms / 1_000);
    let first = text.get(.."2026-11".len()).map(|month| format!("{month}-01T00:00:00Z"));
    first.and_then(|first| timestamp::read(&first)).unwrap_or_default() * 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(period: BudgetPeriod, now: &str, from: &str, until: &str) {
        let at = |text: &str| Moment(timestamp::read(text).expect("a moment") * 1_000);
        let now = Moment(at(now).0 + 999);
        assert_eq!((begins(period, now), ends(period, now)), (at(from), at(until)), "{}", period.as_str());
    }

    #[test]
    fn periods_are_those_of_the_calendar_in_utc() {
        let now = "2026-11-22T17:16:59Z";
        check(BudgetPeriod::Hour, now, "2026-11-22T17:00:00Z", "2026-11-22T18:00:00Z");
        check(BudgetPeriod::Day, now, "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z");
        check(BudgetPeriod::Week, now, "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z");
        check(BudgetPeriod::Month, now, "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z");
        check(BudgetPeriod::Week, "2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z");
        check(BudgetPeriod::Month, "2028-02-29T23:59:59Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z");
        check(BudgetPeriod::Month, "2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z");
        assert_eq!(begins(BudgetPeriod::Total, Moment(5)), Moment(0));
        for period in BudgetPeriod::ALL {
            let from = begins(period, Moment(1));
            assert!(from <= Moment(1) && ends(period, Moment(1)) > Moment(1), "{}", period.as_str());
        }
    }
}

//! Moments as text: RFC 3339, which Ollama and Anthropic write.

const SECONDS_OF_DAY: u64 = 86_400;
/// From the first of March of the year 0 to the first of January 1970: a year that ends with February has its leap day
/// last.
const DAYS_TO_EPOCH: u64 = 719_468;
const DAYS_OF_ERA: u64 = 146_097;

/// A moment in UTC, such as `2026-11-21T17:16:00Z`.
pub fn write(seconds: u64) -> String {
    let (days, rest) = (seconds / SECONDS_OF_DAY + DAYS_TO_EPOCH, seconds % SECONDS_OF_DAY);
    let (era, day) = (days / DAYS_OF_ERA, days % DAYS_OF_ERA);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era * 400 + year + next_year;
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Seconds since the Unix epoch; fractions are cut off. `None` for what is no time, or one before the epoch.
pub fn read(text: &str) -> Option<u64> {
    let number = |range: std::ops::Range<usize>| -> Option<u64> {
        text.get(range).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let (era, year) = (year / 400, year % 400);
    let days = era * DAYS_OF_ERA + year * 365 + year / 4 - year / 100 + (153 * month + 2) / 5 + day - 1;
    let utc = days.checked_sub(DAYS_TO_EPOCH)? * SECONDS_OF_DAY + hour * 3600 + minute * 60 + second;
    let zone = text.get(19..)?.trim_start_matches(|letter: char| letter == '.' || letter.is_ascii_digit());
    match zone.split_at_checked(1)? {
        ("Z" | "z", "") => Some(utc),
        ("+", ahead) => utc.checked_sub(offset(ahead)?),
        ("-", behind) => utc.checked_add(offset(behind)?),
        (_, _) => None,
    }
}

/// Seconds of a zone such as `02:00`.
fn offset(text: &str) -> Option<u64> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (u64, u64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 3600 + minutes * 60)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn writes_and_reads_known_moments() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_281_360, "2026-11-21T17:16:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
        ] {
            assert_eq!(write(seconds), text);
            assert_eq!(read(text), Some(seconds));
        }
        assert_eq!(read("2026-11-21T19:16:00.123456789+02:00"), Some(1_795_281_360));
        assert_eq!(read("2026-11-21T13:46:00.1-03:30"), Some(1_795_281_360));
        for text in
            ["", "now", "2026-13-01T00:00:00Z", "1969-12-31T23:59:59Z", "2026-11-21T17:16:00", "2026-11-21T17:16:00é"]
        {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(seconds in 0..253_402_300_800_u64) {
            prop_assert_eq!(read(&write(seconds)), Some(seconds));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            let _ = read(&text);
        }
    }
}

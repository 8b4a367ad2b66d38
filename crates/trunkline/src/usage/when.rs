//! Moments and time zones, as people write them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use thiserror::Error;
use trunkline_config::file;

/// Why a text is no moment, or no zone.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(crate) enum WhenError {
    #[error(
        "{0:?} is no moment; write a day such as `2026-11-22`, a time such as `2026-11-22T08:00:00Z`, or how long ago: `24h`, `30d`"
    )]
    Moment(String),
    #[error("{0:?} is no time zone; write how far its clocks are ahead of UTC, such as `+02:00` or `-0430`, or `utc`")]
    Zone(String),
}

/// A moment, in seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct When(i64);

/// How far clocks are ahead of UTC, in minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Zone(i32);

/// The farthest that any clock is from UTC.
const HOURS_MAX: i32 = 14;

impl When {
    /// A day (its beginning in this zone), a time in UTC, or a period before now.
    pub(crate) fn read(text: &str, zone: Zone, now: SystemTime) -> Result<Self, WhenError> {
        let wrong = || WhenError::Moment(text.to_owned());
        if let Ok(ago) = file::Period::parse(text) {
            return now.checked_sub(ago.duration()).map(Self::of).ok_or_else(wrong);
        }
        let is_day = text.len() == "2026-11-22".len();
        let written = if is_day { format!("{text}T00:00:00Z") } else { text.to_owned() };
        let Self(seconds) = humantime::parse_rfc3339_weak(&written).map(Self::of).map_err(|_| wrong())?;
        Ok(Self(if is_day { seconds - zone.seconds() } else { seconds }))
    }

    pub(crate) fn of(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }

    pub(crate) fn seconds(self) -> i64 {
        self.0
    }
}

impl Zone {
    pub(crate) fn read(text: &str) -> Result<Self, WhenError> {
        let wrong = || WhenError::Zone(text.to_owned());
        if text.eq_ignore_ascii_case("utc") || text == "Z" {
            return Ok(Self(0));
        }
        let (sign, digits) = match text.split_at_checked(1) {
            Some(("+", digits)) => (1, digits),
            Some(("-", digits)) => (-1, digits),
            Some(_) | None => return Err(wrong()),
        };
        let digits = digits.replace(':', "");
        let (hours, minutes) = digits.split_at_checked(2).ok_or_else(wrong)?;
        let number = |digits: &str| {
            let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| format!("0{digits}").parse::<i32>().ok()).flatten().ok_or_else(wrong)
        };
        let (hours, minutes) = (number(hours)?, number(minutes)?);
        if hours > HOURS_MAX || minutes >= 60 || digits.len() > 4 {
            return Err(wrong());
        }
        Ok(Self(sign * (hours * 60 + minutes)))
    }

    pub(crate) fn minutes(self) -> i32 {
        self.0
    }

    fn seconds(self) -> i64 {
        i64::from(self.0) * 60
    }

    /// As it is written behind a time.
    pub(crate) fn suffix(self) -> String {
        if self.0 == 0 {
            return "Z".to_owned();
        }
        let sign = if self.0 < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", self.0.abs() / 60, self.0.abs() % 60)
    }

    /// The day of this moment here, `2026-11-22`.
    pub(crate) fn day(self, start_s: i64) -> String {
        self.local(start_s).chars().take("2026-11-22".len()).collect()
    }

    /// The time here, `2026-11-22T08:00:00+01:00`.
    pub(crate) fn time(self, start_s: i64) -> String {
        format!("{}{}", self.local(start_s).trim_end_matches('Z'), self.suffix())
    }

    fn local(self, start_s: i64) -> String {
        let seconds = u64::try_from(start_s + self.seconds()).unwrap_or(0);
        humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_read_and_written() {
        let read = |text: &str| Zone::read(text).map(|zone| (zone.minutes(), zone.suffix())).map_err(|_| ());
        assert_eq!(read("utc"), Ok((0, "Z".to_owned())));
        assert_eq!(read("+02:00"), Ok((120, "+02:00".to_owned())));
        assert_eq!(read("-0430"), Ok((-270, "-04:30".to_owned())));
        assert_eq!(read("+05"), Ok((300, "+05:00".to_owned())));
        for wrong in ["", "2", "+", "+2", "Berlin", "+15:00", "+01:60", "+-1:00", "+01:000", "é"] {
            assert_eq!(read(wrong), Err(()), "{wrong}");
        }
    }

    #[test]
    fn a_moment_is_a_day_of_the_zone_a_time_or_some_time_ago() {
        let now = UNIX_EPOCH + Duration::from_secs(1_790_812_800);
        let read = |text: &str, zone: &str| When::read(text, Zone::read(zone).unwrap(), now).map(When::seconds);
        assert_eq!(read("2026-10-01", "utc"), Ok(1_790_812_800));
        assert_eq!(read("2026-10-01", "+02:00"), Ok(1_790_812_800 - 7_200));
        assert_eq!(read("2026-10-01T00:00:05Z", "+02:00"), Ok(1_790_812_805));
        assert_eq!(read("24h", "utc"), Ok(1_790_812_800 - 86_400));
        assert_eq!(read("yesterday", "utc"), Err(WhenError::Moment("yesterday".to_owned())));
        let berlin = Zone::read("+02:00").unwrap();
        assert_eq!(berlin.day(1_790_812_800 - 3_600), "2026-10-01");
        assert_eq!(berlin.time(1_790_812_800 - 7_200), "2026-10-01T00:00:00+02:00");
    }
}

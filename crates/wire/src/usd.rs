//! Amounts of money, as whole numbers: no float ever holds one.

use std::fmt;

use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use thiserror::Error;

/// Decimal places of [`Usd`].
const PLACES: u32 = 9;
/// The longest text of an amount: a sign, ten digits, a point and the places.
pub const TEXT_BYTES_MAX: usize = 21;

/// An amount in USD, exact to a billionth. Sums stay at the ends of its range, some nine billion USD away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(i64);

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum DecimalError {
    /// Not digits with at most one point.
    #[error("not a decimal number, 0 or more")]
    NotDecimal,
    /// More decimal places than are kept.
    #[error("finer than {0} decimal places")]
    TooFine(u32),
    /// More than can be held.
    #[error("too large")]
    TooLarge,
}

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many billionths of a USD.
    pub const fn from_nano(nano: i64) -> Self {
        Self(nano)
    }

    /// In billionths of a USD.
    pub const fn nano(self) -> i64 {
        self.0
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of it.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Reads an amount such as `12.50`.
    ///
    /// # Errors
    /// When the text is no decimal number, finer than a billionth, or too large.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        i64::try_from(scaled(text, PLACES)?).map(Self).map_err(|_| DecimalError::TooLarge)
    }
}

/// A plain decimal of at least two places: `0.0123`, `12.50`. Each answer says what it cost, so that it does without
/// `format!`.
impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(self.write(&mut [0; TEXT_BYTES_MAX])).unwrap_or_default())
    }
}

impl Usd {
    /// Writes it as it is shown, in ASCII.
    pub fn write(self, into: &mut [u8; TEXT_BYTES_MAX]) -> &[u8] {
        let mut left = self.0.unsigned_abs();
        let (mut start, mut free) = (into.len(), into.iter_mut().rev());
        let mut put = |byte: u8| {
            if let Some(place) = free.next() {
                *place = byte;
                start -= 1;
            }
        };
        let mut is_said = false;
        for place in (0..PLACES).rev() {
            let digit = (left % 10) as u8;
            left /= 10;
            is_said |= digit != 0 || place < 2;
            if is_said {
                put(b'0' + digit);
            }
        }
        put(b'.');
        loop {
            put(b'0' + (left % 10) as u8);
            left /= 10;
            if left == 0 {
                break;
            }
        }
        if self.0 < 0 {
            put(b'-');
        }
        into.get(start..).unwrap_or_default()
    }
}

/// As a number in JSON, in the same text. Other formats do not know how to write it.
impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// A decimal number such as `0.0375`, times `10^places`.
///
/// # Errors
/// When the text is no decimal number, has more places, or is too large.
pub fn scaled(text: &str, places: u32) -> Result<u128, DecimalError> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(part) {
        return Err(DecimalError::NotDecimal);
    }
    let part = part.trim_end_matches('0');
    let fill = (places as usize).checked_sub(part.len()).ok_or(DecimalError::TooFine(places))?;
    let digits = [whole, part, &"0".repeat(fill)].concat();
    digits.parse().map_err(|_| DecimalError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_plainly() {
        let text = |nano| Usd::from_nano(nano).to_string();
        assert_eq!([text(0), text(1), text(12_300_000)], ["0.00", "0.000000001", "0.0123"]);
        assert_eq!([text(12_500_000_000), text(-70_000_000)], ["12.50", "-0.07"]);
        assert_eq!([text(i64::MAX), text(i64::MIN)], ["9223372036.854775807", "-9223372036.854775808"]);
    }

    #[test]
    fn amounts_are_numbers_in_json() {
        let text = serde_json::to_string(&[Usd::from_nano(12_300_000), Usd::ZERO]).expect("numbers");
        assert_eq!(text, "[0.0123,0.00]");
    }

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        assert_eq!(Usd::parse("12.5").map(Usd::nano), Ok(12_500_000_000));
        assert_eq!(Usd::parse("0.1000000000"), Ok(Usd::from_nano(100_000_000)), "zeros at the end say nothing");
        assert_eq!(Usd::parse("0.0000000001"), Err(DecimalError::TooFine(9)));
        assert_eq!(Usd::parse("9223372036.854775808"), Err(DecimalError::TooLarge));
        assert_eq!(Usd::parse(&"9".repeat(60)), Err(DecimalError::TooLarge));
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "NaN", "inf", "1,5", " 1", "1.2.3", "٣"] {
            assert_eq!(Usd::parse(text), Err(DecimalError::NotDecimal), "{text}");
        }
    }
}

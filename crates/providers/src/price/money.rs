//! Amounts of money and of money a unit, as whole numbers: no float ever holds one.

use std::fmt;

use thiserror::Error;

/// Decimal places of [`Usd`].
const USD_PLACES: u32 = 9;
/// Decimal places of a price a million tokens: a millionth of a million tokens' price is a pico-USD a token.
const MTOK_PLACES: u32 = 6;
/// Decimal places of a price a unit.
const UNIT_PLACES: u32 = 12;

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
        i64::try_from(scaled(text, USD_PLACES)?).map(Self).map_err(|_| DecimalError::TooLarge)
    }

    /// The nearest amount to so many quintillionths (1e-18) of a USD, half to even.
    pub(super) fn from_atto(atto: u128) -> Self {
        const ATTO_PER_NANO: u128 = 1_000_000_000;
        let (whole, rest) = (atto / ATTO_PER_NANO, atto % ATTO_PER_NANO);
        let is_up = rest > ATTO_PER_NANO / 2 || (rest == ATTO_PER_NANO / 2 && whole % 2 == 1);
        Self(i64::try_from(whole + u128::from(is_up)).unwrap_or(i64::MAX))
    }
}

/// A plain decimal of at least two places: `0.0123`, `12.50`.
impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, nano) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let (whole, part) = (nano / 1_000_000_000, nano % 1_000_000_000);
        let places = format!("{part:09}");
        let (cents, finer) = places.split_at(2);
        write!(f, "{sign}{whole}.{cents}{}", finer.trim_end_matches('0'))
    }
}

/// What one unit (a token, a request, a second, an image) costs, in pico-USD.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitPrice(u64);

impl UnitPrice {
    /// Free.
    pub const ZERO: Self = Self(0);
    /// A million USD a unit. Guards the exactness of products: no count of tokens takes them past an `u128`.
    const PICO_MAX: u64 = 1_000_000_000_000_000_000;

    /// So many pico-USD a unit, a million USD at most.
    pub const fn from_pico(pico: u64) -> Self {
        Self(if pico < Self::PICO_MAX { pico } else { Self::PICO_MAX })
    }

    /// In pico-USD a unit.
    pub const fn pico(self) -> u64 {
        self.0
    }

    /// Reads USD a million tokens, such as `0.59`.
    ///
    /// # Errors
    /// When the text is no decimal number, finer than a pico-USD a token, or too large.
    pub fn usd_per_mtok(text: &str) -> Result<Self, DecimalError> {
        Self::read(text, MTOK_PLACES)
    }

    /// Reads USD a unit, such as `0.002`.
    ///
    /// # Errors
    /// When the text is no decimal number, finer than a pico-USD, or too large.
    pub fn usd_per_unit(text: &str) -> Result<Self, DecimalError> {
        Self::read(text, UNIT_PLACES)
    }

    fn read(text: &str, places: u32) -> Result<Self, DecimalError> {
        let pico = u64::try_from(scaled(text, places)?).ok().filter(|pico| *pico <= Self::PICO_MAX);
        pico.map(Self).ok_or(DecimalError::TooLarge)
    }
}

/// A decimal number times `10^places`.
fn scaled(text: &str, places: u32) -> Result<u128, DecimalError> {
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

    #[test]
    fn unit_prices_are_pico_usd_a_unit() {
        assert_eq!(UnitPrice::usd_per_mtok("0.0375").map(UnitPrice::pico), Ok(37_500));
        assert_eq!(UnitPrice::usd_per_mtok("0.0000001"), Err(DecimalError::TooFine(6)));
        assert_eq!(UnitPrice::usd_per_unit("0.002").map(UnitPrice::pico), Ok(2_000_000_000));
        assert_eq!(UnitPrice::usd_per_unit("1000000.5"), Err(DecimalError::TooLarge));
        assert_eq!(UnitPrice::usd_per_mtok("0"), Ok(UnitPrice::ZERO));
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        let nano = |atto| Usd::from_atto(atto).nano();
        assert_eq!([nano(500_000_000), nano(1_500_000_000), nano(2_500_000_000)], [0, 2, 2]);
        assert_eq!([nano(499_999_999), nano(500_000_001), nano(u128::MAX)], [0, 1, i64::MAX]);
    }
}

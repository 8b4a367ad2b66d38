//! What units of work cost, as whole numbers: no float ever holds one.

use trunkline_wire::Usd;
use trunkline_wire::usd::{DecimalError, scaled};

/// Decimal places of a price a million tokens: a millionth of a million tokens' price is a pico-USD a token.
const MTOK_PLACES: u32 = 6;
/// Decimal places of a price a unit.
const UNIT_PLACES: u32 = 12;

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

    /// In USD a million units, as a plain decimal of at least two places.
    pub fn mtok_text(self) -> String {
        decimal(self.0, MTOK_PLACES)
    }

    /// In USD a unit, likewise.
    pub fn usd_text(self) -> String {
        decimal(self.0, UNIT_PLACES)
    }

    /// Reads USD a unit and rounds what is finer than a pico-USD, half up.
    ///
    /// # Errors
    /// When the text is no decimal number, or too large.
    pub fn nearest_usd_per_unit(text: &str) -> Result<Self, DecimalError> {
        let Some((whole, part)) = text.split_once('.') else { return Self::usd_per_unit(text) };
        let Some((kept, rest)) = part.split_at_checked(UNIT_PLACES as usize) else { return Self::usd_per_unit(text) };
        if !rest.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(DecimalError::NotDecimal);
        }
        let up = u64::from(rest.as_bytes().first().is_some_and(|digit| *digit >= b'5'));
        Self::usd_per_unit(&format!("{whole}.{kept}")).map(|price| Self::from_pico(price.0 + up))
    }

    fn read(text: &str, places: u32) -> Result<Self, DecimalError> {
        let pico = u64::try_from(scaled(text, places)?).ok().filter(|pico| *pico <= Self::PICO_MAX);
        pico.map(Self).ok_or(DecimalError::TooLarge)
    }
}

/// The nearest amount to so many quintillionths (1e-18) of a USD, half to even.
pub(super) fn from_atto(atto: u128) -> Usd {
    const ATTO_PER_NANO: u128 = 1_000_000_000;
    let (whole, rest) = (atto / ATTO_PER_NANO, atto % ATTO_PER_NANO);
    let is_up = rest > ATTO_PER_NANO / 2 || (rest == ATTO_PER_NANO / 2 && whole % 2 == 1);
    Usd::from_nano(i64::try_from(whole + u128::from(is_up)).unwrap_or(i64::MAX))
}

/// A number divided by `10^places`, with at least two places.
fn decimal(number: u64, places: u32) -> String {
    let unit = 10_u64.pow(places);
    let part = format!("{:0width$}", number % unit, width = places as usize);
    let (cents, finer) = part.split_at(2);
    format!("{}.{cents}{}", number / unit, finer.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unit_prices_are_pico_usd_a_unit() {
        assert_eq!(UnitPrice::usd_per_mtok("0.0375").map(UnitPrice::pico), Ok(37_500));
        assert_eq!(UnitPrice::usd_per_mtok("0.0000001"), Err(DecimalError::TooFine(6)));
        assert_eq!(UnitPrice::usd_per_unit("0.002").map(UnitPrice::pico), Ok(2_000_000_000));
        assert_eq!(UnitPrice::usd_per_unit("1000000.5"), Err(DecimalError::TooLarge));
        assert_eq!(UnitPrice::usd_per_mtok("0"), Ok(UnitPrice::ZERO));
    }

    #[test]
    fn prices_are_written_as_they_are_read() {
        let text = |mtok| UnitPrice::usd_per_mtok(mtok).map(|price| [price.mtok_text(), price.usd_text()]);
        assert_eq!(text("0.0375"), Ok(["0.0375".to_owned(), "0.0000000375".to_owned()]));
        assert_eq!(text("12.5"), Ok(["12.50".to_owned(), "0.0000125".to_owned()]));
    }

    #[test]
    fn noise_behind_a_pico_is_rounded_away() {
        let pico = |text| UnitPrice::nearest_usd_per_unit(text).map(UnitPrice::pico);
        assert_eq!([pico("0.00000015000000000000002"), pico("0.0000002499999999999")], [Ok(150_000), Ok(250_000)]);
        assert_eq!(
            [pico("1"), pico("0.5"), pico("0.0000000000005")],
            [Ok(1_000_000_000_000), Ok(500_000_000_000), Ok(1)]
        );
        assert_eq!(pico("0.000000000000x"), Err(DecimalError::NotDecimal));
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        let nano = |atto| from_atto(atto).nano();
        assert_eq!([nano(500_000_000), nano(1_500_000_000), nano(2_500_000_000)], [0, 2, 2]);
        assert_eq!([nano(499_999_999), nano(500_000_001), nano(u128::MAX)], [0, 1, i64::MAX]);
    }
}

//! Values with units: periods such as `1m30s`, sizes such as `32MiB`.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The longest period. Keeps "now plus a period" far from where clocks overflow.
const PERIOD_MAX: Duration = Duration::from_secs(366 * 24 * 3600);

/// A period longer than none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(Duration);

/// A period that may be none at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeriodOrZero(Duration);

/// A number of bytes, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(u64);

/// Why a text is not a value with a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitError {
    /// Not a period.
    NotAPeriod,
    /// A number without a unit.
    NoUnit,
    /// No time at all, where some is needed.
    ZeroPeriod,
    /// Longer than a year.
    LongPeriod,
    /// Not a size.
    NotASize,
    /// No bytes, or more than a number holds.
    SizeOutOfRange,
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAPeriod => "is not a period",
            Self::NoUnit => "has no unit",
            Self::ZeroPeriod => "must be longer than zero",
            Self::LongPeriod => "is longer than a year",
            Self::NotASize => "is not a size",
            Self::SizeOutOfRange => "is out of range",
        })
    }
}

impl UnitError {
    /// What to write instead.
    pub fn hint(self) -> &'static str {
        match self {
            Self::NotAPeriod | Self::NoUnit | Self::ZeroPeriod | Self::LongPeriod => {
                "write whole numbers with units, such as `500ms`, `20s`, `1m30s` or `1h`"
            }
            Self::NotASize | Self::SizeOutOfRange => "write bytes as a number, or a text such as `512KiB` or `32MiB`",
        }
    }
}

impl Period {
    /// The name of this format in the schema.
    pub(crate) const FORMAT: &str = "period";

    pub(crate) fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
    pub(crate) fn from_millis(milliseconds: u64) -> Self {
        Self(Duration::from_millis(milliseconds))
    }
    /// Reads `20s`, `500ms`, `1m30s`, `1h`.
    ///
    /// # Errors
    /// When the text is none of these, or none at all, or longer than a year.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let period = period(text)?;
        if period.is_zero() { Err(UnitError::ZeroPeriod) } else { Ok(Self(period)) }
    }
    /// As the standard library has it.
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl PeriodOrZero {
    /// The name of this format in the schema.
    pub(crate) const FORMAT: &str = "period-or-zero";

    pub(crate) fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
    /// Reads what [`Period::parse`] does, and `0s`.
    ///
    /// # Errors
    /// When the text is none of these, or longer than a year.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        period(text).map(Self)
    }
    /// As the standard library has it.
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl Size {
    /// The name of this format in the schema.
    pub(crate) const FORMAT: &str = "size";

    pub(crate) fn from_kibibytes(kibibytes: u64) -> Self {
        Self(kibibytes << 10)
    }
    pub(crate) fn from_mebibytes(mebibytes: u64) -> Self {
        Self(mebibytes << 20)
    }
    /// Reads `32MiB`, `10MB`, `4096`.
    ///
    /// # Errors
    /// When the text is none of these, or zero, or more than 2^63 bytes.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let factor: u64 = match unit.trim_start().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "kb" => 1_000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            _ => return Err(UnitError::NotASize),
        };
        if number.is_empty() {
            return Err(UnitError::NotASize);
        }
        let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
        match bytes {
            Some(bytes) if bytes > 0 && i64::try_from(bytes).is_ok() => Ok(Self(bytes)),
            Some(_) | None => Err(UnitError::SizeOutOfRange),
        }
    }
    /// How many bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

fn period(text: &str) -> Result<Duration, UnitError> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    if rest.is_empty() {
        return Err(UnitError::NotAPeriod);
    }
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count());
        let (unit, after) = after.split_at(after.bytes().take_while(u8::is_ascii_alphabetic).count());
        if number.is_empty() {
            return Err(UnitError::NotAPeriod);
        }
        let unit_ms: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "" if after.is_empty() => return Err(UnitError::NoUnit),
            _ => return Err(UnitError::NotAPeriod),
        };
        let part_ms = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit_ms));
        total = part_ms.and_then(|ms| total.checked_add(Duration::from_millis(ms))).ok_or(UnitError::LongPeriod)?;
        rest = after;
    }
    if total > PERIOD_MAX { Err(UnitError::LongPeriod) } else { Ok(total) }
}

/// The shortest way to write it: one whole number of the largest unit that fits.
fn period_text(period: Duration) -> String {
    let ms = period.as_millis();
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let found = units.into_iter().find(|(unit_ms, _)| ms >= *unit_ms && ms.is_multiple_of(*unit_ms));
    found.map_or_else(|| format!("{ms}ms"), |(unit_ms, unit)| format!("{}{unit}", ms / unit_ms))
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&period_text(self.0))
    }
}

impl fmt::Display for PeriodOrZero {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_zero() { f.write_str("0s") } else { f.write_str(&period_text(self.0)) }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"), (1, "B")];
        let found = units.into_iter().find(|(unit, _)| self.0.is_multiple_of(*unit));
        found.map_or(Ok(()), |(unit, name)| write!(f, "{}{name}", self.0 / unit))
    }
}

/// What the three types share: they are texts to serde, and a text with a format in the schema.
macro_rules! text_with_unit {
    ($type:ident, $schema:expr) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

text_with_unit!(Period, json_schema!({ "type": "string", "format": Period::FORMAT, "examples": ["500ms", "1m30s"] }));
text_with_unit!(PeriodOrZero, json_schema!({ "type": "string", "format": PeriodOrZero::FORMAT }));
text_with_unit!(Size, json_schema!({ "type": ["string", "integer"], "format": Size::FORMAT, "minimum": 1 }));

fn refused<E: de::Error>(error: UnitError) -> E {
    E::custom(format!("{error}; {}", error.hint()))
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(refused)
    }
}

impl<'de> Deserialize<'de> for PeriodOrZero {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(refused)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Bytes(u64),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Bytes(bytes) => Self::parse(&bytes.to_string()).map_err(refused),
            Written::Text(text) => Self::parse(&text).map_err(refused),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_need_whole_numbers_with_units() {
        let read = |text| Period::parse(text).map(|period| period.duration().as_millis());
        let cases = [
            ("500ms", Ok(500)),
            ("20s", Ok(20_000)),
            ("1m30s", Ok(90_000)),
            ("1h", Ok(3_600_000)),
            ("1d", Ok(86_400_000)),
            ("0s", Err(UnitError::ZeroPeriod)),
            ("20", Err(UnitError::NoUnit)),
            ("1m30", Err(UnitError::NoUnit)),
            ("", Err(UnitError::NotAPeriod)),
            ("s", Err(UnitError::NotAPeriod)),
            ("1.5s", Err(UnitError::NotAPeriod)),
            ("-1s", Err(UnitError::NotAPeriod)),
            ("5 s", Err(UnitError::NotAPeriod)),
            ("5w", Err(UnitError::NotAPeriod)),
            ("367d", Err(UnitError::LongPeriod)),
            ("99999999999999999999s", Err(UnitError::LongPeriod)),
        ];
        for (text, want) in cases {
            assert_eq!(read(text), want, "{text:?}");
        }
        assert_eq!(PeriodOrZero::parse("0s"), Ok(PeriodOrZero(Duration::ZERO)));
    }

    #[test]
    fn sizes_take_binary_and_decimal_units() {
        let read = |text| Size::parse(text).map(Size::bytes);
        let cases = [
            ("32MiB", Ok(32 << 20)),
            ("10MB", Ok(10_000_000)),
            ("4 kib", Ok(4096)),
            ("4096", Ok(4096)),
            ("1GiB", Ok(1 << 30)),
            ("", Err(UnitError::NotASize)),
            ("MiB", Err(UnitError::NotASize)),
            ("32M", Err(UnitError::NotASize)),
            ("-1", Err(UnitError::NotASize)),
            ("0", Err(UnitError::SizeOutOfRange)),
            ("9999999999999999999", Err(UnitError::SizeOutOfRange)),
        ];
        for (text, want) in cases {
            assert_eq!(read(text), want, "{text:?}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for text in ["500ms", "20s", "90s", "5m", "1h", "2d"] {
            assert_eq!(Period::parse(text).unwrap().to_string(), text);
        }
        for text in ["32MiB", "1GiB", "3KiB", "1000B"] {
            assert_eq!(Size::parse(text).unwrap().to_string(), text);
        }
    }
}

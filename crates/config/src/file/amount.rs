//! Values that are more than a text: amounts of money, and days.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use trunkline_providers::price::Usd;
use trunkline_wire::timestamp;

/// An amount of money: a text such as `"10.00"`, or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount(pub Usd);

/// A moment, written as one or as the day that it begins; in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day(pub u64);

impl Amount {
    /// The name of this format in the schema.
    pub(crate) const FORMAT: &str = "usd";
    /// What is wrong with others, and what to write instead.
    pub(crate) const REFUSED: (&str, &str) =
        ("is no amount of USD", "write it as a decimal number, such as `\"10.00\"`");

    /// Reads `10`, `10.00`; at most nine decimal places.
    pub fn parse(text: &str) -> Option<Self> {
        Usd::parse(text).ok().map(Self)
    }
}

impl Day {
    /// The name of this format in the schema.
    pub(crate) const FORMAT: &str = "day";
    /// What is wrong with others, and what to write instead.
    pub(crate) const REFUSED: (&str, &str) =
        ("is neither a day nor a moment", "write it as `2027-01-31` or `2027-01-31T12:00:00Z`");

    /// Reads `2027-01-31` and RFC 3339.
    pub fn parse(text: &str) -> Option<Self> {
        let moment =
            if text.len() == "2027-01-31".len() { Cow::Owned(format!("{text}T00:00:00Z")) } else { text.into() };
        timestamp::read(&moment)?.checked_mul(1_000).map(Self)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&timestamp::write(self.0 / 1_000))
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn refused<E: de::Error>((what, hint): (&str, &str)) -> E {
    E::custom(format!("it {what}; {hint}"))
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Whole(u64),
            Number(f64),
            Text(String),
        }
        let text = match Written::deserialize(deserializer)? {
            Written::Whole(number) => number.to_string(),
            // The shortest text that reads back as this number is what was written.
            Written::Number(number) => number.to_string(),
            Written::Text(text) => text,
        };
        Self::parse(&text).ok_or_else(|| refused(Self::REFUSED))
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).ok_or_else(|| refused(Self::REFUSED))
    }
}

impl JsonSchema for Amount {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        if generator.contract().is_serialize() {
            return json_schema!({ "type": "string", "format": Self::FORMAT });
        }
        json_schema!({ "type": ["string", "number"], "format": Self::FORMAT, "minimum": 0 })
    }
}

impl JsonSchema for Day {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Day".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": Self::FORMAT, "examples": ["2027-01-31", "2027-01-31T12:00:00Z"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_texts_or_numbers_and_always_exact() {
        let read = |json: &str| serde_json::from_str::<Amount>(json).ok().map(|amount| amount.0.nano());
        assert_eq!(read("\"10.00\""), Some(10_000_000_000));
        assert_eq!(read("0.1"), Some(100_000_000));
        assert_eq!(read("20"), Some(20_000_000_000));
        assert_eq!(read("0.000000001"), Some(1));
        for wrong in ["\"\"", "-1", "\"$5\"", "0.0000000001", "1e300", "true"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_day_is_its_beginning() {
        let read = |text| Day::parse(text).map(|day| day.to_string());
        assert_eq!(read("2027-01-31").as_deref(), Some("2027-01-31T00:00:00Z"));
        assert_eq!(read("2027-01-31T12:00:00+02:00").as_deref(), Some("2027-01-31T10:00:00Z"));
        for wrong in ["", "tomorrow", "2027-13-01", "31.01.2027"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}

//! Queries: understood to the parameter.

use std::str::FromStr;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::plane::Misasked;

/// Reads the parameters of a query into the fields of the same names; of several of one name the last one counts.
///
/// # Errors
/// When there is no such field, or it cannot be what is said.
pub(crate) fn read<T: DeserializeOwned>(query: Option<&str>) -> Result<T, Misasked> {
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let said: Map<String, Value> = pairs.map(|(name, value)| (name.into_owned(), Value::from(value))).collect();
    serde_path_to_error::deserialize(Value::Object(said))
        .map_err(|error| Misasked { field: error.path().to_string(), message: error.into_inner().to_string() })
}

/// A field that is no text.
///
/// # Errors
/// When the text is nothing of the kind.
pub(crate) fn parsed<'de, D: Deserializer<'de>, T: FromStr>(from: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map(Some).map_err(|_| D::Error::custom(format!("{text:?} is not understood")))
}

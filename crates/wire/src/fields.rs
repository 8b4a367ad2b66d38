//! Reads an object member by member: each taken once, what nobody took is left over word for word.

use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::WireError;
use crate::ir::{At, Extra};

/// The members of one object that nobody took yet. Of a repeated key the last one counts.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    /// What the path of every member begins with, such as `messages[0].`.
    prefix: String,
    map: IndexMap<String, &'a RawValue>,
}

impl<'a> Fields<'a> {
    /// The whole body.
    ///
    /// # Errors
    /// When it is not one JSON object.
    pub(crate) fn of_body(body: &'a [u8]) -> Result<Self, WireError> {
        let map = serde_json::from_slice(body).map_err(|error| {
            if error.is_data() {
                return WireError::NotAnObject;
            }
            // The reader appends the place, which the error states in its own words.
            let what = error.to_string();
            let what = what.split(" at line ").next().unwrap_or_default().to_owned();
            WireError::NotJson { what, line: error.line(), column: error.column() }
        })?;
        Ok(Self { prefix: String::new(), map })
    }

    /// The object that stands at `path`.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn of_value(raw: &'a RawValue, path: String) -> Result<Self, WireError> {
        match serde_json::from_str(raw.get()) {
            Ok(map) => Ok(Self { prefix: path + ".", map }),
            Err(_) => Err(WireError::Wrong { path, expected: "an object" }),
        }
    }

    /// The path of the member `name`.
    pub(crate) fn path(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Where the object itself stands.
    pub(crate) fn at(&self) -> At {
        At::from(self.prefix.strip_suffix('.').unwrap_or(&self.prefix))
    }

    /// Where the member `name` stands.
    pub(crate) fn at_member(&self, name: &str) -> At {
        At::from(self.path(name))
    }

    /// The error that `name` is not there.
    pub(crate) fn missing(&self, name: &str) -> WireError {
        WireError::Missing { path: self.path(name) }
    }

    /// The error that `name` is something else than `expected`.
    pub(crate) fn wrong(&self, name: &str, expected: &'static str) -> WireError {
        WireError::Wrong { path: self.path(name), expected }
    }

    /// Whether the member is there, null or not.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    /// Names of the members that nobody took yet.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.map.keys().map(String::as_str)
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.map.is_empty()
    }

    /// The member's value without taking it; null counts as absent.
    pub(crate) fn look(&self, name: &str) -> Option<&'a RawValue> {
        self.map.get(name).copied().filter(|raw| raw.get() != "null")
    }

    /// The member's value; null counts as absent.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        self.map.shift_remove(name).filter(|raw| raw.get() != "null")
    }

    /// The member, read; null counts as absent.
    ///
    /// # Errors
    /// When it is something else than `expected`, which says for a person what `T` is.
    pub(crate) fn optional<T: DeserializeOwned>(
        &mut self,
        name: &str,
        expected: &'static str,
    ) -> Result<Option<T>, WireError> {
        match self.take(name) {
            None => Ok(None),
            Some(raw) => parse(raw).map(Some).ok_or_else(|| self.wrong(name, expected)),
        }
    }

    /// The member, read.
    ///
    /// # Errors
    /// When it is not there, or something else than `expected`.
    pub(crate) fn required<T: DeserializeOwned>(&mut self, name: &str, expected: &'static str) -> Result<T, WireError> {
        self.optional(name, expected)?.ok_or_else(|| self.missing(name))
    }

    /// The elements of the member, an array; null counts as absent.
    ///
    /// # Errors
    /// When it is something else.
    pub(crate) fn list(&mut self, name: &str, expected: &'static str) -> Result<Option<Vec<&'a RawValue>>, WireError> {
        match self.take(name) {
            None => Ok(None),
            Some(raw) => parse_list(raw).map(Some).ok_or_else(|| self.wrong(name, expected)),
        }
    }

    /// The members of the member, an object; null counts as absent.
    ///
    /// # Errors
    /// When it is something else.
    pub(crate) fn object(&mut self, name: &str) -> Result<Option<Self>, WireError> {
        let path = self.path(name);
        self.take(name).map(|raw| Self::of_value(raw, path)).transpose()
    }

    /// What nobody took, in the order it came.
    pub(crate) fn rest(self) -> Vec<Extra> {
        self.map.into_iter().map(|(name, raw)| Extra { name, raw: raw.to_owned() }).collect()
    }
}

/// The value as a `T`, when it is one.
pub(crate) fn parse<T: DeserializeOwned>(raw: &RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

/// The value of a member `error`, when there was one: some servers always have the member.
pub(crate) fn error_said(raw: &RawValue) -> Option<&RawValue> {
    Some(raw).filter(|raw| says_error(raw.get().as_bytes()))
}

/// The same of its bytes.
pub(crate) fn says_error(value: &[u8]) -> bool {
    !matches!(value, b"null" | b"false" | b"\"\"" | b"{}")
}

/// The elements of an array.
pub(crate) fn parse_list(raw: &RawValue) -> Option<Vec<&RawValue>> {
    serde_json::from_str(raw.get()).ok()
}

/// Whether the value is a string, an object and so on, by its first byte.
pub(crate) fn starts_with(raw: &RawValue, byte: char) -> bool {
    raw.get().starts_with(byte)
}

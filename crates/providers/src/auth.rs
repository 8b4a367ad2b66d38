//! How a key travels.

use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use thiserror::Error;

/// The header that carries a provider's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthStyle {
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// The key alone in a header of this name, lower case, such as `x-api-key`.
    Header(&'static str),
    /// No key at all.
    None,
}

/// A key that cannot be sent. Says nothing of the key itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Nothing, or nothing but white space.
    #[error("the key is empty")]
    Empty,
    /// White space at its ends or within, a line break, or a character outside ASCII.
    #[error("the key holds a character that no key has, such as a space, a line break or a typographic quote")]
    BadCharacter,
}

/// What stands before the key in `Authorization`.
const BEARER: &str = "Bearer ";

impl AuthStyle {
    /// The header that carries `key`, its value marked sensitive so that `Debug` hides it; `None` when this style sends
    /// no key.
    ///
    /// # Errors
    /// When `key` is empty or holds anything but visible ASCII.
    pub fn header(self, key: &str) -> Result<Option<(HeaderName, HeaderValue)>, KeyError> {
        if key.trim().is_empty() {
            return Err(KeyError::Empty);
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(KeyError::BadCharacter);
        }
        let Some((name, prefix)) = self.name_and_prefix() else { return Ok(None) };
        let mut value = HeaderValue::try_from(format!("{prefix}{key}")).map_err(|_| KeyError::BadCharacter)?;
        value.set_sensitive(true);
        Ok(Some((name, value)))
    }

    /// The name of the header that carries the key; `None` when this style sends none.
    pub fn name(self) -> Option<HeaderName> {
        self.name_and_prefix().map(|(name, _)| name)
    }

    /// The key inside a value that [`header`](Self::header) of this style made.
    pub fn key_in(self, value: &HeaderValue) -> Option<&str> {
        let (_, prefix) = self.name_and_prefix()?;
        value.to_str().ok()?.strip_prefix(prefix)
    }

    /// The same key as `value` of this style carries, dressed in another style. `None` when either style sends no key.
    pub fn restyle(self, value: &HeaderValue, other: Self) -> Option<(HeaderName, HeaderValue)> {
        other.header(self.key_in(value)?).ok()?
    }

    fn name_and_prefix(self) -> Option<(HeaderName, &'static str)> {
        match self {
            Self::Bearer => Some((AUTHORIZATION, BEARER)),
            Self::Header(name) => Some((HeaderName::from_static(name), "")),
            Self::None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(style: AuthStyle, key: &str) -> Option<(String, String)> {
        let (name, value) = style.header(key).expect("a good key")?;
        assert!(value.is_sensitive());
        Some((name.to_string(), value.to_str().expect("ASCII").to_owned()))
    }

    #[test]
    fn each_style_puts_the_key_where_it_belongs() {
        let pair = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
        assert_eq!(shown(AuthStyle::Bearer, "sk-1"), pair("authorization", "Bearer sk-1"));
        assert_eq!(shown(AuthStyle::Header("x-api-key"), "sk-1"), pair("x-api-key", "sk-1"));
        assert_eq!(shown(AuthStyle::None, "sk-1"), None);
    }

    #[test]
    fn keys_that_cannot_be_sent_are_refused_without_being_shown() {
        for (key, error) in [
            ("", KeyError::Empty),
            (" \n", KeyError::Empty),
            ("sk-1\n", KeyError::BadCharacter),
            ("sk 1", KeyError::BadCharacter),
            ("“sk-1”", KeyError::BadCharacter),
        ] {
            assert_eq!(AuthStyle::Bearer.header(key), Err(error));
            assert!(!error.to_string().contains("sk"));
        }
    }

    #[test]
    fn debug_of_a_key_header_hides_the_key() {
        let header = AuthStyle::Bearer.header("sk-secret").expect("a good key");
        assert!(!format!("{header:?}").contains("secret"));
    }

    #[test]
    fn a_key_changes_style_for_the_model_list() {
        let (_, value) = AuthStyle::Bearer.header("sk-1").expect("a good key").expect("Bearer sends one");
        let restyled = AuthStyle::Bearer.restyle(&value, AuthStyle::Header("x-api-key"));
        assert_eq!(restyled, Some((HeaderName::from_static("x-api-key"), HeaderValue::from_static("sk-1"))));
        assert_eq!(AuthStyle::Bearer.restyle(&value, AuthStyle::None), None);
    }
}

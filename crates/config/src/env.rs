//! The environment and the store's secrets, passed in; and `${VAR}` and `secret:NAME` in the document.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::nearest::nearest;
use crate::stored::{PREFIX, StoredSecrets, is_secret_name};

/// Variables by name, and secrets by theirs. Its `Debug` shows names only: values may be keys.
#[derive(Clone, Default)]
pub struct Env {
    variables: HashMap<String, String>,
    secrets: Arc<StoredSecrets>,
}

impl Env {
    /// The same, with these secrets.
    #[must_use]
    pub fn with_secrets(&self, secrets: Arc<StoredSecrets>) -> Self {
        Self { variables: self.variables.clone(), secrets }
    }

    /// The value, when set and not blank; surrounding white space, such as a file's last line feed, is cut off.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
    /// The same, with further variables: those that it has itself stay as they are.
    #[must_use]
    pub fn with(&self, more: &[(String, String)]) -> Self {
        let mut variables = self.variables.clone();
        for (name, value) in more {
            if self.get(name).is_none() {
                variables.insert(name.clone(), value.clone());
            }
        }
        Self { variables, secrets: Arc::clone(&self.secrets) }
    }
    /// The value as it is.
    fn raw(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }
    fn secret(&self, name: &str) -> Result<&str, ReferenceError> {
        match &*self.secrets {
            StoredSecrets::Known(secrets) => match secrets.get(name) {
                Some(Some(secret)) => Ok(secret.expose()),
                Some(None) => Err(ReferenceError::Shut(name.to_owned())),
                None => Err(ReferenceError::NoSecret {
                    name: name.to_owned(),
                    near: nearest(name, secrets.keys().map(String::as_str)).map(str::to_owned),
                }),
            },
            StoredSecrets::Unreadable(why) => {
                Err(ReferenceError::Unreadable { name: name.to_owned(), why: why.clone() })
            }
        }
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { variables, secrets: Arc::default() }
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<&String> = self.variables.keys().collect();
        names.sort();
        f.debug_set().entries(names).finish()
    }
}

/// Why a `${VAR}` or a `secret:NAME` cannot be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReferenceError {
    /// The variable is not set.
    Undefined(String),
    /// `${` without `}`, or around something that is no name.
    Malformed,
    /// `secret:` before something that is no name.
    NoName,
    /// The store has no such secret.
    NoSecret {
        name: String,
        /// One that has nearly this name.
        near: Option<String>,
    },
    /// It has, but it does not open.
    Shut(String),
    /// Whether it has cannot be told.
    Unreadable { name: String, why: String },
}

/// Replaces a text that names a secret, and each `${VAR}` in others; `$${` stands for a plain `${`.
///
/// # Errors
/// When a secret or a variable is not there, or a reference is not well formed.
pub(crate) fn expand<'t>(text: &'t str, env: &Env) -> Result<Cow<'t, str>, ReferenceError> {
    if let Some(name) = text.strip_prefix(PREFIX) {
        let named = is_secret_name(name).then_some(name).ok_or(ReferenceError::NoName)?;
        return env.secret(named).map(|secret| Cow::Owned(secret.to_owned()));
    }
    if !text.contains("${") {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(plain) = before.strip_suffix('$') {
            out.push_str(plain);
            out.push_str("${");
            rest = after;
            continue;
        }
        let (name, after) = after.split_once('}').ok_or(ReferenceError::Malformed)?;
        if !is_name(name) {
            return Err(ReferenceError::Malformed);
        }
        out.push_str(before);
        out.push_str(env.raw(name).ok_or_else(|| ReferenceError::Undefined(name.to_owned()))?);
        rest = after;
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

/// The variables that a text names.
pub(crate) fn references(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").zip(text.split("${").skip(1)).filter_map(|(before, after)| {
        let (name, _) = after.split_once('}')?;
        (!before.ends_with('$') && is_name(name)).then_some(name)
    })
}

fn is_name(name: &str) -> bool {
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    starts && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_replaced_once_and_only_when_well_formed() {
        let env = Env::from_iter([("A", "one"), ("B_2", "${A}"), ("EMPTY", "")]);
        let cases = [
            ("plain", Ok("plain")),
            ("${A}", Ok("one")),
            ("x-${A}-${A}-y", Ok("x-one-one-y")),
            ("${B_2}", Ok("${A}")),
            ("[${EMPTY}]", Ok("[]")),
            ("$${A}", Ok("${A}")),
            ("$A", Ok("$A")),
            ("${C}", Err(ReferenceError::Undefined("C".into()))),
            ("${A", Err(ReferenceError::Malformed)),
            ("${}", Err(ReferenceError::Malformed)),
            ("${A B}", Err(ReferenceError::Malformed)),
            ("secret:", Err(ReferenceError::NoName)),
            ("secret:a b", Err(ReferenceError::NoName)),
            ("secret:groq", Err(ReferenceError::NoSecret { name: "groq".into(), near: None })),
        ];
        for (text, want) in cases {
            assert_eq!(expand(text, &env).as_deref(), want.as_deref(), "{text:?}");
        }
    }

    #[test]
    fn secrets_are_replaced_whole_and_as_they_are() {
        let secrets = [("groq", Some("${A}")), ("other", None)];
        let secrets = secrets.map(|(name, secret)| (name.to_owned(), secret.map(crate::Secret::new)));
        let known = Env::from_iter([("A", "one")]).with_secrets(Arc::new(StoredSecrets::Known(secrets.into())));
        assert_eq!(expand("secret:groq", &known).as_deref(), Ok("${A}"));
        assert_eq!(expand("a secret:groq", &known).as_deref(), Ok("a secret:groq"));
        assert_eq!(expand("secret:other", &known), Err(ReferenceError::Shut("other".into())));
        let near = Some("groq".to_owned());
        assert_eq!(expand("secret:grok", &known), Err(ReferenceError::NoSecret { name: "grok".into(), near }));
        let unreadable = known.with_secrets(Arc::new(StoredSecrets::Unreadable("no key".into())));
        let error = ReferenceError::Unreadable { name: "groq".into(), why: "no key".into() };
        assert_eq!(expand("secret:groq", &unreadable), Err(error));
        assert_eq!(expand("${A}", &unreadable).as_deref(), Ok("one"));
        assert_eq!(format!("{known:?}"), r#"{"A"}"#);
    }

    #[test]
    fn a_text_names_the_variables_it_refers_to() {
        let cases: [(&str, &[&str]); 4] =
            [("", &[]), ("${A}", &["A"]), ("x${A}${B_2}y$${C}", &["A", "B_2"]), ("${A B} ${C", &[])];
        for (text, want) in cases {
            assert_eq!(references(text).collect::<Vec<_>>(), want, "{text:?}");
        }
    }

    #[test]
    fn debug_shows_names_only() {
        assert_eq!(format!("{:?}", Env::from_iter([("A", "canary")])), r#"{"A"}"#);
    }
}

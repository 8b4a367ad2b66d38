//! The environment, passed in; and `${VAR}` in the document.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

/// Variables by name. Its `Debug` shows names only: values may be keys.
#[derive(Clone, Default)]
pub struct Env(HashMap<String, String>);

impl Env {
    /// The value, when set and not blank; surrounding white space, such as a file's last line feed, is cut off.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
    /// The same, with further variables: those that it has itself stay as they are.
    #[must_use]
    pub fn with(&self, more: &[(String, String)]) -> Self {
        let mut variables = self.0.clone();
        for (name, value) in more {
            if self.get(name).is_none() {
                variables.insert(name.clone(), value.clone());
            }
        }
        Self(variables)
    }
    /// The value as it is.
    fn raw(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<&String> = self.0.keys().collect();
        names.sort();
        f.debug_set().entries(names).finish()
    }
}

/// Why a `${VAR}` cannot be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReferenceError {
    /// The variable is not set.
    Undefined(String),
    /// `${` without `}`, or around something that is no name.
    Malformed,
    /// `secret:NAME`.
    Stored,
}

/// Replaces each `${VAR}`; `$${` stands for a plain `${`.
///
/// # Errors
/// When a variable is not set, or a reference is not well formed.
pub(crate) fn expand<'t>(text: &'t str, env: &Env) -> Result<Cow<'t, str>, ReferenceError> {
    if text.starts_with("secret:") {
        return Err(ReferenceError::Stored);
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
            ("secret:groq", Err(ReferenceError::Stored)),
        ];
        for (text, want) in cases {
            assert_eq!(expand(text, &env).as_deref(), want.as_deref(), "{text:?}");
        }
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

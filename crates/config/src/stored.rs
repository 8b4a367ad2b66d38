//! Secrets that the store keeps, passed in; and `secret:NAME` in the document.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::env::{Env, expand};
use crate::path::Path;
use crate::secret::Secret;

/// What a text begins with that names a stored secret.
pub(crate) const PREFIX: &str = "secret:";

/// The longest name of a secret. Keeps lists readable, and paths short.
const NAME_BYTES_MAX: usize = 64;

/// The secrets of the store, as far as they can be read. Its `Debug` shows names only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredSecrets {
    /// All there are, by name; `None`: this one does not open.
    Known(BTreeMap<String, Option<Secret>>),
    /// None of them can be read, for this reason.
    Unreadable(String),
}

impl Default for StoredSecrets {
    fn default() -> Self {
        Self::Known(BTreeMap::new())
    }
}

/// A text of a document that names a stored secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretReference {
    /// The secret.
    pub name: String,
    /// Where it is named.
    pub path: Path,
}

/// Whether a text can be the name of a secret: letters, digits, `-`, `_` and `.`, 64 at most, a letter or digit first.
pub fn is_secret_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let begins = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    begins && name.len() <= NAME_BYTES_MAX && name.bytes().all(plain)
}

/// Every place of a document that names a stored secret, in the order of the document; none in what is no TOML.
pub fn secret_references(text: &str) -> Vec<SecretReference> {
    let mut found = Vec::new();
    if let Ok(tree) = DeTable::parse(text) {
        in_table(tree.get_ref(), &Path::default(), &mut found);
    }
    found
}

/// The database that a document names, as far as that can be told before its secrets are known.
pub(crate) fn stated_store(text: &str, env: &Env) -> Option<Secret> {
    let tree = DeTable::parse(text).ok()?;
    let url = tree.get_ref().get("store")?.get_ref().as_table()?.get("url")?.get_ref().as_str()?;
    let known = !url.starts_with(PREFIX);
    known.then(|| expand(url, env).ok().map(Secret::new))?
}

fn in_table(table: &DeTable<'_>, at: &Path, found: &mut Vec<SecretReference>) {
    for (key, value) in table {
        in_value(value, &at.key(key.get_ref()), found);
    }
}

fn in_value(value: &Spanned<DeValue<'_>>, at: &Path, found: &mut Vec<SecretReference>) {
    match value.get_ref() {
        DeValue::String(text) => {
            let name = text.strip_prefix(PREFIX).filter(|name| is_secret_name(name));
            found.extend(name.map(|name| SecretReference { name: name.to_owned(), path: at.clone() }));
        }
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                in_value(item, &at.index(index), found);
            }
        }
        DeValue::Table(table) => in_table(table, at, found),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_words() {
        for name in ["a", "groq", "GROQ_2", "0.a-b", &"a".repeat(64)] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["", "-a", ".", "a b", "a/b", "\u{e9}", "a:b", &"a".repeat(65)] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn a_document_names_secrets_wherever_a_text_may_be() {
        let text = "[providers.groq]\nkeys = [\"secret:one\", { key = 'secret:other' }, \"x\"]\nnote = \"a secret:no\"\n\
             [a.\"b c\"]\nd = \"secret:one\"\ne = \"secret:\"\nf = \"secret:a b\"\n";
        let found = secret_references(text).into_iter().map(|found| (found.name, found.path.to_string()));
        let expected =
            [("one", "a.\"b c\".d"), ("one", "providers.groq.keys[0]"), ("other", "providers.groq.keys[1].key")];
        let mut found: Vec<_> = found.collect();
        found.sort();
        assert_eq!(found, expected.map(|(name, path)| (name.to_owned(), path.to_owned())));
        assert_eq!(secret_references("= no TOML"), []);
    }

    #[test]
    fn the_store_is_known_before_its_secrets() {
        let env = Env::from_iter([("DB", "postgres://me:pass@host/db")]);
        let found = |text: &str| stated_store(text, &env).map(|url| url.expose().to_owned());
        assert_eq!(found("[store]\nurl = \"${DB}\"\n").as_deref(), Some("postgres://me:pass@host/db"));
        assert_eq!(found("store.url = 'sqlite:x.db'\nnonsense = 1\n").as_deref(), Some("sqlite:x.db"));
        for text in ["", "[store]\nurl = \"secret:db\"\n", "[store]\nurl = \"${NONE}\"\n", "[store]\nurl = 1\n", "["] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}

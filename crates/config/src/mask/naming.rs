//! Names for the secrets of a document that says them.

use std::collections::BTreeSet;
use std::fmt;

use crate::edit::{Splice, splice, value};
use crate::path::{Path, Step};
use crate::write::inline;

use super::{is_mask, masked, slots};

/// Characters of a name that are taken from the secret's place. Leaves room for a number.
const NAME_CHARS: usize = 56;

/// A document that names its secrets, and what they are by their names.
#[derive(Clone, PartialEq, Eq)]
pub struct NamedSecrets {
    /// What the document says.
    pub text: String,
    /// Names and secrets, in the order of the document.
    pub secrets: Vec<(String, String)>,
}

/// What `text` says, its secrets named by what is not `taken`. One that is no TOML stays as it is.
pub fn name_secrets(text: &str, mut taken: BTreeSet<String>) -> NamedSecrets {
    let (mut splices, mut secrets) = (Vec::new(), Vec::new());
    if let (Some(spans), Ok(mut tree)) = (slots::spans(text), value(text)) {
        slots::each(&Path::default(), &mut tree, &mut |at, secret| {
            let is_said = masked(secret).is_some() && !is_mask(secret);
            if let Some(span) = spans.get(at).filter(|_| is_said) {
                let name = free(&name_of(at), &taken);
                taken.insert(name.clone());
                let reference = inline(&format!("secret:{name}").into());
                splices.push(Splice { start: span.start, end: span.end, text: reference });
                secrets.push((name, secret.clone()));
            }
        });
    }
    NamedSecrets { text: splice(text, splices), secrets }
}

fn free(wanted: &str, taken: &BTreeSet<String>) -> String {
    let numbered = (2_usize..).map(|number| format!("{wanted}-{number}"));
    let mut names = std::iter::once(wanted.to_owned()).chain(numbered);
    names.find(|name| !taken.contains(name)).unwrap_or_default()
}

impl fmt::Debug for NamedSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not what they are.
        let names = self.secrets.iter().map(|(name, _)| name).collect::<Vec<_>>();
        f.debug_struct("NamedSecrets").field("names", &names).finish_non_exhaustive()
    }
}

/// What a secret is called that stands there: after its provider, as the pages call those that are typed, else after its
/// place.
fn name_of(at: &Path) -> String {
    let part = |step: &Step| match step {
        Step::Key(key) => key.clone(),
        Step::Index(index) => (index + 1).to_string(),
    };
    let parts: Vec<String> = match at.steps() {
        [Step::Key(top), provider, Step::Key(field)] if top == "providers" && field == "key" => vec![part(provider)],
        [Step::Key(top), provider, Step::Key(field), index, ..] if top == "providers" && field == "keys" => {
            vec![part(provider), part(index)]
        }
        all => all.iter().map(part).collect(),
    };
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' };
    parts.join("-").chars().take(NAME_CHARS).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored::is_secret_name;

    #[test]
    fn secrets_are_named_after_their_places_and_the_rest_stays() {
        let text = "# mine\n[providers.groq]\nkey = \"gsk-1\" # theirs\n\n[providers.\"a b\"]\nkeys = [\"one\", \
                    { key = \"two\" }, \"${THREE}\"]\n\n[[client_keys]]\nname = \"ada\"\nkey = \"sk-ada\"\n";
        let NamedSecrets { text: named, secrets } = name_secrets(text, ["groq".to_owned()].into());
        assert_eq!(
            named,
            "# mine\n[providers.groq]\nkey = \"secret:groq-2\" # theirs\n\n[providers.\"a b\"]\nkeys = \
             [\"secret:a-b-1\", { key = \"secret:a-b-2\" }, \"${THREE}\"]\n\n[[client_keys]]\nname = \"ada\"\nkey = \
             \"secret:client_keys-1-key\"\n"
        );
        let secrets: Vec<_> = secrets.iter().map(|(name, secret)| (&**name, &**secret)).collect();
        assert_eq!(secrets, [("groq-2", "gsk-1"), ("a-b-1", "one"), ("a-b-2", "two"), ("client_keys-1-key", "sk-ada")]);
        assert!(secrets.iter().all(|(name, _)| is_secret_name(name)));
        assert_eq!(name_secrets(&named, BTreeSet::new()), NamedSecrets { text: named.clone(), secrets: Vec::new() });
        assert_eq!(name_secrets("no = toml =", BTreeSet::new()).text, "no = toml =");
    }
}

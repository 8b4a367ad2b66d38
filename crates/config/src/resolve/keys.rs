//! The keys of a provider.

use trunkline_providers::{AuthStyle, KeyError, Vendor};

use super::Resolver;
use crate::file::{KeySection, KeyStrategy, ProviderAuth, ProviderSection};
use crate::path::Path;
use crate::snapshot::{Key, KeyLimits};

impl Resolver<'_, '_> {
    pub(super) fn keys(&mut self, provider: &str, section: &ProviderSection, vendor: &Vendor, at: &Path) -> Vec<Key> {
        let listed = section.keys.iter().enumerate().map(|(index, key)| (at.key("keys").index(index), key.clone()));
        let one = section.key.iter().map(|key| (at.key("key"), KeySection::from(key.clone())));
        let stated: Vec<_> = one.chain(listed).collect();
        let Some((first, _)) = stated.first() else {
            self.need_key(section, vendor, at);
            return Vec::new();
        };
        if section.key.is_some() && !section.keys.is_empty() {
            self.findings.at(first, "`key` and `keys` are both stated", Some("put it into `keys`".to_owned()));
        }
        let unused = match section.auth {
            ProviderAuth::Keys => vendor.auth == AuthStyle::None,
            ProviderAuth::Passthrough | ProviderAuth::None => true,
        };
        if unused {
            self.findings.at(
                first,
                "this provider's `auth` sends no keys",
                Some("drop the keys, or `auth`".to_owned()),
            );
            return Vec::new();
        }
        let mut keys: Vec<Key> = Vec::with_capacity(stated.len());
        for (at, stated) in stated {
            match push_key(&mut keys, vendor, provider, stated.key.expose().trim()) {
                Ok(Pushed::Added) => {
                    if let Some(key) = keys.last_mut() {
                        say_more(key, &stated, section);
                    }
                }
                Ok(Pushed::Unsent) => {}
                Ok(Pushed::Known) => {
                    self.findings.notes.push(format!("{at}: the same key is stated before; it counts once"));
                }
                Err(error) => self.findings.at(&at, error.to_string(), None),
            }
        }
        keys
    }

    fn need_key(&mut self, section: &ProviderSection, vendor: &Vendor, at: &Path) {
        let marred = self.findings.is_marred(&at.key("keys")) || self.findings.is_marred(&at.key("key"));
        if !vendor.needs_key || section.auth != ProviderAuth::Keys || marred {
            return;
        }
        let example = vendor.key_variable.unwrap_or("VAR");
        let hint = format!(
            "write `keys = [\"${{{example}}}\"]`, or `auth = \"none\"` when it is a look-alike that needs none"
        );
        self.findings.at(at, format!("`{}` needs a key, and there is none", vendor.id), Some(hint));
    }
}

/// What a document says of a key beside its text.
fn say_more(key: &mut Key, stated: &KeySection, section: &ProviderSection) {
    key.weight = stated.weight;
    key.limits =
        KeyLimits { requests_per_minute: stated.requests_per_minute, tokens_per_minute: stated.tokens_per_minute };
    key.is_counted = key.limits != KeyLimits::default() || section.key_strategy == KeyStrategy::LeastUsed;
}

/// What became of a key.
pub(super) enum Pushed {
    /// It joined the others.
    Added,
    /// It is one of them.
    Known,
    /// The vendor is sent no keys.
    Unsent,
}

/// Adds a key, in every form in which the vendor wants it, unless it is there.
pub(super) fn push_key(keys: &mut Vec<Key>, vendor: &Vendor, provider: &str, text: &str) -> Result<Pushed, KeyError> {
    let Some((name, header)) = vendor.auth.header(text)? else { return Ok(Pushed::Unsent) };
    if keys.iter().any(|other| other.header == header) {
        return Ok(Pushed::Known);
    }
    let others = vendor.own_auth.iter().filter_map(|(dialect, auth)| {
        let (name, header) = auth.header(text).ok()??;
        Some((*dialect, name, header))
    });
    // What reports and logs call it is counted from 1.
    let label = format!("{provider}#{}", keys.len() + 1).into();
    let (others, limits) = (others.collect(), KeyLimits::default());
    keys.push(Key { label, name, header, others, weight: 1, limits, is_counted: false });
    Ok(Pushed::Added)
}

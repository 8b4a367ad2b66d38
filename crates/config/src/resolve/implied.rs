//! Providers that nobody declared: keys in well-known variables, and servers that discovery found.

use trunkline_providers::{BaseUrl, Vendor};

use super::Resolver;
use super::keys::push_key;
use crate::env::Env;
use crate::snapshot::Key;

/// The highest number behind a well-known variable, such as `GROQ_API_KEY_7`. Bounds the search: numbers may have gaps.
const NUMBERED_KEYS_MAX: usize = 100;

impl Resolver<'_, '_> {
    /// The keys in a vendor's well-known variable and its numbered forms; each key once.
    pub(super) fn implied_keys(&mut self, vendor: &Vendor) -> Vec<Key> {
        let mut keys: Vec<Key> = Vec::new();
        for name in key_variables(vendor, self.env) {
            let Some(text) = self.env.get(&name) else { continue };
            if let Err(error) = push_key(&mut keys, vendor, vendor.id, text) {
                self.findings.outside(&name, error.to_string(), None);
            }
        }
        keys
    }
}

/// The well-known variables that hold keys of a vendor: what a document has to name to say the same.
pub fn key_variables(vendor: &Vendor, env: &Env) -> Vec<String> {
    let numbered = |variable: &'static str| (1..=NUMBERED_KEYS_MAX).map(move |number| format!("{variable}_{number}"));
    let all = vendor
        .key_variable
        .into_iter()
        .flat_map(|variable| std::iter::once(variable.to_owned()).chain(numbered(variable)));
    all.filter(|name| env.get(name).is_some()).collect()
}

/// Whether two URLs lead to the same server; the names of this machine's loopback are one.
pub(super) fn same_place(a: &BaseUrl, b: &BaseUrl) -> bool {
    let is_loopback = |url: &BaseUrl| matches!(url.host.as_str(), "localhost" | "127.0.0.1" | "::1");
    a.port == b.port && (a.host == b.host || is_loopback(a) && is_loopback(b))
}

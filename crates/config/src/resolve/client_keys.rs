//! Who may call.

use std::collections::HashMap;
use std::sync::Arc;

use super::Resolver;
use super::hashed::hashed;
use crate::file::{ClientKeySection, ServerAuth};
use crate::nearest;
use crate::path::{Path, path};
use crate::settings::{Listen, table};
use crate::snapshot::{Allowance, ClientKey, ClientKeys, HeldKeys};

/// What the key in `CLIENT_API_KEY` is called.
const VARIABLE_KEY_NAME: &str = "default";

const HOW_TO_SET_ONE: &str = "set `CLIENT_API_KEY` or add `[[client_keys]]`";
const HOW_TO_MAKE_ONE: &str = "`trunkline keys create` makes one";

impl Resolver<'_, '_> {
    pub(super) fn client_keys(&mut self, listen: &Listen) -> ClientKeys {
        let mut held = HeldKeys::default();
        let before = self.findings.count();
        self.declared_client_keys(&mut held);
        self.variable_client_key(&mut held);
        let sound = self.findings.count() == before && !self.findings.is_marred(&path(&["client_keys"]));
        let stated = self.layers().word(&table::AUTH, None, |word| match word {
            "keys" => Some(ServerAuth::Keys),
            "none" => Some(ServerAuth::None),
            _ => None,
        });
        match stated.or(self.file.server.auth) {
            Some(ServerAuth::None) => {
                if !held.is_empty() {
                    self.findings.notes.push("`auth = \"none\"`: client keys exist but are not asked for".to_owned());
                }
                ClientKeys::Open
            }
            Some(ServerAuth::Keys) | None if !held.is_empty() || !sound => ClientKeys::Required(held),
            Some(ServerAuth::Keys) => {
                self.findings
                    .notes
                    .push(format!("client keys are asked for, and the document has none: {HOW_TO_MAKE_ONE}"));
                ClientKeys::Required(held)
            }
            None if listen.address.ip().to_canonical().is_loopback() => ClientKeys::Unclaimed,
            None => {
                self.refuse_open_port(listen);
                ClientKeys::Required(held)
            }
        }
    }

    fn refuse_open_port(&mut self, listen: &Listen) {
        let message = format!("{} can be reached from other machines, and there is no client key", listen.address);
        let hint = format!(
            "{HOW_TO_SET_ONE}; or say `auth = \"keys\"` in `[server]`, and {HOW_TO_MAKE_ONE}; or let anyone call on purpose: `auth = \"none\"` in `[server]`, or `TRUNKLINE_AUTH=none`"
        );
        match listen.origin {
            Some(origin) => self.findings.outside(origin, message, Some(hint)),
            None => self.findings.at(&path(&["server", "listen"]), message, Some(hint)),
        }
    }

    fn declared_client_keys(&mut self, held: &mut HeldKeys) {
        let mut names: HashMap<&str, usize> = HashMap::new();
        let file = self.file;
        for (index, section) in file.client_keys.iter().enumerate() {
            let at = path(&["client_keys"]).index(index);
            let name = section.name.trim();
            if name.is_empty() {
                self.findings.at(&at.key("name"), "the name is empty", None);
            } else if names.insert(name, index).is_some() {
                self.findings.at(&at.key("name"), format!("another client key is called `{name}`"), None);
            }
            let hash = match hashed(section.key.expose()) {
                Ok(hash) => hash,
                Err((message, hint)) => {
                    self.findings.at(&at.key("key"), message, Some(hint.to_owned()));
                    continue;
                }
            };
            self.check_providers(section, &at);
            if let Some(other) = held.insert(hash, Arc::new(client_key(name, section))) {
                self.findings.at(&at.key("key"), format!("`{}` holds the same key", other.name), None);
            }
        }
    }

    fn check_providers(&mut self, section: &ClientKeySection, at: &Path) {
        let declared = self.declared("providers");
        for (index, name) in section.allowance.providers.iter().enumerate() {
            if self.document.is_some() && !declared.is_empty() && !declared.contains(name) {
                let at = at.key("providers").index(index);
                let message = format!("provider {} is not configured", self.findings.quote(&at));
                let hint = nearest::hint(name, &declared.iter().map(String::as_str).collect::<Vec<_>>());
                self.findings.at(&at, message, hint);
            }
        }
    }

    fn variable_client_key(&mut self, held: &mut HeldKeys) {
        let Some(chosen) = self.layers().variable(&table::CLIENT_API_KEY) else { return };
        match hashed(&chosen.text) {
            // The document may name the very key: `key = "${CLIENT_API_KEY}"`. Then its name stands.
            Ok(hash) if held.contains_key(&hash) => {}
            Ok(_) if held.values().any(|key| &*key.name == VARIABLE_KEY_NAME) => {
                let message = format!("the document has another client key called `{VARIABLE_KEY_NAME}`");
                self.findings.outside(chosen.origin, message, Some("give that one another name".to_owned()));
            }
            Ok(hash) => {
                held.insert(hash, Arc::new(ClientKey::named(VARIABLE_KEY_NAME)));
            }
            Err((message, hint)) => self.findings.outside(chosen.origin, message, Some(hint.to_owned())),
        }
    }
}

fn client_key(name: &str, section: &ClientKeySection) -> ClientKey {
    ClientKey {
        owner: section.owner.as_deref().map(Into::into),
        tags: section.tags.iter().map(|tag| tag.as_str().into()).collect(),
        priority: section.priority,
        allowance: Allowance::of(&section.allowance),
        ..ClientKey::named(name)
    }
}

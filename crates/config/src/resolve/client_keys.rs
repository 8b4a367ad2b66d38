//! Who may call.

use std::collections::HashMap;

use super::Resolver;
use super::hashed::hashed;
use crate::file::{Priority, ServerAuth};
use crate::path::path;
use crate::settings::{Listen, table};
use crate::snapshot::{ClientKey, ClientKeys};

/// What the key in `CLIENT_API_KEY` is called.
const VARIABLE_KEY_NAME: &str = "default";

const HOW_TO_SET_ONE: &str = "set `CLIENT_API_KEY` or add `[[client_keys]]`";

type Held = HashMap<[u8; 32], ClientKey>;

impl Resolver<'_, '_> {
    pub(super) fn client_keys(&mut self, listen: &Listen) -> ClientKeys {
        let mut held = Held::new();
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
                let hint = Some(HOW_TO_SET_ONE.to_owned());
                self.findings.at(&path(&["server", "auth"]), "client keys are asked for, but there is none", hint);
                ClientKeys::Required(held)
            }
            None if listen.address.ip().to_canonical().is_loopback() => ClientKeys::Open,
            None => {
                self.refuse_open_port(listen);
                ClientKeys::Required(held)
            }
        }
    }

    fn refuse_open_port(&mut self, listen: &Listen) {
        let message = format!("{} can be reached from other machines, and there is no client key", listen.address);
        let hint = format!(
            "{HOW_TO_SET_ONE}; or let anyone call on purpose: `auth = \"none\"` in `[server]`, or `TRUNKLINE_AUTH=none`"
        );
        match listen.origin {
            Some(origin) => self.findings.outside(origin, message, Some(hint)),
            None => self.findings.at(&path(&["server", "listen"]), message, Some(hint)),
        }
    }

    fn declared_client_keys(&mut self, held: &mut Held) {
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
            if let Some(other) = held.insert(hash, ClientKey { name: name.into(), priority: section.priority }) {
                self.findings.at(&at.key("key"), format!("`{}` holds the same key", other.name), None);
            }
        }
    }

    fn variable_client_key(&mut self, held: &mut Held) {
        let Some(chosen) = self.layers().variable(&table::CLIENT_API_KEY) else { return };
        match hashed(&chosen.text) {
            // The document may name the very key: `key = "${CLIENT_API_KEY}"`. Then its name stands.
            Ok(hash) if held.contains_key(&hash) => {}
            Ok(_) if held.values().any(|key| &*key.name == VARIABLE_KEY_NAME) => {
                let message = format!("the document has another client key called `{VARIABLE_KEY_NAME}`");
                self.findings.outside(chosen.origin, message, Some("give that one another name".to_owned()));
            }
            Ok(hash) => {
                held.insert(hash, ClientKey { name: VARIABLE_KEY_NAME.into(), priority: Priority::default() });
            }
            Err((message, hint)) => self.findings.outside(chosen.origin, message, Some(hint.to_owned())),
        }
    }
}

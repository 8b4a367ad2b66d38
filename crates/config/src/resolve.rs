//! From what a document says to what requests see.
//!
//! A step that finds something wrong notes it and goes on with the rest, so that all problems come at once; `load`
//! throws the half-made snapshot away then.

mod admin;
mod capabilities;
mod client_keys;
mod enforce;
mod failover;
mod hashed;
mod headers;
mod health;
mod implied;
mod keys;
mod models;
mod patterns;
mod prices;
mod providers;
mod repair;
mod server;

pub(crate) use hashed::HASH_PREFIX;
pub(crate) use headers::name_of as header_name;
pub use implied::key_variables;
pub(crate) use models::NOT_A_TARGETS;

use std::collections::BTreeSet;
use std::sync::Arc;

use trunkline_providers::price::PriceList;
use trunkline_providers::{BaseUrl, Vendor};
use trunkline_wire::filter::Patterns;

use crate::document::Document;
use crate::env::Env;
use crate::file::File;
use crate::findings::Findings;
use crate::settings::{Overrides, layers::Layers, listen, table};
use crate::snapshot::Snapshot;

/// A model server that discovery found. It becomes a provider named after its vendor, unless the document has one of
/// that name, or one at that place.
#[derive(Clone, Debug)]
pub struct FoundEndpoint {
    /// What it turned out to be.
    pub vendor: &'static Vendor,
    /// Where it is.
    pub base_url: BaseUrl,
}

pub(crate) struct Resolver<'a, 'd> {
    pub(crate) file: &'a File,
    /// `None`: there is no document, and the environment implies providers.
    pub(crate) document: Option<&'a Document>,
    pub(crate) env: &'a Env,
    pub(crate) overrides: &'a Overrides,
    pub(crate) found: &'a [FoundEndpoint],
    pub(crate) findings: &'a mut Findings<'d>,
    /// Part of what is done to every model's answers; none until they are resolved.
    pub(crate) patterns: Arc<Patterns>,
    /// What targets cost that say nothing of it; the built-in list until it is resolved.
    pub(crate) prices: Arc<PriceList>,
}

impl<'d> Resolver<'_, 'd> {
    pub(crate) fn resolve(mut self) -> Snapshot {
        let (file, overrides) = (self.file, self.overrides);
        let listen = listen(&file.server.listen, overrides, &mut self.layers());
        let server = self.server(listen.address);
        let client_keys = self.client_keys(&listen);
        let admin = Arc::new(self.admin(&server));
        self.patterns = self.compiled_patterns();
        self.prices = self.stated_prices();
        let providers = self.providers();
        let enforcement = self.enforcement();
        let models = self.models(&providers, &enforcement);
        let default_context_window = self.layers().number(&table::DEFAULT_CONTEXT_WINDOW, 1..=u64::from(u32::MAX));
        Snapshot {
            server,
            providers,
            models,
            models_off: file.models.iter().filter(|(_, model)| !model.enabled).map(|(name, _)| name.clone()).collect(),
            client_keys,
            admin,
            failover: self.failover(),
            prices: self.prices,
            cache_bytes_max: file.cache.bytes_max.bytes(),
            enforcement,
            patterns: self.patterns,
            same_name: file.discovery.same_name,
            default_context_window: default_context_window.unwrap_or(file.default_context_window),
        }
    }

    fn layers(&mut self) -> Layers<'_, 'd> {
        Layers { env: self.env, found: self.findings }
    }

    /// The names the document gives in a section, those of bad or disabled entries too: to refer to one of these is no
    /// further mistake.
    fn declared(&self, section: &str) -> BTreeSet<String> {
        self.document.map(|document| document.keys_of(section)).unwrap_or_default()
    }
}

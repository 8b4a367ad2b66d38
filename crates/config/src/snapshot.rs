//! The resolved configuration: what one request sees from its beginning to its end.

mod admin;
mod allowance;
mod cache;
mod client_keys;
mod enforce;
mod failover;
mod health;
mod model;
mod provider;
mod queue;
mod repair;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use trunkline_providers::price::PriceList;
use trunkline_wire::filter::Patterns;

pub use crate::file::SameName;
pub use admin::{AdminAccess, AdminTokens, Network, OidcClient, PublicUrl};
pub use allowance::{Allowance, Budget};
pub use cache::ModelCache;
pub use client_keys::{ClientKey, ClientKeys, HeldKeys, among, key_hash};
pub use enforce::{CHUNK_DELAY_MAX, ENFORCE_RETRIES_MAX, EnforceSetting, Enforcement};
pub(crate) use failover::UPSTREAM_KINDS;
pub use failover::{
    CircuitLimits, ErrorAction, ErrorCase, Failover, FixToolMessages, KeyStrategy, Strategy, WhenResting,
};
pub use health::HealthCheck;
pub use model::{Model, OnLoss, Target, UpstreamModel};
pub use provider::{AuthMode, Key, KeyLimits, Provider, ProviderModel, ProviderSource, Timeouts};
pub use queue::{Priority, QueueLimits, Room, RoomAmong};
pub use repair::{Repair, StatedRepair, UsualRepairs};

/// Declared models by name.
pub type Models = IndexMap<String, Arc<Model>, foldhash::fast::RandomState>;

/// Everything a request needs to know, immutable.
#[derive(Debug)]
pub struct Snapshot {
    /// Limits and deadlines of the client side.
    pub server: Server,
    /// Enabled providers by name, in the order of the document.
    pub providers: IndexMap<String, Arc<Provider>>,
    /// Declared models by name.
    pub models: Models,
    /// Declared models that are switched off: those who ask for one are told.
    pub models_off: BTreeSet<String>,
    /// Who may call.
    pub client_keys: ClientKeys,
    /// Who may use the admin API.
    pub admin: Arc<AdminAccess>,
    /// How requests are tried again, and when things are left alone.
    pub failover: Failover,
    /// The most bytes of all answers that are kept to be given again.
    pub cache_bytes_max: u64,
    /// Whether answers of models that are not declared must call a tool when they may.
    pub enforcement: Arc<Enforcement>,
    /// Where tool calls stand in texts, as the operator says.
    pub patterns: Arc<Patterns>,
    /// Who serves a name that several providers list and nobody declares.
    pub same_name: SameName,
    /// What models cost where neither a model nor a target of the document says it.
    pub prices: Arc<PriceList>,
    /// Shown for models whose context window nobody states.
    pub default_context_window: u64,
}

impl Snapshot {
    /// What is to happen when a request for `model` cannot be said in full; nobody says it for models that are not
    /// declared.
    pub fn on_loss_of(&self, model: &str) -> OnLoss {
        self.models.get(model).map_or(OnLoss::Report, |model| model.on_loss)
    }

    /// A copy that shares no memory with this one, and with no other copy: threads that count references to the same
    /// memory wait for each other.
    pub fn detached(&self) -> Self {
        let providers: IndexMap<String, Arc<Provider>> =
            self.providers.iter().map(|(name, provider)| (name.clone(), Arc::new(provider.detached()))).collect();
        Self {
            models: self
                .models
                .iter()
                .map(|(name, stated)| (name.clone(), Arc::new(stated.detached(&providers))))
                .collect(),
            models_off: self.models_off.clone(),
            server: self.server.clone(),
            client_keys: self.client_keys.detached(),
            admin: Arc::clone(&self.admin),
            failover: self.failover,
            cache_bytes_max: self.cache_bytes_max,
            enforcement: Arc::new(Enforcement::clone(&self.enforcement)),
            patterns: Arc::new(Patterns::clone(&self.patterns)),
            same_name: self.same_name,
            prices: Arc::clone(&self.prices),
            default_context_window: self.default_context_window,
            providers,
        }
    }
}

impl Server {
    /// Where the admin API is asked.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_listen.unwrap_or(self.listen)
    }

    /// Everywhere that it is asked.
    pub fn admin_addresses(&self) -> impl Iterator<Item = SocketAddr> {
        std::iter::once(self.admin_address()).chain(self.dashboard_listen)
    }
}

/// Limits and deadlines of the client side.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where to listen for the admin API, if that is elsewhere.
    pub admin_listen: Option<SocketAddr>,
    /// One more place to listen for the admin API, if there is one.
    pub dashboard_listen: Option<SocketAddr>,
    /// Largest request body, in bytes.
    pub body_bytes_max: usize,
    /// Longest wait for a request's head.
    pub header_read_timeout: Duration,
    /// Longest silence while a body arrives.
    pub body_read_timeout: Duration,
    /// Longest wait for open requests when stopping.
    pub drain_timeout: Duration,
    /// Most requests open at once.
    pub requests_max: usize,
    /// Browser origins that may call; `*` admits all. Empty: none.
    pub cors_origins: Vec<String>,
    /// Whether answers say what they cost in LiteLLM's words as well.
    pub litellm_headers: bool,
}

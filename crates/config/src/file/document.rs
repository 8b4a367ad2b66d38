//! The whole document.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    AdminSection, ClientKeySection, DiscoverySection, FailoverSection, LedgerSection, LogSection, ModelSection,
    ProviderSection, QueueSection, ServerSection, StoreSection,
};

/// What Trunkline listens on, whom it lets in, and where it sends requests. Any string may contain `${VAR}`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "trunkline.toml")]
pub struct File {
    /// The listener, its limits and deadlines.
    #[serde(default)]
    pub server: ServerSection,
    /// What is logged, and how.
    #[serde(default)]
    pub log: LogSection,
    /// Who may use the admin API.
    #[serde(default)]
    pub admin: AdminSection,
    /// Where the ledger of requests is kept.
    #[serde(default)]
    pub store: StoreSection,
    /// How requests are recorded, and for how long.
    #[serde(default)]
    pub ledger: LedgerSection,
    /// How model servers are found without being declared.
    #[serde(default)]
    pub discovery: DiscoverySection,
    /// What happens when a provider does not answer as it should.
    #[serde(default)]
    pub failover: FailoverSection,
    /// How requests wait where there is no room.
    #[serde(default)]
    pub queue: QueueSection,
    /// The context window shown for a model when neither its provider nor this document states one.
    #[serde(default = "default_context_window")]
    #[schemars(range(min = 1), extend("x-unit" = "tokens"))]
    pub default_context_window: u64,
    /// Upstreams by name. The name is the prefix in `provider/model`.
    #[serde(default)]
    pub providers: IndexMap<String, ProviderSection>,
    /// Who may call.
    #[serde(default)]
    pub client_keys: Vec<ClientKeySection>,
    /// The names clients ask for, and who serves them.
    #[serde(default)]
    pub models: IndexMap<String, ModelSection>,
}

impl Default for File {
    fn default() -> Self {
        Self {
            server: ServerSection::default(),
            log: LogSection::default(),
            admin: AdminSection::default(),
            store: StoreSection::default(),
            ledger: LedgerSection::default(),
            discovery: DiscoverySection::default(),
            failover: FailoverSection::default(),
            queue: QueueSection::default(),
            default_context_window: default_context_window(),
            providers: IndexMap::new(),
            client_keys: Vec::new(),
            models: IndexMap::new(),
        }
    }
}

fn default_context_window() -> u64 {
    128_000
}

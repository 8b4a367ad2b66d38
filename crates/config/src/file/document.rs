//! The whole document.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    AdminSection, CacheSection, ClientKeySection, DiscoverySection, EnforceSection, FailoverSection, LedgerSection,
    LogSection, ModelSection, PatternSection, PriceSection, ProviderSection, QueueSection, ReplicasSection,
    ServerSection, StoreSection,
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
    /// Who may use the admin API and its pages.
    #[serde(default)]
    pub admin: AdminSection,
    /// Where the ledger of requests is kept.
    #[serde(default)]
    pub store: StoreSection,
    /// How requests are recorded, and for how long.
    #[serde(default)]
    pub ledger: LedgerSection,
    /// How several replicas share limits, budgets and rests.
    #[serde(default)]
    pub replicas: ReplicasSection,
    /// How model servers are found without being declared.
    #[serde(default)]
    pub discovery: DiscoverySection,
    /// What happens when a provider does not answer as it should.
    #[serde(default)]
    pub failover: FailoverSection,
    /// How requests wait where there is no room.
    #[serde(default)]
    pub queue: QueueSection,
    /// Answers that are kept in memory for requests that say the same.
    #[serde(default)]
    pub cache: CacheSection,
    /// Whether models must call a tool when they are offered some, where a model says nothing of its own.
    #[serde(default)]
    pub enforce_tool_call: EnforceSection,
    /// The context window shown for a model when neither its provider nor this document states one.
    #[serde(default = "default_context_window")]
    #[schemars(range(min = 1), extend("x-unit" = "tokens"))]
    pub default_context_window: u64,
    /// Whether the ten patterns that ship are tried, too. For most of what they find, Trunkline knows better ways.
    #[serde(default)]
    pub default_patterns: bool,
    /// Upstreams by name. The name is the prefix in `provider/model`.
    #[serde(default)]
    pub providers: IndexMap<String, ProviderSection>,
    /// Who may call.
    #[serde(default)]
    pub client_keys: Vec<ClientKeySection>,
    /// Where tool calls stand in texts of which Trunkline does not know it by itself.
    #[serde(default)]
    pub patterns: Vec<PatternSection>,
    /// The names clients ask for, and who serves them.
    #[serde(default)]
    pub models: IndexMap<String, ModelSection>,
    /// What models cost, in place of the price list, by `provider/model`: the provider's name and its own name for the
    /// model. What a model or a target states goes before.
    #[serde(default)]
    pub prices: IndexMap<String, PriceSection>,
}

impl Default for File {
    fn default() -> Self {
        Self {
            server: ServerSection::default(),
            log: LogSection::default(),
            admin: AdminSection::default(),
            store: StoreSection::default(),
            ledger: LedgerSection::default(),
            replicas: ReplicasSection::default(),
            discovery: DiscoverySection::default(),
            failover: FailoverSection::default(),
            queue: QueueSection::default(),
            cache: CacheSection::default(),
            enforce_tool_call: EnforceSection::default(),
            default_context_window: default_context_window(),
            default_patterns: false,
            providers: IndexMap::new(),
            client_keys: Vec::new(),
            patterns: Vec::new(),
            models: IndexMap::new(),
            prices: IndexMap::new(),
        }
    }
}

fn default_context_window() -> u64 {
    128_000
}

//! `[providers.NAME]`

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_wire::DialectId;

use super::repair::BY_PROVIDER;
use super::{
    CapabilitiesSection, ErrorAction, HealthSection, KeySection, KeyStrategy, Period, PeriodOrZero, RepairMode,
    ToolFormat,
};
use crate::Secret;

/// One upstream: what it is, where it is, and whose credentials it gets.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderSection {
    /// What kind of server or vendor it is. Not stated: the name says it, when the name is a type.
    #[serde(default, rename = "type")]
    #[schemars(extend("enum" = vendor_ids(), "x-default" = "the name"))]
    pub vendor: Option<String>,
    /// Whether it is used at all. A disabled one may name variables that are not set.
    #[serde(default = "default_enabled")]
    pub enabled: bool,
    /// Where it is, with or without `/v1`; a pasted path such as `/v1/chat/completions` is cut off.
    #[serde(default)]
    #[schemars(extend("x-default" = "the vendor's own", "x-unit" = "URL"))]
    pub base_url: Option<String>,
    /// The wire formats it speaks, the one to prefer first. Not stated: those of its type.
    #[serde(default)]
    #[schemars(length(min = 1), extend("x-default" = "the type's", "x-unit" = "list of dialects"))]
    pub dialects: Option<Vec<DialectName>>,
    /// Its one key; shorthand for `keys` with one entry.
    #[serde(default)]
    pub key: Option<Secret>,
    /// Its keys: texts, or tables that say more of them.
    #[serde(default)]
    #[schemars(extend("x-unit" = "list of texts or tables"))]
    pub keys: Vec<KeySection>,
    /// Which of its keys is used first.
    #[serde(default)]
    pub key_strategy: KeyStrategy,
    /// How long a key rests after a failure that calls for it, unless the provider says how long; `0s`: never.
    #[serde(default)]
    #[schemars(extend("x-default" = "5s over its rate, 1m when refused, 1h without money"))]
    pub key_cooldown: Option<PeriodOrZero>,
    /// What follows from its errors, in place of the defaults: by status (`"429"`), by class of status (`"5xx"`), or by
    /// kind (`"overloaded"`).
    #[serde(default)]
    #[schemars(extend("x-unit" = "table of actions"))]
    pub errors: IndexMap<String, ErrorAction>,
    /// Whose credentials go upstream.
    #[serde(default)]
    pub auth: ProviderAuth,
    /// Headers added to every request.
    #[serde(default)]
    pub headers: IndexMap<String, Secret>,
    /// Headers of the client that are handed on although they are not by default.
    #[serde(default)]
    pub forward_headers: Vec<String>,
    /// The longest wait for a connection.
    #[serde(default = "default_connect_timeout")]
    pub connect_timeout: Period,
    /// The longest wait from the request sent to the head of the answer. Long, because local models think long.
    #[serde(default = "default_first_byte_timeout")]
    pub first_byte_timeout: Period,
    /// The longest silence within an answer.
    #[serde(default = "default_idle_timeout")]
    pub idle_timeout: Period,
    /// The longest time for everything. The variable speaks for providers that do not state it.
    #[serde(default)]
    #[schemars(extend("x-default" = "`1h`"))]
    pub total_timeout: Option<Period>,
    /// Requests it has open at most; others wait as `[queue]` says. Not stated: no limit.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub requests_max: Option<u32>,
    /// How it is asked whether it is well. Not stated: not at all.
    #[serde(default)]
    pub health: Option<HealthSection>,
    /// Whether it takes no new requests, while those that are open finish.
    #[serde(default)]
    pub draining: bool,
    /// The longest time that open requests have to finish while it is draining, or a target of it; then they are cut.
    #[serde(default = "default_drain_timeout")]
    pub drain_timeout: Period,
    /// Tokens each of its models can take and give in all. Not stated: what it reports itself.
    #[serde(default)]
    #[schemars(range(min = 1), extend("x-unit" = "tokens"))]
    pub context_window: Option<u64>,
    /// What is known of single models, by the provider's own name for them.
    #[serde(default)]
    pub models: IndexMap<String, ProviderModelSection>,
}

/// A wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DialectName {
    /// OpenAI Chat Completions, and embeddings.
    OpenaiChat,
    /// OpenAI's legacy Completions.
    OpenaiCompletions,
    /// OpenAI Responses.
    OpenaiResponses,
    /// Anthropic Messages.
    Anthropic,
    /// Ollama's own API.
    Ollama,
    /// Gemini's generateContent.
    Gemini,
}

impl DialectName {
    /// The dialect of this name.
    pub fn id(self) -> DialectId {
        match self {
            Self::OpenaiChat => DialectId::OpenaiChat,
            Self::OpenaiCompletions => DialectId::OpenaiCompletions,
            Self::OpenaiResponses => DialectId::OpenaiResponses,
            Self::Anthropic => DialectId::Anthropic,
            Self::Ollama => DialectId::Ollama,
            Self::Gemini => DialectId::Gemini,
        }
    }
}

/// Whose credentials go upstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProviderAuth {
    /// The provider's keys; none when it has none and needs none.
    #[default]
    Keys,
    /// The client's own, untouched.
    Passthrough,
    /// None at all.
    None,
}

/// What is known of one model of a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderModelSection {
    /// Tokens it can take and give in all.
    #[serde(default)]
    #[schemars(range(min = 1), extend("x-unit" = "tokens"))]
    pub context_window: Option<u64>,
    /// How far calls of tools are repaired that came as text, or with arguments that are broken or do not fit the tool.
    #[serde(default)]
    #[schemars(extend("x-default" = BY_PROVIDER))]
    pub repair: Option<RepairMode>,
    /// In which formats calls are looked for in the text: `"auto"` goes by the model's name.
    #[serde(default)]
    pub tool_format: Option<ToolFormat>,
    /// Whether clients see what the model thought, wherever it wrote it. Not stated: thoughts stay where they are in
    /// answers that pass unread, and are shown as thoughts in all others.
    #[serde(default)]
    pub show_reasoning: Option<bool>,
    /// What it takes.
    #[serde(default)]
    pub capabilities: CapabilitiesSection,
}

impl ProviderSection {
    /// A provider of whose settings nothing is stated.
    pub fn unstated() -> Self {
        Self {
            vendor: None,
            enabled: default_enabled(),
            base_url: None,
            dialects: None,
            key: None,
            keys: Vec::new(),
            key_strategy: KeyStrategy::default(),
            key_cooldown: None,
            errors: IndexMap::new(),
            auth: ProviderAuth::default(),
            headers: IndexMap::new(),
            forward_headers: Vec::new(),
            connect_timeout: default_connect_timeout(),
            first_byte_timeout: default_first_byte_timeout(),
            idle_timeout: default_idle_timeout(),
            total_timeout: None,
            requests_max: None,
            health: None,
            draining: false,
            drain_timeout: default_drain_timeout(),
            context_window: None,
            models: IndexMap::new(),
        }
    }
}

/// What `type` may say.
pub(crate) fn vendor_ids() -> Vec<&'static str> {
    trunkline_providers::registry::ALL.iter().map(|vendor| vendor.id).collect()
}

fn default_enabled() -> bool {
    true
}

fn default_connect_timeout() -> Period {
    Period::from_secs(5)
}

fn default_first_byte_timeout() -> Period {
    Period::from_secs(300)
}

fn default_idle_timeout() -> Period {
    Period::from_secs(120)
}

fn default_drain_timeout() -> Period {
    Period::from_secs(300)
}

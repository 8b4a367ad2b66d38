//! `[models.NAME]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::repair::BY_PROVIDER;
use super::{
    CapabilitiesSection, EnforceSection, FixToolMessages, ModelCacheSection, Period, PeriodOrZero, PriceSection,
    RepairMode, Strategy, ToolFormat,
};

/// A name clients ask for, and who serves it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelSection {
    /// The ways to serve it, at least one; the lowest `priority` is tried first.
    #[schemars(length(min = 1))]
    pub targets: Vec<TargetSection>,
    /// Whether it can be asked for. One that cannot is in no list, and nobody falls back to it.
    #[serde(default = "default_enabled")]
    pub enabled: bool,
    /// The order of targets of the same priority.
    #[serde(default)]
    pub strategy: Strategy,
    /// Declared models whose targets are tried when every target of this one failed.
    #[serde(default)]
    pub fallbacks: Vec<String>,
    /// Declared models that are asked instead when the prompt does not fit this one: larger ones.
    #[serde(default)]
    pub context_fallbacks: Vec<String>,
    /// Declared models that are asked instead when a provider refuses the prompt for its content.
    #[serde(default)]
    pub content_fallbacks: Vec<String>,
    /// When a target has given nothing of its answer for so long, a second one is asked as well: who answers first serves,
    /// the other is cancelled. Both may cost.
    #[serde(default)]
    #[schemars(extend("x-default" = "never"))]
    pub hedge_after: Option<Period>,
    /// Whether a streamed answer that breaks off is gone on with, at a target that can go on from the model's own words.
    /// The tokens of all that took part count.
    #[serde(default)]
    pub continuation: bool,
    /// Tokens it can take and give in all. Not stated: what the first target's provider says.
    #[serde(default)]
    #[schemars(range(min = 1), extend("x-unit" = "tokens"))]
    pub context_window: Option<u64>,
    /// What happens when a target's dialect cannot say all of a request.
    #[serde(default)]
    pub on_loss: OnLoss,
    /// When conversations are put right whose tool messages do not go together.
    #[serde(default)]
    pub fix_tool_messages: FixToolMessages,
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
    /// Whether it must call a tool when it is offered some; what is not stated is as in `[enforce_tool_call]`.
    #[serde(default)]
    pub enforce_tool_call: EnforceSection,
    /// Keeps its answers, and gives them again to requests that say the same.
    #[serde(default)]
    #[schemars(extend("x-default" = "nothing is kept"))]
    pub cache: Option<ModelCacheSection>,
    /// What its targets take, over what their providers say.
    #[serde(default)]
    pub capabilities: CapabilitiesSection,
    /// What it costs, at targets that state no price of their own.
    #[serde(default)]
    #[schemars(extend("x-default" = "as the price list says, else unknown"))]
    pub price: Option<PriceSection>,
}

/// What happens to a request of which a translation would lose something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnLoss {
    /// It is served without, and the answer says what was left out.
    #[default]
    Report,
    /// It is refused.
    Reject,
}

/// One way to serve a model.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetSection {
    /// The provider's name.
    pub provider: String,
    /// The provider's own name for the model.
    pub model: String,
    /// The longest time for everything, in place of the provider's `total_timeout`.
    #[serde(default)]
    #[schemars(extend("x-default" = "the provider's"))]
    pub timeout: Option<Period>,
    /// In place of the provider's `connect_timeout`.
    #[serde(default)]
    #[schemars(extend("x-default" = "the provider's"))]
    pub connect_timeout: Option<Period>,
    /// In place of the provider's `first_byte_timeout`.
    #[serde(default)]
    #[schemars(extend("x-default" = "the provider's"))]
    pub first_byte_timeout: Option<Period>,
    /// In place of the provider's `idle_timeout`.
    #[serde(default)]
    #[schemars(extend("x-default" = "the provider's"))]
    pub idle_timeout: Option<Period>,
    /// How long it rests after a failure that calls for it, unless the provider says how long; `0s`: never.
    #[serde(default)]
    #[schemars(extend("x-default" = "5s when it has no room, 1m otherwise"))]
    pub cooldown: Option<PeriodOrZero>,
    /// Lower is tried first; equal ones as the model's `strategy` says.
    #[serde(default)]
    pub priority: u32,
    /// Its share among targets of the same priority.
    #[serde(default = "default_weight")]
    #[schemars(range(min = 1))]
    pub weight: u32,
    /// Tokens it can take and give in all, in place of the model's. What the provider's own list says goes before.
    #[serde(default)]
    #[schemars(range(min = 1), extend("x-default" = "the model's", "x-unit" = "tokens"))]
    pub context_window: Option<u64>,
    /// What it costs, in place of the model's.
    #[serde(default)]
    #[schemars(extend("x-default" = "the model's"))]
    pub price: Option<PriceSection>,
    /// Requests it has open at most. They do not count toward the provider's `requests_max`, which counts for targets
    /// that state none.
    #[serde(default)]
    #[schemars(range(min = 1), extend("x-default" = "the provider's"))]
    pub requests_max: Option<u32>,
    /// Whether it takes no new requests, while those that are open finish.
    #[serde(default)]
    pub draining: bool,
    /// Fields that its requests say whatever the client says, in the dialect that the provider is spoken to in. A table is
    /// laid over the client's object, member by member.
    #[serde(default)]
    #[schemars(extend("x-unit" = "table of fields"))]
    pub set: Map<String, Value>,
    /// Fields that its requests say when the client does not; as `set` otherwise.
    #[serde(default)]
    #[schemars(extend("x-unit" = "table of fields"))]
    pub default: Map<String, Value>,
    /// Fields that its requests do not say, whatever the client says; the answer names them as lost.
    #[serde(default)]
    pub drop: Vec<String>,
}

fn default_enabled() -> bool {
    true
}

fn default_weight() -> u32 {
    1
}

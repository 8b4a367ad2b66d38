//! Providers as they are outside: what is asked of whoever can ask them, and of whoever counted.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use trunkline_config::{Problems, Provider};
use trunkline_providers::ListedModel;

use crate::auth::Down;

/// Whose last day is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayOf {
    /// Of each provider, by its name.
    Providers,
    /// Of each model, by the name that clients asked for.
    Models,
}

/// What the last 24 hours brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Day {
    /// Requests that ended.
    pub requests: u64,
    /// How many of them failed.
    pub errors: u64,
    /// What they cost in USD, as far as it is known; `None` when nothing of it is.
    pub cost: Option<String>,
    /// How long half of them waited at most for the first byte of an answer, in milliseconds.
    pub first_byte_ms: Option<f64>,
}

/// What came of one step of a test.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TestStep {
    /// Which: `address`, `connection`, `credentials`, `models` or `answer`.
    pub name: String,
    /// Whether it went well.
    pub ok: bool,
    /// How long it took; `null` where nothing was waited for.
    pub ms: Option<f64>,
    /// What was found, or why it failed; never a secret.
    pub detail: Option<String>,
}

/// What came of a test: the steps up to the first that failed.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ProviderTested")]
pub struct Tested {
    /// Whether every step went well.
    pub ok: bool,
    /// In their order.
    pub steps: Vec<TestStep>,
    /// The models that it lists.
    pub models: Vec<String>,
}

/// An answer on its way.
pub type Asked<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Whoever asks providers, and knows what came of requests to them.
pub trait Upstreams: Send + Sync {
    /// What the last day brought, all of one kind at once.
    fn last_day(&self, of: DayOf) -> Asked<Result<HashMap<String, Day>, Down>>;
    /// The models that a provider lists now.
    ///
    /// # Errors
    /// Why they cannot be read, in a sentence.
    fn models_of(&self, provider: Arc<Provider>) -> Asked<Result<Vec<ListedModel>, String>>;
    /// The provider that the document would have, if this were its section.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    fn provider(&self, name: &str, section: &Map<String, Value>) -> Result<Arc<Provider>, Problems>;
    /// The variables that a provider of which the document says nothing has its keys from.
    fn variables_of(&self, provider: &Provider) -> Vec<String>;
    /// Tries a provider, step by step; also whether a model answers, which may cost.
    fn test(&self, provider: Arc<Provider>, model: Option<String>) -> Asked<Tested>;
}

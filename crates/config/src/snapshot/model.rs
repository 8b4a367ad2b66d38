//! Models, resolved.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use indexmap::IndexMap;
use trunkline_providers::Price;
use trunkline_wire::{Capabilities, Parameters, quoted};

use super::provider::own_capabilities;
use super::{Enforcement, FixToolMessages, ModelCache, Provider, Repair, Room, Strategy, Timeouts};

/// A name clients ask for, and who serves it.
#[derive(Clone, Debug)]
pub struct Model {
    /// The name.
    pub name: Arc<str>,
    /// Never empty; ordered by priority, then as written.
    pub targets: Vec<Arc<Target>>,
    /// The order of targets of the same priority.
    pub strategy: Strategy,
    /// After how long without content a second target is asked beside the first; `None`: never.
    pub hedge_after: Option<Duration>,
    /// Whether streamed answers that break off are gone on with.
    pub continuation: bool,
    /// Tokens in and out, when stated.
    pub context_window: Option<u64>,
    /// Declared models to try when every target failed; each exists in [`Snapshot::models`]. Two models may name each
    /// other: whoever follows the names must remember where it was.
    pub fallbacks: Vec<Arc<str>>,
    /// Declared models to ask instead when the prompt does not fit; each exists as well.
    pub context_fallbacks: Vec<Arc<str>>,
    /// Declared models to ask instead when a provider refuses the prompt for its content; each exists as well.
    pub content_fallbacks: Vec<Arc<str>>,
    /// What happens to requests that a target cannot be told in full. Who asks for this model meets this answer, also
    /// at the targets of its fallbacks.
    pub on_loss: OnLoss,
    /// When conversations are put right whose tool messages do not go together.
    pub fix_tool_messages: FixToolMessages,
    /// Whether its answers must call a tool when they may.
    pub enforcement: Arc<Enforcement>,
    /// How its answers are kept to be given again; `None`: they are not.
    pub cache: Option<Arc<ModelCache>>,
}

impl Model {
    /// The same among other providers, in memory of its own.
    pub(super) fn detached(&self, providers: &IndexMap<String, Arc<Provider>>) -> Self {
        let targets = self.targets.iter().map(|target| Arc::new(target.detached(providers))).collect();
        let own = |names: &[Arc<str>]| names.iter().map(|name| Arc::from(&**name)).collect();
        let Self {
            name,
            targets: _,
            strategy,
            hedge_after,
            continuation,
            context_window,
            on_loss,
            fix_tool_messages,
            enforcement,
            cache,
            ..
        } = self;
        Self {
            name: Arc::from(&**name),
            targets,
            strategy: *strategy,
            hedge_after: *hedge_after,
            continuation: *continuation,
            context_window: *context_window,
            fallbacks: own(&self.fallbacks),
            context_fallbacks: own(&self.context_fallbacks),
            content_fallbacks: own(&self.content_fallbacks),
            on_loss: *on_loss,
            fix_tool_messages: *fix_tool_messages,
            enforcement: Arc::new(Enforcement::clone(enforcement)),
            cache: cache.as_deref().map(|cache| Arc::new(cache.clone())),
        }
    }
}

/// What happens to a request of which a translation would lose something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLoss {
    /// It is served without, and the answer says what was left out.
    Report,
    /// It is refused.
    Reject,
}

/// One way to serve a model.
#[derive(Clone, Debug)]
pub struct Target {
    /// Who.
    pub provider: Arc<Provider>,
    /// The provider's own name for the model.
    pub model: Arc<UpstreamModel>,
    /// What it takes of what a client may say.
    pub capabilities: Arc<Capabilities>,
    /// Deadlines, the target's own where it states them.
    pub timeouts: Timeouts,
    /// 0 is tried first.
    pub priority: u32,
    /// Its share among targets of the same priority; at least 1.
    pub weight: u32,
    /// How long it rests after a failure, when stated; zero: never.
    pub cooldown: Option<Duration>,
    /// What it costs; `None` when nobody knows.
    pub price: Option<Arc<Price>>,
    /// How many requests it may have open; `None`: no limit.
    pub room: Option<Room>,
    /// Whether it takes no new requests.
    pub draining: bool,
    /// What is changed in the bodies that it is sent; `None`: nothing.
    pub parameters: Option<Arc<Parameters>>,
    /// What is done to its answers; `None`: nothing.
    pub repair: Option<Arc<Repair>>,
}

impl Target {
    /// The same among other providers.
    fn detached(&self, providers: &IndexMap<String, Arc<Provider>>) -> Self {
        let provider = providers.get(&*self.provider.name).unwrap_or(&self.provider);
        Self {
            provider: Arc::clone(provider),
            model: UpstreamModel::new(&self.model.name),
            capabilities: own_capabilities(&self.capabilities),
            price: self.price.as_deref().map(|price| Arc::new(price.clone())),
            parameters: self.parameters.as_deref().map(|parameters| Arc::new(parameters.clone())),
            repair: self.repair.as_deref().map(|repair| Arc::new(repair.clone())),
            ..self.clone()
        }
    }
}

/// A provider's own name for a model, in every form that a request needs it in: made once here, not for each.
#[derive(Debug, PartialEq, Eq)]
pub struct UpstreamModel {
    /// The name.
    pub name: Arc<str>,
    /// The name as a JSON string.
    pub json: Bytes,
    /// The name as a header's value; `None` when it holds what a header cannot.
    pub header: Option<HeaderValue>,
}

impl UpstreamModel {
    /// All forms of `name`.
    pub fn new(name: &str) -> Arc<Self> {
        Arc::new(Self { name: name.into(), json: quoted(name), header: HeaderValue::from_str(name).ok() })
    }
}

//! Upstreams, resolved.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use indexmap::IndexMap;
use trunkline_providers::price::PriceList;
use trunkline_providers::price::list::Seller;
use trunkline_providers::{BaseUrl, Price, Vendor, capabilities};
use trunkline_wire::{Capabilities, DialectId};

use super::{ErrorAction, ErrorCase, HealthCheck, KeyStrategy, Repair, Room, RoomAmong, StatedRepair, UsualRepairs};

/// One configured upstream.
#[derive(Debug)]
pub struct Provider {
    /// Its name in the config, and the prefix in `provider/model`.
    pub name: Arc<str>,
    /// The name as a header's value; `None` when it holds what a header cannot.
    pub name_header: Option<HeaderValue>,
    /// Facts about its type.
    pub vendor: &'static Vendor,
    /// Who says that there is one.
    pub source: ProviderSource,
    /// Where it is; `None` only for an adapter.
    pub base_url: Option<BaseUrl>,
    /// The wire formats it speaks, the one to prefer first; empty only for an adapter.
    pub dialects: Vec<DialectId>,
    /// Credentials; rotated.
    pub keys: Vec<Arc<Key>>,
    /// Which of them is used first.
    pub key_strategy: KeyStrategy,
    /// How long one of them rests after a failure that calls for it, when stated; zero: never.
    pub key_cooldown: Option<Duration>,
    /// What follows from its errors, where that is not the default.
    pub errors: Vec<(ErrorCase, ErrorAction)>,
    /// Whose credentials go upstream.
    pub auth: AuthMode,
    /// Added to every request.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Headers of the client that are handed on although they are not by default.
    pub forward_headers: Vec<HeaderName>,
    /// Deadlines toward it.
    pub timeouts: Timeouts,
    /// Requests that all its targets without room of their own may have open; `None`: no limit.
    pub requests_max: Option<u32>,
    /// How it is asked whether it is well; `None`: not at all.
    pub health: Option<HealthCheck>,
    /// Whether it takes no new requests.
    pub draining: bool,
    /// How long open requests have to finish while it is draining, or a target of it.
    pub drain_timeout: Duration,
    /// Tokens in and out of each of its models, when stated.
    pub context_window: Option<u64>,
    /// What is done to the answers of its other models.
    pub usual_repairs: UsualRepairs,
    /// What the document states about single models of it, by the provider's own name for them.
    pub models: IndexMap<String, ProviderModel>,
}

/// Who says that there is a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderSource {
    /// The document.
    Document,
    /// A well-known variable that holds its key.
    Environment,
    /// A look at the ports of this machine.
    Probe,
    /// Nobody: it comes with the program.
    BuiltIn,
}

impl ProviderSource {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Environment => "environment",
            Self::Probe => "probe",
            Self::BuiltIn => "built_in",
        }
    }
}

/// The same value in memory of its own.
fn own_value(value: &HeaderValue) -> HeaderValue {
    let mut own = HeaderValue::from_bytes(value.as_bytes()).unwrap_or_else(|_| value.clone());
    own.set_sensitive(value.is_sensitive());
    own
}

impl Provider {
    /// What a model of it costs, as this list says; `None` when nobody knows.
    pub fn listed_price(&self, prices: &PriceList, model: &str) -> Option<Arc<Price>> {
        let seller = Seller { name: &self.name, vendor: self.vendor, base_url: self.base_url.as_ref() };
        prices.price(seller, model).map(Arc::new)
    }

    pub(super) fn detached(&self) -> Self {
        let model = |(id, model): (&String, &ProviderModel)| (id.clone(), model.detached());
        Self {
            name: Arc::from(&*self.name),
            name_header: self.name_header.as_ref().map(own_value),
            vendor: self.vendor,
            source: self.source,
            base_url: self.base_url.clone(),
            dialects: self.dialects.clone(),
            keys: self.keys.iter().map(|key| Arc::new(key.detached())).collect(),
            key_strategy: self.key_strategy,
            key_cooldown: self.key_cooldown,
            errors: self.errors.clone(),
            auth: self.auth,
            headers: self.headers.clone(),
            forward_headers: self.forward_headers.clone(),
            timeouts: self.timeouts,
            requests_max: self.requests_max,
            health: self.health.clone(),
            draining: self.draining,
            drain_timeout: self.drain_timeout,
            context_window: self.context_window,
            usual_repairs: self.usual_repairs.detached(),
            models: self.models.iter().map(model).collect(),
        }
    }

    /// Whether whoever failed to serve as `other` would fail as this one: the place and the keys are the same.
    pub fn is_same_party(&self, other: &Self) -> bool {
        let keys = |provider: &Self| provider.keys.iter().map(|key| key.header.clone()).collect::<Vec<_>>();
        self.vendor.id == other.vendor.id && self.base_url == other.base_url && keys(self) == keys(other)
    }

    /// The room of its targets that have none of their own.
    pub fn room(&self) -> Option<Room> {
        self.requests_max.map(|requests_max| Room { requests_max, among: RoomAmong::Provider })
    }

    /// Tokens in and out of its model `model`, when the document states them for the model or for the provider.
    pub fn context_window_of(&self, model: &str) -> Option<u64> {
        self.models.get(model).and_then(|stated| stated.context_window).or(self.context_window)
    }

    /// What is done to the answers of its model `model`; `None`: nothing.
    pub fn repair_of(&self, model: &str) -> Option<Arc<Repair>> {
        match self.models.get(model) {
            Some(stated) => stated.repair.clone(),
            None => self.usual_repairs.of(model),
        }
    }

    /// What its model `model` takes: what the document states, else what is known of the vendor and the name.
    pub fn capabilities_of(&self, model: &str) -> Arc<Capabilities> {
        match self.models.get(model) {
            Some(stated) => Arc::clone(&stated.capabilities),
            None => {
                let known = capabilities(self.vendor, model);
                Arc::new(Capabilities { context_window: self.context_window, ..known })
            }
        }
    }
}

/// What is stated about one model of a provider.
#[derive(Clone, Debug)]
pub struct ProviderModel {
    /// Tokens in and out, when stated.
    pub context_window: Option<u64>,
    /// What it takes, as far as it is stated or known.
    pub capabilities: Arc<Capabilities>,
    /// What the document says of its answers.
    pub stated_repair: StatedRepair,
    /// What follows from that; `None`: nothing is done to them.
    pub repair: Option<Arc<Repair>>,
}

impl ProviderModel {
    pub(super) fn detached(&self) -> Self {
        Self {
            context_window: self.context_window,
            capabilities: own_capabilities(&self.capabilities),
            stated_repair: self.stated_repair.clone(),
            repair: self.repair.as_deref().map(|repair| Arc::new(repair.clone())),
        }
    }
}

/// The same in memory of its own.
pub(super) fn own_capabilities(capabilities: &Capabilities) -> Arc<Capabilities> {
    Arc::new(capabilities.clone())
}

/// One credential of a provider.
#[derive(Clone, Debug)]
pub struct Key {
    /// What reports and logs call it, such as `groq#2`.
    pub label: Arc<str>,
    /// The header it travels in.
    pub name: HeaderName,
    /// The ready-made header value, marked sensitive; made once here, not for each request.
    pub header: HeaderValue,
    /// The header for dialects to which the vendor's keys travel otherwise; nearly always empty.
    pub others: Vec<(DialectId, HeaderName, HeaderValue)>,
    /// Its share of the requests, where keys have one; at least 1.
    pub weight: u32,
    /// What it may be used for within a minute.
    pub limits: KeyLimits,
    /// Whether its use is counted: it has limits, or is chosen by its use.
    pub is_counted: bool,
}

/// What a key may be used for within a minute before it is left alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyLimits {
    /// Requests; `None`: any number.
    pub requests_per_minute: Option<u32>,
    /// Tokens, in and out; `None`: any number.
    pub tokens_per_minute: Option<u64>,
}

impl Key {
    /// The header that carries it when `dialect` is spoken.
    pub fn header_for(&self, dialect: DialectId) -> (&HeaderName, &HeaderValue) {
        let other = self.others.iter().find(|(other, ..)| *other == dialect);
        other.map_or((&self.name, &self.header), |(_, name, header)| (name, header))
    }

    pub(super) fn detached(&self) -> Self {
        let others = self.others.iter();
        Self {
            label: Arc::from(&*self.label),
            name: self.name.clone(),
            header: own_value(&self.header),
            others: others.map(|(dialect, name, value)| (*dialect, name.clone(), own_value(value))).collect(),
            weight: self.weight,
            limits: self.limits,
            is_counted: self.is_counted,
        }
    }
}

/// Whose credentials go upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMode {
    /// The provider's own keys.
    Keys,
    /// The client's, untouched.
    Passthrough,
}

/// Deadlines toward a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// To a connection.
    pub connect: Duration,
    /// From the request sent to the answer's head.
    pub first_byte: Duration,
    /// Longest silence in an answer.
    pub idle: Duration,
    /// For everything.
    pub total: Duration,
}

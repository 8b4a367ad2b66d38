//! The resolved configuration: what one request sees from its beginning to its end.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use indexmap::IndexMap;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use trunkline_providers::{BaseUrl, Vendor};
use trunkline_wire::quoted;

/// Everything a request needs to know, immutable.
#[derive(Debug)]
pub struct Snapshot {
    /// Limits and deadlines of the client side.
    pub server: Server,
    /// Enabled providers by name, in the order of the document.
    pub providers: IndexMap<String, Arc<Provider>>,
    /// Declared models by name.
    pub models: IndexMap<String, Arc<Model>>,
    /// Who may call.
    pub client_keys: ClientKeys,
    /// Shown for models whose context window nobody states.
    pub default_context_window: u64,
}

impl Snapshot {
    /// A copy that shares no memory with this one, and with no other copy: threads that count references to the same
    /// memory wait for each other.
    pub fn detached(&self) -> Self {
        let providers: IndexMap<String, Arc<Provider>> =
            self.providers.iter().map(|(name, provider)| (name.clone(), Arc::new(provider.detached()))).collect();
        let model = |model: &Model| {
            let targets = model.targets.iter().map(|target| target.detached(&providers)).collect();
            let fallbacks = model.fallbacks.iter().map(|name| Arc::from(&**name)).collect();
            let Model { name: _, targets: _, context_window, fallbacks: _, price } = *model;
            Model { name: Arc::from(&*model.name), targets, context_window, fallbacks, price }
        };
        Self {
            models: self.models.iter().map(|(name, stated)| (name.clone(), Arc::new(model(stated)))).collect(),
            server: self.server.clone(),
            client_keys: self.client_keys.detached(),
            default_context_window: self.default_context_window,
            providers,
        }
    }
}

/// Limits and deadlines of the client side.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// Where to listen.
    pub listen: SocketAddr,
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
}

/// One configured upstream.
#[derive(Debug)]
pub struct Provider {
    /// Its name in the config, and the prefix in `provider/model`.
    pub name: Arc<str>,
    /// The name as a header's value; `None` when it holds what a header cannot.
    pub name_header: Option<HeaderValue>,
    /// Facts about its type.
    pub vendor: &'static Vendor,
    /// Where it is; `None` only for an adapter.
    pub base_url: Option<BaseUrl>,
    /// Credentials; rotated.
    pub keys: Vec<Key>,
    /// Whose credentials go upstream.
    pub auth: AuthMode,
    /// Added to every request.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Headers of the client that are handed on although they are not by default.
    pub forward_headers: Vec<HeaderName>,
    /// Deadlines toward it.
    pub timeouts: Timeouts,
    /// Tokens in and out of each of its models, when stated.
    pub context_window: Option<u64>,
    /// What the document states about single models of it, by the provider's own name for them.
    pub models: IndexMap<String, ProviderModel>,
}

/// The same value in memory of its own.
fn own_value(value: &HeaderValue) -> HeaderValue {
    let mut own = HeaderValue::from_bytes(value.as_bytes()).unwrap_or_else(|_| value.clone());
    own.set_sensitive(value.is_sensitive());
    own
}

impl Provider {
    fn detached(&self) -> Self {
        let key =
            |key: &Key| Key { label: Arc::from(&*key.label), name: key.name.clone(), header: own_value(&key.header) };
        Self {
            name: Arc::from(&*self.name),
            name_header: self.name_header.as_ref().map(own_value),
            vendor: self.vendor,
            base_url: self.base_url.clone(),
            keys: self.keys.iter().map(key).collect(),
            auth: self.auth,
            headers: self.headers.clone(),
            forward_headers: self.forward_headers.clone(),
            timeouts: self.timeouts,
            context_window: self.context_window,
            models: self.models.clone(),
        }
    }

    /// Tokens in and out of its model `model`, when the document states them for the model or for the provider.
    pub fn context_window_of(&self, model: &str) -> Option<u64> {
        self.models.get(model).and_then(|stated| stated.context_window).or(self.context_window)
    }
}

/// What is stated about one model of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderModel {
    /// Tokens in and out, when stated.
    pub context_window: Option<u64>,
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

/// A name clients ask for, and who serves it.
#[derive(Debug)]
pub struct Model {
    /// The name.
    pub name: Arc<str>,
    /// Never empty; ordered by priority, then as written.
    pub targets: Vec<Target>,
    /// Tokens in and out, when stated.
    pub context_window: Option<u64>,
    /// Declared models to try when every target failed; each exists in [`Snapshot::models`]. Two models may name each
    /// other: whoever follows the names must remember where it was.
    pub fallbacks: Vec<Arc<str>>,
    /// What its tokens cost, when stated.
    pub price: Option<Price>,
}

/// What tokens cost, in USD per million; finite and never negative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// Prompt tokens.
    pub input_usd_per_mtok: f64,
    /// Completion tokens.
    pub output_usd_per_mtok: f64,
    /// Prompt tokens read from a cache; as `input` when not stated.
    pub cached_input_usd_per_mtok: f64,
}

/// One way to serve a model.
#[derive(Clone, Debug)]
pub struct Target {
    /// Who.
    pub provider: Arc<Provider>,
    /// The provider's own name for the model.
    pub model: Arc<UpstreamModel>,
    /// Deadlines, the target's own where it states them.
    pub timeouts: Timeouts,
    /// 0 is tried first.
    pub priority: u32,
    /// Its share among targets of the same priority; at least 1.
    pub weight: u32,
    /// How long it rests after a failure, when stated; zero: never.
    pub cooldown: Option<Duration>,
}

impl Target {
    /// The same among other providers.
    fn detached(&self, providers: &IndexMap<String, Arc<Provider>>) -> Self {
        let provider = providers.get(&*self.provider.name).unwrap_or(&self.provider);
        Self { provider: Arc::clone(provider), model: UpstreamModel::new(&self.model.name), ..self.clone() }
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

/// Who may call.
#[derive(Clone, Debug)]
pub enum ClientKeys {
    /// Anyone who reaches the port.
    Open,
    /// Holders of one of these, by the SHA-256 of the key.
    Required(HashMap<[u8; 32], ClientKey>),
}

impl ClientKeys {
    fn detached(&self) -> Self {
        match self {
            Self::Open => Self::Open,
            Self::Required(keys) => Self::Required(
                keys.iter().map(|(hash, key)| (*hash, ClientKey { name: Arc::from(&*key.name) })).collect(),
            ),
        }
    }

    /// The holder of the key a caller presented. `None` for a key nobody holds, and always for [`ClientKeys::Open`],
    /// where nothing needs presenting.
    pub fn find(&self, presented: &[u8]) -> Option<&ClientKey> {
        let Self::Required(keys) = self else { return None };
        let hash = key_hash(presented);
        let (stored, key) = keys.get_key_value(&hash)?;
        bool::from(stored.ct_eq(&hash)).then_some(key)
    }
}

/// How a client key is kept: its SHA-256.
pub fn key_hash(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}

/// A key that callers authenticate with; only its hash is kept.
#[derive(Clone, Debug)]
pub struct ClientKey {
    /// What reports and logs call its holder.
    pub name: Arc<str>,
}

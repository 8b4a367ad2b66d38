//! Tries a provider step by step: what an operator has typed, before a client meets it.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use trunkline_config::{AuthMode, Key, Provider};
use trunkline_providers::models::parse_model_list;
use trunkline_providers::{BaseUrl, Call, Credentials, FailedAnswer, ListedModel, classify};
use trunkline_wire::ir::Content;
use trunkline_wire::{DialectId, Fault, FaultKind, Operation, dialect};

use crate::listing::adapter_models;
use crate::upstream::{Client, Outgoing, Patience, UpstreamError, reach};

/// Longest wait for one step. Whoever tries looks on.
const STEP_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for an answer of a model, which may have to be loaded first.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Keys that are tried. Bounds how often a provider is asked.
const KEYS_MAX: usize = 8;
/// Largest answer that is read, as for model lists.
const ANSWER_BYTES_MAX: usize = 8 << 20;
/// Letters of a model's answer that are shown.
const SHOWN_CHARS: usize = 80;
/// Shorter values, such as the `none` that local servers are given, are words that answers hold anyway.
const SECRET_BYTES_MIN: usize = 8;
/// What stands in the place of a secret.
const HIDDEN: &str = "••••••••";
/// What a model is asked: in the words of Chat, which every dialect can say.
const QUESTION: &str = r#"{"model":"m","max_tokens":16,"messages":[{"role":"user","content":"Say hello."}]}"#;

/// What came of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Which: `address`, `connection`, `credentials`, `models` or `answer`.
    pub name: &'static str,
    /// How long it took; `None` where nothing was waited for.
    pub took: Option<Duration>,
    /// What was found, or why it failed; never a key.
    pub outcome: Result<String, String>,
}

/// The steps up to the first that failed, and the models that the provider lists.
#[derive(Clone, Default)]
pub struct Trial {
    /// In their order.
    pub steps: Vec<Step>,
    /// As the provider lists them.
    pub models: Vec<ListedModel>,
    /// What no step may say, whatever the provider says of it.
    hidden: Vec<String>,
}

/// Shows what it says, not what it hides.
impl fmt::Debug for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trial").field("steps", &self.steps).field("models", &self.models).finish_non_exhaustive()
    }
}

/// A step failed; the trial says why.
struct Failed;

/// An answer, read to its end.
struct Whole {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// Tries a provider; also whether `model` answers, which may cost.
pub async fn try_provider(client: &Client, provider: &Provider, model: Option<&str>) -> Trial {
    let mut trial = Trial { hidden: secrets(provider), ..Trial::default() };
    match (&provider.base_url, provider.vendor.adapter) {
        (Some(base_url), _) => {
            let asking = Asking { client, provider, base_url };
            // Why it ended early is among the steps.
            let _ = trial.run(&asking, model).await;
        }
        (None, Some(adapter)) => {
            trial.note("address", None, Ok("it comes with Trunkline and has none".to_owned()));
            trial.models = adapter_models(adapter);
            trial.note("models", None, Ok(counted(trial.models.len())));
        }
        (None, None) => trial.note("address", None, Err("it has no address".to_owned())),
    }
    trial
}

impl Trial {
    /// Whether every step went well.
    pub fn is_ok(&self) -> bool {
        self.steps.iter().all(|step| step.outcome.is_ok())
    }

    fn note(&mut self, name: &'static str, took: Option<Duration>, outcome: Result<String, String>) {
        let discreet = |said: String| self.hidden.iter().fold(said, |said, secret| said.replace(secret, HIDDEN));
        let outcome = outcome.map(discreet).map_err(discreet);
        self.steps.push(Step { name, took, outcome });
    }

    /// Notes a step, and says whether to go on.
    fn step(&mut self, name: &'static str, since: Instant, outcome: Result<String, String>) -> Result<(), Failed> {
        let is_ok = outcome.is_ok();
        self.note(name, Some(since.elapsed()), outcome);
        if is_ok { Ok(()) } else { Err(Failed) }
    }

    async fn run(&mut self, asking: &Asking<'_>, model: Option<&str>) -> Result<(), Failed> {
        let since = Instant::now();
        self.step("address", since, asking.address().await)?;
        let since = Instant::now();
        let dialled = asking.dial().await;
        if dialled.is_err() || !asking.base_url.tls {
            self.step("connection", since, dialled)?;
        }
        // The handshake is the first request's.
        let first = asking.list(asking.provider.keys.first()).await;
        if asking.base_url.tls {
            let shaken = match &first {
                Err(error @ (UpstreamError::Tls { .. } | UpstreamError::ConnectTimeout)) => Err(error.to_string()),
                Ok(_) | Err(_) => Ok("it stands, through TLS".to_owned()),
            };
            self.step("connection", since, shaken)?;
        }
        let since = Instant::now();
        let (credentials, list) = asking.credentials(first).await;
        self.step("credentials", since, credentials)?;
        let since = Instant::now();
        let read = asking.read_list(&list);
        self.models = read.as_ref().cloned().unwrap_or_default();
        self.step("models", since, read.map(|models| counted(models.len())))?;
        if let Some(model) = model {
            let since = Instant::now();
            self.step("answer", since, asking.answer(model).await)?;
        }
        Ok(())
    }
}

/// Whom it is asked of.
struct Asking<'a> {
    client: &'a Client,
    provider: &'a Provider,
    base_url: &'a BaseUrl,
}

impl Asking<'_> {
    fn connect_timeout(&self) -> Duration {
        self.provider.timeouts.connect.min(STEP_TIMEOUT)
    }

    async fn address(&self) -> Result<String, String> {
        let BaseUrl { host, port, .. } = self.base_url;
        let looked =
            tokio::time::timeout(self.connect_timeout(), tokio::net::lookup_host((host.as_str(), *port))).await;
        let found = looked.map_err(|_elapsed| format!("nobody said in time where `{host}` is"))?;
        let found = found.map_err(|error| format!("the name `{host}` cannot be resolved: {error}"))?;
        let mut addresses: Vec<String> = found.map(|address| address.to_string()).collect();
        addresses.dedup();
        if addresses.is_empty() { Err(format!("the name `{host}` has no address")) } else { Ok(addresses.join(", ")) }
    }

    async fn dial(&self) -> Result<String, String> {
        let port = self.base_url.port;
        match reach(self.base_url, self.connect_timeout()).await {
            Ok(()) => Ok("it stands".to_owned()),
            Err(UpstreamError::Connect { source, .. }) => {
                Err(format!("nobody takes it at port {port}: {}", source.kind()))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// Asks for the list of models with this key.
    async fn list(&self, key: Option<&Arc<Key>>) -> Result<Whole, UpstreamError> {
        let vendor = self.provider.vendor;
        let headers = vendor.model_list_headers(key.map(|key| &key.header));
        self.ask(Method::GET, self.base_url.join(vendor.model_list.path), headers, Bytes::new(), STEP_TIMEOUT).await
    }

    async fn ask(
        &self,
        method: Method,
        path: String,
        mut headers: HeaderMap,
        body: Bytes,
        limit: Duration,
    ) -> Result<Whole, UpstreamError> {
        for (name, value) in &self.provider.headers {
            headers.insert(name.clone(), value.clone());
        }
        let body = if body.is_empty() { Default::default() } else { std::iter::once(body).collect() };
        let outgoing = Outgoing { method, path, headers: headers.iter().collect(), body };
        let patience = Patience { connect: self.connect_timeout(), head: limit, ends_at: None };
        let whole = async {
            let mut answer = self.client.send(self.base_url, &outgoing, patience).await?;
            let mut body = BytesMut::new();
            while let Some(data) = poll_fn(|cx| answer.body.poll_data(cx)).await {
                body.extend_from_slice(&data?);
                if body.len() > ANSWER_BYTES_MAX {
                    break;
                }
            }
            Ok(Whole { status: answer.status, headers: answer.headers, body: body.freeze() })
        };
        let late = |_elapsed| Err(UpstreamError::HeadTimeout(limit));
        tokio::time::timeout(limit + self.connect_timeout(), whole).await.unwrap_or_else(late)
    }

    /// What became of each key, and the answer to the first.
    async fn credentials(&self, first: Result<Whole, UpstreamError>) -> (Result<String, String>, Option<Whole>) {
        let first = match first {
            Ok(first) => first,
            Err(error) => return (Err(error.to_string()), None),
        };
        let keys = &self.provider.keys;
        let mut refused: Vec<String> = Vec::new();
        refused.extend(self.refusal(&first, keys.first()));
        for key in keys.iter().take(KEYS_MAX).skip(1) {
            match self.list(Some(key)).await {
                Ok(answer) => refused.extend(self.refusal(&answer, Some(key))),
                Err(error) => refused.push(format!("{}: {error}", key.label)),
            }
        }
        let said = match (refused.is_empty(), keys.len()) {
            (false, _) => Err(refused.join("; ")),
            (true, _) if !first.status.is_success() => Ok("not refused, as far as its answer tells".to_owned()),
            (true, 0) if self.provider.auth == AuthMode::Passthrough => Ok("clients bring their own".to_owned()),
            (true, 0) => Ok("it asks for none".to_owned()),
            (true, 1) => Ok("accepted".to_owned()),
            (true, count) => Ok(format!("all {} accepted", count.min(KEYS_MAX))),
        };
        (said, Some(first))
    }

    /// Why the provider refuses this key; `None` when it does not, whatever else it says.
    fn refusal(&self, answer: &Whole, key: Option<&Arc<Key>>) -> Option<String> {
        let fault = self.fault(answer, key.map(|key| &key.header))?;
        if fault.kind != FaultKind::UpstreamAuth {
            return None;
        }
        let status = answer.status.as_u16();
        match key {
            Some(key) => Some(format!("`{}` was refused with status {status}", key.label)),
            None if self.provider.auth == AuthMode::Passthrough => None,
            None => Some(format!("it wants a key (status {status})")),
        }
    }

    fn fault(&self, answer: &Whole, sent: Option<&HeaderValue>) -> Option<Fault> {
        let Whole { status, headers, body } = answer;
        let credentials = Credentials::Ours(sent);
        let failed =
            FailedAnswer { provider: &self.provider.name, status: status.as_u16(), headers, body, credentials };
        (!status.is_success()).then(|| classify(&failed, SystemTime::now()))
    }

    fn read_list(&self, list: &Option<Whole>) -> Result<Vec<ListedModel>, String> {
        let Some(list) = list else { return Ok(Vec::new()) };
        let sent = self.provider.keys.first().map(|key| &key.header);
        match self.fault(list, sent) {
            Some(_) if self.provider.auth == AuthMode::Passthrough => Ok(Vec::new()),
            Some(fault) => Err(fault.message),
            None => parse_model_list(&list.body).map_err(|error| error.to_string()),
        }
    }

    /// Asks a model for a word or two.
    async fn answer(&self, model: &str) -> Result<String, String> {
        let provider = self.provider;
        let to = provider.dialects.first().copied().unwrap_or(DialectId::OpenaiChat);
        let mut request = dialect::of(DialectId::OpenaiChat)
            .decode_request(QUESTION.as_bytes())
            .map_err(|error| error.to_string())?;
        model.clone_into(&mut request.model);
        let encoded = dialect::of(to).encode_request(&request, &provider.capabilities_of(model));
        let encoded = encoded.map_err(|error| error.to_string())?;
        let call = Call { dialect: to, operation: Operation::Chat, model, stream: false };
        let path = provider.vendor.path(self.base_url, &call).ok_or("it has no path for chats")?;
        let key = provider.keys.first();
        let own = provider.vendor.headers(to).iter().map(|(name, value)| (name.clone(), value.clone()));
        let mut headers: HeaderMap = own.collect();
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.extend(key.map(|key| key.header_for(to)).map(|(name, value)| (name.clone(), value.clone())));
        let asked = self.ask(Method::POST, path, headers, encoded.bytes, ANSWER_TIMEOUT).await;
        let answer = asked.map_err(|error| error.to_string())?;
        if let Some(fault) = self.fault(&answer, key.map(|key| &key.header)) {
            return Err(fault.message);
        }
        let said =
            dialect::of(to).decode_response(&answer.body).map_err(|error| format!("it cannot be read: {error}"))?;
        let text = said.blocks.iter().filter_map(|block| match &block.content {
            Content::Text(text) => Some(text.as_str()),
            Content::Refusal(_)
            | Content::Reasoning(_)
            | Content::Media(_)
            | Content::ToolCall(_)
            | Content::ToolResult(_)
            | Content::Opaque { .. } => None,
        });
        let text: String = text.collect();
        let shown: String = text.trim().chars().take(SHOWN_CHARS).filter(|letter| !letter.is_control()).collect();
        Ok(if shown.is_empty() { "it answered, without a text".to_owned() } else { format!("it said \"{shown}\"") })
    }
}

/// What is sent to a provider and nobody may read elsewhere.
fn secrets(provider: &Provider) -> Vec<String> {
    let keys = provider.keys.iter().map(|key| &key.header);
    let headers = provider.headers.iter().map(|(_, value)| value);
    let texts = keys.chain(headers).filter_map(|value| value.to_str().ok());
    let bare = |text: &str| text.strip_prefix("Bearer ").unwrap_or(text).to_owned();
    texts.map(bare).filter(|text| text.len() >= SECRET_BYTES_MIN).collect()
}

fn counted(models: usize) -> String {
    format!("{models} listed")
}

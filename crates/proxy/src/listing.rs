//! Asks providers what they serve.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use http::Method;
use tokio::task::JoinSet;
use trunkline_config::Provider;
use trunkline_providers::models::{parse_model_list, parse_window};
use trunkline_providers::{Adapter, BaseUrl, ListedModel};
use trunkline_route::Listing;

use crate::attempt::reason;
use crate::shared::Shared;
use crate::upstream::{Client, Outgoing, Patience, UpstreamError};

/// Largest model list that is read; OpenRouter's, the longest known, is under 1 MiB.
const LIST_BYTES_MAX: usize = 8 << 20;
/// Longest wait for one list.
const LIST_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause between two rounds.
const ROUND_EVERY: Duration = Duration::from_secs(60);
/// Shortest pause, when somebody asks for an unknown model again and again.
const ROUND_PAUSE_MIN: Duration = Duration::from_secs(2);

/// Reads every provider's list, again and again; for the control runtime. Never returns.
pub async fn refresh(shared: Arc<Shared>, client: Client) {
    loop {
        refresh_once(&shared, &client).await;
        tokio::time::sleep(ROUND_PAUSE_MIN).await;
        // Either is a reason to look again.
        let _ = tokio::time::timeout(ROUND_EVERY, shared.relist.notified()).await;
    }
}

/// Reads every provider's list once.
pub async fn refresh_once(shared: &Shared, client: &Client) {
    let snapshot = shared.snapshot();
    let mut asked = JoinSet::new();
    for provider in snapshot.providers.values() {
        let Some(base_url) = provider.base_url.clone() else { continue };
        let (provider, client) = (Arc::clone(provider), client.clone());
        asked.spawn(async move { (Arc::clone(&provider.name), in_time(&client, &provider, &base_url).await) });
    }
    let mut listings: HashMap<Arc<str>, Arc<Listing>> = shared.catalog().listings();
    while let Some(Ok((name, read))) = asked.join_next().await {
        let before = listings.get(&name);
        let listing = match read {
            Ok(models) => Listing { models, problem: None, is_unreachable: false },
            Err(Unread { why: problem, is_unreachable }) => {
                if before.is_none_or(|before| before.problem.as_ref() != Some(&problem)) {
                    tracing::info!(provider = %name, %problem, "model list not read");
                }
                Listing {
                    models: before.map(|before| before.models.clone()).unwrap_or_default(),
                    problem: Some(problem),
                    is_unreachable,
                }
            }
        };
        listings.insert(name, Arc::new(listing));
    }
    shared.set_listings(listings);
}

/// Why there is no list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unread {
    why: String,
    /// Whether nobody answered at all.
    is_unreachable: bool,
}

impl Unread {
    fn answered(why: impl Into<String>) -> Self {
        Self { why: why.into(), is_unreachable: false }
    }

    fn unreachable(why: impl Into<String>) -> Self {
        Self { why: why.into(), is_unreachable: true }
    }
}

/// Asks one provider for its list; those that are Rust code know theirs.
///
/// # Errors
/// Why there is none, in a sentence.
pub async fn list_models(client: &Client, provider: &Provider) -> Result<Vec<ListedModel>, String> {
    match (&provider.base_url, provider.vendor.adapter) {
        (Some(base_url), _) => in_time(client, provider, base_url).await.map_err(|unread| unread.why),
        (None, Some(adapter)) => Ok(adapter_models(adapter)),
        (None, None) => Err("it has no address".to_owned()),
    }
}

/// What an adapter serves.
pub(crate) fn adapter_models(adapter: &dyn Adapter) -> Vec<ListedModel> {
    let models = adapter.models().iter().map(|id| ListedModel {
        id: (*id).to_owned(),
        context_window: None,
        created: None,
        owned_by: Some(adapter.owned_by().to_owned()),
    });
    models.collect()
}

async fn in_time(client: &Client, provider: &Provider, base_url: &BaseUrl) -> Result<Vec<ListedModel>, Unread> {
    let read = tokio::time::timeout(LIST_TIMEOUT, read(client, provider, base_url)).await;
    read.unwrap_or_else(|_elapsed| Err(Unread::unreachable(format!("no answer for {} s", LIST_TIMEOUT.as_secs()))))
}

/// The list, with the window of its only model where the server says it elsewhere.
async fn read(client: &Client, provider: &Provider, base_url: &BaseUrl) -> Result<Vec<ListedModel>, Unread> {
    let vendor = provider.vendor;
    let list = get(client, provider, base_url, base_url.join(vendor.model_list.path)).await?;
    let mut models = parse_model_list(&list).map_err(|error| Unread::answered(error.to_string()))?;
    if let ([model], Some(path)) = (models.as_mut_slice(), vendor.window_path) {
        // A server that does not say it is as good as its list.
        let said = get(client, provider, base_url, vendor.path_beside(base_url, path)).await;
        model.context_window = said.ok().and_then(|said| parse_window(&said)).or(model.context_window);
    }
    Ok(models)
}

async fn get(client: &Client, provider: &Provider, base_url: &BaseUrl, path: String) -> Result<BytesMut, Unread> {
    let mut headers = provider.vendor.model_list_headers(provider.keys.first().map(|key| &key.header));
    for (name, value) in &provider.headers {
        headers.insert(name.clone(), value.clone());
    }
    let headers = headers.iter().collect();
    let outgoing = Outgoing { method: Method::GET, path, headers, body: Default::default() };
    let patience = Patience { connect: provider.timeouts.connect, head: LIST_TIMEOUT, ends_at: None };
    let unreachable = |error: UpstreamError| Unread::unreachable(reason(&error));
    let mut answer = client.send(base_url, &outgoing, patience).await.map_err(unreachable)?;
    if !answer.status.is_success() {
        return Err(Unread::answered(format!("the model list was answered with status {}", answer.status.as_u16())));
    }
    let mut body = BytesMut::new();
    while let Some(data) = poll_fn(|cx| answer.body.poll_data(cx)).await {
        body.extend_from_slice(&data.map_err(unreachable)?);
        if body.len() > LIST_BYTES_MAX {
            return Err(Unread::answered(format!("the model list is larger than {LIST_BYTES_MAX} bytes")));
        }
    }
    Ok(body)
}

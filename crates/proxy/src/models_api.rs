//! `GET /v1/models`: what can be asked for, with context sizes under every name that clients read.

use std::sync::Arc;
use std::time::Duration;

use http::Response;
use serde::Serialize;
use trunkline_config::{Allowance, Model, Provider, Snapshot};
use trunkline_providers::ListedModel;
use trunkline_route::candidates::candidates;
use trunkline_wire::{Fault, FaultKind};

use crate::head::with_type;
use crate::reply::ReplyBody;
use crate::shared::Shared;

/// Longest wait for the providers' first lists after a start; then the answer is what is known.
const FIRST_LISTING_TIMEOUT: Duration = Duration::from_secs(2);

/// Who owns what nobody else claims.
const OWNER: &str = "trunkline";

/// One model, as OpenAI shows it and with what others add.
#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    owned_by: &'a str,
    /// Read by OpenRouter's clients and most others.
    context_length: u64,
    /// Read by clients of vLLM.
    max_model_len: u64,
    /// Read by Groq's clients and model-proxy's.
    context_window: u64,
    /// Read by LiteLLM's clients.
    max_input_tokens: u64,
    /// The same: no list says how the window is split, so either side may have all of it.
    max_output_tokens: u64,
    limit: Limit,
}

/// As models.dev has it.
#[derive(Serialize)]
struct Limit {
    context: u64,
}

impl<'a> Entry<'a> {
    fn of(model: &'a KnownModel) -> Self {
        let context = model.context_window;
        Self {
            id: &model.id,
            object: "model",
            created: model.created,
            owned_by: &model.owned_by,
            context_length: context,
            max_model_len: context,
            context_window: context,
            max_input_tokens: context,
            max_output_tokens: context,
            limit: Limit { context },
        }
    }
}

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Entry<'a>>,
}

/// A model that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownModel {
    /// The name to ask for.
    pub id: String,
    /// Who owns it, by the provider's list; `trunkline` for declared models.
    pub owned_by: String,
    /// Seconds since the Unix epoch; the start of the process when nobody says.
    pub created: u64,
    /// Tokens in and out.
    pub context_window: u64,
}

/// All declared models, then every provider's own as `provider/model`; those that this allows, where it is stated.
pub fn known_models(shared: &Shared, allowance: Option<&Allowance>) -> Vec<KnownModel> {
    let (snapshot, catalog) = (shared.snapshot(), shared.catalog());
    let may_ask = |name: &str| allowance.is_none_or(|allowance| allowance.has_model(name));
    let may_serve = |provider: &Provider| allowance.is_none_or(|allowance| allowance.has_provider(&provider.name));
    let served = |model: &Model| model.targets.iter().any(|target| may_serve(&target.provider));
    let declared = snapshot.models.values().filter(|model| may_ask(&model.name) && served(model)).map(|model| {
        let context = model.context_window.or_else(|| {
            let target = model.targets.first()?;
            context_of(&target.provider, catalog.find(&target.provider.name, &target.model.name), &target.model.name)
        });
        KnownModel {
            id: model.name.to_string(),
            owned_by: OWNER.to_owned(),
            created: shared.started_s,
            context_window: context.unwrap_or(snapshot.default_context_window),
        }
    });
    let listings = snapshot
        .providers
        .values()
        .filter(|provider| may_serve(provider))
        .filter_map(|provider| Some((provider, catalog.listing(&provider.name)?)));
    let listed = listings.flat_map(|(provider, listing)| listing.models.iter().map(move |model| (provider, model)));
    let discovered = listed.map(|(provider, model)| KnownModel {
        id: format!("{}/{}", provider.name, model.id),
        owned_by: model.owned_by.clone().unwrap_or_else(|| provider.name.to_string()),
        created: model.created.unwrap_or(shared.started_s),
        context_window: context_of(provider, Some(model), &model.id).unwrap_or(snapshot.default_context_window),
    });
    declared.chain(discovered.filter(|model| may_ask(&model.id))).collect()
}

/// The list.
pub(crate) async fn list(shared: &Shared, allowance: Option<&Allowance>) -> Response<ReplyBody> {
    let models = known_models_in_time(shared, allowance).await;
    json(&List { object: "list", data: models.iter().map(Entry::of).collect() })
}

/// One model by the name that the path ends in.
///
/// # Errors
/// As for a request that names an unknown model.
pub(crate) async fn entry(
    shared: &Shared,
    snapshot: &Snapshot,
    allowance: Option<&Allowance>,
    encoded: &str,
) -> Result<Response<ReplyBody>, Fault> {
    let name = percent_decoded(encoded)
        .ok_or_else(|| Fault::new(FaultKind::ModelNotFound, "the model's name in the path is not valid UTF-8"))?;
    if let Some(model) = known_models_in_time(shared, allowance).await.iter().find(|model| model.id == name) {
        return Ok(json(&Entry::of(model)));
    }
    // Not in the list, and yet servable: a bare name, or a model that its provider does not list.
    let catalog = Arc::clone(&shared.catalog());
    let found = candidates(snapshot, &catalog, &name, allowance)?;
    let first = found.targets.first();
    let listed = first.and_then(|target| catalog.find(&target.provider.name, &target.model.name));
    let context = first.and_then(|target| context_of(&target.provider, listed, &target.model.name));
    let model = KnownModel {
        owned_by: listed.and_then(|model| model.owned_by.clone()).unwrap_or_else(|| OWNER.to_owned()),
        created: listed.and_then(|model| model.created).unwrap_or(shared.started_s),
        context_window: context.unwrap_or(snapshot.default_context_window),
        id: name,
    };
    Ok(json(&Entry::of(&model)))
}

/// All models, once every provider was asked for its list or has taken too long.
pub(crate) async fn known_models_in_time(shared: &Shared, allowance: Option<&Allowance>) -> Vec<KnownModel> {
    wait_for_lists(shared).await;
    known_models(shared, allowance)
}

async fn wait_for_lists(shared: &Shared) {
    // At the limit the answer is merely what is known by then.
    let _ = tokio::time::timeout(FIRST_LISTING_TIMEOUT, shared.first_listing()).await;
}

/// What the provider's list says, else what the configuration says of this provider's model.
fn context_of(provider: &Provider, listed: Option<&ListedModel>, model: &str) -> Option<u64> {
    listed.and_then(|listed| listed.context_window).or_else(|| provider.context_window_of(model))
}

pub(crate) fn json(value: &impl Serialize) -> Response<ReplyBody> {
    // Only maps with odd keys fail to serialize, and there are none.
    let bytes = serde_json::to_vec(value).unwrap_or_default();
    with_type(ReplyBody::Full(bytes.into()), "application/json")
}

/// The text with its `%XX` resolved; `None` when that is no UTF-8.
pub(crate) fn percent_decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (byte, hex) {
            (b'%', Some(decoded)) => {
                out.push(decoded);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8(out).ok()
}

//! Who could serve a name: declared models first, then `provider/model`, then whoever lists the bare name.

use std::sync::Arc;
use std::time::Duration;

use trunkline_config::{
    Allowance, Enforcement, FixToolMessages, Model, ModelCache, OnLoss, Provider, SameName, Snapshot, Strategy, Target,
    UpstreamModel,
};
use trunkline_wire::{Fault, FaultKind};

use crate::Catalog;
use crate::nearest::nearest;

/// A name and those who could serve it, best first.
#[derive(Clone, Debug)]
pub struct Candidates {
    /// The name the client used; answers carry it.
    pub model: Arc<str>,
    /// What to do with what a translation cannot say.
    pub on_loss: OnLoss,
    /// When its conversations are put right.
    pub fix_tool_messages: FixToolMessages,
    /// Whether its answers must call a tool, where they do.
    pub enforcement: Option<Arc<Enforcement>>,
    /// How its answers are kept to be given again; `None`: they are not.
    pub cache: Option<Arc<ModelCache>>,
    /// The order of targets of the same priority.
    pub strategy: Strategy,
    /// Never empty; ordered by priority.
    pub targets: Vec<Arc<Target>>,
    /// After how long without content a second try begins beside the first.
    pub hedge_after: Option<Duration>,
    /// Whether streamed answers that break off are gone on with.
    pub continuation: bool,
    /// The models to fall back to, nearest first.
    pub fallbacks: Vec<Arc<Model>>,
}

/// Resolves a name that a client asks for, be it its first choice or another, as far as its key allows it.
///
/// # Errors
/// `NotAllowed`, whether there is such a model or not; `ModelNotFound` or `ProviderNotFound`, with the nearest names.
pub fn candidates(
    snapshot: &Snapshot,
    catalog: &Catalog,
    name: &str,
    allowance: Option<&Allowance>,
) -> Result<Candidates, Fault> {
    let Some(allowance) = allowance else { return all(snapshot, catalog, name) };
    if !allowance.has_model(name) {
        let message =
            format!("the client key may not ask for model {name:?}; `GET /v1/models` lists those that it may");
        return Err(Fault::new(FaultKind::NotAllowed, message).with_param("model"));
    }
    let mut found = all(snapshot, catalog, name).map_err(|fault| discreet(snapshot, fault, name))?;
    found.targets.retain(|target| allowance.has_provider(&target.provider.name));
    found.fallbacks.retain(|model| allowance.has_model(&model.name));
    for model in &mut found.fallbacks {
        if !model.targets.iter().all(|target| allowance.has_provider(&target.provider.name)) {
            let mut fewer = Model::clone(model);
            fewer.targets.retain(|target| allowance.has_provider(&target.provider.name));
            *model = Arc::new(fewer);
        }
    }
    if found.targets.is_empty() && found.fallbacks.iter().all(|model| model.targets.is_empty()) {
        let message = format!("no provider of model {name:?} may serve this client key");
        return Err(Fault::new(FaultKind::NotAllowed, message).with_param("model"));
    }
    Ok(found)
}

/// The same without the names of others, of which its key may know nothing.
fn discreet(snapshot: &Snapshot, fault: Fault, name: &str) -> Fault {
    if snapshot.models_off.contains(name) {
        return fault;
    }
    let message = format!("model {name:?} is not configured; `GET /v1/models` lists what is");
    Fault { message, ..fault }
}

/// Everybody who could serve a name.
fn all(snapshot: &Snapshot, catalog: &Catalog, name: &str) -> Result<Candidates, Fault> {
    if let Some(model) = snapshot.models.get(name) {
        return Ok(Candidates {
            model: Arc::clone(&model.name),
            on_loss: model.on_loss,
            fix_tool_messages: model.fix_tool_messages,
            enforcement: enforced(&model.enforcement),
            cache: model.cache.clone(),
            strategy: model.strategy,
            hedge_after: model.hedge_after,
            continuation: model.continuation,
            targets: model.targets.clone(),
            fallbacks: fallbacks(snapshot, model),
        });
    }
    if snapshot.models_off.contains(name) {
        let message = format!("model {name:?} is switched off: its `enabled` is `false`");
        return Err(Fault::new(FaultKind::ModelNotFound, message).with_param("model"));
    }
    let prefix = name.split_once('/');
    if let Some((provider, model)) = prefix
        && let Some(provider) = snapshot.providers.get(provider)
    {
        return addressed(snapshot, catalog, name, provider, model);
    }
    let owners = catalog.owners(name);
    let owners = match snapshot.same_name {
        SameName::Balance => owners,
        SameName::LastWins => owners.split_last_chunk::<1>().map_or(owners, |(_, last)| last),
    };
    let targets: Vec<Arc<Target>> = owners
        .iter()
        .filter_map(|provider| snapshot.providers.get(provider.as_ref()))
        .map(|provider| target(snapshot, provider, name))
        .collect();
    if !targets.is_empty() {
        return Ok(undeclared(snapshot, name, targets));
    }
    Err(match prefix {
        Some((provider, _)) => {
            let hint = did_you_mean(nearest(provider, snapshot.providers.keys().map(String::as_str)));
            Fault::new(FaultKind::ProviderNotFound, format!("provider {provider:?} is not configured{hint}"))
                .with_param("model")
        }
        None => unknown_model(snapshot, catalog, name),
    })
}

/// A name that says which provider is meant.
fn addressed(
    snapshot: &Snapshot,
    catalog: &Catalog,
    name: &str,
    provider: &Arc<Provider>,
    model: &str,
) -> Result<Candidates, Fault> {
    // An adapter knows all its models; a server may know more than its list says.
    let unknown = provider.vendor.adapter.is_some_and(|adapter| !adapter.models().contains(&model));
    if model.is_empty() || unknown {
        return Err(unknown_model(snapshot, catalog, name));
    }
    Ok(undeclared(snapshot, name, vec![target(snapshot, provider, model)]))
}

/// Candidates for a name of which the document says nothing.
fn undeclared(snapshot: &Snapshot, name: &str, targets: Vec<Arc<Target>>) -> Candidates {
    Candidates {
        model: Arc::from(name),
        on_loss: OnLoss::Report,
        fix_tool_messages: FixToolMessages::default(),
        enforcement: enforced(&snapshot.enforcement),
        cache: None,
        strategy: Strategy::default(),
        hedge_after: None,
        continuation: false,
        targets,
        fallbacks: Vec::new(),
    }
}

fn enforced(enforcement: &Arc<Enforcement>) -> Option<Arc<Enforcement>> {
    enforcement.enabled.then(|| Arc::clone(enforcement))
}

fn target(snapshot: &Snapshot, provider: &Arc<Provider>, model: &str) -> Arc<Target> {
    Arc::new(Target {
        provider: Arc::clone(provider),
        model: UpstreamModel::new(model),
        capabilities: provider.capabilities_of(model),
        timeouts: provider.timeouts,
        priority: 0,
        weight: 1,
        cooldown: None,
        price: provider.listed_price(&snapshot.prices, model),
        room: provider.room(),
        draining: provider.draining,
        parameters: None,
        repair: provider.repair_of(model),
    })
}

/// The models that a model falls back to, nearest first; each once, since two may name each other.
fn fallbacks(snapshot: &Snapshot, model: &Arc<Model>) -> Vec<Arc<Model>> {
    if model.fallbacks.is_empty() {
        return Vec::new();
    }
    let mut models = vec![model];
    let mut next = 0;
    while let Some(model) = models.get(next).copied() {
        for name in &model.fallbacks {
            let fallback = snapshot.models.get(name.as_ref());
            if let Some(fallback) = fallback.filter(|fallback| !models.iter().any(|seen| seen.name == fallback.name)) {
                models.push(fallback);
            }
        }
        next += 1;
    }
    models.into_iter().skip(1).cloned().collect()
}

fn unknown_model(snapshot: &Snapshot, catalog: &Catalog, name: &str) -> Fault {
    let listed: Vec<String> = catalog.addresses().collect();
    let known = snapshot.models.keys().map(String::as_str).chain(listed.iter().map(String::as_str));
    let hint = did_you_mean(nearest(name, known));
    Fault::new(FaultKind::ModelNotFound, format!("model {name:?} is not configured{hint}")).with_param("model")
}

fn did_you_mean(names: Vec<&str>) -> String {
    if names.is_empty() {
        return "; `GET /v1/models` lists what is".to_owned();
    }
    let quoted: Vec<String> = names.into_iter().map(|name| format!("{name:?}")).collect();
    format!("; did you mean {}?", quoted.join(" or "))
}

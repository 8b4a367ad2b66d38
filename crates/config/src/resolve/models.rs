//! `[models.NAME]`

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;
use trunkline_providers::Price;
use trunkline_wire::filter::Patterns;
use trunkline_wire::{Capabilities, Parameters};

use super::Resolver;
use super::capabilities::overlaid;
use super::providers::Providers;
use super::repair;
use crate::file::{self, ModelSection, TargetSection};
use crate::nearest;
use crate::path::{Path, path};
use crate::snapshot::{
    Enforcement, Model, ModelCache, Models, OnLoss, Provider, Room, RoomAmong, StatedRepair, Strategy, Target,
    Timeouts, UpstreamModel,
};

/// Fields of any dialect that say which model is asked, what it is asked, and how the answer comes.
pub(crate) const NOT_A_TARGETS: [&str; 7] =
    ["model", "stream", "stream_options", "messages", "input", "prompt", "contents"];

impl Resolver<'_, '_> {
    pub(super) fn models(&mut self, providers: &Providers, enforcement: &Enforcement) -> Models {
        let declared = self.declared("models");
        let declared_providers = self.declared("providers");
        let mut models: IndexMap<String, Model> = IndexMap::new();
        let file = self.file;
        for (name, section) in &file.models {
            let at = path(&["models", name]);
            if name.trim().is_empty() || name.trim() != name || name.contains(char::is_control) {
                self.findings.at_key(&at, format!("{name:?} cannot be a model's name"), None);
            }
            self.check_fallbacks(name, &section.fallbacks, &declared, &at.key("fallbacks"));
            self.check_fallbacks(name, &section.context_fallbacks, &declared, &at.key("context_fallbacks"));
            self.check_fallbacks(name, &section.content_fallbacks, &declared, &at.key("content_fallbacks"));
            self.check_capabilities(&section.capabilities, &at.key("capabilities"));
            self.check_tool_format(section.tool_format.as_ref(), &at.key("tool_format"));
            let targets = self.targets(section, providers, &declared_providers, &at);
            if !section.enabled {
                continue;
            }
            if targets.is_empty() {
                self.findings.notes.push(format!("model `{name}` is left out: every provider it names is disabled"));
                continue;
            }
            let enforcement = self.enforcement_of(&section.enforce_tool_call, enforcement, &at);
            models.insert(name.clone(), model(name, section, targets, enforcement));
        }
        add_duplicates(&mut models);
        let served: BTreeSet<String> = models.keys().cloned().collect();
        let keep = |mut model: Model| {
            let all = [&mut model.fallbacks, &mut model.context_fallbacks, &mut model.content_fallbacks];
            all.into_iter().for_each(|names| names.retain(|name| served.contains(&**name)));
            let stated = file.models.get(&*model.name).and_then(|section| section.cache);
            model.cache = stated.map(|stated| Arc::new(ModelCache::of(&model, stated.ttl.duration(), stated.shared)));
            Arc::new(model)
        };
        models.into_iter().map(|(name, model)| (name, keep(model))).collect()
    }

    fn check_fallbacks(&mut self, name: &str, fallbacks: &[String], declared: &BTreeSet<String>, at: &Path) {
        for (index, fallback) in fallbacks.iter().enumerate() {
            let at = at.index(index);
            if fallback == name {
                self.findings.at(&at, "a model cannot be its own fallback", None);
            } else if !declared.contains(fallback) {
                let others = declared.iter().map(String::as_str).filter(|other| *other != name);
                let message = format!("model {} is not declared", self.findings.quote(&at));
                self.findings.at(&at, message, nearest::hint(fallback, &others.collect::<Vec<_>>()));
            }
        }
    }

    fn targets(
        &mut self,
        section: &ModelSection,
        providers: &Providers,
        declared: &BTreeSet<String>,
        at: &Path,
    ) -> Vec<Arc<Target>> {
        let mut targets = Vec::with_capacity(section.targets.len());
        let prices = Arc::clone(&self.prices);
        let of_model = section.price.as_ref().and_then(|stated| self.price(stated, &at.key("price")));
        for (index, stated) in section.targets.iter().enumerate() {
            let at = at.key("targets").index(index);
            if stated.model.trim().is_empty() {
                self.findings.at(&at.key("model"), "the name is empty", None);
            }
            self.check_parameters(stated, &at);
            let own = stated.price.as_ref().and_then(|stated| self.price(stated, &at.key("price")));
            match providers.get(&stated.provider) {
                Some(provider) => {
                    let price =
                        own.or_else(|| of_model.clone()).or_else(|| provider.listed_price(&prices, &stated.model));
                    targets.push(Arc::new(target(stated, section, provider, (price, &self.patterns))));
                }
                // Disabled, or bad in itself and said so already.
                None if declared.contains(&stated.provider) => {}
                None => {
                    let at = at.key("provider");
                    let names: Vec<&str> =
                        declared.iter().map(String::as_str).chain(providers.keys().map(String::as_str)).collect();
                    let message = format!("provider {} is not configured", self.findings.quote(&at));
                    let hint = nearest::nearest(&stated.provider, names).map_or_else(
                        || format!("add `[providers.{}]`", stated.provider),
                        |near| format!("did you mean `{near}`?"),
                    );
                    self.findings.at(&at, message, Some(hint));
                }
            }
        }
        targets.sort_by_key(|target| target.priority);
        targets
    }

    /// What the request is, and what Trunkline says itself, is not for a target to change.
    fn check_parameters(&mut self, stated: &TargetSection, at: &Path) {
        let tables = [("set", &stated.set), ("default", &stated.default)];
        for (table, name) in tables.iter().flat_map(|(table, fields)| fields.keys().map(move |name| (table, name))) {
            if NOT_A_TARGETS.contains(&name.as_str()) {
                self.findings.at_key(&at.key(table).key(name), format!("a target cannot change `{name}`"), None);
            }
        }
        for (index, name) in stated.drop.iter().enumerate() {
            if NOT_A_TARGETS.contains(&name.as_str()) {
                self.findings.at(&at.key("drop").index(index), format!("a target cannot change `{name}`"), None);
            }
        }
    }
}

/// Gives models of the strategy `duplicate`, behind their own, the targets of all models that have the same model at
/// their providers.
fn add_duplicates(models: &mut IndexMap<String, Model>) {
    if models.values().all(|model| model.strategy != Strategy::Duplicate) {
        return;
    }
    let stated: Vec<Arc<Target>> = models.values().flat_map(|model| model.targets.iter().cloned()).collect();
    for model in models.values_mut().filter(|model| model.strategy == Strategy::Duplicate) {
        let last = model.targets.last().map_or(0, |target| target.priority);
        for other in &stated {
            let mut twins = model.targets.iter().filter(|own| own.model.name == other.model.name).peekable();
            if twins.peek().is_some() && twins.all(|own| own.provider.name != other.provider.name) {
                model.targets.push(Arc::new(Target { priority: last.saturating_add(1), ..Target::clone(other) }));
            }
        }
    }
}

fn names(stated: &[String]) -> Vec<Arc<str>> {
    stated.iter().map(|name| name.as_str().into()).collect()
}

fn model(name: &str, section: &ModelSection, targets: Vec<Arc<Target>>, enforcement: Arc<Enforcement>) -> Model {
    Model {
        name: name.into(),
        targets,
        strategy: section.strategy,
        hedge_after: section.hedge_after.map(|period| period.duration()),
        continuation: section.continuation,
        context_window: section.context_window,
        fallbacks: names(&section.fallbacks),
        context_fallbacks: names(&section.context_fallbacks),
        content_fallbacks: names(&section.content_fallbacks),
        on_loss: match section.on_loss {
            file::OnLoss::Report => OnLoss::Report,
            file::OnLoss::Reject => OnLoss::Reject,
        },
        fix_tool_messages: section.fix_tool_messages,
        enforcement,
        // Once all its targets are known.
        cache: None,
    }
}

fn target(
    stated: &TargetSection,
    model: &ModelSection,
    provider: &Arc<Provider>,
    (price, patterns): (Option<Arc<Price>>, &Arc<Patterns>),
) -> Target {
    let own = |stated: Option<crate::file::Period>, default| stated.map_or(default, |period| period.duration());
    let defaults = provider.timeouts;
    Target {
        provider: Arc::clone(provider),
        model: UpstreamModel::new(&stated.model),
        capabilities: Arc::new(takes(stated, model, provider)),
        timeouts: Timeouts {
            connect: own(stated.connect_timeout, defaults.connect),
            first_byte: own(stated.first_byte_timeout, defaults.first_byte),
            idle: own(stated.idle_timeout, defaults.idle),
            total: own(stated.timeout, defaults.total),
        },
        priority: stated.priority,
        weight: stated.weight,
        cooldown: stated.cooldown.map(|period| period.duration()),
        price,
        room: stated
            .requests_max
            .map(|requests_max| Room { requests_max, among: RoomAmong::Target })
            .or_else(|| provider.room()),
        draining: stated.draining || provider.draining,
        parameters: parameters(stated),
        repair: repaired(&stated.model, model, provider).resolve(provider.vendor.self_hosted, &stated.model, patterns),
    }
}

/// What is said of a target's answers; what is said of the name that clients ask for goes before what is said of the
/// provider's model.
fn repaired(upstream_model: &str, model: &ModelSection, provider: &Provider) -> StatedRepair {
    let own = repair::of_model(model);
    match provider.models.get(upstream_model) {
        Some(listed) => own.or(&listed.stated_repair),
        None => own,
    }
}

fn parameters(stated: &TargetSection) -> Option<Arc<Parameters>> {
    let TargetSection { set, default, drop, .. } = stated;
    let stated = Parameters { set: set.clone(), default: default.clone(), drop: drop.clone() };
    (!stated.is_empty()).then(|| Arc::new(stated))
}

/// What a target takes. A window that is stated for the target, or by the provider for this very model, is closer to the
/// truth than the one of the name that clients ask for, which may have targets of several sizes.
fn takes(stated: &TargetSection, model: &ModelSection, provider: &Provider) -> Capabilities {
    let known = provider.capabilities_of(&stated.model);
    let of_model = provider.models.get(&stated.model).and_then(|listed| listed.context_window);
    Capabilities {
        context_window: stated.context_window.or(of_model).or(model.context_window).or(known.context_window),
        ..overlaid(&known, &model.capabilities)
    }
}

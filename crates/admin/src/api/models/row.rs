//! Models as lists show them: those of the document, switched off or not, and those that providers list.

use std::collections::HashMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use trunkline_config::{Model, Path, Snapshot, Target};
use trunkline_providers::Price;
use trunkline_route::Catalog;
use trunkline_route::candidates::candidates;
use trunkline_wire::Capabilities;
use trunkline_wire::capabilities::ThinkingMode;

use crate::api::editing::Editing;
use crate::api::prices::per_mtok;
use crate::clock::now;
use crate::plane::Plane;
use crate::standing::Sight;
use crate::upstreams::{Day, DayOf};

/// A model, and who serves it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Model")]
pub(crate) struct ModelRow {
    name: String,
    source: Source,
    enabled: bool,
    /// The order of targets of the same priority; `null` for one that is not declared.
    strategy: Option<String>,
    targets: Vec<ModelTarget>,
    fallbacks: Vec<String>,
    /// Tokens in and out, where that is known.
    context_window: Option<u64>,
    /// What it takes beside text, as far as is known: of its first target.
    capabilities: Vec<&'static str>,
    /// What its first target costs; `null`: nobody knows.
    price: Option<ModelPrice>,
    requests_24h: u64,
}

/// Who says that there is such a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Source {
    Document,
    Discovered,
}

/// One way to serve a model, and how it stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct ModelTarget {
    provider: String,
    /// The provider's own name for it.
    model: String,
    /// 0 comes first.
    priority: u32,
    weight: u32,
    /// `ready`, `cooling`, `open`, `draining`, `down`, `disabled` or `unknown`.
    state: &'static str,
    /// Why it is not ready.
    reason: Option<String>,
}

/// USD per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
struct ModelPrice {
    input: Option<f64>,
    output: Option<f64>,
    cached_input: Option<f64>,
    cache_write: Option<f64>,
}

/// All that rows are made from.
pub(crate) struct Rows<'a> {
    plane: &'a dyn Plane,
    snapshot: Arc<Snapshot>,
    catalog: Arc<Catalog>,
    sections: Map<String, Value>,
    days: HashMap<String, Day>,
}

impl<'a> Rows<'a> {
    /// Asks once for all of them.
    pub(crate) async fn of(plane: &'a dyn Plane, editing: &Editing) -> Self {
        // A document that is no TOML any more says nothing; what is in force goes on.
        let said = editing.said(&Path::of_keys(&["models"])).ok().flatten();
        Self {
            plane,
            snapshot: plane.snapshot(),
            catalog: plane.catalog(),
            sections: said.and_then(|said| said.as_object().cloned()).unwrap_or_default(),
            // Without a ledger models are shown all the same; the status says that it fails.
            days: plane.upstreams().last_day(DayOf::Models).await.unwrap_or_default(),
        }
    }

    /// The names of all: those of the document, then what providers list as `provider/model`.
    pub(crate) fn names(&self) -> Vec<String> {
        let declared = self.snapshot.models.keys();
        let off = self.sections.keys().filter(|name| !self.snapshot.models.contains_key(*name));
        let listed = self.snapshot.providers.values().filter_map(|provider| {
            let listing = self.catalog.listing(&provider.name)?;
            Some(listing.models.iter().map(|model| format!("{}/{}", provider.name, model.id)))
        });
        let mut names: Vec<String> = declared.chain(off).cloned().collect();
        let known = names.len();
        for name in listed.flatten() {
            if !names.get(..known).unwrap_or_default().contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// One of them, or another that can be asked for; `None` when there is none of that name.
    pub(crate) fn one(&self, name: &str) -> Option<ModelRow> {
        match (self.snapshot.models.get(name), self.sections.get(name)) {
            (Some(model), section) => Some(self.in_force(model, section)),
            (None, Some(section)) => Some(self.not_in_force(name, section)),
            (None, None) => self.discovered(name),
        }
    }

    fn in_force(&self, model: &Model, section: Option<&Value>) -> ModelRow {
        let mut targets: Vec<ModelTarget> = model.targets.iter().map(|target| self.target(target)).collect();
        let is_there = |stated: &ModelTarget| {
            model.targets.iter().any(|own| *own.provider.name == *stated.provider && *own.model.name == *stated.model)
        };
        targets.extend(section.into_iter().flat_map(|section| self.stated_targets(section)).filter(|at| !is_there(at)));
        let first = model.targets.first();
        ModelRow {
            source: Source::Document,
            strategy: Some(model.strategy.as_str().to_owned()),
            targets,
            fallbacks: model.fallbacks.iter().map(ToString::to_string).collect(),
            context_window: model.context_window.or_else(|| self.window(first?)),
            ..self.of_target(&model.name, first)
        }
    }

    /// One that the document switches off, or of which every provider is.
    fn not_in_force(&self, name: &str, section: &Value) -> ModelRow {
        let texts = |value: &Value| {
            let texts = value.as_array().into_iter().flatten().filter_map(Value::as_str);
            texts.map(str::to_owned).collect::<Vec<_>>()
        };
        ModelRow {
            source: Source::Document,
            enabled: section["enabled"] != false,
            strategy: Some(section["strategy"].as_str().unwrap_or("weighted").to_owned()),
            targets: self.stated_targets(section).collect(),
            fallbacks: texts(&section["fallbacks"]),
            context_window: section["context_window"].as_u64(),
            ..self.of_target(name, None)
        }
    }

    fn discovered(&self, name: &str) -> Option<ModelRow> {
        let found = candidates(&self.snapshot, &self.catalog, name, None).ok()?;
        let first = found.targets.first();
        Some(ModelRow {
            targets: found.targets.iter().map(|target| self.target(target)).collect(),
            context_window: first.and_then(|first| self.window(first)),
            ..self.of_target(name, first.filter(|_| found.fallbacks.is_empty()))
        })
    }

    /// What follows from a model's first target.
    fn of_target(&self, name: &str, first: Option<&Arc<Target>>) -> ModelRow {
        ModelRow {
            name: name.to_owned(),
            source: Source::Discovered,
            enabled: true,
            strategy: None,
            targets: Vec::new(),
            fallbacks: Vec::new(),
            context_window: None,
            capabilities: first.map(|first| words(&first.capabilities)).unwrap_or_default(),
            price: first.and_then(|first| price(first.price.as_ref()?)),
            requests_24h: self.days.get(name).map_or(0, |day| day.requests),
        }
    }

    fn window(&self, target: &Target) -> Option<u64> {
        let (provider, model) = (&target.provider, &target.model.name);
        self.catalog.window(&provider.name, model).or_else(|| provider.context_window_of(model))
    }

    fn target(&self, target: &Target) -> ModelTarget {
        let (state, reason) = Sight { catalog: &self.catalog, live: self.plane.live(), now: now() }.stand(target);
        ModelTarget {
            provider: target.provider.name.to_string(),
            model: target.model.name.to_string(),
            priority: target.priority,
            weight: target.weight,
            state,
            reason,
        }
    }

    /// The targets of a section that requests are not sent to.
    fn stated_targets(&self, section: &Value) -> impl Iterator<Item = ModelTarget> {
        let is_off = section["enabled"] == false;
        section["targets"].as_array().into_iter().flatten().filter_map(move |stated| {
            let provider = stated["provider"].as_str()?;
            let number = |field: &str, default| {
                stated[field].as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or(default)
            };
            let (state, reason) = match (is_off, self.snapshot.providers.contains_key(provider)) {
                (true, _) => ("disabled", "the model is switched off"),
                (false, false) => ("disabled", "the provider is switched off"),
                (false, true) => ("unknown", "it is not in force"),
            };
            Some(ModelTarget {
                provider: provider.to_owned(),
                model: stated["model"].as_str().unwrap_or_default().to_owned(),
                priority: number("priority", 0),
                weight: number("weight", 1),
                state,
                reason: Some(reason.to_owned()),
            })
        })
    }
}

/// What a model takes beside text.
fn words(of: &Capabilities) -> Vec<&'static str> {
    let all = [
        (of.tools, "tools"),
        (of.images, "images"),
        (of.documents, "documents"),
        (of.audio, "audio"),
        (of.json_schema, "json_schema"),
        (of.thinking != ThinkingMode::Never, "thinking"),
    ];
    all.into_iter().filter(|(has, _)| *has).map(|(_, word)| word).collect()
}

fn price(price: &Price) -> Option<ModelPrice> {
    let tokens = price.at(now().0)?.tokens;
    Some(ModelPrice {
        input: per_mtok(tokens.input),
        output: per_mtok(tokens.output),
        cached_input: per_mtok(tokens.cached_input),
        cache_write: per_mtok(tokens.cache_write),
    })
}

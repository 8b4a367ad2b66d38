//! Providers as lists show them: those that requests are sent to, and those that the document switches off.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use trunkline_config::{Path, Provider, Snapshot};
use trunkline_providers::registry;
use trunkline_route::Catalog;

use crate::api::editing::Editing;
use crate::clock::now;
use crate::plane::Plane;
use crate::standing::{HealthState, ProviderHealth, ProviderKey, Sight};
use crate::upstreams::{Day, DayOf};

/// A provider, and how it is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Provider")]
pub(crate) struct ProviderRow {
    pub(crate) name: String,
    r#type: String,
    /// Where it is; `null` for what comes with the program.
    base_url: Option<String>,
    /// Who says that there is one.
    source: Source,
    enabled: bool,
    draining: bool,
    /// The wire formats that it speaks, the one to prefer first.
    dialects: Vec<String>,
    keys: Vec<ProviderKey>,
    health: ProviderHealth,
    /// How many models it lists.
    models: usize,
    requests_24h: u64,
    errors_24h: u64,
    /// In USD; `null`: nobody knows.
    #[schemars(extend("format" = "decimal"))]
    cost_24h: Option<String>,
}

/// Who says that there is a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Source {
    Document,
    Environment,
    Probe,
    BuiltIn,
}

impl From<trunkline_config::ProviderSource> for Source {
    fn from(source: trunkline_config::ProviderSource) -> Self {
        match source {
            trunkline_config::ProviderSource::Document => Self::Document,
            trunkline_config::ProviderSource::Environment => Self::Environment,
            trunkline_config::ProviderSource::Probe => Self::Probe,
            trunkline_config::ProviderSource::BuiltIn => Self::BuiltIn,
        }
    }
}

/// All that rows are made from.
pub(crate) struct Rows<'a> {
    plane: &'a dyn Plane,
    snapshot: std::sync::Arc<Snapshot>,
    catalog: std::sync::Arc<Catalog>,
    sections: Map<String, Value>,
    days: HashMap<String, Day>,
}

impl<'a> Rows<'a> {
    /// Asks once for all of them.
    pub(crate) async fn of(plane: &'a dyn Plane, editing: &Editing) -> Self {
        // A document that is no TOML any more says nothing; what is in force goes on.
        let said = editing.said(&Path::of_keys(&["providers"])).ok().flatten();
        Self {
            plane,
            snapshot: plane.snapshot(),
            catalog: plane.catalog(),
            sections: said.and_then(|said| said.as_object().cloned()).unwrap_or_default(),
            // Without a ledger providers are shown all the same; the status says that it fails.
            days: plane.upstreams().last_day(DayOf::Providers).await.unwrap_or_default(),
        }
    }

    /// Every provider: those in force first.
    pub(crate) fn all(&self) -> Vec<ProviderRow> {
        let off = self.sections.keys().filter(|name| !self.snapshot.providers.contains_key(*name));
        let names = self.snapshot.providers.keys().chain(off);
        names.filter_map(|name| self.one(name)).collect()
    }

    /// One of them; `None` when there is none of that name.
    pub(crate) fn one(&self, name: &str) -> Option<ProviderRow> {
        match self.snapshot.providers.get(name) {
            Some(provider) => Some(self.in_force(provider)),
            None => Some(self.not_in_force(name, self.sections.get(name)?)),
        }
    }

    fn in_force(&self, provider: &Provider) -> ProviderRow {
        let catalog = &*self.catalog;
        let sight = Sight { catalog, live: self.plane.live(), now: now() };
        let day = self.days.get(&*provider.name).cloned().unwrap_or_default();
        ProviderRow {
            name: provider.name.to_string(),
            r#type: provider.vendor.id.to_owned(),
            base_url: provider.base_url.as_ref().map(ToString::to_string),
            source: provider.source.into(),
            enabled: true,
            draining: provider.draining,
            dialects: provider.dialects.iter().map(|dialect| dialect.as_str().to_owned()).collect(),
            keys: sight.keys(provider),
            health: ProviderHealth { latency_ms: day.first_byte_ms, ..sight.health(provider) },
            models: catalog.listing(&provider.name).map_or(0, |listing| listing.models.len()),
            requests_24h: day.requests,
            errors_24h: day.errors,
            cost_24h: day.cost,
        }
    }

    /// One that the document switches off, or that it has and that is not in force yet.
    fn not_in_force(&self, name: &str, section: &Value) -> ProviderRow {
        let text = |field: &str| section[field].as_str().map(str::to_owned);
        let vendor = registry::find(section["type"].as_str().unwrap_or(name));
        let enabled = section["enabled"] != false;
        let keys = section["keys"].as_array().map_or(usize::from(section["key"].is_string()), Vec::len);
        let key = |number| ProviderKey {
            label: format!("{name}#{number}"),
            cooling_until: None,
            reason: None,
            requests: None,
        };
        let reason = if enabled { "it is not in force" } else { "it is switched off" };
        let day = self.days.get(name).cloned().unwrap_or_default();
        let stated = section["dialects"].as_array();
        let stated = stated.map(|all| all.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>());
        let known = || vendor.map(|vendor| vendor.dialects.iter().map(|dialect| dialect.as_str().to_owned()).collect());
        ProviderRow {
            name: name.to_owned(),
            r#type: text("type").unwrap_or_else(|| name.to_owned()),
            base_url: text("base_url").or_else(|| vendor?.default_base_url.map(str::to_owned)),
            source: Source::Document,
            enabled,
            draining: section["draining"] == true,
            dialects: stated.or_else(known).unwrap_or_default(),
            keys: (1..=keys).map(key).collect(),
            health: ProviderHealth {
                state: HealthState::Unknown,
                since: None,
                reason: Some(reason.to_owned()),
                latency_ms: None,
            },
            models: 0,
            requests_24h: day.requests,
            errors_24h: day.errors,
            cost_24h: day.cost,
        }
    }
}

//! `[providers.NAME]`, and those that nobody declared.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use indexmap::IndexMap;
use trunkline_providers::{BaseUrl, Vendor, capabilities, registry};
use trunkline_wire::{Capabilities, DialectId};

use super::Resolver;
use super::capabilities::overlaid;
use super::implied::same_place;
use super::repair;
use crate::file::{ProviderAuth, ProviderSection};
use crate::nearest;
use crate::path::{Path, path};
use crate::settings::table;
use crate::snapshot::{AuthMode, Key, Provider, ProviderModel, ProviderSource, Timeouts, UsualRepairs};

/// For everything, when neither the provider nor a variable says.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(3600);

/// The provider that is always there.
const BUILT_IN: &str = "dummy";

pub(super) type Providers = IndexMap<String, Arc<Provider>>;

impl Resolver<'_, '_> {
    pub(super) fn providers(&mut self) -> Providers {
        let mut providers = Providers::new();
        let total = self.total_timeout();
        let file = self.file;
        for (name, section) in &file.providers {
            let provider = self.declared_provider(name, section, total);
            providers.extend(provider.map(|provider| (name.clone(), Arc::new(provider))));
        }
        if self.document.is_none() {
            for vendor in registry::ALL {
                let keys = self.implied_keys(vendor);
                let base_url = vendor.default_base_url.and_then(|url| BaseUrl::parse(url, vendor).ok());
                if !keys.is_empty() && base_url.is_some() {
                    let provider = self.unstated((vendor, ProviderSource::Environment), base_url, keys, total);
                    providers.insert(vendor.id.to_owned(), Arc::new(provider));
                }
            }
        }
        self.found_providers(&mut providers, total);
        if let Some(vendor) = registry::find(BUILT_IN).filter(|_| !self.declared("providers").contains(BUILT_IN)) {
            let provider = self.unstated((vendor, ProviderSource::BuiltIn), None, Vec::new(), total);
            providers.insert(BUILT_IN.to_owned(), Arc::new(provider));
        }
        providers
    }

    fn total_timeout(&mut self) -> Duration {
        let stated = self.layers().period(&table::TIMEOUT).map(|period| period.duration());
        if stated.is_some_and(|total| total.is_zero()) {
            let chosen = self.layers().variable(&table::TIMEOUT);
            let name = chosen.map_or(table::TIMEOUT.path, |chosen| chosen.origin);
            self.findings.outside(name, "must be longer than zero", None);
        }
        stated.unwrap_or(TOTAL_TIMEOUT)
    }

    /// What was found joins unless its name or its place is taken.
    fn found_providers(&mut self, providers: &mut Providers, total: Duration) {
        let declared = self.declared("providers");
        for endpoint in self.found {
            let name = endpoint.vendor.id;
            let mut places = providers.values().filter_map(|provider| provider.base_url.as_ref());
            let taken = declared.contains(name) || providers.contains_key(name);
            if !taken && !places.any(|place| same_place(place, &endpoint.base_url)) {
                let of = (endpoint.vendor, ProviderSource::Probe);
                let provider = self.unstated(of, Some(endpoint.base_url.clone()), Vec::new(), total);
                providers.insert(name.to_owned(), Arc::new(provider));
            }
        }
    }

    fn declared_provider(&mut self, name: &str, section: &ProviderSection, total: Duration) -> Option<Provider> {
        let at = path(&["providers", name]);
        if name.is_empty() || name.contains(|char: char| char == '/' || char.is_whitespace() || char.is_control()) {
            let hint = "it is the prefix in `provider/model`; use letters, digits, `-`, `_` and `.`".to_owned();
            self.findings.at_key(&at, format!("{name:?} cannot be a provider's name"), Some(hint));
        }
        if !section.enabled {
            return None;
        }
        let vendor = self.vendor(name, section, &at)?;
        let base_url = self.base_url(section, vendor, &at);
        let keys = self.keys(name, section, vendor, &at);
        let key_header = vendor.auth.name().filter(|_| !keys.is_empty());
        let headers = self.headers(&section.headers, key_header.as_ref(), &at.key("headers"));
        let dialects = self.dialects(section, vendor, &at);
        let models = self.provider_models(section, vendor, &at);
        let errors = self.errors(&section.errors, &at.key("errors"));
        Some(Provider {
            name: name.into(),
            name_header: HeaderValue::from_str(name).ok(),
            vendor,
            source: ProviderSource::Document,
            base_url,
            dialects,
            auth: match section.auth {
                ProviderAuth::Keys | ProviderAuth::None => AuthMode::Keys,
                ProviderAuth::Passthrough => AuthMode::Passthrough,
            },
            keys: keys.into_iter().map(Arc::new).collect(),
            key_strategy: section.key_strategy,
            key_cooldown: section.key_cooldown.map(|period| period.duration()),
            errors,
            headers,
            forward_headers: self.forward_headers(&section.forward_headers, &at.key("forward_headers")),
            timeouts: timeouts(section, total),
            requests_max: section.requests_max,
            health: section.health.as_ref().and_then(|health| self.health(health, vendor, &at.key("health"))),
            draining: section.draining,
            drain_timeout: section.drain_timeout.duration(),
            context_window: section.context_window,
            usual_repairs: UsualRepairs::of_vendor(vendor.self_hosted, &self.patterns),
            models,
        })
    }

    /// A provider of which the document says nothing.
    fn unstated(
        &self,
        (vendor, source): (&'static Vendor, ProviderSource),
        base_url: Option<BaseUrl>,
        keys: Vec<Key>,
        total: Duration,
    ) -> Provider {
        let section = ProviderSection::unstated();
        Provider {
            name: vendor.id.into(),
            name_header: Some(HeaderValue::from_static(vendor.id)),
            vendor,
            source,
            base_url,
            dialects: vendor.dialects.to_vec(),
            keys: keys.into_iter().map(Arc::new).collect(),
            key_strategy: section.key_strategy,
            key_cooldown: None,
            errors: Vec::new(),
            auth: AuthMode::Keys,
            headers: Vec::new(),
            forward_headers: Vec::new(),
            timeouts: timeouts(&section, total),
            requests_max: None,
            health: None,
            draining: false,
            drain_timeout: section.drain_timeout.duration(),
            context_window: None,
            usual_repairs: UsualRepairs::of_vendor(vendor.self_hosted, &self.patterns),
            models: IndexMap::new(),
        }
    }

    fn dialects(&mut self, section: &ProviderSection, vendor: &Vendor, at: &Path) -> Vec<DialectId> {
        let Some(stated) = &section.dialects else { return vendor.dialects.to_vec() };
        let at = at.key("dialects");
        if vendor.adapter.is_some() {
            self.findings.at(&at, format!("`{}` is built in and speaks no dialect", vendor.id), None);
            return Vec::new();
        }
        let mut dialects = Vec::with_capacity(stated.len());
        for (index, name) in stated.iter().enumerate() {
            let dialect = name.id();
            if dialects.contains(&dialect) {
                self.findings.at(&at.index(index), format!("`{}` is stated before", dialect.as_str()), None);
            } else {
                dialects.push(dialect);
            }
        }
        dialects
    }

    fn provider_models(
        &mut self,
        section: &ProviderSection,
        vendor: &Vendor,
        at: &Path,
    ) -> IndexMap<String, ProviderModel> {
        let mut models = IndexMap::with_capacity(section.models.len());
        for (id, stated) in &section.models {
            self.check_capabilities(&stated.capabilities, &at.key("models").key(id).key("capabilities"));
            self.check_tool_format(stated.tool_format.as_ref(), &at.key("models").key(id).key("tool_format"));
            let takes = Capabilities {
                context_window: stated.context_window.or(section.context_window),
                ..overlaid(&capabilities(vendor, id), &stated.capabilities)
            };
            let stated_repair = repair::of_providers_model(stated);
            let model = ProviderModel {
                context_window: stated.context_window,
                capabilities: Arc::new(takes),
                repair: stated_repair.resolve(vendor.self_hosted, id, &self.patterns),
                stated_repair,
            };
            models.insert(id.clone(), model);
        }
        models
    }

    fn vendor(&mut self, name: &str, section: &ProviderSection, at: &Path) -> Option<&'static Vendor> {
        let vendor = registry::find(section.vendor.as_deref().unwrap_or(name));
        if vendor.is_none() && !self.findings.is_marred(&at.key("type")) {
            let ids: Vec<&str> = registry::ALL.iter().map(|vendor| vendor.id).collect();
            let hint = format!("say what it is: {}", nearest::list(&ids));
            self.findings.at(at, "`type` is missing, and the name is not a type", Some(hint));
        }
        vendor
    }

    fn base_url(&mut self, section: &ProviderSection, vendor: &Vendor, at: &Path) -> Option<BaseUrl> {
        let at_url = at.key("base_url");
        let text = match (section.base_url.as_deref(), vendor.adapter) {
            (Some(_), Some(_)) => {
                self.findings.at(&at_url, format!("`{}` is built in and has no address", vendor.id), None);
                return None;
            }
            (None, Some(_)) => return None,
            (stated, None) => stated.map(str::trim).or(vendor.default_base_url),
        };
        let Some(text) = text else {
            if !self.findings.is_marred(&at_url) {
                self.findings.at(at, "`base_url` is missing", None);
            }
            return None;
        };
        let url = BaseUrl::parse(text, vendor);
        if let Err(error) = &url {
            self.findings.at(&at_url, format!("the URL {error}"), None);
        }
        url.ok()
    }
}

fn timeouts(section: &ProviderSection, total: Duration) -> Timeouts {
    Timeouts {
        connect: section.connect_timeout.duration(),
        first_byte: section.first_byte_timeout.duration(),
        idle: section.idle_timeout.duration(),
        total: section.total_timeout.map_or(total, |period| period.duration()),
    }
}

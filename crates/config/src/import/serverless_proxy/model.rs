//! `virtual_models`

use serde_json::Value;
use toml::Table;

use super::super::draft::Set;
use super::super::report::Report;
use super::super::rules::{Answer, Key, Rule, apply, approximate, ask, exact, flag, make, manual, refuse, unsupported};
use super::super::upstream::{PARAMETERS, provider_name};
use super::endpoint::{told, write_headers};
use super::{Desk, NO_DATES, UNKNOWN, plain};

/// Prices by column and by their name in `price`.
const PRICES: [(&str, &str); 4] = [
    ("cost_per_1m_tokens_in", "input"),
    ("cost_per_1m_tokens_out", "output"),
    ("cost_per_1m_tokens_in_cached", "cached_input"),
    // What it called cached output are tokens written to a cache.
    ("cost_per_1m_tokens_out_cached", "cache_write"),
];

struct Reading {
    name: String,
    /// Why the model is not in the document, if it is not.
    left_out: Option<String>,
    /// The provider, and what became of the headers that the model adds.
    provider: String,
    headers: Option<Vec<String>>,
    price: Table,
}

impl Reading {
    fn to(&self, setting: &str) -> Answer {
        match &self.left_out {
            None => exact(format!("`models.{}.{setting}`", self.name)),
            Some(reason) => manual(format!("the model is left out: {reason}")),
        }
    }
}

/// Adds the model of one row.
pub(super) fn import(at: &str, row: &Value, desk: &mut Desk, report: &mut Report) {
    let mut reading = read(row, desk);
    apply(RULES, UNKNOWN, (at, row), &mut reading, report);
    if reading.left_out.is_some() {
        return;
    }
    let mut target = Table::new();
    target.set("provider", reading.provider);
    target.set("model", row.get("actual_model").and_then(Value::as_str).unwrap_or_default());
    let model = desk.draft.models.entry(reading.name).or_default();
    model.targets.push(target);
    if !reading.price.is_empty() {
        model.settings.set("price", reading.price);
    }
}

fn read(row: &Value, desk: &mut Desk) -> Reading {
    let text = |column: &str| row.get(column).and_then(Value::as_str).unwrap_or_default();
    let name = text("name").trim().to_owned();
    let endpoint = row.get("endpoint_id").and_then(|id| desk.endpoints.get(&plain(id)));
    let left_out = if row.get("enabled").and_then(flag) == Some(false) {
        Some("it is disabled, and a document has no disabled models")
    } else if name.is_empty() || name.contains(char::is_control) {
        Some("it has no usable name")
    } else if text("actual_model").trim().is_empty() {
        Some("it has no `actual_model`")
    } else if endpoint.is_none() {
        Some("there is no such endpoint")
    } else {
        None
    };
    let (provider, headers) = match endpoint.filter(|_| left_out.is_none()) {
        None => (String::new(), Some(Vec::new())),
        Some(endpoint) => {
            let mut section = endpoint.section.clone();
            let refused = write_headers(text("custom_headers"), endpoint.vendor, &mut section);
            let own = provider_name(&format!("{}-{name}", endpoint.provider));
            let same = section == endpoint.section;
            (if same { endpoint.provider.clone() } else { desk.draft.share_provider(&own, section) }, refused)
        }
    };
    Reading { name, left_out: left_out.map(str::to_owned), provider, headers, price: price(row) }
}

/// What tokens cost; nothing when all of it is 0, as it is when nobody has set it.
fn price(row: &Value) -> Table {
    let cost = |column: &str| row.get(column).and_then(Value::as_f64).filter(|cost| *cost > 0.0);
    let mut price = Table::new();
    if !PRICES.iter().any(|(column, _)| cost(column).is_some()) {
        return price;
    }
    for (column, name) in PRICES {
        let is_needed = matches!(name, "input" | "output");
        if let Some(cost) = cost(column).or(is_needed.then_some(0.0)) {
            // The finest that a price can be.
            price.set(name, (cost * 1e6).round() / 1e6);
        }
    }
    price
}

/// What becomes of each column.
const RULES: &[Rule<Reading>] = &[
    make("id", |_, _| exact("models are referred to by their names")),
    make("name", |_, reading| reading.to("targets")),
    make("endpoint_id", |_, reading| reading.to("targets[].provider")),
    make("actual_model", |_, reading| reading.to("targets[].model")),
    refuse("description", "a model has no description"),
    make("cost_per_1m_tokens_in", cost),
    make("cost_per_1m_tokens_out", cost),
    make("cost_per_1m_tokens_in_cached", cost),
    make("cost_per_1m_tokens_out_cached", cost),
    make("disable_streaming", off),
    make("force_non_streaming", off),
    make("custom_headers", headers),
    make("enabled", |key, reading| if key.flag()? { exact("on") } else { reading.to("") }),
    ask("max_tokens", PARAMETERS),
    ask("temperature", PARAMETERS),
    ask("top_p", PARAMETERS),
    make("system_prompt", |key, _| {
        if key.text()?.is_empty() { exact("not set") } else { unsupported("Trunkline adds no system prompts") }
    }),
    refuse("created_at", NO_DATES),
    refuse("updated_at", NO_DATES),
];

fn cost(key: &Key<'_>, reading: &mut Reading) -> Answer {
    let stated = key.number()? > 0.0;
    let name = PRICES.iter().find(|(column, _)| *column == key.name(0)).map_or("", |(_, name)| name);
    if stated || reading.price.contains_key(name) { reading.to(&format!("price.{name}")) } else { exact("not set") }
}

fn off(key: &Key<'_>, _: &mut Reading) -> Answer {
    if key.flag()? { unsupported("Trunkline streams when the client asks for it") } else { exact("off") }
}

fn headers(key: &Key<'_>, reading: &mut Reading) -> Answer {
    key.text()?;
    if reading.left_out.is_some() {
        return reading.to("");
    }
    match reading.headers.as_deref() {
        Some([]) if key.text()?.trim().is_empty() => exact("not set"),
        Some([]) => approximate(format!("a provider of its own, `providers.{}`", reading.provider)),
        Some([..]) | None => told(reading.headers.clone(), &format!("`providers.{}.headers`", reading.provider)),
    }
}

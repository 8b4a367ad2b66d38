//! `endpoints`

use serde_json::Value;
use toml::Table;
use trunkline_providers::{BaseUrl, Vendor, registry};

use super::super::draft::{Set, literal};
use super::super::report::Report;
use super::super::rules::{Answer, Key, Rule, apply, approximate, exact, flag, make, manual, refuse, unsupported};
use super::super::upstream::{KeyHeader, key_problem, provider_name, write_header, write_keys};
use super::{Desk, NO_DATES, UNKNOWN, object, plain};

/// An endpoint as Trunkline has it.
pub(super) struct Endpoint {
    pub(super) provider: String,
    pub(super) section: Table,
    pub(super) vendor: &'static Vendor,
}

/// What an `endpoint_type` is.
struct Kind {
    name: &'static str,
    vendor: &'static str,
    /// Follows the endpoint's URL.
    path: &'static str,
    /// How it differs, if it does.
    note: Option<&'static str>,
}

const fn kind(name: &'static str, vendor: &'static str) -> Kind {
    Kind { name, vendor, path: "", note: None }
}

const KINDS: &[Kind] = &[
    kind("openai", "openai"),
    kind("anthropic", "anthropic"),
    kind("deepinfra", "deepinfra"),
    kind("ollama", "ollama"),
    kind("together", "together"),
    kind("vllm", "vllm"),
    Kind {
        name: "openwebui",
        vendor: "openai",
        path: "/api/chat/completions",
        note: Some("as an OpenAI-compatible server below `/api`; its embeddings, below `/api/v1`, are not reached"),
    },
    Kind {
        name: "runpod",
        vendor: "openai",
        path: "/openai/v1",
        note: Some("through the OpenAI-compatible path of its vLLM workers; jobs and Ollama workers are not supported"),
    },
    Kind {
        name: "queue",
        vendor: "openai",
        path: "",
        note: Some("as an OpenAI-compatible server that may wait 20 minutes; all requests have one priority"),
    },
];

/// How long the AI queue may wait before it begins to answer.
const QUEUE_TIMEOUT: &str = "20m";

/// What the AI queue is told, and by which variable.
const QUEUE_HEADERS: [(&str, &str); 2] = [("x-priority", "AI_QUEUE_PRIORITY"), ("x-source", "AI_QUEUE_SOURCE")];

struct Reading {
    kind: Option<&'static Kind>,
    url: Result<String, String>,
    key_problem: Option<String>,
    endpoint: Endpoint,
}

impl Reading {
    fn to(&self, setting: &str) -> String {
        format!("`providers.{}.{setting}`", self.endpoint.provider)
    }
}

/// Adds the provider of one row.
pub(super) fn import(at: &str, row: &Value, desk: &mut Desk, report: &mut Report) {
    let mut reading = read(row, desk);
    apply(RULES, UNKNOWN, (at, row), &mut reading, report);
    let endpoint = reading.endpoint;
    desk.draft.providers.insert(endpoint.provider.clone(), endpoint.section.clone());
    desk.endpoints.insert(row.get("id").map(plain).unwrap_or_default(), endpoint);
}

/// What several columns say together, read ahead of the rules.
fn read(row: &Value, desk: &Desk) -> Reading {
    let text = |column: &str| row.get(column).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let kind = KINDS.iter().find(|kind| Some(kind.name) == text("endpoint_type"));
    let vendor = kind.map_or("openai", |kind| kind.vendor);
    let vendor = registry::find(vendor).expect("the table names types that exist");
    let url = text("url").ok_or("it has no URL".to_owned()).and_then(|url| url_below(url, kind, vendor));
    let mut section = Table::new();
    section.set("type", vendor.id);
    if row.get("enabled").and_then(flag) == Some(false) || url.is_err() {
        section.set("enabled", false);
    }
    if let Ok(url) = &url {
        section.set("base_url", url.as_str());
    }
    let key_problem = text("api_key").and_then(|key| key_problem(vendor, key));
    let keys: Vec<String> = text("api_key").filter(|_| key_problem.is_none()).map(literal).into_iter().collect();
    write_keys(&mut section, vendor, KeyHeader::of(vendor).as_ref(), &keys);
    if kind.is_some_and(|kind| kind.name == "queue") {
        section.set("first_byte_timeout", QUEUE_TIMEOUT);
        for (name, variable) in QUEUE_HEADERS {
            if desk.env.get(variable).is_some() {
                section.inner("headers").set(name, format!("${{{variable}}}"));
            }
        }
    }
    let provider = desk.draft.free_name(&provider_name(text("name").unwrap_or_default()));
    Reading { kind, url, key_problem, endpoint: Endpoint { provider, section, vendor } }
}

fn url_below(url: &str, kind: Option<&Kind>, vendor: &Vendor) -> Result<String, String> {
    let path = kind.map_or("", |kind| kind.path);
    let url = url.trim_end_matches('/');
    let whole = if url.ends_with(path) { url.to_owned() } else { format!("{url}{path}") };
    BaseUrl::parse(&whole, vendor).map(|_| whole).map_err(|error| format!("the URL {error}"))
}

/// What becomes of each column.
const RULES: &[Rule<Reading>] = &[
    make("id", |_, reading| exact(format!("how models refer to `providers.{}`", reading.endpoint.provider))),
    make("name", name),
    make("url", url),
    make("api_key", key),
    make("endpoint_type", kind_of),
    make("custom_headers", headers),
    refuse("priority", "each model names its provider, so providers have no order among each other"),
    make("enabled", |key, reading| {
        key.flag()?;
        exact(reading.to("enabled"))
    }),
    refuse("created_at", NO_DATES),
    refuse("updated_at", NO_DATES),
];

fn name(key: &Key<'_>, reading: &mut Reading) -> Answer {
    let provider = &reading.endpoint.provider;
    let note = format!("`providers.{provider}`");
    if key.text()? == provider { exact(note) } else { approximate(format!("{note}: a name has no spaces or slashes")) }
}

fn url(key: &Key<'_>, reading: &mut Reading) -> Answer {
    key.text()?;
    match &reading.url {
        Ok(_) => exact(reading.to("base_url")),
        Err(problem) => manual(format!("{problem}; the provider is switched off: set {}", reading.to("base_url"))),
    }
}

fn key(key: &Key<'_>, reading: &mut Reading) -> Answer {
    if key.text()?.trim().is_empty() {
        return exact("not set");
    }
    match &reading.key_problem {
        None => exact(format!("{}, as it is; better `${{VAR}}`", reading.to("keys"))),
        Some(problem) => manual(format!("{problem}; set {}", reading.to("keys"))),
    }
}

fn kind_of(key: &Key<'_>, reading: &mut Reading) -> Answer {
    key.text()?;
    let at = reading.to("type");
    match reading.kind {
        None => approximate(format!("{at}: not a type of the old gateway; taken for an OpenAI-compatible server")),
        Some(Kind { note: None, .. }) => exact(at),
        Some(Kind { note: Some(note), .. }) => approximate(format!("{at}: {note}")),
    }
}

fn headers(key: &Key<'_>, reading: &mut Reading) -> Answer {
    let endpoint = &mut reading.endpoint;
    let refused = write_headers(key.text()?, endpoint.vendor, &mut endpoint.section);
    told(refused, &reading.to("headers"))
}

/// Writes the headers in a JSON object; those that cannot be written come back, each with the reason. `None`: it is no
/// such object.
pub(super) fn write_headers(text: &str, vendor: &Vendor, section: &mut Table) -> Option<Vec<String>> {
    let headers = object(text)?;
    let refused = headers.iter().filter_map(|(name, value)| {
        let problem = write_header(section, vendor, name, literal(&plain(value))).err()?;
        Some(format!("{name:?}: {problem}"))
    });
    Some(refused.collect())
}

/// What is said of a column with headers.
pub(super) fn told(refused: Option<Vec<String>>, at: &str) -> Answer {
    match refused {
        None => manual(format!("not a JSON object; set {at}")),
        Some(refused) if refused.is_empty() => exact(at.to_owned()),
        Some(refused) => unsupported(format!("{at}, without {}", refused.join(", "))),
    }
}

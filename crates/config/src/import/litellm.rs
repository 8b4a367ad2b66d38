//! LiteLLM's proxy: its `config.yaml`.

mod cache;
mod deployment;
mod prefixes;
mod settings;

use indexmap::IndexMap;
use serde_json::Value;
use toml::Table;

use super::draft::{Draft, Set, list};
use super::report::Report;
use super::rules::apply;
use super::settle::settle;
use super::{Imported, SourceFile};
use crate::env::Env;
use cache::Cache;
use deployment::Deployment;

/// Said of a key that no rule speaks of.
const UNKNOWN: &str = "Trunkline has nothing like it";

/// Where it listens. It listens everywhere; `HOST` or `--host` does the same here, once there is a client key.
const LISTEN: &str = "127.0.0.1:4000";

/// The longest file. Guards memory and time: YAML can say much in few bytes.
const FILE_BYTES_MAX: usize = 4 << 20;

struct Desk {
    draft: Draft,
    deployments: Vec<Result<Deployment, String>>,
    /// For models that name no fallbacks of their own.
    default_fallbacks: Vec<String>,
    aliases: IndexMap<String, String>,
    rejects_losses: bool,
    cache: Cache,
    /// Of every model; `None`: the default.
    strategy: Option<&'static str>,
}

/// Reads a `config.yaml`. The environment says which of the variables it names are set.
pub fn litellm(file: &SourceFile, env: &Env) -> Imported {
    let mut report = Report::default();
    let tree = file.text.as_ref().map_err(Clone::clone).and_then(|text| parse(text));
    let tree = tree.unwrap_or_else(|reason| {
        report.bad(&file.name, reason);
        Value::Null
    });
    let mut draft = Draft {
        heading: vec![
            "Made from a LiteLLM configuration by `trunkline import litellm`.".to_owned(),
            "For callers on other machines, set `listen`.".to_owned(),
        ],
        ..Draft::default()
    };
    draft.sections.entry("server").or_default().set("listen", LISTEN);
    let deployments = deployment::read(&tree, env, &mut draft);
    let mut desk = Desk {
        draft,
        deployments,
        default_fallbacks: Vec::new(),
        aliases: IndexMap::new(),
        rejects_losses: false,
        cache: cache::read(&tree),
        strategy: None,
    };
    if !tree.is_null() {
        apply(settings::RULES, UNKNOWN, (&file.name, &tree), &mut desk, &mut report);
    }
    desk.finish();
    report.notes = settle(&mut desk.draft, env);
    Imported { document: desk.draft.write(), report }
}

impl Desk {
    /// What concerns all models, once all that is said of single ones has been read.
    fn finish(&mut self) {
        for (name, model) in &mut self.draft.models {
            let others: Vec<String> = self.default_fallbacks.iter().filter(|other| *other != name).cloned().collect();
            if !others.is_empty() && !model.settings.contains_key("fallbacks") {
                model.settings.set("fallbacks", list(others));
            }
            if let Some(strategy) = self.strategy {
                model.settings.set("strategy", strategy);
            }
            if self.rejects_losses {
                model.settings.set("on_loss", "reject");
            }
            if let Cache::For(ttl) = &self.cache {
                model.settings.inner("cache").set("ttl", ttl.as_str());
            }
        }
        for (alias, name) in &self.aliases {
            if let Some(model) = self.draft.models.get(name).cloned() {
                self.draft.models.entry(alias.clone()).or_insert(model);
            }
        }
    }

    fn model(&mut self, name: &str) -> Option<&mut Table> {
        self.draft.models.get_mut(name).map(|model| &mut model.settings)
    }
}

fn parse(text: &str) -> Result<Value, String> {
    if text.len() > FILE_BYTES_MAX {
        return Err(format!("longer than {FILE_BYTES_MAX} bytes"));
    }
    // Where, and not what: the parser's words may quote the file.
    let tree: Value = serde_saphyr::from_str(text).map_err(|error| match error.location() {
        Some(at) => format!("not YAML that can be read, line {}, column {}", at.line(), at.column()),
        None => "not YAML that can be read".to_owned(),
    })?;
    if tree.is_object() { Ok(tree) } else { Err("not a table of settings".to_owned()) }
}

/// `os.environ/NAME` as Trunkline has it; anything else as it is.
fn expanded(text: &str) -> String {
    match text.strip_prefix("os.environ/") {
        Some(name) => format!("${{{}}}", name.trim()),
        None => super::draft::literal(text),
    }
}

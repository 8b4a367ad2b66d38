//! model-proxy v2: `providers/NAME.json`, `models/NAME.json`, `audio-models/NAME.json`.

mod audio;
mod model;
mod parameters;
mod provider;

use indexmap::IndexMap;
use serde_json::Value;

use super::draft::Draft;
use super::report::Report;
use super::rules::apply;
use super::settle::settle;
use super::{Imported, SourceFile};
use crate::env::Env;
use provider::Upstream;

/// Said of a key that its pages do not have; the program itself refuses files with such keys.
const UNKNOWN: &str = "model-proxy v2 has no such key";

/// Where it listens; `HOST` and `PORT` are stronger, here as there.
const LISTEN: &str = "127.0.0.1:9876";

/// Holds the one key that it lets callers in by.
const CLIENT_KEY: &str = "CLIENT_API_KEY";

/// What is known while the files are read.
struct Desk {
    env: Env,
    draft: Draft,
    upstreams: IndexMap<String, Upstream>,
    /// Those that have a file, good or bad.
    models: Vec<String>,
}

/// Reads a `config/` folder. A file's name is its path below that folder, such as `models/turbo.json`; the environment
/// says which keys there are.
pub fn model_proxy(files: &[SourceFile], env: &Env) -> Imported {
    let mut report = Report::default();
    let folder =
        |wanted: &'static str| files.iter().filter_map(move |file| Some((file, in_folder(&file.name, wanted)?)));
    let models = folder("models").map(|(_, name)| name.to_owned()).collect();
    let mut desk = Desk { env: env.clone(), draft: Draft::default(), upstreams: IndexMap::new(), models };
    desk.draft.heading = vec![
        "Made from a model-proxy v2 configuration by `trunkline import model-proxy`.".to_owned(),
        "`CLIENT_API_KEY`, `HOST`, `PORT`, `CORS_ORIGINS`, `LOG_LEVEL`, `DEFAULT_CONTEXT_WINDOW` and `MAX_KEY_RETRY_CYCLES`"
            .to_owned(),
        "mean what they meant.".to_owned(),
    ];
    desk.draft.sections.entry("server").or_default().insert("listen".to_owned(), LISTEN.into());
    if env.get(CLIENT_KEY).is_some() {
        // There, whoever may call may change everything, too.
        desk.draft.sections.entry("admin").or_default().insert("token".to_owned(), format!("${{{CLIENT_KEY}}}").into());
    }
    for (file, name) in folder("providers") {
        read(file, &mut report, |tree, report| provider::import(&file.name, name, tree, &mut desk, report));
    }
    for (file, name) in folder("models") {
        read(file, &mut report, |tree, report| model::import(&file.name, name, tree, &mut desk, report));
    }
    for (file, _) in folder("audio-models") {
        read(file, &mut report, |tree, report| {
            apply(audio::RULES, audio::UNSERVED, (&file.name, tree), &mut (), report);
            Ok(())
        });
    }
    report.notes = settle(&mut desk.draft, env);
    Imported { document: desk.draft.write(), report }
}

/// The name of a file without folder and ending.
fn in_folder<'a>(name: &'a str, folder: &str) -> Option<&'a str> {
    name.strip_prefix(folder)?.strip_prefix('/')?.strip_suffix(".json")
}

/// Hands on what a file says, or notes why it is no use.
fn read(file: &SourceFile, report: &mut Report, take: impl FnOnce(&Value, &mut Report) -> Result<(), String>) {
    let tree = file.text.as_ref().map_err(Clone::clone).and_then(|text| {
        // Where, and not what: the parser's words may quote the file.
        let wrong = |error: serde_json::Error| format!("not JSON, line {}, column {}", error.line(), error.column());
        serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')).map_err(wrong)
    });
    let taken = match tree {
        Ok(tree) if tree.is_object() => take(&tree, report),
        Ok(_) => Err("not a JSON object".to_owned()),
        Err(reason) => Err(reason),
    };
    if let Err(reason) = taken {
        report.bad(&file.name, reason);
    }
}

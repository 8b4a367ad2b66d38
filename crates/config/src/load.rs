//! The way in: a document, the environment and the flags become a snapshot.

use std::sync::Arc;

use trunkline_providers::price::PriceList;

use crate::check::check;
use crate::document::Document;
use crate::env::Env;
use crate::problem::Problems;
use crate::resolve::{self, FoundEndpoint};
use crate::settings::{self, Overrides, Settings};
use crate::snapshot::Snapshot;

/// Everything that a start or a reload needs.
#[derive(Debug)]
pub struct Loaded {
    /// What requests see.
    pub snapshot: Snapshot,
    /// What the process needs; only the start looks at it.
    pub settings: Settings,
    /// Worth a line in the log, though nothing is wrong.
    pub notes: Vec<String>,
}

/// Reads a document, or does without one. `source` is its name, for problems, and its text; `found` are model servers
/// that discovery found and that become providers.
///
/// # Errors
/// Everything that is wrong with the document, the variables and the flags, all at once.
pub fn load(
    source: Option<(&str, &str)>,
    env: &Env,
    overrides: &Overrides,
    found: &[FoundEndpoint],
) -> Result<Loaded, Problems> {
    let document = match source {
        Some((file_name, text)) => Some(Document::parse(file_name, text)?),
        None => None,
    };
    let nothing = Document::empty();
    let (file, mut findings) = check(document.as_ref().unwrap_or(&nothing), env);
    let settings = settings::settle(&file, env, overrides, &mut findings);
    let snapshot = resolve::Resolver {
        file: &file,
        document: document.as_ref(),
        env,
        overrides,
        found: if settings.probe { found } else { &[] },
        findings: &mut findings,
        patterns: Arc::default(),
        prices: PriceList::built_in(),
    }
    .resolve();
    let notes = std::mem::take(&mut findings.notes);
    findings.problems().map_or(Ok(Loaded { snapshot, settings, notes }), Err)
}

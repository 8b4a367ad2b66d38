//! Providers and models in model-proxy v2's words, and the edits that make the document say the same.
//!
//! They are read by the import, among all that the document has already; what they say otherwise than the document did, in
//! the same words, is what changes.

use serde_json::{Value, json};
use trunkline_config::import::{Report, SourceFile};
use trunkline_config::{Edit, Path, edit};

use super::theirs::{self, Object};
use crate::api::editing::Editing;
use crate::compat::document::{Sections, notes};
use crate::compat::merge::merged;
use crate::compat::tree::put;
use crate::documents::ForeignDocument;
use crate::plane::Plane;
use crate::problem::{Kind, Problem};

/// Where a provider is said to be that is nowhere, such as one that is built in.
const NOWHERE: &str = "http://127.0.0.1/v1";

/// Providers or models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Folder {
    Providers,
    Models,
}

impl Folder {
    /// The folder of theirs, and the table of ours.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Providers => "providers",
            Self::Models => "models",
        }
    }

    /// Which field holds the name of one.
    pub(super) fn named(self) -> &'static str {
        match self {
            Self::Providers => "name",
            Self::Models => "logical_name",
        }
    }

    pub(super) fn path(self, name: &str) -> Path {
        Path::of_keys(&[self.name(), name])
    }

    fn file(self, name: &str) -> String {
        format!("{}/{name}.json", self.name())
    }
}

/// All that the document has, in their words.
pub(super) fn all(plane: &dyn Plane, editing: &Editing, folder: Folder) -> Result<Object, Problem> {
    let snapshot = plane.snapshot();
    let sections = Sections::of(editing, folder.name()).all()?;
    let told = sections.iter().map(|(name, section)| {
        let place = snapshot.providers.get(name).and_then(|provider| provider.base_url.as_ref());
        let told = match folder {
            Folder::Providers => theirs::provider(name, section, place.map(ToString::to_string)),
            Folder::Models => theirs::model(name, section),
        };
        (name.clone(), told)
    });
    Ok(told.collect())
}

/// What one would become.
pub(super) enum Fate {
    Added(Edit),
    Changed(Edit),
    Unchanged,
}

/// One that is wanted, in their words.
pub(super) struct Wanted {
    pub(super) folder: Folder,
    pub(super) name: String,
    pub(super) says: Value,
}

/// What all that is wanted comes to.
pub(super) struct Plan {
    /// In the order of what was wanted.
    pub(super) fates: Vec<Result<Fate, Problem>>,
    /// Adds providers that only a route of a model speaks of.
    pub(super) own_providers: Vec<Edit>,
    /// What a person should know.
    pub(super) notes: Vec<String>,
}

/// Reads all that is wanted.
pub(super) async fn plan(plane: &dyn Plane, editing: &Editing, wanted: &[Wanted]) -> Result<Plan, Problem> {
    let mut files = standing_by(plane, editing)?;
    let known: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
    let before = read(plane, &files).await?;
    for Wanted { folder, name, says } in wanted {
        let file = folder.file(name);
        files.retain(|other| other.name != file);
        files.push(SourceFile { name: file, text: Ok(says.to_string()) });
    }
    let after = read(plane, &files).await?;
    let is_new = |name: &String| {
        let file = Folder::Providers.file(name);
        !known.contains(&file) && !wanted.iter().any(|wanted| wanted.folder.file(&wanted.name) == file)
    };
    let made = after.document.get("providers").and_then(Value::as_object).into_iter().flatten();
    let own = made.filter(|(name, _)| is_new(name));
    Ok(Plan {
        own_providers: own.map(|(name, it)| Edit::Set(Folder::Providers.path(name), it.clone())).collect(),
        fates: wanted.iter().map(|wanted| fate(editing, wanted, &before, &after)).collect(),
        notes: wanted.iter().flat_map(|wanted| after.notes(wanted)).collect(),
    })
}

fn fate(editing: &Editing, wanted: &Wanted, before: &Read, after: &Read) -> Result<Fate, Problem> {
    let path = wanted.folder.path(&wanted.name);
    let after = after.section(wanted)?;
    let Some(current) = editing.said(&path)? else { return Ok(Fate::Added(Edit::Set(path, after))) };
    let section = merged(&current, &before.section(wanted).unwrap_or_default(), &after);
    Ok(if section == current { Fate::Unchanged } else { Fate::Changed(Edit::Set(path, section)) })
}

/// Files that say what there is already, so that others can refer to it.
fn standing_by(plane: &dyn Plane, editing: &Editing) -> Result<Vec<SourceFile>, Problem> {
    let mut providers = all(plane, editing, Folder::Providers)?;
    for (name, provider) in &plane.snapshot().providers {
        let place = provider.base_url.as_ref().map(ToString::to_string);
        let found = || theirs::provider(name, &json!({ "type": provider.vendor.id }), place);
        providers.entry(name.clone()).or_insert_with(found);
    }
    for (_, provider) in &mut providers {
        if provider.pointer("/endpoints/base_url").is_none_or(Value::is_null) {
            put(provider, &["endpoints", "base_url"], NOWHERE);
        }
    }
    let of = |folder: Folder, all: Object| {
        all.into_iter().map(move |(name, says)| SourceFile { name: folder.file(&name), text: Ok(says.to_string()) })
    };
    let models = all(plane, editing, Folder::Models)?;
    Ok(of(Folder::Providers, providers).chain(of(Folder::Models, models)).collect())
}

/// What files say in our words.
struct Read {
    document: Value,
    report: Report,
}

async fn read(plane: &dyn Plane, files: &[SourceFile]) -> Result<Read, Problem> {
    let taken = plane.documents().take_over(ForeignDocument::ModelProxy(files.to_vec())).await?;
    Ok(Read { document: edit::value(&taken.text)?, report: taken.report })
}

impl Read {
    fn section(&self, wanted: &Wanted) -> Result<Value, Problem> {
        let found = wanted.folder.path(&wanted.name).of(&self.document).cloned();
        found.ok_or_else(|| {
            let file = wanted.folder.file(&wanted.name);
            let bad = self.report.bad.iter().find(|bad| bad.name == file).map(|bad| bad.reason.clone());
            Problem::new(Kind::BadRequest, bad.unwrap_or_else(|| self.notes(wanted).join("; ")))
        })
    }

    /// What of one a person should know.
    fn notes(&self, Wanted { folder, name, .. }: &Wanted) -> Vec<String> {
        let (file, path) = (format!("{}: ", folder.file(name)), folder.path(name).to_string());
        let mut report = self.report.clone();
        report.findings.retain(|finding| finding.path.starts_with(&file));
        report.notes.retain(|note| note.contains(&path) || note.contains(&format!("`{name}`")));
        notes(&report)
    }
}

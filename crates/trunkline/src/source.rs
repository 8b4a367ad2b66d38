//! Where the configuration document is, and what it says right now.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use thiserror::Error;
use trunkline_config::import::model_proxy;
use trunkline_config::{Env, FoundEndpoint, Loaded, Overrides, Problems, data_dir, load};

use crate::import::folder;
use crate::prices;

/// The document's name when nobody says another.
const FILE_NAME: &str = "trunkline.toml";

/// Everything that the configuration is made from.
#[derive(Debug)]
pub(crate) struct Source {
    /// `None` when there is no document.
    pub(crate) path: Option<PathBuf>,
    env: Env,
    overrides: Overrides,
}

/// What tells one state of the document from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: SystemTime,
    bytes: u64,
    files: usize,
}

/// A configuration that cannot be used.
#[derive(Debug, Error)]
pub(crate) enum SourceError {
    #[error("the configuration {path:?} cannot be read: {reason}")]
    Unreadable { path: PathBuf, reason: std::io::Error },
    #[error("{0}")]
    Folder(#[from] folder::FolderError),
    #[error("{0:#}")]
    Problems(Problems),
}

impl Source {
    /// Looks for the document: the one that was named, else `./trunkline.toml`, else the one in the user's folder.
    pub(crate) fn find(named: Option<PathBuf>, env: Env, overrides: Overrides) -> Self {
        let named = named.or_else(|| env.get("TRUNKLINE_CONFIG").map(PathBuf::from));
        let user_folder = env
            .get("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| env.get("HOME").map(|home| PathBuf::from(home).join(".config")))
            .or_else(|| env.get("APPDATA").map(PathBuf::from));
        let usual =
            [Some(PathBuf::from(FILE_NAME)), user_folder.map(|folder| folder.join("trunkline").join(FILE_NAME))];
        let path = named.or_else(|| usual.into_iter().flatten().find(|path| path.is_file()));
        Self { path, env, overrides }
    }

    /// A document that exists only to be checked.
    pub(crate) fn of_file(path: PathBuf, env: Env) -> Self {
        Self { path: Some(path), env, overrides: Overrides::default() }
    }

    /// What the document on disk is like now. Take it before reading, so that no change falls between the two.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        let path = self.path.as_ref()?;
        let files = if path.is_dir() { folder::files(path).ok()? } else { vec![path.clone()] };
        let facts = files.iter().filter_map(|file| std::fs::metadata(file).ok());
        let facts: Vec<_> = facts.filter_map(|facts| Some((facts.modified().ok()?, facts.len()))).collect();
        Some(Stamp {
            modified: facts.iter().map(|(modified, _)| *modified).max()?,
            bytes: facts.iter().map(|(_, bytes)| bytes).sum(),
            files: facts.len(),
        })
    }

    /// Reads and resolves it.
    ///
    /// # Errors
    /// When the document cannot be read, or anything is wrong with it, the variables or the flags.
    pub(crate) fn load(&self, found: &[FoundEndpoint]) -> Result<Loaded, SourceError> {
        let Some(path) = &self.path else { return self.resolve(None, found) };
        if path.is_dir() {
            return self.load_folder(path, found);
        }
        let unreadable = |reason| SourceError::Unreadable { path: path.clone(), reason };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        self.resolve(Some((&path.display().to_string(), &text)), found)
    }

    /// A `config` folder of model-proxy v2, as `trunkline import model-proxy` turns it into a document.
    fn load_folder(&self, path: &Path, found: &[FoundEndpoint]) -> Result<Loaded, SourceError> {
        let imported = model_proxy(&folder::read(path)?, &self.env);
        let name = format!("{} (imported)", path.display());
        let mut loaded = self.resolve(Some((&name, &imported.document)), found)?;
        let (report, shown) = (&imported.report, path.display());
        loaded.notes.extend(report.bad.iter().map(|bad| format!("{shown}: {} is left out: {}", bad.name, bad.reason)));
        loaded.notes.extend(report.notes.iter().map(|note| format!("{shown}: {note}")));
        loaded.notes.push(format!(
            "{shown}: {}; `trunkline import model-proxy {shown}` tells them one by one",
            report.summary()
        ));
        Ok(loaded)
    }

    fn resolve(&self, document: Option<(&str, &str)>, found: &[FoundEndpoint]) -> Result<Loaded, SourceError> {
        let mut overrides = self.overrides.clone();
        let (prices, note) = prices::kept(&self.data_dir());
        overrides.prices = prices;
        let mut loaded = load(document, &self.env, &overrides, found).map_err(SourceError::Problems)?;
        loaded.notes.extend(note);
        Ok(loaded)
    }

    /// Where the process keeps its files.
    pub(crate) fn data_dir(&self) -> PathBuf {
        data_dir(&self.env, &self.overrides)
    }
}

/// The process's environment. Values that are not UTF-8 cannot be settings.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads it")]
pub(crate) fn environment() -> Env {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

//! Where the configuration document is, and what it says right now.

use std::path::PathBuf;
use std::time::SystemTime;

use thiserror::Error;
use trunkline_config::{Env, FoundEndpoint, Loaded, Overrides, Problems, load};

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
}

/// A configuration that cannot be used.
#[derive(Debug, Error)]
pub(crate) enum SourceError {
    #[error("the configuration {path:?} cannot be read: {reason}")]
    Unreadable { path: PathBuf, reason: std::io::Error },
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
        let facts = std::fs::metadata(self.path.as_ref()?).ok()?;
        Some(Stamp { modified: facts.modified().ok()?, bytes: facts.len() })
    }

    /// Reads and resolves it.
    ///
    /// # Errors
    /// When the document cannot be read, or anything is wrong with it, the variables or the flags.
    pub(crate) fn load(&self, found: &[FoundEndpoint]) -> Result<Loaded, SourceError> {
        let text = match &self.path {
            None => None,
            Some(path) => {
                let unreadable = |reason| SourceError::Unreadable { path: path.clone(), reason };
                Some((path.display().to_string(), std::fs::read_to_string(path).map_err(unreadable)?))
            }
        };
        let document = text.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
        load(document, &self.env, &self.overrides, found).map_err(SourceError::Problems)
    }
}

/// The process's environment. Values that are not UTF-8 cannot be settings.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads it")]
pub(crate) fn environment() -> Env {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

//! The exceptions to the checks, in `crates/xtask/xtask.toml`.

use std::io;

use serde::Deserialize;

use crate::tree::Tree;

const PATH: &str = "crates/xtask/xtask.toml";

/// The exceptions to the checks.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// Files that may be of any length because they are tables or generated.
    #[serde(default)]
    pub(crate) tables: Vec<String>,
    /// Files and folders that the docs name although they are not in the repository: a path, or the last part of one.
    #[serde(default)]
    pub(crate) not_here: Vec<String>,
}

impl Settings {
    /// Reads the exceptions.
    ///
    /// # Errors
    /// When the file is missing or says something unknown.
    pub(crate) fn read(tree: &Tree) -> io::Result<Self> {
        let text = tree.text(PATH).ok_or_else(|| io::Error::other(format!("{PATH} is missing")))?;
        toml::from_str(text).map_err(|error| io::Error::other(format!("{PATH}: {error}")))
    }
}

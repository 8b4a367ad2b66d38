//! Where the configuration document is, and what it says right now.

use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use thiserror::Error;
use trunkline_config::import::model_proxy;
use trunkline_config::{Env, FoundEndpoint, Loaded, Overrides, Problems, Secret, data_dir, load, store_url};
use trunkline_store::{Revision, Revisions, StoreError};

use crate::import::folder;
use crate::prices;

/// The document's name when nobody says another.
const FILE_NAME: &str = "trunkline.toml";

/// The revision that there is before the first document.
const NOTHING: &str = "0";

/// What is said in the place of a path when the store keeps the document.
const IN_STORE: &str = "store";

/// Everything that the configuration is made from. Its clones are one.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// It is nowhere until the first document is made.
    origin: Arc<RwLock<Origin>>,
    /// Of this process: what tells documents apart must not tell what is in them, to those who see no secrets.
    salt: RandomState,
    env: Env,
    overrides: Overrides,
}

/// Where the document is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// There is none.
    Nowhere,
    /// A file, or a `config` folder of model-proxy v2.
    File(PathBuf),
    /// The newest revision in this database.
    Store(Secret),
}

/// A document as it was when it was read.
#[derive(Clone, Default)]
pub(crate) struct Written {
    /// What problems call it.
    pub(crate) name: String,
    pub(crate) text: String,
    /// Its number, if the store keeps it.
    pub(crate) revision: Option<u64>,
    /// Worth a line in the log.
    pub(crate) notes: Vec<String>,
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
    #[error("the configuration cannot be read: {0}")]
    Store(#[from] StoreError),
    #[error("the data folder {folder:?} cannot be made: {reason}; `--data-dir` sets another")]
    DataFolder { folder: PathBuf, reason: std::io::Error },
    #[error("{0}")]
    Folder(#[from] folder::FolderError),
    #[error("{0:#}")]
    Problems(Problems),
}

impl Source {
    fn new(origin: Origin, env: Env, overrides: Overrides) -> Self {
        Self { origin: Arc::new(RwLock::new(origin)), salt: RandomState::new(), env, overrides }
    }

    /// Looks for the document: the one that was named, else `./trunkline.toml`, else the one in the user's folder, else
    /// the one that was made over the admin API.
    pub(crate) fn find(named: Option<PathBuf>, env: Env, overrides: Overrides) -> Self {
        let named = named.or_else(|| env.get("TRUNKLINE_CONFIG").map(PathBuf::from));
        if named.as_deref() == Some(Path::new(IN_STORE)) {
            let place = store_url(&env, &overrides);
            // Whatever the document says of the store: it stands there itself.
            let overrides = Overrides { store_url: Some(place.clone()), ..overrides };
            return Self::new(Origin::Store(place), env, overrides);
        }
        let user_folder = env
            .get("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| env.get("HOME").map(|home| PathBuf::from(home).join(".config")))
            .or_else(|| env.get("APPDATA").map(PathBuf::from));
        let usual = [
            Some(PathBuf::from(FILE_NAME)),
            user_folder.map(|folder| folder.join("trunkline").join(FILE_NAME)),
            Some(data_dir(&env, &overrides).join(FILE_NAME)),
        ];
        let path = named.or_else(|| usual.into_iter().flatten().find(|path| path.is_file()));
        Self::new(path.map_or(Origin::Nowhere, Origin::File), env, overrides)
    }

    /// A document that exists only to be checked.
    pub(crate) fn of_file(path: PathBuf, env: Env) -> Self {
        Self::new(Origin::File(path), env, Overrides::default())
    }

    /// Where the document is now.
    pub(crate) fn origin(&self) -> Origin {
        self.origin.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What tells a document from all others that were and will be in the same place: its number, where the store keeps
    /// it. In a file it is good for as long as this process runs.
    pub(crate) fn revision_of(&self, written: Option<&Written>) -> String {
        match (self.origin(), written) {
            (_, None) => NOTHING.to_owned(),
            (Origin::Store(_), Some(written)) => written.revision.unwrap_or(0).to_string(),
            (Origin::Nowhere | Origin::File(_), Some(written)) => format!("{:016x}", self.salt.hash_one(&written.text)),
        }
    }

    /// Where a first document is made: in the data folder, which outlives containers and is found from anywhere.
    pub(crate) fn first_path(&self) -> PathBuf {
        self.data_dir().join(FILE_NAME)
    }

    /// Follows a document that has just been made.
    pub(crate) fn follow(&self, path: PathBuf) {
        *self.origin.write().unwrap_or_else(PoisonError::into_inner) = Origin::File(path);
    }

    /// What the document on disk is like now. Take it before reading, so that no change falls between the two.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        let Origin::File(path) = self.origin() else { return None };
        let files = if path.is_dir() { folder::files(&path).ok()? } else { vec![path] };
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
    pub(crate) async fn load(&self, found: &[FoundEndpoint]) -> Result<Loaded, SourceError> {
        let written = self.read().await?;
        self.resolve(written.as_ref(), found)
    }

    /// Reads it; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) async fn read(&self) -> Result<Option<Written>, SourceError> {
        match self.origin() {
            Origin::Nowhere => Ok(None),
            Origin::File(path) if path.is_dir() => self.read_folder(&path).map(Some),
            Origin::File(path) => {
                let unreadable = |reason| SourceError::Unreadable { path: path.clone(), reason };
                let text = std::fs::read_to_string(&path).map_err(unreadable)?;
                Ok(Some(Written { name: path.display().to_string(), text, ..Written::default() }))
            }
            Origin::Store(place) => {
                self.make_data_folder()?;
                Ok(newest(&mut Revisions::at(place.expose())?).await?)
            }
        }
    }

    /// A `config` folder of model-proxy v2, as `trunkline import model-proxy` turns it into a document.
    fn read_folder(&self, path: &Path) -> Result<Written, SourceError> {
        let imported = model_proxy(&folder::read(path)?, &self.env);
        let (report, shown) = (&imported.report, path.display());
        let bad = report.bad.iter().map(|bad| format!("{shown}: {} is left out: {}", bad.name, bad.reason));
        let mut notes: Vec<String> = bad.chain(report.notes.iter().map(|note| format!("{shown}: {note}"))).collect();
        notes.push(format!(
            "{shown}: {}; `trunkline import model-proxy {shown}` tells them one by one",
            report.summary()
        ));
        Ok(Written { name: format!("{shown} (imported)"), text: imported.document, revision: None, notes })
    }

    /// What a document means, with the variables, the flags and what was found.
    ///
    /// # Errors
    /// When anything is wrong with them.
    pub(crate) fn resolve(&self, written: Option<&Written>, found: &[FoundEndpoint]) -> Result<Loaded, SourceError> {
        let mut overrides = self.overrides.clone();
        let (prices, note) = prices::kept(&self.data_dir());
        overrides.prices = prices;
        let document = written.map(|written| (written.name.as_str(), written.text.as_str()));
        let mut loaded = load(document, &self.env, &overrides, found).map_err(SourceError::Problems)?;
        loaded.notes.extend(note);
        loaded.notes.extend(written.into_iter().flat_map(|written| written.notes.iter().cloned()));
        Ok(loaded)
    }

    /// Makes the folder in which the process keeps its files.
    ///
    /// # Errors
    /// When the system does not let it.
    pub(crate) fn make_data_folder(&self) -> Result<(), SourceError> {
        let folder = self.data_dir();
        make_folder(&folder).map_err(|reason| SourceError::DataFolder { folder, reason })
    }

    /// The database: the one that the document stands in, or the one that it names.
    ///
    /// # Errors
    /// When the document has to be read for that, and cannot be used.
    pub(crate) async fn store_url(&self) -> Result<Secret, SourceError> {
        match self.origin() {
            Origin::Store(place) => Ok(place),
            Origin::Nowhere | Origin::File(_) => Ok(self.load(&[]).await?.settings.store_url),
        }
    }

    /// Who this process belongs to, as the system says.
    pub(crate) fn user(&self) -> Option<&str> {
        self.env.get("USER").or_else(|| self.env.get("USERNAME"))
    }

    /// The variables that the process was started with.
    pub(crate) fn env(&self) -> &Env {
        &self.env
    }

    /// What the command line said.
    pub(crate) fn overrides(&self) -> &Overrides {
        &self.overrides
    }

    /// Where the process keeps its files.
    pub(crate) fn data_dir(&self) -> PathBuf {
        data_dir(&self.env, &self.overrides)
    }
}

/// The revision in force; `None` before the first.
///
/// # Errors
/// When the store does not answer.
pub(crate) async fn newest(revisions: &mut Revisions) -> Result<Option<Written>, StoreError> {
    Ok(revisions.current().await?.map(Written::of_revision))
}

impl Written {
    /// A revision that the store keeps.
    pub(crate) fn of_revision(revision: Revision) -> Self {
        let name = format!("revision {}", revision.number);
        Self { name, text: revision.document, revision: Some(revision.number), notes: Vec::new() }
    }
}

/// Shows how much there is, not what it says: a document may hold keys.
impl std::fmt::Debug for Written {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Written").field("name", &self.name).field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

/// The folder holds keys and usage: only its owner may look.
pub(crate) fn make_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The process's environment. Values that are not UTF-8 cannot be settings.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads it")]
pub(crate) fn environment() -> Env {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

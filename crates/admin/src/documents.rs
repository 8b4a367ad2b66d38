//! The configuration document: what is asked of whoever keeps it.

use std::fmt;
use std::pin::Pin;

use thiserror::Error;
use trunkline_config::Problems;
use trunkline_config::import::{Report, SourceFile};

/// Where the document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentSource {
    /// There is none yet.
    Nowhere,
    /// In a file.
    File,
    /// In the store.
    Store,
}

/// The document as it is now, which may be another one than was put in force last.
#[derive(Clone, PartialEq, Eq)]
pub struct CurrentDocument {
    /// What it says; nothing when there is none.
    pub text: String,
    /// What tells it from all that it was and will be: what changes of it have to name.
    pub revision: String,
    /// Where it is.
    pub source: DocumentSource,
    /// The same, for people: a path; `None` in the store and nowhere.
    pub path: Option<String>,
    /// Why it cannot be changed here; `None` when it can.
    pub read_only: Option<String>,
}

/// A document that is to take the place of the one before.
#[derive(Clone, PartialEq, Eq)]
pub struct NewDocument {
    /// What it says.
    pub text: String,
    /// The revision that was edited.
    pub base: String,
    /// Who wants it.
    pub who: String,
    /// What they say of it; may be empty.
    pub note: String,
}

/// One of the documents that there were.
#[derive(Clone, PartialEq, Eq)]
pub struct DocumentRevision {
    /// From 1, the newest the highest.
    pub number: u64,
    /// When it was made, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// Who made it.
    pub who: String,
    /// What they said of it; may be empty.
    pub note: String,
    /// Whether the document says the same now.
    pub is_current: bool,
    /// What it says; empty in a list.
    pub text: String,
}

/// Another gateway's configuration.
#[derive(Clone, Debug)]
pub enum ForeignDocument {
    /// The files of a `config` folder of model-proxy v2.
    ModelProxy(Vec<SourceFile>),
    /// The SQLite database of serverless_proxy.
    ServerlessProxy(Vec<u8>),
    /// LiteLLM's `config.yaml`.
    Litellm(SourceFile),
}

/// What another gateway's configuration comes to.
#[derive(Clone, PartialEq, Eq)]
pub struct TakenOver {
    /// A document of ours.
    pub text: String,
    /// What became of each key.
    pub report: Report,
}

/// Why something cannot be done with the document.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DocumentProblem {
    /// It is kept where this process may not write.
    #[error("the document cannot be changed here: {0}")]
    ReadOnly(String),
    /// Somebody else was faster.
    #[error("somebody else has changed the document since revision {base} was read; it is {current} now")]
    Outdated {
        /// What was edited.
        base: String,
        /// What there is now.
        current: String,
    },
    /// It would be wrong.
    #[error("{0}")]
    Wrong(Problems),
    /// There is none with this number.
    #[error("there is no revision {0}")]
    NotFound(String),
    /// It cannot be read or written where it is, or what is in force has not become it.
    #[error("{0}")]
    Failed(String),
    /// The store does not answer.
    #[error("the store does not answer")]
    Down,
}

/// An answer on its way.
pub type DocumentAnswer<T> = Pin<Box<dyn Future<Output = Result<T, DocumentProblem>> + Send>>;

/// Whoever keeps the document.
pub trait Documents: Send + Sync {
    /// The document as it is now.
    fn current(&self) -> DocumentAnswer<CurrentDocument>;
    /// What would be worth a note, if this were the document.
    ///
    /// # Errors
    /// [`DocumentProblem::Wrong`] when it would be wrong.
    fn check(&self, text: String) -> DocumentAnswer<Vec<String>>;
    /// Puts a document in force, and answers once it is: with what tells it from others.
    fn apply(&self, new: NewDocument) -> DocumentAnswer<String>;
    /// The last `limit` documents, or those before number `before`, the newest first and without what they say.
    fn revisions(&self, limit: u32, before: Option<u64>) -> DocumentAnswer<Vec<DocumentRevision>>;
    /// The one with this number, and the one before it.
    fn revision(&self, number: u64) -> DocumentAnswer<(DocumentRevision, Option<DocumentRevision>)>;
    /// Another gateway's configuration as a document. Changes nothing.
    fn take_over(&self, from: ForeignDocument) -> DocumentAnswer<TakenOver>;
}

/// Shows what it is, not what it says: a document may hold keys.
impl fmt::Debug for CurrentDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurrentDocument").field("revision", &self.revision).finish_non_exhaustive()
    }
}

impl fmt::Debug for NewDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewDocument").field("base", &self.base).field("who", &self.who).finish_non_exhaustive()
    }
}

impl fmt::Debug for DocumentRevision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentRevision").field("number", &self.number).finish_non_exhaustive()
    }
}

impl fmt::Debug for TakenOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TakenOver").field("report", &self.report).finish_non_exhaustive()
    }
}

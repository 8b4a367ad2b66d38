//! The configurations of other gateways, in Trunkline's words.
//!
//! A source is read into a tree of values; a table of [`rules`](rules::Rule) says what becomes of each of its keys. What
//! comes out is a document, and a report that names every key of the source once. Reading files and databases is the
//! caller's.

mod draft;
mod litellm;
mod model_proxy;
mod report;
mod rules;
mod serverless_proxy;
mod settle;
mod upstream;

pub use litellm::litellm;
pub use model_proxy::model_proxy;
pub use report::{BadSource, Finding, Report, Verdict};
pub use serverless_proxy::{SourceTable, serverless_proxy};

/// What an import comes to.
#[derive(Clone, PartialEq, Eq)]
pub struct Imported {
    /// A `trunkline.toml`. It may hold keys, when the source holds them.
    pub document: String,
    /// What became of each key of the source. It holds no values.
    pub report: Report,
}

/// Shows how long the document is, not what it says: it may hold keys.
impl std::fmt::Debug for Imported {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Imported").field("document_bytes", &self.document.len()).field("report", &self.report).finish()
    }
}

/// A file of a source, as the caller found it.
#[derive(Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// What the report calls it, such as `models/turbo.json`.
    pub name: String,
    /// What it says, or why it cannot be read.
    pub text: Result<String, String>,
}

/// Shows its name only: it may hold keys.
impl std::fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceFile").field("name", &self.name).finish_non_exhaustive()
    }
}

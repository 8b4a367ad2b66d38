//! The document, as the admin API sees it: wherever it is.

mod bundle;
mod file;
mod taken;

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use trunkline_admin::{
    CurrentDocument, DocumentAnswer, DocumentProblem, DocumentRevision, DocumentSource, Documents, ForeignDocument,
    NewDocument, TakenOver,
};
use trunkline_config::Secret;
use trunkline_store::{Revision, Revisions, StoreError};

use crate::reload::{Found, Put, Reason, Wanted};
use crate::source::{Origin, Source, SourceError, Written};
use crate::wakes::LOOK_TIMEOUT;

/// Longest wait until a document that is in force is among its revisions, too.
const KEPT_TIMEOUT: Duration = Duration::from_secs(2);

/// Who knows the document. Each question has a connection of its own: few are asked.
#[derive(Clone)]
pub(crate) struct DocumentDesk {
    source: Source,
    place: Secret,
    found: Found,
    reasons: mpsc::Sender<Reason>,
}

impl DocumentDesk {
    /// The desk of a process whose revisions are in the store at `place`; whoever follows the document puts new ones in
    /// force.
    pub(crate) fn new(source: Source, place: Secret, found: Found, reasons: mpsc::Sender<Reason>) -> Self {
        Self { source, place, found, reasons }
    }

    async fn now(&self) -> Result<CurrentDocument, DocumentProblem> {
        let origin = self.source.origin();
        let written = answered(self.source.read()).await?.map_err(of_source)?;
        let revision = self.source.revision_of(written.as_ref());
        let (source, path) = match &origin {
            Origin::Nowhere => (DocumentSource::Nowhere, None),
            Origin::File(path) => (DocumentSource::File, Some(path.display().to_string())),
            Origin::Store(_) => (DocumentSource::Store, None),
        };
        let text = written.map(|written| written.text).unwrap_or_default();
        Ok(CurrentDocument { text, revision, source, path, read_only: read_only(&origin) })
    }

    fn noted(&self, text: String) -> Result<Vec<String>, DocumentProblem> {
        let written = Written { name: "the document".to_owned(), text, ..Written::default() };
        let loaded = self.source.resolve(Some(&written), &self.found.get()).map_err(of_source)?;
        Ok(loaded.notes)
    }

    async fn put(&self, new: NewDocument) -> Result<String, DocumentProblem> {
        let (answer, told) = oneshot::channel();
        let stopping = || DocumentProblem::Failed("this process is stopping".to_owned());
        self.reasons.send(Reason::Wanted(Wanted { new, answer })).await.map_err(|_| stopping())?;
        let Put { revision, kept } = told.await.map_err(|_| stopping())??;
        if let Some(kept) = kept {
            // While the store is down it is in force without a history, which follows.
            let _ = timeout(KEPT_TIMEOUT, kept).await;
        }
        Ok(revision)
    }

    fn table(&self) -> Result<Revisions, DocumentProblem> {
        Revisions::at(self.place.expose()).map_err(|error| down(&error))
    }

    /// Which of its revisions the document is now: the newest that says the same.
    async fn current_number(&self, table: &mut Revisions) -> Result<Option<u64>, DocumentProblem> {
        if let Origin::Store(_) = self.source.origin() {
            return Ok(Some(answered(table.current_number()).await?.map_err(|error| down(&error))?));
        }
        let newest = answered(table.current()).await?.map_err(|error| down(&error))?;
        let now = self.now().await.ok().map(|now| now.text);
        Ok(newest.filter(|newest| now.is_some_and(|now| now == newest.document)).map(|newest| newest.number))
    }

    async fn past(&self, limit: u32, before: Option<u64>) -> Result<Vec<DocumentRevision>, DocumentProblem> {
        let mut table = self.table()?;
        let current = self.current_number(&mut table).await?;
        let rows = answered(table.list(limit, before)).await?.map_err(|error| down(&error))?;
        Ok(rows.into_iter().map(|row| revision(row, current)).collect())
    }

    async fn one(&self, number: u64) -> Result<(DocumentRevision, Option<DocumentRevision>), DocumentProblem> {
        let mut table = self.table()?;
        let current = self.current_number(&mut table).await?;
        let found = answered(table.get(number)).await?.map_err(|error| down(&error))?;
        let found = found.ok_or_else(|| DocumentProblem::NotFound(number.to_string()))?;
        let before = answered(table.get(number.saturating_sub(1))).await?.map_err(|error| down(&error))?;
        Ok((revision(found, current), before.map(|before| revision(before, current))))
    }
}

impl Documents for DocumentDesk {
    fn current(&self) -> DocumentAnswer<CurrentDocument> {
        let desk = self.clone();
        Box::pin(async move { desk.now().await })
    }

    fn check(&self, text: String) -> DocumentAnswer<Vec<String>> {
        let desk = self.clone();
        Box::pin(async move { desk.noted(text) })
    }

    fn apply(&self, new: NewDocument) -> DocumentAnswer<String> {
        let desk = self.clone();
        Box::pin(async move { desk.put(new).await })
    }

    fn revisions(&self, limit: u32, before: Option<u64>) -> DocumentAnswer<Vec<DocumentRevision>> {
        let desk = self.clone();
        Box::pin(async move { desk.past(limit, before).await })
    }

    fn revision(&self, number: u64) -> DocumentAnswer<(DocumentRevision, Option<DocumentRevision>)> {
        let desk = self.clone();
        Box::pin(async move { desk.one(number).await })
    }

    fn take_over(&self, from: ForeignDocument) -> DocumentAnswer<TakenOver> {
        let source = self.source.clone();
        Box::pin(async move { taken::take_over(from, source.env(), &source.data_dir()).await })
    }
}

/// Why the document cannot be changed.
pub(crate) fn read_only(origin: &Origin) -> Option<String> {
    match origin {
        Origin::File(path) => file::why_not(path),
        // Where the first one is made is this process's own.
        Origin::Nowhere | Origin::Store(_) => None,
    }
}

/// Makes the first document; that there is one now means that somebody else was faster.
pub(crate) fn write_first(path: &Path, text: &str) -> Result<(), DocumentProblem> {
    file::create(path, text).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => DocumentProblem::Failed(format!(
            "{} has just been made by somebody else; it is read at the next start",
            path.display()
        )),
        _ => unwritable(path, &error),
    })
}

/// Makes a document say something else.
pub(crate) fn write_over(path: &Path, text: &str) -> Result<(), DocumentProblem> {
    file::write(path, text).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &io::Error) -> DocumentProblem {
    DocumentProblem::Failed(format!("{} cannot be written: {error}", path.display()))
}

pub(crate) fn of_source(error: SourceError) -> DocumentProblem {
    match error {
        SourceError::Problems(problems) => DocumentProblem::Wrong(problems),
        SourceError::Store(error) => down(&error),
        SourceError::Unreadable { .. } | SourceError::DataFolder { .. } | SourceError::Folder(_) => failed(error),
    }
}

pub(crate) fn failed(error: impl std::fmt::Display) -> DocumentProblem {
    DocumentProblem::Failed(error.to_string())
}

pub(crate) fn down(error: &StoreError) -> DocumentProblem {
    tracing::warn!(%error, "the store of the document does not answer");
    DocumentProblem::Down
}

/// Not forever: a connection may have died without a sign.
async fn answered<T>(question: impl Future<Output = T>) -> Result<T, DocumentProblem> {
    timeout(LOOK_TIMEOUT, question).await.map_err(|_late| DocumentProblem::Down)
}

fn revision(row: Revision, current: Option<u64>) -> DocumentRevision {
    let Revision { number, at_ms, who, note, document, .. } = row;
    DocumentRevision { number, at_ms, who, note, is_current: current == Some(number), text: document }
}

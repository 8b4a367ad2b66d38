//! Another document in the place of the one before: compared with what is there, checked, written, in force.
//!
//! All changes come through here one after the other, so that no two can overwrite each other.

use tokio::sync::oneshot;
use tokio::time::timeout;
use trunkline_admin::{DocumentProblem, NewDocument};
use trunkline_config::Loaded;
use trunkline_store::{Appended, DOCUMENT_BYTES_MAX, NewRevision, StoreError};

use super::{Means, Reloader};
use crate::documents::{failed, of_source, read_only, write_first, write_over};
use crate::history::Kept;
use crate::rests::now;
use crate::source::{Origin, Written};
use crate::wakes::LOOK_TIMEOUT;

/// A document that somebody wants, and where they wait.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) new: NewDocument,
    pub(crate) answer: oneshot::Sender<Result<Put, DocumentProblem>>,
}

/// A document that is in force.
#[derive(Debug)]
pub(crate) struct Put {
    /// What tells it from others.
    pub(crate) revision: String,
    /// Closed once it is in its history; `None` where it is by being written.
    pub(crate) kept: Option<Kept>,
}

impl Reloader {
    /// Does it, and says so.
    pub(super) async fn put(&mut self, Wanted { new, answer }: Wanted) {
        let put = self.try_put(new).await;
        // Whoever asked may have left; what is in force stays in force.
        let _ = answer.send(put);
    }

    async fn try_put(&mut self, new: NewDocument) -> Result<Put, DocumentProblem> {
        let origin = self.source.origin();
        let current = timeout(LOOK_TIMEOUT, self.source.read()).await.map_err(|_late| DocumentProblem::Down)?;
        let current = current.map_err(of_source)?;
        let revision = self.source.revision_of(current.as_ref());
        if new.base != revision {
            return Err(DocumentProblem::Outdated { base: new.base, current: revision });
        }
        if current.as_ref().is_some_and(|current| current.text == new.text) {
            return Ok(Put { revision, kept: None });
        }
        if let Some(why) = read_only(&origin) {
            return Err(DocumentProblem::ReadOnly(why));
        }
        let (name, path) = match &origin {
            Origin::Nowhere => (self.source.first_path().display().to_string(), Some(self.source.first_path())),
            Origin::File(path) => (path.display().to_string(), Some(path.clone())),
            Origin::Store(_) => ("the document".to_owned(), None),
        };
        let mut written = Written { name, text: new.text.clone(), ..Written::default() };
        let loaded = self.source.resolve(Some(&written), &self.found.get()).map_err(of_source)?;
        let kept = match path {
            Some(path) => {
                let text = new.text.clone();
                let is_first = origin == Origin::Nowhere;
                let place = path.clone();
                let done = tokio::task::spawn_blocking(move || {
                    if is_first { write_first(&place, &text) } else { write_over(&place, &text) }
                });
                done.await.map_err(failed)??;
                if is_first {
                    self.source.follow(path);
                }
                self.keep(&new)
            }
            None => {
                let number = self.append(&new, current.and_then(|current| current.revision)).await?;
                (written.name, written.revision) = (format!("revision {number}"), Some(number));
                None
            }
        };
        Ok(self.finish(written, loaded, kept))
    }

    /// What is in force now is not to be read again for having been written.
    fn finish(&mut self, written: Written, loaded: Loaded, kept: Option<Kept>) -> Put {
        let now = self.source.stamp();
        match &mut self.means {
            Means::File { seen, .. } => *seen = now,
            Means::Store { seen, .. } => *seen = written.revision.unwrap_or(*seen),
        }
        let revision = self.source.revision_of(Some(&written));
        self.begin(Some(written), loaded);
        Put { revision, kept }
    }

    fn keep(&self, new: &NewDocument) -> Option<Kept> {
        match &self.means {
            Means::File { history, .. } => Some(history.take_of(&new.text, &new.who, &new.note)),
            Means::Store { .. } => None,
        }
    }

    async fn append(&mut self, new: &NewDocument, base: Option<u64>) -> Result<u64, DocumentProblem> {
        let Means::Store { revisions, .. } = &mut self.means else { return Err(DocumentProblem::Down) };
        let base = base.unwrap_or(0);
        let revision = NewRevision { base, at_ms: now().0, who: &new.who, note: &new.note, document: &new.text };
        let appended =
            timeout(LOOK_TIMEOUT, revisions.append(revision)).await.map_err(|_late| DocumentProblem::Down)?;
        match appended.map_err(|error: StoreError| crate::documents::down(&error))? {
            Appended::Kept(number) | Appended::Same(number) => Ok(number),
            Appended::Outdated(current) => {
                Err(DocumentProblem::Outdated { base: new.base.clone(), current: current.to_string() })
            }
            Appended::TooLong => {
                Err(DocumentProblem::Failed(format!("the document is longer than {DOCUMENT_BYTES_MAX} bytes")))
            }
        }
    }
}

//! Keeps each document that was put in force from a file, so that there is a history of it, too.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use trunkline_config::Secret;
use trunkline_store::{Appended, NewRevision, Revisions, StoreError};

use crate::rests::now;
use crate::source::Written;
use crate::wakes::LOOK_TIMEOUT;

/// Whose the revisions are that were made by editing a file.
const WHO: &str = "file";

/// How soon it is tried again when the store does not answer.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Tries when others make revisions at the same time.
const TRIES_MAX: usize = 5;

/// Documents that wait while the store is down; then the oldest are left out. Guards memory: each may be megabytes.
const WAITING_MAX: usize = 16;

/// Takes documents that have been put in force.
#[derive(Debug)]
pub(crate) struct History(Arc<Inbox>);

/// Somebody waits for it to be closed: when the document is kept, or never will be.
pub(crate) type Kept = oneshot::Receiver<()>;

#[derive(Debug, Default)]
struct Inbox {
    waiting: Mutex<VecDeque<Entry>>,
    filled: Notify,
}

/// A document that is to be kept.
struct Entry {
    text: String,
    who: String,
    note: String,
    /// Dropped when it is done with.
    _kept: oneshot::Sender<()>,
}

/// Shows who it is of, not what it says: a document may hold keys.
impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("who", &self.who).finish_non_exhaustive()
    }
}

impl History {
    /// What takes them, and the task that keeps them.
    ///
    /// # Errors
    /// When the place is of an engine that this build does not have.
    pub(crate) fn at(place: &Secret) -> Result<(Self, impl Future<Output = ()> + use<>), StoreError> {
        let revisions = Revisions::at(place.expose())?;
        let inbox = Arc::new(Inbox::default());
        Ok((Self(Arc::clone(&inbox)), keep(revisions, inbox)))
    }

    /// Keeps a document that was read from where it is, unless it is the last one that was kept.
    pub(crate) fn take(&self, written: &Written) {
        // Nobody waits for it.
        let _ = self.take_of(&written.text, WHO, &written.name);
    }

    /// Keeps a document that somebody has made, unless it is the last one that was kept.
    pub(crate) fn take_of(&self, text: &str, who: &str, note: &str) -> Kept {
        let (sender, kept) = oneshot::channel();
        let [text, who, note] = [text, who, note].map(str::to_owned);
        let mut waiting = self.0.lock();
        if waiting.len() >= WAITING_MAX {
            waiting.pop_front();
        }
        waiting.push_back(Entry { text, who, note, _kept: sender });
        self.0.filled.notify_one();
        kept
    }
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next one, when there is one.
    async fn next(&self) -> Entry {
        loop {
            let filled = self.filled.notified();
            if let Some(entry) = self.lock().pop_front() {
                return entry;
            }
            filled.await;
        }
    }
}

async fn keep(mut revisions: Revisions, inbox: Arc<Inbox>) {
    let mut failing = false;
    loop {
        let entry = inbox.next().await;
        loop {
            match tokio::time::timeout(LOOK_TIMEOUT, record(&mut revisions, &entry)).await {
                Ok(Ok(())) => break failing = false,
                Ok(Err(error)) => warn(&mut failing, &error),
                Err(late) => warn(&mut failing, &late),
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }
}

/// Each run of failures is told once.
fn warn(failing: &mut bool, error: &dyn std::fmt::Display) {
    if !std::mem::replace(failing, true) {
        tracing::warn!(%error, "the configuration in force is not among its revisions yet");
    }
}

async fn record(revisions: &mut Revisions, entry: &Entry) -> Result<(), StoreError> {
    let mut base = revisions.current_number().await?;
    for _ in 0..TRIES_MAX {
        let Entry { text, who, note, .. } = entry;
        match revisions.append(NewRevision { base, at_ms: now().0, who, note, document: text }).await? {
            Appended::Kept(revision) => {
                tracing::info!(revision, "the configuration in force is kept as a revision");
                return Ok(());
            }
            Appended::Outdated(current) => base = current,
            // It was read, so that it is short enough.
            Appended::Same(_) | Appended::TooLong => return Ok(()),
        }
    }
    Ok(())
}

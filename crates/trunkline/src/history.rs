//! Keeps each document that was put in force from a file, so that there is a history of it, too.

use std::time::Duration;

use tokio::sync::watch;
use trunkline_config::Secret;
use trunkline_store::{Appended, Keyring, NewRevision, Revisions, StoreError};

use crate::rests::now;
use crate::source::Written;
use crate::wakes::LOOK_TIMEOUT;

/// Whose the revisions are that were made by editing a file.
const WHO: &str = "file";

/// How soon it is tried again when the store does not answer.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// Tries when others make revisions at the same time.
const TRIES_MAX: usize = 5;

/// Takes documents that have been put in force. While the store is down the last one waits, and no others.
#[derive(Debug)]
pub(crate) struct History(watch::Sender<Option<Written>>);

impl History {
    /// What takes them, and the task that keeps them, until dropped.
    ///
    /// # Errors
    /// When the place is of an engine that this build does not have.
    pub(crate) fn at(
        place: &Secret,
        keyring: &Keyring,
    ) -> Result<(Self, impl Future<Output = ()> + use<>), StoreError> {
        let revisions = Revisions::at(place.expose(), keyring)?;
        let (sender, receiver) = watch::channel(None);
        Ok((Self(sender), keep(revisions, receiver)))
    }

    /// Keeps a document, unless it is the last one that was kept.
    pub(crate) fn take(&self, written: Written) {
        self.0.send_replace(Some(written));
    }
}

async fn keep(mut revisions: Revisions, mut inbox: watch::Receiver<Option<Written>>) {
    let mut failing = false;
    while inbox.changed().await.is_ok() {
        loop {
            let Some(written) = inbox.borrow_and_update().clone() else { break };
            match tokio::time::timeout(LOOK_TIMEOUT, record(&mut revisions, &written)).await {
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

async fn record(revisions: &mut Revisions, written: &Written) -> Result<(), StoreError> {
    let mut base = revisions.current_number().await?;
    for _ in 0..TRIES_MAX {
        let new = NewRevision { base, at_ms: now().0, who: WHO, note: &written.name, document: &written.text };
        match revisions.append(new).await? {
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

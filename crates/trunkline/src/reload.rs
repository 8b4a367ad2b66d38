//! Follows the configuration document: on SIGHUP, whenever the file changes, and whenever the store has a new revision.

mod put;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::mpsc;
use tokio::time::timeout;
use trunkline_config::{FoundEndpoint, Loaded, Secret, Snapshot};
use trunkline_proxy::Shared;
use trunkline_store::{Revisions, StoreError};

use crate::history::History;
use crate::source::{Origin, Source, SourceError, Stamp, Written, newest};
use crate::state::State;
use crate::wakes::{LOOK_TIMEOUT, Wakes};

pub(crate) use put::{Put, Wanted};

/// How often the file is looked at. Looking beats being told: it works on every file system and through the links that
/// containers mount.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Why the configuration is read again.
#[derive(Debug)]
pub(crate) enum Reason {
    /// Somebody asked: SIGHUP.
    Asked,
    /// Discovery has seen what is there now.
    Found(Vec<FoundEndpoint>),
    /// Somebody wants another document.
    Wanted(Wanted),
}

/// What discovery has found last, for everybody who resolves a document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found(Arc<Mutex<Arc<[FoundEndpoint]>>>);

impl Found {
    pub(crate) fn get(&self) -> Arc<[FoundEndpoint]> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set(&self, found: Vec<FoundEndpoint>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = found.into();
    }
}

/// How changes of the document are seen.
enum Means {
    /// The file is looked at. What is put in force goes into its history.
    File { seen: Option<Stamp>, history: History },
    /// The store tells. `seen` is the number of the revision that was read last; 0 before the first.
    Store { revisions: Revisions, seen: u64 },
}

/// Why there is nothing new to be seen.
#[derive(Debug, Error)]
enum LookError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the store does not answer")]
    Late(#[from] tokio::time::error::Elapsed),
}

/// What a process begins with.
pub(crate) struct Beginning {
    pub(crate) source: Source,
    /// What the file was like before it was read.
    pub(crate) seen: Option<Stamp>,
    /// What the configuration in force was made from.
    pub(crate) in_force: Option<Written>,
    pub(crate) found: Found,
}

/// What keeps the configuration in force up to date.
pub(crate) struct Reloader {
    source: Source,
    shared: Arc<Shared>,
    state: Arc<State>,
    wakes: Wakes,
    means: Means,
    in_force: Option<Written>,
    found: Found,
    /// Whether the last look has failed.
    failing: bool,
}

impl Reloader {
    /// Goes on from the beginning; and what keeps the document's history meanwhile in the store at `place`.
    ///
    /// # Errors
    /// When the place is of an engine that this build does not have.
    pub(crate) fn new(
        beginning: Beginning,
        place: &Secret,
        (shared, state): (Arc<Shared>, Arc<State>),
        wakes: Wakes,
    ) -> Result<(Self, impl Future<Output = ()> + use<>), StoreError> {
        let Beginning { source, seen, in_force, found } = beginning;
        let (history, kept) = History::at(place)?;
        let means = match source.origin() {
            Origin::Store(place) => {
                Means::Store { revisions: Revisions::at(place.expose())?, seen: number_of(in_force.as_ref()) }
            }
            Origin::Nowhere | Origin::File(_) => {
                if let Some(written) = &in_force {
                    history.take(written);
                }
                Means::File { seen, history }
            }
        };
        state.set_config(in_force.as_ref().and_then(|written| written.revision), None);
        Ok((Self { source, shared, state, wakes, means, in_force, found, failing: false }, kept))
    }

    /// Puts each new configuration in force; one that is wrong leaves the old one running. Never returns, unless nobody is
    /// left to ask.
    pub(crate) async fn follow(mut self, mut reasons: mpsc::Receiver<Reason>) {
        loop {
            let why = tokio::select! {
                why = reasons.recv() => match why {
                    Some(why) => Some(why),
                    None => return,
                },
                () = self.something() => None,
            };
            let asked = matches!(why, Some(Reason::Asked));
            let looked = self.look(asked).await;
            let failed_before = std::mem::replace(&mut self.failing, looked.is_err());
            match looked {
                Ok(Some(read)) => self.take(read),
                Ok(None) => {}
                Err(error) => self.say_unreadable(&error, failed_before),
            }
            match why {
                Some(Reason::Found(found)) if !same(&found, &self.found.get()) => self.take_found(found),
                Some(Reason::Wanted(wanted)) => self.put(wanted).await,
                Some(Reason::Asked | Reason::Found(_)) | None => {}
            }
        }
    }

    /// Waits until the document is worth a look.
    async fn something(&self) {
        match &self.means {
            Means::File { .. } => tokio::time::sleep(LOOK_EVERY).await,
            Means::Store { .. } => self.wakes.config.sleep(self.failing).await,
        }
    }

    /// Reads the document when it is another one than the last, or `anyway`.
    async fn look(&mut self, anyway: bool) -> Result<Option<Option<Written>>, LookError> {
        match &mut self.means {
            Means::File { seen, .. } => {
                let now = self.source.stamp();
                if now == *seen && !anyway {
                    return Ok(None);
                }
                *seen = now;
                Ok(Some(self.source.read().await?))
            }
            Means::Store { revisions, seen } => {
                let number = timeout(LOOK_TIMEOUT, revisions.current_number()).await??;
                if number == *seen && !anyway {
                    return Ok(None);
                }
                let read = timeout(LOOK_TIMEOUT, newest(revisions)).await??;
                *seen = number_of(read.as_ref());
                Ok(Some(read))
            }
        }
    }

    /// Puts a document in force that has just been read.
    fn take(&mut self, read: Option<Written>) {
        match self.source.resolve(read.as_ref(), &self.found.get()) {
            Ok(loaded) => {
                if let (Means::File { history, .. }, Some(written)) = (&self.means, &read) {
                    history.take(written);
                }
                self.begin(read, loaded);
            }
            Err(error) => {
                let name = read.map_or_else(|| "the empty configuration".to_owned(), |written| written.name);
                tracing::error!("{name} is not in force, what was before goes on:\n{error}");
                self.refuse(&format!("{name} is not in force: {error}"));
            }
        }
    }

    /// Puts a document in force that nothing is wrong with.
    fn begin(&mut self, written: Option<Written>, loaded: Loaded) {
        for note in &loaded.notes {
            tracing::info!("{note}");
        }
        let (providers, models) = (loaded.snapshot.providers.len(), loaded.snapshot.models.len());
        if loaded.snapshot.server.listen != self.shared.snapshot().server.listen {
            tracing::warn!("`server.listen` has changed; it takes effect at the next start");
        }
        if loaded.snapshot.server.admin_listen != self.shared.snapshot().server.admin_listen {
            tracing::warn!("`server.admin_listen` has changed; it takes effect at the next start");
        }
        self.install(loaded.snapshot);
        let revision = written.as_ref().and_then(|written| written.revision);
        self.state.set_config(revision, None);
        tracing::info!(providers, models, revision, "configuration in force");
        self.in_force = written;
    }

    /// Makes the configuration in force anew, with what discovery sees now.
    fn take_found(&mut self, found: Vec<FoundEndpoint>) {
        self.found.set(found);
        match self.source.resolve(self.in_force.as_ref(), &self.found.get()) {
            Ok(loaded) => self.install(loaded.snapshot),
            Err(error) => tracing::error!("what probing found cannot be used: {error}"),
        }
    }

    fn install(&self, snapshot: Snapshot) {
        self.shared.install(snapshot);
        // The document's own keys may have budgets now.
        self.wakes.keys.call();
    }

    /// A file that cannot be read is as wrong as one that says nonsense. A store that is away says nothing of the document.
    fn say_unreadable(&self, error: &LookError, failed_before: bool) {
        match &self.means {
            Means::File { .. } => {
                tracing::error!("the configuration on disk is not in force, what was before goes on:\n{error}");
                self.refuse(&format!("the configuration on disk is not in force: {error}"));
            }
            // Each run of failures is told once.
            Means::Store { .. } if failed_before => {}
            Means::Store { .. } => {
                tracing::warn!(%error, "changes of the configuration are not seen; the one in force goes on");
            }
        }
    }

    fn refuse(&self, problem: &str) {
        let in_force = self.in_force.as_ref().and_then(|written| written.revision);
        self.state.set_config(in_force, Some(problem.to_owned()));
    }
}

/// The number of a revision; 0 when there is none.
fn number_of(written: Option<&Written>) -> u64 {
    written.and_then(|written| written.revision).unwrap_or(0)
}

fn same(a: &[FoundEndpoint], b: &[FoundEndpoint]) -> bool {
    let place = |found: &FoundEndpoint| (found.vendor.id, found.base_url.clone());
    a.iter().map(place).eq(b.iter().map(place))
}

#[cfg(test)]
mod tests;

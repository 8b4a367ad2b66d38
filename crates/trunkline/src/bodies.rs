//! Keeps what was said in some requests, and how some went: a bounded queue before one thread, which takes out what is
//! secret and writes the rest.
//!
//! Bodies come from the request path when a request is over, notes from the ledger's thread with its report. None of it is
//! worth waiting for: what has no room, or cannot be written, is dropped and counted.

mod notes;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use trunkline_config::Settings;
use trunkline_config::settings::Bodies as Wishes;
use trunkline_proxy::{Heard, Recorder, Said, Want};
use trunkline_route::Report;
use trunkline_store::{Bodies, StoreError, StoredBodies, StoredBody};
use trunkline_wire::redact::{Form, REDACT_MARGIN_BYTES};

pub(crate) use notes::Notes;

use crate::ledger::LedgerError;

/// What waits for the thread. Guards memory; bodies have a bound of their own beside it.
const QUEUED_MAX: usize = 4_096;

/// Requests that are written at once.
const BATCH_MAX: usize = 64;

/// How long more is waited for before a batch is written. Nobody waits for it, and the ledger writes meanwhile.
const GATHER: Duration = Duration::from_millis(100);

/// Pause between looks for room in the queue when stopping.
const STOP_LOOK: Duration = Duration::from_millis(10);

/// A million, of which `sample_ppm` counts.
const PPM: u64 = 1_000_000;

/// The asking side. Clones share the queue.
#[derive(Clone)]
pub(crate) struct BodyDesk {
    queue: SyncSender<Work>,
    wishes: Wishes,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    written: AtomicU64,
    dropped: AtomicU64,
    /// Whether the last one was dropped: each run of drops is warned of once.
    dropping: AtomicBool,
    failing: AtomicBool,
}

/// What the thread is asked to do.
enum Work {
    Said(Box<Said>),
    Notes(u128, Notes),
    /// Say so when all before it is done, and end.
    Stop(SyncSender<()>),
}

impl fmt::Debug for BodyDesk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyDesk").field("counts", &self.counts).finish_non_exhaustive()
    }
}

impl BodyDesk {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives none, or the store's URL is of an engine that this build does not have.
    pub(crate) fn start(settings: &Settings) -> Result<Self, LedgerError> {
        let table = Bodies::at(settings.store_url.expose())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (queue, inbox) = sync_channel(QUEUED_MAX);
        let desk = Self { queue, wishes: settings.bodies.clone(), counts: Arc::default() };
        let clerk = Clerk { table, wishes: desk.wishes.clone(), counts: Arc::clone(&desk.counts) };
        std::thread::Builder::new().name("bodies".to_owned()).spawn(move || clerk.work(&runtime, inbox))?;
        Ok(desk)
    }

    /// Keeps how a request went, where there is something to say of it.
    pub(crate) fn note(&self, report: &Report) {
        if let Some(notes) = Notes::of(report, self.wishes.are_kept()) {
            self.ask(Work::Notes(report.id, notes));
        }
    }

    /// Requests of which something was written since the start.
    pub(crate) fn written(&self) -> u64 {
        self.counts.written.load(Ordering::Relaxed)
    }

    /// Requests of which something should have been kept since the start and was not.
    pub(crate) fn dropped(&self) -> u64 {
        self.counts.dropped.load(Ordering::Relaxed)
    }

    /// Whether the table could not be written when that was last tried.
    pub(crate) fn failing(&self) -> bool {
        self.counts.failing.load(Ordering::Relaxed)
    }

    /// Writes what is queued and ends the thread, within `timeout`. Blocks.
    pub(crate) fn stop(&self, timeout: Duration) {
        let deadline = Instant::now() + timeout;
        let (done, ended) = sync_channel(1);
        while self.queue.try_send(Work::Stop(done.clone())).is_err() && Instant::now() < deadline {
            // Nothing comes before it is asked for: this only waits.
            let _ = ended.recv_timeout(STOP_LOOK);
        }
        drop(done);
        let left = deadline.saturating_duration_since(Instant::now());
        if ended.recv_timeout(left) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("stopped before all that was said could be kept");
        }
    }

    fn ask(&self, work: Work) {
        if self.queue.try_send(work).is_err() {
            self.counts.drop_some(1);
        }
    }
}

impl Recorder for BodyDesk {
    fn wants(&self, id: u128) -> Want {
        if is_sampled(id, self.wishes.sample_ppm) {
            Want::All
        } else if self.wishes.failed {
            Want::IfItFails
        } else {
            Want::Nothing
        }
    }

    fn body_bytes_max(&self) -> usize {
        self.wishes.body_bytes_max.saturating_add(REDACT_MARGIN_BYTES)
    }

    fn take(&self, said: Said) {
        self.ask(Work::Said(Box::new(said)));
    }

    fn had_no_room(&self) {
        self.counts.drop_some(1);
    }
}

/// Whether a request is one of so many in a million. Ids that follow each other lie far apart here, and fill it evenly.
fn is_sampled(id: u128, ppm: u32) -> bool {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    // What makes ids differ stands in their lower half.
    let spread = (id as u64).wrapping_mul(GOLDEN) >> 32;
    (spread * PPM) >> 32 < ppm.into()
}

impl Counts {
    fn drop_some(&self, requests: u64) {
        self.dropped.fetch_add(requests, Ordering::Relaxed);
        if !self.dropping.swap(true, Ordering::Relaxed) {
            tracing::warn!("more is said than can be kept; bodies are dropped");
        }
    }
}

/// The side that works.
struct Clerk {
    table: Bodies,
    wishes: Wishes,
    counts: Arc<Counts>,
}

impl Clerk {
    fn work(mut self, runtime: &Runtime, inbox: Receiver<Work>) {
        let mut done = None;
        while done.is_none()
            && let Ok(first) = inbox.recv()
        {
            runtime.block_on(async { tokio::time::sleep(GATHER).await });
            let mut batch = Vec::new();
            for work in std::iter::once(first).chain(inbox.try_iter()).take(BATCH_MAX) {
                match work {
                    Work::Said(said) => batch.push(self.kept(&said)),
                    Work::Notes(id, notes) => batch.push(self.noted(id, &notes)),
                    Work::Stop(told) => {
                        done = Some(told);
                        break;
                    }
                }
            }
            let written = runtime.block_on(self.table.put(&batch));
            self.note(batch.len() as u64, written);
        }
        if let Err(error) = runtime.block_on(self.table.close()) {
            tracing::warn!(%error, "the table of bodies was not closed in order; the next start will do it");
        }
        // From now on all is dropped.
        drop(inbox);
        // Nobody waits any more when time was up.
        done.map(|told| told.send(()));
    }

    /// What is kept of what was said: without secrets, which are in memory until here and go no further.
    fn kept(&self, said: &Said) -> StoredBodies {
        let form = if said.is_stream { Form::Frames } else { Form::Whole };
        let (request, of_request) = self.body(&said.request, Form::Whole);
        let (response, of_response) = self.body(&said.response, form);
        let redacted = of_request.saturating_add(of_response);
        StoredBodies { id: said.id, request: Some(request), response: Some(response), redacted, notes: None }
    }

    fn body(&self, heard: &Heard, form: Form) -> (StoredBody, u32) {
        let bytes_max = self.wishes.body_bytes_max;
        let redacted = self.wishes.redactor.redact(&heard.bytes, form, bytes_max);
        let is_cut = heard.is_cut || heard.bytes.len() > bytes_max;
        (StoredBody { bytes: redacted.text, is_cut }, redacted.taken)
    }

    fn noted(&self, id: u128, notes: &Notes) -> StoredBodies {
        // Names of fields and of tools are the client's words too.
        let redacted = self.wishes.redactor.redact(notes.json().as_bytes(), Form::Whole, usize::MAX);
        StoredBodies { id, notes: String::from_utf8(redacted.text).ok(), ..StoredBodies::default() }
    }

    fn note(&self, requests: u64, written: Result<(), StoreError>) {
        match written {
            Ok(()) => {
                self.counts.written.fetch_add(requests, Ordering::Relaxed);
                self.counts.failing.store(false, Ordering::Relaxed);
                self.counts.dropping.store(false, Ordering::Relaxed);
            }
            Err(error) => {
                self.counts.dropped.fetch_add(requests, Ordering::Relaxed);
                if !self.counts.failing.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, "what was said cannot be kept");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;

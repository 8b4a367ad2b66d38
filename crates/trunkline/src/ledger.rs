//! The ledger: takes one report a request, keeps them a moment, and writes them in batches to the store and the log.
//!
//! The request path only pushes into memory. One thread does the rest, so neither a slow disk nor a full pipe behind
//! the log can hold up a request; reports wait in a bounded queue, and what does not fit is counted.
//!
//! A `kill -9` loses what is not yet committed: reports of the last `store.flush_interval` and the time of one write.

mod queue;

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::runtime::Runtime;
use trunkline_config::Settings;
use trunkline_route::{Report, ReportSink};
use trunkline_store::{Store, StoreError, Writer};

use self::queue::{Pushed, Queue, REPORTS_KEPT, REPORTS_QUEUED_MAX};
use crate::request_log::RequestLog;

/// Pause between tries while the store cannot be written.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The same once the process is stopping, when little time is left.
const LAST_RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// Why there can be no ledger.
#[derive(Debug, Error)]
pub(crate) enum LedgerError {
    /// The database is not usable.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no thread.
    #[error("cannot start the ledger's thread: {0}")]
    Thread(#[from] io::Error),
}

/// Takes reports from the request path. Dropped, it stops without waiting.
pub(crate) struct Ledger {
    shared: Arc<Shared>,
}

impl Ledger {
    /// Opens the store and starts the thread that writes; requests are logged to standard error. Blocks: not for a
    /// thread that is within a runtime.
    ///
    /// # Errors
    /// When the store cannot be opened, or the system gives no thread.
    pub(crate) fn start(settings: &Settings) -> Result<Arc<Self>, LedgerError> {
        let runtime = runtime()?;
        let store = runtime.block_on(Store::open(settings.store_url.expose()))?;
        let log = settings.log_requests.then(|| RequestLog::new(settings.log_format, Box::new(io::stderr())));
        Ok(Arc::new(Self::spawn(runtime, store.writer(), log, settings.store_flush_interval)?))
    }

    fn spawn(runtime: Runtime, writer: Writer, log: Option<RequestLog>, gather: Duration) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let desk = Desk::new(Arc::clone(&shared), writer, log);
        std::thread::Builder::new().name("ledger".to_owned()).spawn(move || desk.work(&runtime, gather))?;
        Ok(Self { shared })
    }

    /// Reports committed to the store since the start.
    pub(crate) fn written(&self) -> u64 {
        self.shared.written.load(Ordering::Relaxed)
    }

    /// Reports that had no room since the start.
    pub(crate) fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Why the store cannot be written, while that is so.
    pub(crate) fn failing(&self) -> Option<String> {
        self.shared.failing()
    }

    /// Writes everything and ends the thread. Returns after `timeout` at the latest, with how many reports were not
    /// written. Reports that come later are dropped and counted. Blocks: not for a thread that serves requests.
    pub(crate) fn flush_and_stop(&self, timeout: Duration) -> usize {
        let deadline = Instant::now() + timeout;
        let mut state = self.shared.lock();
        state.stop_by = Some(deadline);
        self.shared.wake.notify_one();
        while !state.ended {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.shared.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(state);
        let lost = self.shared.queue.waiting();
        if lost > 0 {
            tracing::error!(lost, error = self.failing(), "stopped before all reports could be written");
        }
        lost
    }
}

/// What the writing thread runs on; SQLite needs neither sockets nor signals.
fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_time().build()
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("written", &self.written())
            .field("dropped", &self.dropped())
            .finish_non_exhaustive()
    }
}

impl ReportSink for Ledger {
    fn take(&self, report: Report) {
        self.shared.take(report);
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stop_by.get_or_insert_with(Instant::now);
        drop(state);
        self.shared.wake.notify_one();
    }
}

/// What the request path and the writing thread share.
#[derive(Default)]
struct Shared {
    queue: Queue,
    state: Mutex<State>,
    /// Told when reports are awaited, and when to stop.
    wake: Condvar,
    /// Told when the thread has ended.
    ended: Condvar,
    written: AtomicU64,
    dropped: AtomicU64,
    failing: Mutex<Option<String>>,
}

#[derive(Default)]
struct State {
    stop_by: Option<Instant>,
    ended: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under this lock can leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, report: Report) {
        match self.queue.push(report) {
            Pushed::More => {}
            // Waking a thread costs more than all else here, so only reports that are awaited do it. The lock makes
            // sure that the thread either has seen the report or sleeps already.
            Pushed::Awaited => {
                drop(self.lock());
                self.wake.notify_one();
            }
            Pushed::Dropped => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Sleeps until there is a report or it is time to stop.
    fn wait_for_reports(&self) {
        let idle = |state: &mut State| state.stop_by.is_none() && self.queue.is_empty();
        drop(self.wake.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner));
    }

    /// Sleeps this long, or until a batch is there or it is time to stop.
    fn gather(&self, time: Duration) {
        let gathering = |state: &mut State| state.stop_by.is_none() && !self.queue.has_batch();
        drop(self.wake.wait_timeout_while(self.lock(), time, gathering).unwrap_or_else(PoisonError::into_inner));
    }

    /// Sleeps this long, or until it is time to stop.
    fn pause(&self, time: Duration) {
        let running = |state: &mut State| state.stop_by.is_none();
        drop(self.wake.wait_timeout_while(self.lock(), time, running).unwrap_or_else(PoisonError::into_inner));
    }

    fn failing(&self) -> Option<String> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The writing side.
struct Desk {
    shared: Arc<Shared>,
    writer: Writer,
    log: Option<RequestLog>,
    /// Logged, not yet in the store.
    in_hand: Vec<Report>,
    /// Memory that reports change hands in.
    spare: Vec<Report>,
    /// Drops that were warned of, and whether the last look found more.
    drops_seen: u64,
    dropping: bool,
}

/// What came of one try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flushed {
    /// All that was queued when it began is in the store.
    All,
    /// Nothing; it is kept for the next try.
    Nothing,
}

impl Desk {
    fn new(shared: Arc<Shared>, writer: Writer, log: Option<RequestLog>) -> Self {
        Self { shared, writer, log, in_hand: Vec::new(), spare: Vec::new(), drops_seen: 0, dropping: false }
    }

    fn work(mut self, runtime: &Runtime, gather: Duration) {
        loop {
            if self.in_hand.is_empty() {
                self.shared.wait_for_reports();
                self.shared.gather(gather);
            } else {
                self.shared.pause(RETRY_INTERVAL);
            }
            let flushed = runtime.block_on(self.flush());
            if self.may_end(flushed) {
                break;
            }
        }
        if let Err(error) = runtime.block_on(self.writer.close()) {
            tracing::warn!(%error, "the ledger's database was not closed in order; the next start will do it");
        }
        self.shared.lock().ended = true;
        self.shared.ended.notify_all();
    }

    /// Whether it is time to stop and all is done that can be done.
    fn may_end(&self, flushed: Flushed) -> bool {
        let Some(stop_by) = self.shared.lock().stop_by else { return false };
        match flushed {
            Flushed::All => self.shared.queue.close_if_empty(),
            Flushed::Nothing if Instant::now() >= stop_by => {
                self.shared.queue.close();
                true
            }
            Flushed::Nothing => {
                std::thread::sleep(LAST_RETRY_INTERVAL);
                false
            }
        }
    }

    /// Takes what is queued, logs it, and writes it to the store with what is still in hand from before.
    async fn flush(&mut self) -> Flushed {
        self.take_queued();
        self.warn_of_drops();
        if self.in_hand.is_empty() {
            return Flushed::All;
        }
        let result = self.writer.append(&self.in_hand).await;
        let failing = result.as_ref().err().map(ToString::to_string);
        self.note_change(failing.as_deref());
        if failing.is_some() {
            return Flushed::Nothing;
        }
        self.shared.written.fetch_add(self.in_hand.len() as u64, Ordering::Relaxed);
        self.shared.queue.give_back(self.in_hand.len());
        self.in_hand.clear();
        self.in_hand.shrink_to(REPORTS_KEPT);
        Flushed::All
    }

    fn take_queued(&mut self) {
        let logged = self.in_hand.len();
        self.shared.queue.take_all(&mut self.in_hand, &mut self.spare);
        if let (Some(log), Some(new)) = (&mut self.log, self.in_hand.get(logged..)) {
            // A log that nobody reads any more (a closed pipe) must not stop the ledger, and there is nowhere to say so.
            let _ = log.write(new);
        }
    }

    /// Says so once when the store begins to fail and once when it is well again.
    fn note_change(&self, failing: Option<&str>) {
        let mut noted = self.shared.failing.lock().unwrap_or_else(PoisonError::into_inner);
        match (noted.is_some(), failing) {
            (false, Some(error)) => {
                tracing::warn!(error, waiting = self.in_hand.len(), "the ledger cannot write; reports wait in memory");
            }
            (true, None) => tracing::info!(reports = self.in_hand.len(), "the ledger can write again"),
            (true, Some(_)) | (false, None) => {}
        }
        *noted = failing.map(str::to_owned);
    }

    /// Says so once when reports begin to be dropped.
    fn warn_of_drops(&mut self) {
        let dropped = self.shared.dropped.load(Ordering::Relaxed);
        let more = dropped > self.drops_seen;
        if more && !self.dropping {
            tracing::warn!(dropped, queued_max = REPORTS_QUEUED_MAX, "the ledger's queue is full; reports are dropped");
        }
        (self.drops_seen, self.dropping) = (dropped, more);
    }
}

#[cfg(test)]
mod tests;

//! The ledger: takes one report a request, keeps them a moment, and writes them in batches to the store and the log.
//!
//! The request path only pushes into memory. One thread does the rest, so neither a slow disk nor a full pipe behind
//! the log can hold up a request; reports wait in a bounded queue, and what does not fit is counted.
//!
//! With `ledger.durability = "batch"`, a `kill -9` loses what is not yet committed: reports of the last
//! `store.flush_interval` and the time of one write. With `"strict"`, answers end once their reports are safe. What the store
//! cannot take stands in a file meanwhile.

mod desk;
mod line;
mod queue;
mod retention;
mod spool;
mod tail;

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use thiserror::Error;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use trunkline_config::Settings;
use trunkline_config::file::Durability;
use trunkline_route::{Report, ReportSink, Settled};
use trunkline_store::{Store, StoreError};

use self::desk::{Desk, Means};
use self::queue::{Pushed, Queue};
use self::spool::Spool;
use crate::bodies::BodyDesk;
use crate::request_log::RequestLog;

pub(crate) use retention::keep_bounded;
pub(crate) use tail::Tail;

/// Longest that the end of an answer waits for its report to be safe. Then it ends without, and is counted: a store that
/// hangs must not hang every caller.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest that the start waits for what stood in the file to be in the store: sums that are read there lack it before.
const CATCH_UP_TIMEOUT: Duration = Duration::from_secs(10);

/// How often it is looked meanwhile.
const CATCH_UP_LOOK_EVERY: Duration = Duration::from_millis(10);

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
    durability: Durability,
}

impl Ledger {
    /// Opens the store and starts the thread that writes; requests are logged to standard error, how they went is noted
    /// with `bodies`, and `tail` is told of each. Blocks: not for a thread that is within a runtime.
    ///
    /// # Errors
    /// When the store cannot be opened, or the system gives no thread.
    pub(crate) fn start(settings: &Settings, bodies: Option<BodyDesk>, tail: Tail) -> Result<Arc<Self>, LedgerError> {
        let runtime = runtime()?;
        let store = runtime.block_on(Store::open(settings.store_url.expose()))?;
        let writer = match settings.ledger_durability {
            Durability::Batch => store.writer(),
            Durability::Strict => store.writer_to_disk(),
        };
        let means = Means {
            writer,
            log: settings.log_requests.then(|| RequestLog::new(settings.log_format, Box::new(io::stderr()))),
            spool: open_spool(settings),
            bodies,
            tail,
        };
        let durability = settings.ledger_durability;
        Ok(Arc::new(Self::spawn(runtime, means, durability, settings.store_flush_interval)?))
    }

    fn spawn(runtime: Runtime, means: Means, durability: Durability, gather: Duration) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let desk = Desk::new(Arc::clone(&shared), means);
        std::thread::Builder::new().name("ledger".to_owned()).spawn(move || desk.work(&runtime, gather))?;
        Ok(Self { shared, durability })
    }

    /// Reports committed to the store since the start.
    pub(crate) fn written(&self) -> u64 {
        self.shared.written.load(Ordering::Relaxed)
    }

    /// Reports that had no room since the start.
    pub(crate) fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Reports that stand in the file beside the store, until it can take them.
    pub(crate) fn spooled(&self) -> u64 {
        self.shared.spooled.load(Ordering::Relaxed)
    }

    /// Waits until the store has what stood in the file, within bounds. `false`: it has not.
    pub(crate) async fn caught_up(&self) -> bool {
        let looked = async {
            while self.spooled() > 0 {
                tokio::time::sleep(CATCH_UP_LOOK_EVERY).await;
            }
        };
        tokio::time::timeout(CATCH_UP_TIMEOUT, looked).await.is_ok()
    }

    /// Answers that ended before their reports were safe although they were to wait, since the start.
    pub(crate) fn unsettled(&self) -> u64 {
        self.shared.unsettled.load(Ordering::Relaxed)
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

/// What the writing thread runs on; PostgreSQL needs sockets.
fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// Without it reports wait in memory while the store cannot take them.
fn open_spool(settings: &Settings) -> Option<Spool> {
    let opened = Spool::open(&settings.data_dir, settings.ledger_spool_bytes);
    let warn = |error: &io::Error| tracing::warn!(%error, file = spool::FILE, "reports have no place but memory while the store is down");
    opened.inspect_err(warn).ok()
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("written", &self.written())
            .field("dropped", &self.dropped())
            .field("spooled", &self.spooled())
            .finish_non_exhaustive()
    }
}

impl ReportSink for Ledger {
    fn take(&self, report: Report) {
        self.shared.take(report);
    }

    fn holds_answers(&self) -> bool {
        self.durability == Durability::Strict
    }

    fn settled(&self) -> Settled {
        let safe = self.shared.ask_for_safety();
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            // It is dropped unanswered when the ledger has stopped.
            if !matches!(tokio::time::timeout(SETTLE_TIMEOUT, safe).await, Ok(Ok(()))) {
                shared.unsettled.fetch_add(1, Ordering::Relaxed);
            }
        })
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
    spooled: AtomicU64,
    unsettled: AtomicU64,
    failing: Mutex<Option<String>>,
}

#[derive(Default)]
struct State {
    stop_by: Option<Instant>,
    ended: bool,
    /// Who waits until all that was queued before is safe: open requests, of which there is a limit.
    asking: Vec<oneshot::Sender<()>>,
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

    /// Answered once all that was taken before is safe.
    fn ask_for_safety(&self) -> oneshot::Receiver<()> {
        let (answer, safe) = oneshot::channel();
        let mut state = self.lock();
        // After the end nobody answers.
        if !state.ended {
            state.asking.push(answer);
        }
        drop(state);
        self.wake.notify_one();
        safe
    }

    /// Sleeps until there is a report, somebody asks or it is time to stop; `at_most` so long, where that is said.
    fn wait_for_reports(&self, at_most: Option<Duration>) {
        let idle = |state: &mut State| state.stop_by.is_none() && state.asking.is_empty() && self.queue.is_empty();
        match at_most {
            Some(time) => drop(self.wake.wait_timeout_while(self.lock(), time, idle)),
            None => drop(self.wake.wait_while(self.lock(), idle)),
        }
    }

    /// Sleeps this long, or until a batch is there, somebody asks or it is time to stop.
    fn gather(&self, time: Duration) {
        let gathering =
            |state: &mut State| state.stop_by.is_none() && state.asking.is_empty() && !self.queue.has_batch();
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

#[cfg(test)]
mod tests;

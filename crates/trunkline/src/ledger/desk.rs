//! The side of the ledger that writes: one thread, one step after the other.

use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use trunkline_route::Report;
use trunkline_store::Writer;

use super::Shared;
use super::queue::{REPORTS_GATHERED_MAX, REPORTS_KEPT, REPORTS_QUEUED_MAX};
use super::spool::Spool;
use super::tail::Tail;
use crate::bodies::BodyDesk;
use crate::request_log::RequestLog;

/// Pause between tries while the store cannot be written.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// The same once the process is stopping, when little time is left.
const LAST_RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// Where reports go.
pub(super) struct Means {
    pub(super) writer: Writer,
    pub(super) log: Option<RequestLog>,
    /// Takes what the writer cannot.
    pub(super) spool: Option<Spool>,
    /// Keeps how requests went, beyond what is in their records.
    pub(super) bodies: Option<BodyDesk>,
    /// Told of each report.
    pub(super) tail: Tail,
}

/// The writing side.
pub(super) struct Desk {
    shared: Arc<Shared>,
    means: Means,
    /// Logged, not yet safe.
    pub(super) in_hand: Vec<Report>,
    /// Memory that reports change hands in.
    spare: Vec<Report>,
    /// Who waits until all that is in hand is safe.
    asking: Vec<oneshot::Sender<()>>,
    /// When the store is tried again that could not be written.
    retry_at: Option<Instant>,
    /// Drops that were warned of, and whether the last look found more.
    drops_seen: u64,
    dropping: bool,
}

/// What came of one try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flushed {
    /// All that was queued when it began is safe: in the store, or in the file beside it.
    All,
    /// Nothing; it is kept for the next try.
    Nothing,
}

impl Desk {
    pub(super) fn new(shared: Arc<Shared>, means: Means) -> Self {
        let mut desk = Self {
            shared,
            means,
            in_hand: Vec::new(),
            spare: Vec::new(),
            asking: Vec::new(),
            retry_at: None,
            drops_seen: 0,
            dropping: false,
        };
        desk.count_spooled();
        desk
    }

    pub(super) fn work(mut self, runtime: &Runtime, gather: Duration) {
        loop {
            self.wait(gather);
            let flushed = runtime.block_on(self.flush());
            if self.may_end(flushed) {
                break;
            }
        }
        if let Err(error) = runtime.block_on(self.means.writer.close()) {
            tracing::warn!(%error, "the ledger's database was not closed in order; the next start will do it");
        }
        let mut state = self.shared.lock();
        state.ended = true;
        // Whoever asked too late is not answered, and stops waiting.
        state.asking.clear();
        drop(state);
        self.shared.ended.notify_all();
    }

    /// Until there is something to do.
    fn wait(&self, gather: Duration) {
        let spooled = self.means.spool.as_ref().is_some_and(|spool| !spool.is_empty());
        let rest = self.retry_at.map(|at| at.saturating_duration_since(Instant::now()));
        match (self.in_hand.is_empty(), spooled, rest) {
            (false, _, _) => self.shared.pause(RETRY_INTERVAL),
            // There is more to catch up with.
            (true, true, None) => {}
            (true, true, Some(rest)) => {
                self.shared.wait_for_reports(Some(rest));
                self.shared.gather(gather.min(rest));
            }
            (true, false, _) => {
                self.shared.wait_for_reports(None);
                self.shared.gather(gather);
            }
        }
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
    pub(super) async fn flush(&mut self) -> Flushed {
        // Whoever asks has handed its report over before: it is among what is taken now.
        self.asking.append(&mut self.shared.lock().asking);
        self.take_queued();
        self.warn_of_drops();
        let rests = self.means.spool.is_some() && self.retry_at.is_some_and(|at| Instant::now() < at);
        let flushed = match rests {
            true => self.set_aside(),
            false => self.write().await,
        };
        if flushed == Flushed::All {
            for asking in self.asking.drain(..) {
                // Who does not wait any more has lost patience, and was counted for it.
                let _ = asking.send(());
            }
        }
        flushed
    }

    async fn write(&mut self) -> Flushed {
        if !self.in_hand.is_empty() {
            let written = self.means.writer.append(&self.in_hand).await;
            if !self.note(written.err().map(|error| error.to_string())) {
                return self.set_aside();
            }
            self.shared.written.fetch_add(self.in_hand.len() as u64, Ordering::Relaxed);
            self.let_go();
        }
        self.catch_up().await;
        Flushed::All
    }

    /// Puts what is in hand down in the file, where there is one that takes it.
    fn set_aside(&mut self) -> Flushed {
        if self.in_hand.is_empty() {
            return Flushed::All;
        }
        let Some(spool) = &mut self.means.spool else { return Flushed::Nothing };
        if let Err(error) = spool.put(&self.in_hand) {
            tracing::debug!(%error, "reports wait in memory");
            return Flushed::Nothing;
        }
        self.let_go();
        self.count_spooled();
        Flushed::All
    }

    /// Writes some of what was set aside.
    async fn catch_up(&mut self) {
        let Some(spool) = self.means.spool.as_mut().filter(|spool| !spool.is_empty()) else { return };
        let (reports, unread) = match spool.oldest(REPORTS_GATHERED_MAX) {
            Ok(read) => read,
            Err(error) => {
                self.note(Some(format!("reports that were set aside cannot be read: {error}")));
                return;
            }
        };
        let written = self.means.writer.append(&reports).await;
        if !self.note(written.err().map(|error| error.to_string())) {
            return;
        }
        self.shared.written.fetch_add(reports.len() as u64, Ordering::Relaxed);
        self.shared.dropped.fetch_add(unread, Ordering::Relaxed);
        let spool = self.means.spool.as_mut();
        if let Some(Err(error)) = spool.map(|spool| spool.take_out(reports.len() as u64 + unread)) {
            tracing::warn!(%error, "reports that were set aside are written but still stand in their file");
        }
        self.count_spooled();
    }

    /// What was in hand is safe.
    fn let_go(&mut self) {
        self.shared.queue.give_back(self.in_hand.len());
        self.in_hand.clear();
        self.in_hand.shrink_to(REPORTS_KEPT);
    }

    fn take_queued(&mut self) {
        let logged = self.in_hand.len();
        self.shared.queue.take_all(&mut self.in_hand, &mut self.spare);
        let new = self.in_hand.get(logged..).unwrap_or_default();
        if let Some(log) = &mut self.means.log {
            // A log that nobody reads any more (a closed pipe) must not stop the ledger, and there is nowhere to say so.
            let _ = log.write(new);
        }
        if let Some(bodies) = &self.means.bodies {
            new.iter().for_each(|report| bodies.note(report));
        }
        self.means.tail.tell(new);
    }

    fn count_spooled(&mut self) {
        let waiting = self.means.spool.as_ref().map_or(0, Spool::waiting);
        self.shared.spooled.store(waiting, Ordering::Relaxed);
    }

    /// Remembers whether the store is well, and says so once when it begins to fail and once when it is well again. Whether
    /// it is.
    fn note(&mut self, failing: Option<String>) -> bool {
        let is_well = failing.is_none();
        self.retry_at = (!is_well).then(|| Instant::now() + RETRY_INTERVAL);
        let mut noted = self.shared.failing.lock().unwrap_or_else(PoisonError::into_inner);
        match (noted.is_some(), &failing) {
            (false, Some(error)) => {
                tracing::warn!(error, waiting = self.in_hand.len(), "the ledger cannot write; reports wait");
            }
            (true, None) => tracing::info!("the ledger can write again"),
            (true, Some(_)) | (false, None) => {}
        }
        *noted = failing;
        is_well
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

//! Keeps answers of Responses: a bounded queue before one task, which is the only one to touch their table.
//!
//! All work goes through the one queue in the order it came, so that a question sees what was kept before it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use trunkline_config::Settings;
use trunkline_proxy::stored::{Asked, KeptResponse, ResponseStore, StoreDown};
use trunkline_store::{Responses, SWEPT_ROWS_MAX, StoreError, StoredResponse};

/// Answers and questions that wait for the task. When full, answers are dropped and questions refused.
const QUEUED_MAX: usize = 1024;

/// Bytes of the answers that wait. Guards memory against a disk that is slower than the models.
const QUEUED_BYTES_MAX: usize = 64 << 20;

/// How often answers past their time are taken away.
const SWEEP_EVERY: Duration = Duration::from_secs(10 * 60);

/// Longest wait for what is queued to be written when stopping.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// The asking side. Clones share the queue.
#[derive(Clone)]
pub(crate) struct ResponseDesk {
    queue: mpsc::Sender<Work>,
    ttl: Duration,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    queued_bytes: AtomicUsize,
    dropped: AtomicU64,
    /// Whether the last answer was dropped: each run of drops is warned of once.
    dropping: AtomicBool,
    /// Whether the last word with the table failed: each run of failures is told once.
    failing: AtomicBool,
}

/// What the task is asked to do.
enum Work {
    Keep(StoredResponse),
    Find { owner: String, id: String, answer: oneshot::Sender<Option<KeptResponse>> },
    Forget { owner: String, id: String, answer: oneshot::Sender<bool> },
    Stop,
}

impl fmt::Debug for ResponseDesk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseDesk").field("ttl", &self.ttl).field("counts", &self.counts).finish_non_exhaustive()
    }
}

impl ResponseDesk {
    /// Starts the task on the present runtime.
    ///
    /// # Errors
    /// When the store's URL is of an engine that this build does not have.
    pub(crate) fn start(settings: &Settings) -> Result<(Self, JoinHandle<()>), StoreError> {
        let table = Responses::at(settings.store_url.expose())?;
        let (queue, inbox) = mpsc::channel(QUEUED_MAX);
        let counts = Arc::new(Counts::default());
        let clerk = Clerk { table, counts: Arc::clone(&counts) };
        let task = tokio::spawn(clerk.work(inbox));
        Ok((Self { queue, ttl: settings.store_responses_ttl, counts }, task))
    }

    /// Answers that were not kept since the start although they should have been.
    pub(crate) fn dropped(&self) -> u64 {
        self.counts.dropped.load(Ordering::Relaxed)
    }

    /// Whether the table could not be read or written when that was last tried.
    pub(crate) fn failing(&self) -> bool {
        self.counts.failing.load(Ordering::Relaxed)
    }

    /// Writes what is queued and ends the task.
    pub(crate) async fn stop(&self, task: JoinHandle<()>) {
        let stop = async {
            // The task has ended by itself when nobody takes it.
            let _ = self.queue.send(Work::Stop).await;
            // It panicked otherwise, which was reported where it happened.
            let _ = task.await;
        };
        if tokio::time::timeout(STOP_TIMEOUT, stop).await.is_err() {
            tracing::warn!("stopped before all answers could be kept for later requests");
        }
    }

    fn ask<T: Send + 'static>(&self, work: impl FnOnce(oneshot::Sender<T>) -> Work) -> Asked<T> {
        let (answer, answered) = oneshot::channel();
        let queued = self.queue.try_send(work(answer)).map_err(|_full| StoreDown);
        Box::pin(async move {
            queued?;
            answered.await.map_err(|_unanswered| StoreDown)
        })
    }
}

impl ResponseStore for ResponseDesk {
    fn keeps(&self) -> bool {
        !self.ttl.is_zero()
    }

    fn keep(&self, answer: KeptResponse) {
        if !self.keeps() {
            return;
        }
        let bytes = answer.bytes();
        let queued = self.counts.queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        let work = Work::Keep(stored(answer, self.ttl));
        if queued.saturating_add(bytes) > QUEUED_BYTES_MAX || self.queue.try_send(work).is_err() {
            self.counts.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.counts.drop_one();
        }
    }

    fn find(&self, owner: &str, id: &str) -> Asked<Option<KeptResponse>> {
        let (owner, id) = (owner.to_owned(), id.to_owned());
        self.ask(|answer| Work::Find { owner, id, answer })
    }

    fn forget(&self, owner: &str, id: &str) -> Asked<bool> {
        let (owner, id) = (owner.to_owned(), id.to_owned());
        self.ask(|answer| Work::Forget { owner, id, answer })
    }
}

impl Counts {
    fn drop_one(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
        if !self.dropping.swap(true, Ordering::Relaxed) {
            tracing::warn!("answers come faster than the store keeps them; some cannot be named by later requests");
        }
    }
}

/// The side that works.
struct Clerk {
    table: Responses,
    counts: Arc<Counts>,
}

impl Clerk {
    async fn work(mut self, mut inbox: mpsc::Receiver<Work>) {
        let mut sweeps = interval_at(Instant::now() + SWEEP_EVERY, SWEEP_EVERY);
        sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // While there is more to sweep, whoever waits goes first.
        let mut sweeping = false;
        loop {
            let work = if sweeping {
                inbox.try_recv().ok()
            } else {
                tokio::select! {
                    work = inbox.recv() => match work {
                        Some(work) => Some(work),
                        None => break,
                    },
                    _ = sweeps.tick() => None,
                }
            };
            match work {
                Some(Work::Stop) => break,
                Some(work) => self.do_one(work).await,
                None => sweeping = self.sweep().await,
            }
        }
        if let Err(error) = self.table.close().await {
            tracing::warn!(%error, "the table of kept answers was not closed in order; the next start will do it");
        }
    }

    async fn do_one(&mut self, work: Work) {
        match work {
            Work::Keep(answer) => {
                let bytes = answer.input.len() + answer.output.len() + answer.response.len();
                let put = self.table.put(&answer).await;
                self.counts.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
                match self.note(put) {
                    Some(()) => self.counts.dropping.store(false, Ordering::Relaxed),
                    // Told of by `note`.
                    None => _ = self.counts.dropped.fetch_add(1, Ordering::Relaxed),
                }
            }
            // Who asked may have lost patience.
            Work::Find { answer, .. } if answer.is_closed() => {}
            Work::Find { owner, id, answer } => {
                let found = self.table.get(&owner, &id, now_s()).await;
                if let Some(found) = self.note(found) {
                    let _ = answer.send(found.map(kept));
                }
            }
            Work::Forget { owner, id, answer } => {
                let gone = self.table.delete(&owner, &id, now_s()).await;
                if let Some(gone) = self.note(gone) {
                    let _ = answer.send(gone);
                }
            }
            Work::Stop => {}
        }
    }

    /// Takes away one batch; whether there may be more.
    async fn sweep(&mut self) -> bool {
        let swept = self.table.sweep(now_s()).await;
        self.note(swept).is_some_and(|rows| rows == SWEPT_ROWS_MAX)
    }

    fn note<T>(&self, done: Result<T, StoreError>) -> Option<T> {
        match done {
            Ok(value) => {
                self.counts.failing.store(false, Ordering::Relaxed);
                Some(value)
            }
            Err(error) => {
                if !self.counts.failing.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, "answers cannot be kept or found for later requests");
                }
                None
            }
        }
    }
}

fn stored(answer: KeptResponse, ttl: Duration) -> StoredResponse {
    let KeptResponse { owner, id, created_s, input, output, response } = answer;
    StoredResponse {
        owner,
        id,
        created_s,
        expires_s: created_s.saturating_add(ttl.as_secs().max(1)),
        input,
        output,
        response,
    }
}

fn kept(answer: StoredResponse) -> KeptResponse {
    let StoredResponse { owner, id, created_s, expires_s: _, input, output, response } = answer;
    KeptResponse { owner, id, created_s, input, output, response }
}

/// Seconds since the Unix epoch.
fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests;

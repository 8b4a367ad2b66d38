//! The ledger with a real store on disk; where a step must be seen, its desk is driven by hand.

use std::path::Path;

use trunkline_config::file::LogFormat;
use trunkline_route::Outcome;
use trunkline_wire::{Operation, ir};

use super::*;

fn report(n: u64) -> Report {
    Report {
        id: u128::from(n),
        at_ms: n,
        client_key: None,
        operation: Operation::Chat,
        model: Some("turbo".into()),
        provider: Some("local".into()),
        upstream_model: Some("tiny".into()),
        status: 200,
        outcome: Outcome::Served,
        stream: false,
        usage: ir::Usage::default(),
        quality: Some(ir::Quality::Exact),
        first_byte_us: Some(1),
        total_us: 2,
        bytes_in: 3,
        bytes_out: 4,
        attempts: 1,
    }
}

/// A log whose lines a test can count.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn log(&self) -> RequestLog {
        RequestLog::new(LogFormat::Text, Box::new(self.clone()))
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().iter().filter(|byte| **byte == b'\n').count()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Longer than any of these tests may take.
const AMPLE: Duration = Duration::from_secs(30);

fn soon() -> Instant {
    Instant::now() + AMPLE
}

fn start(store: &Store, log: Option<RequestLog>) -> Ledger {
    Ledger::start(store, log, Duration::from_millis(100)).unwrap()
}

async fn ids(place: &Path) -> Vec<u128> {
    let store = Store::open(place).await.unwrap();
    store.recent(u32::MAX).await.unwrap().iter().rev().map(|row| row.id).collect()
}

fn status(written: u64, dropped: u64, waiting: usize) -> LedgerStatus {
    LedgerStatus { written, dropped, waiting, failing: None }
}

/// Makes the database of `place` unusable until [`mend`].
fn break_store(place: &Path) {
    std::fs::remove_file(place).unwrap();
    std::fs::create_dir(place).unwrap();
}

fn mend(place: &Path) {
    std::fs::remove_dir(place).unwrap();
}

#[tokio::test]
async fn ten_thousand_reports_from_many_threads_become_one_row_and_one_line_each() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("x.db");
    let (store, lines) = (Store::open(&place).await.unwrap(), Lines::default());
    let ledger = start(&store, Some(lines.log()));
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let ledger = &ledger;
            scope.spawn(move || (0..2_500).for_each(|n| ledger.take(report(thread * 2_500 + n))));
        }
    });
    assert_eq!(ledger.flush_and_stop(soon()), 0);
    assert_eq!(ledger.status(), status(10_000, 0, 0));
    assert_eq!(ids(&place).await, (0..10_000).collect::<Vec<u128>>());
    assert_eq!(lines.count(), 10_000);
}

#[tokio::test]
async fn a_report_that_comes_after_the_end_is_counted_as_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("x.db")).await.unwrap();
    let ledger = start(&store, None);
    assert_eq!(ledger.flush_and_stop(soon()), 0);
    ledger.take(report(1));
    assert_eq!(ledger.flush_and_stop(soon()), 0);
    assert_eq!(ledger.status(), status(0, 1, 0));
}

#[tokio::test]
async fn a_full_queue_drops_counts_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("x.db");
    let store = Store::open(&place).await.unwrap();
    let shared = Arc::new(Shared::default());
    let mut desk = Desk::new(Arc::clone(&shared), store.writer(), None);
    for n in 0..REPORTS_QUEUED_MAX as u64 + 5 {
        shared.take(report(n));
    }
    assert_eq!(shared.status(), status(0, 5, REPORTS_QUEUED_MAX));
    assert_eq!(desk.flush().await, Flushed::All);
    shared.take(report(1 << 40));
    assert_eq!(desk.flush().await, Flushed::All);
    assert_eq!(shared.status(), status(REPORTS_QUEUED_MAX as u64 + 1, 5, 0));
    assert_eq!(store.count().await.unwrap(), REPORTS_QUEUED_MAX as u64 + 1);
    assert!(desk.in_hand.capacity() <= REPORTS_KEPT, "a burst's memory is given back");
}

#[tokio::test]
async fn while_the_store_fails_reports_wait_within_the_bound_and_none_is_lost_or_doubled() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("x.db");
    let (store, lines) = (Store::open(&place).await.unwrap(), Lines::default());
    let shared = Arc::new(Shared::default());
    let mut desk = Desk::new(Arc::clone(&shared), store.writer(), Some(lines.log()));

    break_store(&place);
    (0..100).for_each(|n| shared.take(report(n)));
    assert_eq!(desk.flush().await, Flushed::Nothing);
    let failing = shared.status().failing.unwrap();
    assert!(failing.contains("x.db"), "{failing}");

    (100..REPORTS_QUEUED_MAX as u64 + 3).for_each(|n| shared.take(report(n)));
    assert_eq!(desk.flush().await, Flushed::Nothing);
    assert_eq!(LedgerStatus { failing: None, ..shared.status() }, status(0, 3, REPORTS_QUEUED_MAX));
    assert_eq!(lines.count(), REPORTS_QUEUED_MAX, "the log does not wait for the store");

    mend(&place);
    assert_eq!(desk.flush().await, Flushed::All);
    assert_eq!(shared.status(), status(REPORTS_QUEUED_MAX as u64, 3, 0));
    assert_eq!(ids(&place).await, (0..REPORTS_QUEUED_MAX as u128).collect::<Vec<_>>());
    assert_eq!(lines.count(), REPORTS_QUEUED_MAX);
}

#[tokio::test]
async fn stopping_with_a_store_that_stays_broken_ends_at_the_deadline_and_says_what_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("x.db");
    let store = Store::open(&place).await.unwrap();
    break_store(&place);
    let ledger = start(&store, None);
    (0..7).for_each(|n| ledger.take(report(n)));
    assert_eq!(ledger.flush_and_stop(Instant::now() + Duration::from_millis(300)), 7);
    assert!(ledger.status().failing.is_some());
}

#[tokio::test]
async fn a_full_batch_does_not_wait_for_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("x.db")).await.unwrap();
    let never = Duration::from_secs(1 << 30);
    let ledger = Ledger::start(&store, None, never).unwrap();
    (0..REPORTS_GATHERED_MAX as u64).for_each(|n| ledger.take(report(n)));
    let begun = Instant::now();
    while ledger.status().written < REPORTS_GATHERED_MAX as u64 {
        assert!(begun.elapsed() < AMPLE, "nothing was written");
        std::thread::yield_now();
    }
}

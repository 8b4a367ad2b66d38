//! The ledger with a real store on disk; where a step must be seen, its desk is driven by hand.

use std::path::Path;

use trunkline_config::Secret;
use trunkline_config::file::{LogFormat, LogLevel};
use trunkline_route::Outcome;
use trunkline_testkit::postgres::Postgres;
use trunkline_wire::{DialectId, Operation, ir};

use super::desk::Flushed;
use super::queue::{REPORTS_GATHERED_MAX, REPORTS_KEPT, REPORTS_QUEUED_MAX, ROOM_CLAIMED};
use super::*;

fn report(n: u64) -> Report {
    Report {
        id: u128::from(n) << 80 | u128::from(n),
        at_ms: n,
        client_key: None,
        operation: Operation::Chat,
        dialect: Some(DialectId::OpenaiChat),
        model: Some("turbo".into()),
        provider: Some("local".into()),
        upstream_model: Some("tiny".into()),
        lane: Some("native"),
        losses: None,
        repairs: None,
        tries: None,
        status: 200,
        outcome: Outcome::Served,
        stream: false,
        usage: ir::Usage::default(),
        unseen: None,
        quality: Some(ir::Quality::Exact),
        cost: None,
        saved: None,
        cached: false,
        first_byte_us: Some(1),
        total_us: 2,
        bytes_in: 3,
        bytes_out: 4,
        attempts: 1,
        continued: 0,
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

fn start(store: &Store, log: Option<RequestLog>) -> Ledger {
    Ledger::spawn(runtime().unwrap(), means(store, log), Durability::Batch, Duration::from_millis(100)).unwrap()
}

fn means(store: &Store, log: Option<RequestLog>) -> Means {
    Means { writer: store.writer(), log, spool: None, bodies: None, tail: Tail::default() }
}

/// The numbers that [`report`] was given, from the store.
async fn ids(place: &Path) -> Vec<u128> {
    let store = Store::open(place).await.unwrap();
    store.recent(u32::MAX).await.unwrap().iter().rev().map(|row| row.id >> 80).collect()
}

#[derive(Debug, PartialEq)]
struct Status {
    written: u64,
    dropped: u64,
    waiting: usize,
    failing: bool,
}

fn status(shared: &Shared) -> Status {
    Status {
        written: shared.written.load(Ordering::Relaxed),
        dropped: shared.dropped.load(Ordering::Relaxed),
        waiting: shared.queue.waiting(),
        failing: shared.failing().is_some(),
    }
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
    assert_eq!(ledger.flush_and_stop(AMPLE), 0);
    assert_eq!(status(&ledger.shared), Status { written: 10_000, dropped: 0, waiting: 0, failing: false });
    assert_eq!(ids(&place).await, (0..10_000).collect::<Vec<u128>>());
    assert_eq!(lines.count(), 10_000);
}

#[tokio::test]
async fn a_report_that_comes_after_the_end_is_counted_as_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("x.db")).await.unwrap();
    let ledger = start(&store, None);
    assert_eq!(ledger.flush_and_stop(AMPLE), 0);
    ledger.take(report(1));
    assert_eq!(ledger.flush_and_stop(AMPLE), 0);
    assert_eq!(status(&ledger.shared), Status { written: 0, dropped: 1, waiting: 0, failing: false });
}

#[tokio::test]
async fn a_full_queue_drops_counts_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("x.db");
    let store = Store::open(&place).await.unwrap();
    let shared = Arc::new(Shared::default());
    let mut desk = Desk::new(Arc::clone(&shared), means(&store, None));
    for n in 0..REPORTS_QUEUED_MAX as u64 + 5 {
        shared.take(report(n));
    }
    assert_eq!(status(&shared), Status { written: 0, dropped: 5, waiting: REPORTS_QUEUED_MAX, failing: false });
    assert_eq!(desk.flush().await, Flushed::All);
    shared.take(report(1 << 40));
    assert_eq!(desk.flush().await, Flushed::All);
    assert_eq!(
        status(&shared),
        Status { written: REPORTS_QUEUED_MAX as u64 + 1, dropped: 5, waiting: 0, failing: false }
    );
    assert_eq!(store.count().await.unwrap(), REPORTS_QUEUED_MAX as u64 + 1);
    assert!(desk.in_hand.capacity() <= REPORTS_KEPT, "a burst's memory is given back");
}

#[tokio::test]
async fn while_the_store_fails_reports_wait_within_the_bound_and_none_is_lost_or_doubled() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("x.db");
    let (store, lines) = (Store::open(&place).await.unwrap(), Lines::default());
    let shared = Arc::new(Shared::default());
    let mut desk = Desk::new(Arc::clone(&shared), means(&store, Some(lines.log())));

    break_store(&place);
    (0..100).for_each(|n| shared.take(report(n)));
    assert_eq!(desk.flush().await, Flushed::Nothing);
    let failing = shared.failing().unwrap();
    assert!(failing.contains("x.db"), "{failing}");

    (100..REPORTS_QUEUED_MAX as u64 + 3).for_each(|n| shared.take(report(n)));
    assert_eq!(desk.flush().await, Flushed::Nothing);
    assert_eq!(status(&shared), Status { written: 0, dropped: 3, waiting: REPORTS_QUEUED_MAX, failing: true });
    assert_eq!(lines.count(), REPORTS_QUEUED_MAX, "the log does not wait for the store");

    mend(&place);
    assert_eq!(desk.flush().await, Flushed::All);
    assert_eq!(status(&shared), Status { written: REPORTS_QUEUED_MAX as u64, dropped: 3, waiting: 0, failing: false });
    assert_eq!(ids(&place).await, (0..REPORTS_QUEUED_MAX as u128).collect::<Vec<_>>());
    assert_eq!(lines.count(), REPORTS_QUEUED_MAX);
}

#[tokio::test]
async fn what_the_store_cannot_take_stands_in_a_file_and_is_caught_up_with_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("x.db");
    let store = Store::open(&place).await.unwrap();
    let shared = Arc::new(Shared::default());
    let spooled = |shared: &Shared| (shared.spooled.load(Ordering::Relaxed), status(shared));
    let spool = || Spool::open(folder.path(), 8 << 20).ok();
    let mut desk = Desk::new(Arc::clone(&shared), Means { spool: spool(), ..means(&store, None) });

    break_store(&place);
    (0..5_000).for_each(|n| shared.take(report(n)));
    assert_eq!(desk.flush().await, Flushed::All, "it is safe");
    shared.take(report(5_000));
    assert_eq!(desk.flush().await, Flushed::All);
    assert_eq!(spooled(&shared), (5_001, Status { written: 0, dropped: 0, waiting: 0, failing: true }));
    drop(desk);

    mend(&place);
    let shared = Arc::new(Shared::default());
    let mut desk = Desk::new(Arc::clone(&shared), Means { spool: spool(), ..means(&store, None) });
    assert_eq!(shared.spooled.load(Ordering::Relaxed), 5_001);
    shared.take(report(5_001));
    while shared.spooled.load(Ordering::Relaxed) > 0 {
        assert_eq!(desk.flush().await, Flushed::All);
    }
    assert_eq!(spooled(&shared), (0, Status { written: 5_002, dropped: 0, waiting: 0, failing: false }));
    assert_eq!(ids(&place).await, (0..5_002).collect::<Vec<_>>());
}

#[tokio::test]
async fn when_the_file_is_full_reports_wait_in_memory_and_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("x.db");
    let store = Store::open(&place).await.unwrap();
    let shared = Arc::new(Shared::default());
    let spool = Spool::open(folder.path(), 1_000).ok();
    let mut desk = Desk::new(Arc::clone(&shared), Means { spool, ..means(&store, None) });
    break_store(&place);
    (0..100).for_each(|n| shared.take(report(n)));
    assert_eq!(desk.flush().await, Flushed::Nothing);
    assert_eq!(status(&shared), Status { written: 0, dropped: 0, waiting: 100, failing: true });
    mend(&place);
    while desk.flush().await == Flushed::Nothing {
        std::thread::yield_now();
    }
    assert_eq!(ids(&place).await, (0..100).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_answer_may_end_once_its_report_is_in_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("x.db");
    let store = Store::open(&place).await.unwrap();
    // Nobody waits for the next batch.
    let never = Duration::from_secs(1 << 30);
    let ledger = Ledger::spawn(runtime().unwrap(), means(&store, None), Durability::Strict, never).unwrap();
    assert!(ledger.holds_answers());
    for n in 0..50 {
        ledger.take(report(n));
        ledger.settled().await;
        assert_eq!(store.count().await.unwrap(), n + 1);
    }
    assert_eq!(ledger.unsettled(), 0);
}

#[tokio::test]
async fn an_answer_does_not_wait_for_a_ledger_that_has_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("x.db")).await.unwrap();
    let ledger = start(&store, None);
    ledger.flush_and_stop(AMPLE);
    ledger.settled().await;
    assert_eq!(ledger.unsettled(), 1);
}

#[tokio::test]
async fn stopping_with_a_store_that_stays_broken_ends_at_the_deadline_and_says_what_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("x.db");
    let store = Store::open(&place).await.unwrap();
    break_store(&place);
    let ledger = start(&store, None);
    (0..7).for_each(|n| ledger.take(report(n)));
    assert_eq!(ledger.flush_and_stop(Duration::from_millis(300)), 7);
    assert!(ledger.failing().is_some());
}

#[tokio::test]
async fn a_full_batch_does_not_wait_for_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("x.db")).await.unwrap();
    let never = Duration::from_secs(1 << 30);
    let ledger = Ledger::spawn(runtime().unwrap(), means(&store, None), Durability::Batch, never).unwrap();
    (0..REPORTS_GATHERED_MAX as u64).for_each(|n| ledger.take(report(n)));
    let begun = Instant::now();
    while ledger.written() <= (REPORTS_GATHERED_MAX - ROOM_CLAIMED) as u64 {
        assert!(begun.elapsed() < AMPLE, "nothing was written");
        std::thread::yield_now();
    }
}

#[test]
fn it_starts_with_nothing_but_settings_and_makes_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        data_dir: folder.path().to_owned(),
        log_level: LogLevel::Warn,
        log_format: LogFormat::Text,
        log_requests: false,
        admin_token: None,
        admin_password: None,
        store_url: Secret::new(format!("sqlite://{}", folder.path().join("trunkline.db").display())),
        store_flush_interval: Duration::from_millis(100),
        store_responses_ttl: Duration::ZERO,
        ledger_durability: Durability::Strict,
        ledger_keep: None,
        ledger_keep_bytes: None,
        ledger_spool_bytes: 1 << 20,
        bodies: trunkline_config::settings::Bodies {
            sample_ppm: 0,
            failed: false,
            keep: AMPLE,
            keep_bytes: 1 << 20,
            body_bytes_max: 1 << 10,
            redactor: Arc::default(),
        },
        replicas_url: None,
        replicas_prefix: String::new(),
        replicas_timeout: Duration::ZERO,
        workers: None,
        probe: false,
    };
    Spool::open(folder.path(), settings.ledger_spool_bytes).unwrap().put(&[report(0)]).unwrap();
    let ledger = Ledger::start(&settings, None, Tail::default()).unwrap();
    assert!(runtime().unwrap().block_on(ledger.caught_up()), "what a process before left behind is in the store");
    assert_eq!((ledger.written(), ledger.spooled()), (1, 0));
    ledger.take(report(1));
    assert_eq!(ledger.flush_and_stop(AMPLE), 0);
    assert_eq!(runtime().unwrap().block_on(ids(&folder.path().join("trunkline.db"))), [0, 1]);
}

/// A real server that crashes under the ledger and comes back.
#[test]
fn a_server_that_is_down_for_a_while_costs_no_report() {
    let folder = tempfile::tempdir().unwrap();
    let server = Postgres::start().unwrap();
    let url = server.database("ledger").unwrap();
    let store = runtime().unwrap().block_on(Store::open(&url)).unwrap();
    let count = || {
        let counted = async { Store::open(&url).await.unwrap().count().await.unwrap() };
        runtime().unwrap().block_on(counted)
    };
    let spool = Spool::open(folder.path(), 8 << 20).ok();
    let means = Means { writer: store.writer_to_disk(), log: None, spool, bodies: None, tail: Tail::default() };
    let gather = Duration::from_millis(20);
    let ledger = Ledger::spawn(runtime().unwrap(), means, Durability::Strict, gather).unwrap();
    let safe = |ledger: &Ledger| runtime().unwrap().block_on(ledger.settled());

    (0..100).for_each(|n| ledger.take(report(n)));
    safe(&ledger);
    assert_eq!((ledger.written(), count()), (100, 100));

    server.stop().unwrap();
    (100..300).for_each(|n| ledger.take(report(n)));
    safe(&ledger);
    assert_eq!((ledger.written(), ledger.spooled(), ledger.unsettled()), (100, 200, 0), "safe in the file");
    assert!(ledger.failing().is_some());

    server.resume().unwrap();
    let begun = Instant::now();
    while ledger.written() < 300 {
        assert!(begun.elapsed() < AMPLE, "it did not catch up");
        std::thread::yield_now();
    }
    assert_eq!(ledger.flush_and_stop(AMPLE), 0);
    assert_eq!((ledger.spooled(), ledger.dropped(), count()), (0, 0, 300));
    assert_eq!(ledger.failing(), None);
}

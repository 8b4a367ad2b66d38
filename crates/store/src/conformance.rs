//! What every store must do, whatever its engine.
//!
//! Each rule is a function of an empty place; an engine's test module calls [`all`].

mod figures;
mod requests;

use trunkline_providers::Usd;
use trunkline_route::{Outcome, Report};
use trunkline_wire::{DialectId, FaultKind, Operation, ir};

use crate::{Keep, Retention, Store, StoredRequest, Writer};

/// An id as the proxy makes them.
fn id(at_ms: u64, process: u32, n: u64) -> u128 {
    u128::from(at_ms) << 80 | u128::from(process) << 40 | u128::from(n)
}

fn served(n: u64) -> Report {
    let at_ms = 1_790_000_000_000 + n / 3;
    Report {
        id: id(at_ms, 7, n),
        at_ms,
        client_key: Some("laptop".into()),
        operation: Operation::Chat,
        dialect: Some(DialectId::Anthropic),
        model: Some("turbo".into()),
        provider: Some("groq".into()),
        upstream_model: Some("llama-3.3-70b-versatile".into()),
        lane: Some("bridged"),
        losses: None,
        repairs: None,
        tries: None,
        status: 200,
        outcome: Outcome::Served,
        stream: true,
        usage: ir::Usage {
            input: 10 + n,
            cache_read: 4,
            cache_write: 3,
            output: 20,
            reasoning: 5,
            audio_input: 2,
            audio_output: 1,
        },
        unseen: None,
        quality: Some(ir::Quality::Exact),
        cost: Some(Usd::from_nano(1_234_567 + n as i64)),
        saved: Some(Usd::from_nano(89)),
        cached: false,
        first_byte_us: Some(120_345),
        total_us: 900_001,
        bytes_in: 512,
        bytes_out: 8_192,
        attempts: 2,
        continued: 0,
    }
}

/// A report of an answer given before.
fn given_again(n: u64) -> Report {
    Report {
        provider: None,
        upstream_model: None,
        cost: Some(Usd::ZERO),
        saved: Some(Usd::from_nano(5_000)),
        cached: true,
        attempts: 0,
        ..served(n)
    }
}

/// A report that got nowhere: everything optional is absent.
fn refused(n: u64) -> Report {
    Report {
        client_key: None,
        operation: Operation::Other,
        model: None,
        provider: None,
        upstream_model: None,
        losses: None,
        repairs: None,
        status: 401,
        outcome: Outcome::Failed(FaultKind::Unauthenticated),
        stream: false,
        usage: ir::Usage::default(),
        quality: None,
        cost: None,
        saved: None,
        first_byte_us: None,
        attempts: 0,
        continued: 0,
        ..served(n)
    }
}

fn stored(report: &Report) -> StoredRequest {
    StoredRequest::from(report)
}

async fn open(place: &str) -> (Store, Writer) {
    let store = Store::open(place).await.unwrap();
    let writer = store.writer();
    (store, writer)
}

/// Newest first, as [`Store::recent`] promises.
async fn check(store: &Store, mut expected: Vec<Report>) {
    expected.sort_by_key(|report| std::cmp::Reverse((report.at_ms, report.id)));
    let expected: Vec<_> = expected.iter().map(stored).collect();
    assert_eq!(store.recent(u32::MAX).await.unwrap(), expected);
    assert_eq!(store.count().await.unwrap(), expected.len() as u64);
}

async fn every_field_comes_back_as_it_went_in(place: &str) {
    let (store, mut writer) = open(place).await;
    let largest = Report { total_us: i64::MAX as u64, status: u16::MAX, attempts: u32::MAX, ..served(3) };
    let left = Report { outcome: Outcome::ClientLeft, quality: Some(ir::Quality::Partial), ..served(4) };
    let all = vec![served(1), refused(2), largest, left, given_again(5)];
    writer.append(&all).await.unwrap();
    check(&store, all).await;
}

async fn batches_of_every_size_are_whole(place: &str) {
    let (store, mut writer) = open(place).await;
    let mut all = Vec::new();
    for size in [0, 1, 15, 16, 17, 47, 48, 49, 255, 256, 257, 303, 304, 305, 600] {
        let first = all.len() as u64;
        let batch: Vec<_> = (first..first + size).map(served).collect();
        writer.append(&batch).await.unwrap();
        all.extend(batch);
    }
    check(&store, all).await;
}

async fn a_batch_that_is_tried_again_is_recorded_once(place: &str) {
    let (store, mut writer) = open(place).await;
    let batch: Vec<_> = (0..40).map(served).collect();
    writer.append(&batch[..25]).await.unwrap();
    writer.append(&batch).await.unwrap();
    check(&store, batch).await;
}

async fn reports_of_one_millisecond_are_all_kept(place: &str) {
    let (store, mut writer) = open(place).await;
    let batch: Vec<_> = (0..100).map(|n| Report { at_ms: 5, id: id(5, 7, n), ..served(n) }).collect();
    writer.append(&batch).await.unwrap();
    check(&store, batch).await;
}

/// Two processes that share a file may come to the same key, which the ids below do.
async fn reports_of_many_processes_are_all_kept_once(place: &str) {
    let (store, mut writer) = open(place).await;
    let at_ms = 1_790_000_000_000;
    let of = |process: u32, n: u64| Report { at_ms, id: id(at_ms, process, n), ..served(0) };
    let all: Vec<_> =
        (1..=20).flat_map(|process| (0..20).map(move |n| of(process, n + 40 - u64::from(process)))).collect();
    writer.append(&all[..90]).await.unwrap();
    writer.append(&all).await.unwrap();
    writer.append(&all[30..]).await.unwrap();
    let mut found: Vec<_> = store.recent(u32::MAX).await.unwrap().iter().map(|row| row.id).collect();
    found.sort_unstable();
    assert_eq!(found, all.iter().map(|report| report.id).collect::<Vec<_>>());
}

async fn more_kinds_than_are_held_are_told_apart(place: &str) {
    let (store, mut writer) = open(place).await;
    let all: Vec<_> = (0..5_000)
        .map(|n| Report { model: Some(format!("m{}", n % 50).into()), attempts: n as u32 / 50, ..served(n) })
        .collect();
    writer.append(&all).await.unwrap();
    check(&store, all).await;
}

async fn reopening_keeps_rows_and_names(place: &str) {
    let (first, mut writer) = open(place).await;
    writer.append(&[served(1)]).await.unwrap();
    writer.close().await.unwrap();
    first.close().await;
    let (store, mut writer) = open(place).await;
    writer.append(&[served(2)]).await.unwrap();
    check(&store, vec![served(1), served(2)]).await;
}

async fn two_writers_take_turns_and_agree_on_names(place: &str) {
    let (store, mut one) = open(place).await;
    let mut two = store.writer();
    one.append(&[served(1)]).await.unwrap();
    two.append(&[refused(2)]).await.unwrap();
    one.append(&[refused(3)]).await.unwrap();
    two.append(&[served(4)]).await.unwrap();
    check(&store, vec![served(1), refused(2), refused(3), served(4)]).await;
}

async fn a_name_of_any_length_and_script_is_kept_within_bounds(place: &str) {
    let (store, mut writer) = open(place).await;
    let hostile = Report { model: Some("é'; DROP TABLE requests; --\n".repeat(40).into()), ..served(1) };
    writer.append(std::slice::from_ref(&hostile)).await.unwrap();
    let found = store.recent(1).await.unwrap().remove(0).model.unwrap();
    assert!(hostile.model.unwrap().starts_with(&found));
    assert!((250..=256).contains(&found.len()), "{}", found.len());
}

async fn what_is_too_old_or_too_much_goes_and_its_sums_stay(place: &str) {
    let (store, mut writer) = open(place).await;
    let at_ms = 1_790_000_000_000;
    let all: Vec<_> = (0..3_000).map(|n| Report { at_ms: at_ms + n, id: id(at_ms + n, 7, n), ..served(n) }).collect();
    writer.append(&all).await.unwrap();
    let mut retention = Retention::at(place).unwrap();
    let nothing = retention.too_much(Keep::default(), at_ms + 3_000).await.unwrap();
    assert_eq!(retention.take_some(nothing).await.unwrap(), 0);
    let old = retention.too_much(Keep { age_ms: Some(500), bytes: Some(1 << 30) }, at_ms + 3_000).await.unwrap();
    for expected in [1_000, 1_000, 500, 0] {
        assert_eq!(retention.take_some(old).await.unwrap(), expected);
    }
    check(&store, all[2_500..].to_vec()).await;
    let much = retention.too_much(Keep { age_ms: None, bytes: Some(20_000) }, at_ms).await.unwrap();
    let gone = retention.take_some(much).await.unwrap() as usize;
    assert!((200..480).contains(&gone), "{gone}");
    check(&store, all[2_500 + gone..].to_vec()).await;
    let none = retention.too_much(Keep { age_ms: None, bytes: Some(1) }, at_ms).await.unwrap();
    assert_eq!(retention.take_some(none).await.unwrap() as usize, 500 - gone);
    figures::check_sums(&store, &all).await;
}

/// Every rule, each on a place of its own, which `place` makes by its name.
async fn all(place: impl Fn(&str) -> String) {
    every_field_comes_back_as_it_went_in(&place("rule_1")).await;
    batches_of_every_size_are_whole(&place("rule_2")).await;
    a_batch_that_is_tried_again_is_recorded_once(&place("rule_3")).await;
    reports_of_one_millisecond_are_all_kept(&place("rule_4")).await;
    reopening_keeps_rows_and_names(&place("rule_5")).await;
    two_writers_take_turns_and_agree_on_names(&place("rule_6")).await;
    a_name_of_any_length_and_script_is_kept_within_bounds(&place("rule_7")).await;
    reports_of_many_processes_are_all_kept_once(&place("rule_8")).await;
    more_kinds_than_are_held_are_told_apart(&place("rule_9")).await;
    figures::sums_are_those_of_the_rows_also_when_a_batch_is_tried_again(&place("rule_10")).await;
    figures::a_claim_beyond_all_reason_spoils_no_sum(&place("rule_11")).await;
    figures::figures_are_told_apart_filtered_and_cut_where_days_begin(&place("rule_12")).await;
    figures::latency_is_told_from_the_sums(&place("rule_13")).await;
    figures::latency_of_many_batches_stays_short_and_right(&place("rule_14")).await;
    what_is_too_old_or_too_much_goes_and_its_sums_stay(&place("rule_15")).await;
    requests::the_newest_are_found_by_what_they_have_in_common_page_by_page(&place("rule_16")).await;
    requests::one_is_found_by_its_id(&place("rule_17")).await;
    crate::responses::tests::all(&place).await;
    crate::rests::tests::all(&place).await;
    crate::admin::tests::all(&place).await;
    crate::leases::tests::all(&place).await;
    crate::client_keys::tests::all(&place).await;
    crate::revisions::tests::all(&place).await;
    crate::watch::tests::all(&place).await;
    crate::bodies::tests::all(&place).await;
}

mod postgres {
    use trunkline_testkit::postgres::Postgres;

    #[tokio::test]
    async fn keeps_every_rule() {
        let server = Postgres::start().unwrap();
        super::all(|name| server.database(name).unwrap()).await;
    }
}

mod sqlite {
    use sqlx::{Connection, Executor, Row, SqliteConnection};

    use super::{check, open, served};

    #[tokio::test]
    async fn keeps_every_rule() {
        let folder = tempfile::tempdir().unwrap();
        super::all(|name| folder.path().join(name).display().to_string()).await;
    }

    #[tokio::test]
    async fn a_failed_batch_leaves_nothing_and_the_next_try_succeeds() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("x.db").display().to_string();
        let (store, mut writer) = open(&place).await;
        let mut shell = SqliteConnection::connect(&format!("sqlite:{place}")).await.unwrap();
        shell.execute("ALTER TABLE requests RENAME TO hidden").await.unwrap();
        let batch: Vec<_> = (0..20).map(served).collect();
        assert!(writer.append(&batch).await.is_err());
        assert!(writer.append(&batch).await.is_err());
        shell.execute("ALTER TABLE hidden RENAME TO requests").await.unwrap();
        check(&store, vec![]).await;
        writer.append(&batch).await.unwrap();
        check(&store, batch).await;
    }

    #[tokio::test]
    async fn a_file_one_schema_ahead_is_read_and_written() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("x.db").display().to_string();
        drop(open(&place).await);
        let mut shell = SqliteConnection::connect(&format!("sqlite:{place}")).await.unwrap();
        shell.execute("ALTER TABLE requests ADD COLUMN later TEXT NOT NULL DEFAULT ''").await.unwrap();
        let version: i64 = shell.fetch_one("PRAGMA user_version").await.unwrap().get(0);
        shell.execute(sqlx::AssertSqlSafe(format!("PRAGMA user_version = {}", version + 1))).await.unwrap();
        let (store, mut writer) = open(&place).await;
        writer.append(&[served(1)]).await.unwrap();
        check(&store, vec![served(1)]).await;
    }
}

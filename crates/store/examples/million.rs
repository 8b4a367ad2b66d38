//! What a million rows cost: bytes a row, how long every question of a dashboard takes, and what taking half of them away
//! does to those who write meanwhile. SQLite and PostgreSQL side by side.
//!
//! `cargo run --release -p trunkline-store --example million [ROWS]`; exits with 1 when a bound is broken.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measurement for the person who runs it"
)]

mod made;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use trunkline_route::Report;
use trunkline_store::{Dimension, Keep, Period, Question, Retention, Store, TAKEN_ROWS_MAX, Writer};
use trunkline_testkit::postgres::Postgres;
use trunkline_wire::Operation;

/// 2026-08-01, and how many days the rows are spread over.
const FIRST_MS: u64 = 1_785_542_400_000;
const DAYS: u64 = 90;
const DAY_S: i64 = 86_400;

/// Each question is asked so often.
const ASKED: usize = 50;

const BATCH: usize = 2_000;

/// What a question may take, 19 times of 20, and what a row may.
const P95_MAX: Duration = Duration::from_millis(200);
const ROW_BYTES_MAX: u64 = 250;

/// What a dashboard asks, on its widest settings and on usual ones.
fn questions() -> Vec<(&'static str, Question)> {
    let end_s = (FIRST_MS / 1_000) as i64 + DAYS as i64 * DAY_S;
    let month =
        Question { since_s: Some(end_s - 30 * DAY_S + 5_000), until_s: Some(end_s - 5_000), ..Question::default() };
    let by = |by| Question { by: Some(by), ..Question::default() };
    let per = |per, of: &Question| Question { per: Some(per), ..of.clone() };
    vec![
        ("totals of all time", Question::default()),
        ("totals of 30 days", month.clone()),
        ("by model, all time", by(Dimension::Model)),
        ("by provider, all time", by(Dimension::Provider)),
        ("by client key, all time", by(Dimension::ClientKey)),
        ("by client key, 30 days", Question { by: Some(Dimension::ClientKey), ..month.clone() }),
        ("by day, all time", per(Period::Day, &Question::default())),
        ("by day and model, all time", per(Period::Day, &by(Dimension::Model))),
        ("by day at +05:30, 30 days", Question { zone_minutes: 330, ..per(Period::Day, &month) }),
        ("by day at -08:00, all time", Question { zone_minutes: -480, ..per(Period::Day, &Question::default()) }),
        (
            "by day at -08:00 and client key, all time",
            Question { zone_minutes: -480, ..per(Period::Day, &by(Dimension::ClientKey)) },
        ),
        ("by hour, 30 days", per(Period::Hour, &month)),
        ("by hour, all time", per(Period::Hour, &Question::default())),
        (
            "by hour, one key and model, all time",
            Question {
                client_key: Some(made::KEYS[1].into()),
                model: Some(made::SERVED[2].0.into()),
                ..per(Period::Hour, &Question::default())
            },
        ),
    ]
}

fn p(share: f64, mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[((times.len() - 1) as f64 * share) as usize]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// How long whoever writes waits for one report, again and again, until `done`.
async fn writes(writer: &mut Writer, number: &mut u64, done: impl Fn(usize) -> bool) -> Vec<Duration> {
    let mut times = Vec::new();
    while !done(times.len()) {
        *number += 1;
        let at_ms = FIRST_MS + (DAYS + 1) * 86_400_000 + *number;
        let id = u128::from(at_ms) << 80 | 7 << 40 | u128::from(*number);
        let report = Report { model: Some("model-0".into()), ..Report::begin(id, at_ms, Operation::Chat) };
        let began = Instant::now();
        writer.append(std::slice::from_ref(&report)).await.unwrap();
        times.push(began.elapsed());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    times
}

/// Takes half of the rows away while requests go on; how long writes took before and meanwhile.
async fn retain(place: &str, writer: &mut Writer) -> (Vec<Duration>, Vec<Duration>, Vec<Duration>) {
    let mut number = 0;
    let before = writes(writer, &mut number, |written| written == 500).await;
    let mut retention = Retention::at(place).unwrap();
    let is_over = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let over = Arc::clone(&is_over);
    let task = tokio::spawn(async move {
        let age_ms = (DAYS / 2) * 86_400_000;
        let bound =
            retention.too_much(Keep { age_ms: Some(age_ms), bytes: None }, FIRST_MS + DAYS * 86_400_000).await.unwrap();
        let mut times = Vec::new();
        loop {
            let began = Instant::now();
            let taken = retention.take_some(bound).await.unwrap();
            times.push(began.elapsed());
            if taken < TAKEN_ROWS_MAX {
                break;
            }
            // As the gateway does.
            tokio::time::sleep(began.elapsed() * 4).await;
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        times
    });
    let meanwhile = writes(writer, &mut number, |_| is_over.load(std::sync::atomic::Ordering::Relaxed)).await;
    (before, meanwhile, task.await.unwrap())
}

/// Measures one engine; whether it keeps the bounds. `bytes` says what its rows take.
async fn measure(engine: &str, place: &str, reports: &[Report], bytes: impl AsyncFn() -> u64) -> bool {
    println!("{engine}");
    let store = Store::open(place).await.unwrap();
    let mut writer = store.writer();
    let began = Instant::now();
    for batch in reports.chunks(BATCH) {
        writer.append(batch).await.unwrap();
    }
    let rows = reports.len() as u64;
    println!("  written: {rows} rows, {:.1} µs each", began.elapsed().as_micros() as f64 / rows as f64);
    let row_bytes = bytes().await / rows;
    println!("  size: {row_bytes} bytes a row, sums included");
    let mut is_well = row_bytes < ROW_BYTES_MAX;
    for (name, question) in questions() {
        let mut times = Vec::new();
        let mut groups = 0;
        for _ in 0..ASKED {
            let began = Instant::now();
            groups = store.figures(&question).await.unwrap().len();
            times.push(began.elapsed());
        }
        let p95 = p(0.95, times.clone());
        is_well &= p95 < P95_MAX;
        println!("  {name}: {groups} groups, p50 {:.1} ms, p95 {:.1} ms", ms(p(0.5, times)), ms(p95));
    }
    let (before, meanwhile, taken) = retain(place, &mut writer).await;
    let left = store.count().await.unwrap() - (before.len() + meanwhile.len()) as u64;
    let (p99_before, p99_meanwhile) = (ms(p(0.99, before)), ms(p(0.99, meanwhile.clone())));
    println!(
        "  half taken away in {} batches, p99 {:.1} ms each; {left} rows left; a write took p99 {p99_before:.2} ms before, \
         {p99_meanwhile:.2} ms meanwhile ({:+.2} ms; {} writes), longest {:.2} ms",
        taken.len(),
        ms(p(0.99, taken.clone())),
        p99_meanwhile - p99_before,
        meanwhile.len(),
        ms(p(1.0, meanwhile)),
    );
    is_well
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let rows = std::env::args().nth(1).map_or(1_000_000, |rows| rows.parse().unwrap());
    let reports = made::reports(rows, FIRST_MS, DAYS);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("million.db");
    let of_file = async || {
        let size = |end: &str| std::fs::metadata(format!("{}{end}", path.display())).map_or(0, |file| file.len());
        size("") + size("-wal")
    };
    let server = Postgres::start().unwrap();
    let url = server.database("million").unwrap();
    let of_server = async || server.bytes("million").unwrap();
    let sqlite = measure("SQLite", &path.display().to_string(), &reports, of_file).await;
    let postgres = measure("PostgreSQL", &url, &reports, of_server).await;
    if sqlite && postgres { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

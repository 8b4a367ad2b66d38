//! What a row costs: `cargo run --release -p trunkline-store --example append_cost [rows a batch]` (Linux).
//!
//! Prints CPU microseconds a row, of all threads, and bytes a row of the file.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement for people, not a part of the product")]

use std::sync::Arc;
use std::time::Instant;

use trunkline_route::{Outcome, Report};
use trunkline_store::Store;
use trunkline_wire::{DialectId, Operation, ir};

const ROWS: u64 = 400_000;

/// `getconf CLK_TCK`: 100 on every Linux that matters.
const TICK_US: u64 = 10_000;

fn cpu_us() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum::<u64>() * TICK_US
}

/// Traffic as a busy gateway sees it: a few keys and models, no two rows alike.
fn report(n: u64, names: &[Arc<str>; 8]) -> Report {
    let noise = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
    let name = |first: u64, of: u64| names.get((first + noise % of) as usize).cloned();
    let at_ms = 1_790_000_000_000 + n / 20 - noise % 40;
    Report {
        id: u128::from(at_ms) << 80 | 0xab_cdef_0123 << 40 | u128::from(n),
        at_ms,
        client_key: name(0, 2),
        operation: Operation::Chat,
        dialect: Some(DialectId::OpenaiChat),
        model: name(2, 2),
        provider: name(4, 2),
        upstream_model: name(6, 2),
        lane: Some("native"),
        losses: None,
        repairs: None,
        tries: None,
        status: 200,
        outcome: Outcome::Served,
        stream: noise & 1 == 0,
        usage: ir::Usage {
            input: noise % 4_000,
            cache_read: noise % 3_000,
            cache_write: 0,
            output: noise % 900,
            reasoning: 0,
            ..ir::Usage::default()
        },
        unseen: None,
        quality: Some(ir::Quality::Exact),
        cost: None,
        saved: None,
        cached: false,
        first_byte_us: Some(20_000 + noise % 400_000),
        total_us: 400_000 + noise % 9_000_000,
        bytes_in: 300 + noise % 20_000,
        bytes_out: 500 + noise % 40_000,
        attempts: 1,
        continued: 0,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let batch: usize = std::env::args().nth(1).map_or(500, |size| size.parse().unwrap());
    let names =
        ["laptop", "build-server", "turbo", "slow", "groq", "local", "llama-3.3-70b-versatile", "Qwen/Qwen3-8B"]
            .map(Arc::<str>::from);
    let reports: Vec<_> = (0..ROWS).map(|n| report(n, &names)).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cost.db");
    let store = Store::open(&path).await.unwrap();
    let mut writer = store.writer();

    let (cpu_before, began) = (cpu_us(), Instant::now());
    for batch in reports.chunks(batch) {
        writer.append(batch).await.unwrap();
    }
    writer.close().await.unwrap();
    let (cpu, wall) = (cpu_us() - cpu_before, began.elapsed());

    assert_eq!(store.count().await.unwrap(), ROWS);
    store.close().await;
    println!(
        "{ROWS} rows in batches of {batch}: {:.2} µs of CPU a row, {:.2} µs of wall clock, {} bytes a row",
        cpu as f64 / ROWS as f64,
        wall.as_micros() as f64 / ROWS as f64,
        std::fs::metadata(&path).unwrap().len() / ROWS,
    );
}

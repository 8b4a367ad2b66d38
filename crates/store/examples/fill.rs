//! Fills a store with made-up requests of the last days, to look at pages that have something to show.
//!
//! `cargo run --release -p trunkline-store --example fill PATH ROWS DAYS`

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a tool for the person who runs it"
)]

mod made;

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use trunkline_store::Store;

const BATCH: usize = 2_000;
const DAY_MS: u64 = 86_400_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [place, rows, days] = <[String; 3]>::try_from(arguments).unwrap();
    let (rows, days): (u64, u64) = (rows.parse().unwrap(), days.parse().unwrap());
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let began = Instant::now();
    let mut writer = Store::open(&place).await.unwrap().writer();
    for batch in made::reports(rows, now_ms - days * DAY_MS, days).chunks(BATCH) {
        writer.append(batch).await.unwrap();
    }
    println!("{rows} requests of {days} days are in {place} after {:.1} s", began.elapsed().as_secs_f64());
}

//! Reports as they come of a busy Trunkline, the same each time.

use std::f64::consts::TAU;
use std::sync::Arc;

use trunkline_providers::Usd;
use trunkline_route::{Outcome, Report};
use trunkline_wire::{FaultKind, Operation, ir};

/// Who calls; the first the most.
pub(crate) const KEYS: [&str; 5] = ["app", "search", "research", "ci", "ada"];

/// Models, with who serves them and as what; the first the most.
pub(crate) const SERVED: [(&str, &str, &str); 6] = [
    ("turbo", "groq", "llama-3.3-70b-versatile"),
    ("claude", "anthropic", "claude-sonnet-5"),
    ("coder", "gpu", "Qwen/Qwen3-Coder-30B"),
    ("embed", "gpu", "BAAI/bge-m3"),
    ("fast", "groq", "openai/gpt-oss-20b"),
    ("vision", "openai", "gpt-4o"),
];

const DAY_MS: f64 = 86_400_000.0;

/// A generator that gives the same numbers each time.
struct Noise(u64);

impl Noise {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// One of so many; the first the most.
    fn favourite(&mut self, count: usize) -> usize {
        self.below(count as u64).min(self.below(count as u64)) as usize
    }
}

/// So many reports in the order of time, over so many days from then on; nights are quieter.
pub(crate) fn reports(rows: u64, first_ms: u64, days: u64) -> Vec<Report> {
    let keys = KEYS.map(Arc::from);
    let served = SERVED.map(|(model, provider, upstream)| [model, provider, upstream].map(Arc::<str>::from));
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    let report = |n| {
        let days_gone = n as f64 / rows as f64 * days as f64;
        let at_ms = first_ms + ((days_gone + 0.8 * (days_gone * TAU).sin() / TAU) * DAY_MS) as u64;
        let [model, provider, upstream_model] = served[noise.favourite(SERVED.len())].clone();
        let failed = noise.below(50) == 0;
        Report {
            client_key: Some(Arc::clone(&keys[noise.favourite(KEYS.len())])),
            model: Some(model),
            provider: Some(provider),
            upstream_model: Some(upstream_model),
            status: if failed { 502 } else { 200 },
            outcome: if failed { Outcome::Failed(FaultKind::UpstreamBroken) } else { Outcome::Served },
            stream: noise.below(2) == 0,
            usage: ir::Usage {
                input: noise.below(4_000),
                cache_read: noise.below(3_000),
                output: noise.below(900),
                ..ir::Usage::default()
            },
            quality: Some(ir::Quality::Exact),
            cost: Some(Usd::from_nano(noise.below(40_000_000) as i64)),
            saved: Some(Usd::from_nano(noise.below(2_000_000) as i64)),
            first_byte_us: Some(20_000 + noise.below(400_000)),
            total_us: 400_000 + noise.below(9_000_000),
            bytes_in: 300 + noise.below(20_000),
            bytes_out: 500 + noise.below(40_000),
            attempts: 1,
            ..Report::begin(u128::from(at_ms) << 80 | 0xab_cdef_0123 << 40 | u128::from(n), at_ms, Operation::Chat)
        }
    };
    (0..rows).map(report).collect()
}

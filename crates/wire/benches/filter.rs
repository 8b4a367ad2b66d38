//! What it costs to look through a model's answers for calls: `cargo bench -p trunkline-wire`.
//!
//! Ordinary text is measured by the token; texts made to be dear at two sizes, whose figures a byte must be alike.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use trunkline_wire::filter::{Filter, Mode, Offered, Recipe, Start, Thoughts};
use trunkline_wire::ir::{BlockKind, Delta, Event};

/// Bytes of the larger of two dear texts, and of each piece in which they come.
const LARGE: usize = 1 << 20;
const SMALL: usize = LARGE / 16;
const PIECE: usize = 64;

/// Words of an answer without a marker, a token each.
fn words() -> Vec<String> {
    let text = "The quick brown fox, as we know, jumps over 13 lazy dogs; if x is less than y, take the other path. ";
    text.repeat(10).split_inclusive(' ').map(str::to_owned).collect()
}

fn offered() -> Arc<Offered> {
    let mut offered = Offered::default();
    offered.add("get_weather", Some(r#"{"type":"object","properties":{"city":{"type":"string"}}}"#));
    Arc::new(offered)
}

fn run(recipe: &Recipe, offered: &Arc<Offered>, pieces: &[String]) {
    let mut filter = Filter::new(recipe, Some(Arc::clone(offered)));
    let mut out = Vec::new();
    filter.push(Event::Open { block: 0, kind: BlockKind::Text }, &mut out);
    for piece in pieces {
        filter.push(Event::Delta { block: 0, delta: Delta::Text(piece.clone()) }, &mut out);
        black_box(&out);
        out.clear();
    }
}

fn ordinary(criterion: &mut Criterion) {
    let (words, offered) = (words(), offered());
    let mut group = criterion.benchmark_group("ordinary text, by the token");
    group.throughput(Throughput::Elements(words.len() as u64));
    let thoughts = Thoughts { start: Start::Answer, shown: true };
    for (name, recipe) in [
        ("off", Recipe::new(Mode::Off)),
        ("mend", Recipe::new(Mode::Mend)),
        ("mend, thoughts told apart", Recipe::new(Mode::Mend).with_thoughts(thoughts)),
        ("strict", Recipe::new(Mode::Strict)),
    ] {
        group.bench_function(name, |bencher| bencher.iter(|| run(&recipe, &offered, black_box(&words))));
    }
    group.finish();
}

fn dear(criterion: &mut Criterion) {
    let (recipe, offered) = (Recipe::new(Mode::Mend), offered());
    for marker in ["<", "{", "`", "[", "<tool_call>", "{\"name\": \""] {
        let mut group = criterion.benchmark_group(format!("nothing but {marker}, by the byte"));
        group.sample_size(10);
        for (name, bytes) in [("64 KiB", SMALL), ("1 MiB", LARGE)] {
            let text = marker.repeat(bytes / marker.len());
            let pieces: Vec<String> =
                text.as_bytes().chunks(PIECE).map(|piece| String::from_utf8_lossy(piece).into_owned()).collect();
            group.throughput(Throughput::Bytes(text.len() as u64));
            group.bench_function(name, |bencher| bencher.iter(|| run(&recipe, &offered, black_box(&pieces))));
        }
        group.finish();
    }
}

criterion_group!(benches, ordinary, dear);
criterion_main!(benches);

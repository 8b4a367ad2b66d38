//! What the fuzz target `filter` promises, for every text it begins with: those it once found wrong are among them.

use std::path::Path;
use std::sync::Arc;

use trunkline_wire::filter::{Filter, Mode, Offered, Patterns, Recipe, Start, Thoughts, default_patterns};
use trunkline_wire::ir::{BlockKind, Collector, Delta, Event, Grammar, StopReason};

use crate::run::characters;

/// Bytes before the text: they tell the target where to cut.
const SIZES: usize = 4;

fn recipes() -> [Recipe; 4] {
    let patterns = Arc::new(Patterns::compile(&default_patterns()).expect("they compile"));
    let thoughts = |start| Thoughts { start, shown: true };
    [
        Recipe::new(Mode::Mend),
        Recipe::new(Mode::Strict),
        Recipe::new(Mode::Mend).with_thoughts(thoughts(Start::Answer)),
        Recipe::new(Mode::Mend).with_thoughts(thoughts(Start::Unknown)).with_patterns(patterns),
    ]
}

fn offered() -> Arc<Offered> {
    let mut offered = Offered::default();
    let schema = r#"{"type":"object","required":["a"],"properties":{"a":{"type":"string"},"n":{"type":"integer"}}}"#;
    offered.add("f", Some(schema));
    offered.add("bash", None);
    Arc::new(offered)
}

/// Everything that becomes of a text, as one line.
fn run(recipe: &Recipe, pieces: &[&str]) -> String {
    let mut filter = Filter::new(recipe, Some(offered()));
    let mut events = Vec::new();
    filter.push(Event::Start { id: "a".to_owned() }, &mut events);
    filter.push(Event::Open { block: 0, kind: BlockKind::Text }, &mut events);
    for piece in pieces {
        filter.push(Event::Delta { block: 0, delta: Delta::Text((*piece).to_owned()) }, &mut events);
    }
    filter.push(Event::Close { block: 0 }, &mut events);
    filter.push(Event::Stop(StopReason::End), &mut events);
    let (mut grammar, mut collector) = (Grammar::new(), Collector::default());
    for event in &events {
        assert_eq!(grammar.step(event), Ok(()), "{event:?} in {events:?}");
        collector.push(event);
    }
    assert!(grammar.is_over(), "{events:?}");
    let response = collector.finish("m".to_owned(), 0);
    let faults = events.iter().filter(|event| matches!(event, Event::Fault(_))).count();
    format!("{:?} {:?} {faults} {:?}", response.blocks, response.stop, filter.repairs())
}

/// As the target cuts: sizes that repeat.
fn pieces<'t>(sizes: &[u8], text: &'t str) -> Vec<&'t str> {
    let mut sizes = sizes.iter().cycle();
    let (mut at, mut pieces) = (0, Vec::new());
    while at < text.len() {
        let size = sizes.next().map_or(1, |size| usize::from(*size) + 1);
        let end = text.ceil_char_boundary((at + size).min(text.len()));
        pieces.push(&text[at..end]);
        at = end;
    }
    pieces
}

#[test]
fn cuts_change_nothing_in_the_texts_that_the_fuzzer_begins_with() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/filter");
    let recipes = recipes();
    let mut seen = 0;
    for seed in std::fs::read_dir(seeds).expect("the seeds are there") {
        let seed = seed.expect("it can be listed").path();
        let data = std::fs::read(&seed).expect("it can be read");
        let (sizes, text) = data.split_at(SIZES);
        let text = std::str::from_utf8(text).expect("seeds are text");
        for (number, recipe) in recipes.iter().enumerate() {
            let whole = run(recipe, &[text]);
            for cut in [pieces(sizes, text), characters(text)] {
                assert_eq!(run(recipe, &cut), whole, "{} with recipe {number}, cut to {cut:?}", seed.display());
            }
        }
        seen += 1;
    }
    assert!(seen >= 12, "{seen} seeds");
}

//! Any text through the whole filter: cuts change nothing, the grammar of events holds, and without an offered tool's name
//! the text stays what it was.

#![no_main]

use std::sync::{Arc, LazyLock};

use cuts::Cut;
use libfuzzer_sys::fuzz_target;
use trunkline_wire::filter::{Filter, Mode, Offered, Patterns, Recipe, Start, Thoughts, default_patterns};
use trunkline_wire::ir::{BlockKind, Collector, Delta, Event, Grammar, StopReason};

static RECIPES: LazyLock<[Recipe; 4]> = LazyLock::new(|| {
    let patterns = Arc::new(Patterns::compile(&default_patterns()).expect("they compile"));
    let thoughts = |start| Thoughts { start, shown: true };
    [
        Recipe::new(Mode::Mend),
        Recipe::new(Mode::Strict),
        Recipe::new(Mode::Mend).with_thoughts(thoughts(Start::Answer)),
        Recipe::new(Mode::Mend).with_thoughts(thoughts(Start::Unknown)).with_patterns(patterns),
    ]
});

static OFFERED: LazyLock<Arc<Offered>> = LazyLock::new(|| {
    let mut offered = Offered::default();
    offered.add("f", Some(r#"{"type":"object","required":["a"],"properties":{"a":{"type":"string"},"n":{"type":"integer"}}}"#));
    offered.add("bash", None);
    Arc::new(offered)
});

fn run(recipe: &Recipe, pieces: &[&str]) -> String {
    let mut filter = Filter::new(recipe, Some(Arc::clone(&OFFERED)));
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
    assert!(grammar.is_over(), "{events:?} has no end");
    let response = collector.finish("m".to_owned(), 0);
    let faults = events.iter().filter(|event| matches!(event, Event::Fault(_))).count();
    format!("{:?} {:?} {faults} {:?}", response.blocks, response.stop, filter.repairs())
}

fuzz_target!(|data: &[u8]| {
    let Some(cut) = Cut::of(data) else { return };
    let Ok(text) = std::str::from_utf8(&cut.whole) else { return };
    let Some(recipe) = RECIPES.get(cut.number(RECIPES.len())) else { return };
    let mut at = 0;
    let pieces: Vec<&str> = cut
        .pieces()
        .iter()
        .map(|piece| {
            let from = at;
            at = text.ceil_char_boundary((at + piece.len()).min(text.len()));
            &text[from..at]
        })
        .collect();
    assert_eq!(run(recipe, &[text]), run(recipe, &pieces), "{pieces:?}");
});

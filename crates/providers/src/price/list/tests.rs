//! The list that comes with the program, and how names find their prices.

use super::*;
use crate::price::Extent;
use crate::registry;
use trunkline_wire::ir::Usage;

fn per_mtok(vendor: &str, model: &str) -> Option<[String; 3]> {
    let price = PriceList::built_in().find(vendor, model)?;
    let cost = |usage| price.cost(&usage, Extent::default()).map(|usd| usd.to_string()).unwrap_or_default();
    let mtok = 1_000_000;
    // In pieces below any tier.
    let times = |usage: Usage| {
        let parts = cost(usage);
        let nano = super::super::Usd::parse(&parts).expect("an amount").nano();
        super::super::Usd::from_nano(nano * (mtok / 10_000)).to_string()
    };
    let n = 10_000;
    Some([
        times(Usage { input: n, ..Usage::default() }),
        times(Usage { output: n, ..Usage::default() }),
        times(Usage { cache_read: n, ..Usage::default() }),
    ])
}

#[track_caller]
fn check(vendor: &str, model: &str, expected: [&str; 3]) {
    assert_eq!(per_mtok(vendor, model), Some(expected.map(str::to_owned)), "{vendor}/{model}");
}

/// USD a million tokens of input, output and cached input, as the public list had them on 2026-11-22.
#[test]
fn facts_are_as_the_vendors_say() {
    check("openai", "gpt-4o", ["2.50", "10.00", "1.25"]);
    check("openai", "gpt-4o-mini", ["0.15", "0.60", "0.075"]);
    check("anthropic", "claude-sonnet-4-5", ["3.00", "15.00", "0.30"]);
    check("gemini", "gemini-2.5-pro", ["1.25", "10.00", "0.125"]);
    check("openai", "text-embedding-3-small", ["0.02", "0.00", "0.02"]);
}

#[test]
fn a_long_prompt_of_gemini_costs_more() {
    let price = PriceList::built_in().find("gemini", "gemini-2.5-pro").expect("it is known");
    let cost = |input| {
        let usage = Usage { input, ..Usage::default() };
        price.cost(&usage, Extent::default()).map(|usd| usd.to_string())
    };
    assert_eq!([cost(200_000), cost(200_001)].map(Option::unwrap_or_default), ["0.25", "0.5000025"]);
}

#[test]
fn names_are_found_as_vendors_and_clients_write_them() {
    let known = |model: &str| PriceList::built_in().find("openai", model);
    let gpt_4o = known("gpt-4o");
    assert!(gpt_4o.is_some());
    for model in ["GPT-4o", "openai/gpt-4o", "gpt-4o-2031-01-02", "gpt-4o-20310102", "gpt-4o-latest"] {
        assert_eq!(known(model), gpt_4o, "{model}");
    }
    assert_eq!(known("ft:gpt-4o-2024-08-06:me:x:1"), known("ft:gpt-4o-2024-08-06"));
    assert!(known("ft:gpt-4o-2024-08-06").is_some_and(|tuned| Some(tuned) != gpt_4o));
    let gemini = |model: &str| PriceList::built_in().find("gemini", model);
    assert_eq!(gemini("models/gemini-2.5-pro"), gemini("gemini-2.5-pro"));
    for model in ["", "-2024-08-06", "gpt-4o-mine", "gpt", "claude-sonnet-4-5"] {
        assert_eq!(known(model), None, "{model}");
    }
}

#[test]
fn only_a_vendors_own_servers_ask_its_prices() {
    let openai = registry::find("openai").expect("it is there");
    let at = |url: &str| {
        let url = BaseUrl::parse(url, openai).expect("a URL");
        PriceList::built_in().price(Seller { name: "x", vendor: openai, base_url: Some(&url) }, "gpt-4o").is_some()
    };
    assert!(at("https://api.openai.com/v1"));
    assert!(!at("http://127.0.0.1:8000/v1"));
    assert!(!at("https://api.openai.com.example.com/v1"));
}

#[test]
fn a_list_is_read_as_it_was_written() {
    let list = PriceList::built_in();
    assert!(list.len() > 100, "{}", list.len());
    assert_eq!(PriceList::parse(&list.text()).as_ref(), Ok(&*list));
    assert_eq!(PriceList::parse(""), Err(ListError::Title));
    let bad = format!("{TITLE}\t2026-11-22\tx\nopenai\tgpt\t1 2\nopenai\tgpt\t1\n");
    assert_eq!(PriceList::parse(&bad), Err(ListError::Line(3)));
}

#[test]
fn changes_are_told() {
    let list = |lines: &str| PriceList::parse(&format!("{TITLE}\td\ts\n{lines}")).expect("a list");
    let (old, new) = (list("a\tx\t1 2\na\ty\t1 2\na\tz\t3 4\n"), list("a\tx\t1 2\na\tz\t3 5\nb\tn\t1 1\n"));
    assert_eq!(old.changes(&new), [vec!["b/n".to_owned()], vec!["a/z".to_owned()], vec!["a/y".to_owned()]]);
}

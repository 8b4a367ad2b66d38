//! The example document and the guide's examples are documents like any other, and none of them is ever a panic.

use std::collections::BTreeSet;

use super::support::ok;
use proptest::prelude::*;
use serde_json::Value as Json;
use trunkline_config::settings::reference::reference;
use trunkline_config::{Document, Env, Overrides, load};

const EXAMPLE: &str = include_str!("../../../../trunkline.example.toml");
const GUIDE: &str = include_str!("../../../../docs/configuration.md");
const ADMIN: &str = include_str!("../../../../docs/admin.md");
const KEYS: &str = include_str!("../../../../docs/keys.md");
const PROVIDERS: &str = include_str!("../../../../docs/providers.md");
const FAILOVER: &str = include_str!("../../../../docs/failover.md");
const CACHE: &str = include_str!("../../../../docs/cache.md");
const COSTS: &str = include_str!("../../../../docs/costs.md");
const PATTERNS: &str = include_str!("../../../../docs/patterns.md");
const README: &str = include_str!("../../../../README.md");

/// Values for every variable a text names.
fn variables_of(text: &str) -> Vec<(&str, &str)> {
    let names = text.split("${").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
    names.map(|name| (name, name)).collect()
}

/// The example with every setting said: what is commented out without a space is one.
fn example_in_full() -> String {
    let said = |line: &str| {
        line.strip_prefix('#').filter(|rest| !rest.starts_with(' ') && !rest.is_empty()).map(str::to_owned)
    };
    EXAMPLE.lines().map(|line| said(line).unwrap_or_else(|| line.to_owned()) + "\n").collect()
}

/// Every value by its path, names and indexes replaced as the guide's table has them.
fn settings_of(text: &str) -> Vec<(String, Json)> {
    let mut settings = Vec::new();
    let tree: Json = serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap();
    collect(&tree, "", &mut settings);
    settings
}

fn collect(value: &Json, path: &str, settings: &mut Vec<(String, Json)>) {
    let named = |key: &str| {
        if matches!(path, "providers" | "models" | "prices" | "providers.NAME.models") {
            "NAME".to_owned()
        } else {
            key.to_owned()
        }
    };
    settings.push((path.to_owned(), value.clone()));
    match value {
        Json::Object(entries) => entries.iter().for_each(|(key, inner)| {
            let dot = if path.is_empty() { "" } else { "." };
            collect(inner, &format!("{path}{dot}{}", named(key)), settings);
        }),
        Json::Array(items) => items.iter().for_each(|item| collect(item, &format!("{path}[]"), settings)),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

/// Path and default of each row of the guide's table that is about the document.
fn rows() -> Vec<(String, String)> {
    let table = reference();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.filter_map(|row| row.split_once("` | "));
    cells
        .map(|(path, rest)| (path.to_owned(), rest.split(" | ").next().unwrap().trim_matches('`').to_owned()))
        .collect()
}

#[test]
fn the_example_loads_as_it_is_and_with_everything_said() {
    for text in [EXAMPLE.to_owned(), example_in_full()] {
        let loaded = ok(Some(&text), &variables_of(&text));
        assert_eq!(loaded.notes, Vec::<String>::new());
        assert_eq!(loaded.snapshot.models.keys().collect::<Vec<_>>(), ["turbo", "slow-but-sure"]);
    }
}

#[test]
fn the_example_says_every_setting_and_nothing_else() {
    let said: BTreeSet<String> = settings_of(&example_in_full()).into_iter().map(|(path, _)| path).collect();
    let missing: Vec<String> = rows().into_iter().map(|(path, _)| path).filter(|path| !said.contains(path)).collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn what_the_example_comments_out_is_the_default() {
    let plain: BTreeSet<String> = settings_of(EXAMPLE).into_iter().map(|(path, _)| path).collect();
    let defaults: Vec<(String, Json)> =
        rows().into_iter().filter_map(|(path, text)| Some((path, serde_json::from_str(&text).ok()?))).collect();
    let full = settings_of(&example_in_full());
    let mut compared = 0;
    for (path, value) in
        full.iter().filter(|(path, _)| !plain.contains(path) && path != "providers.NAME.forward_headers")
    {
        for (_, default) in defaults.iter().filter(|(other, _)| other == path) {
            assert_eq!(value, default, "{path}");
            compared += 1;
        }
    }
    assert!(compared > 15, "only {compared} defaults were compared");
}

#[test]
fn the_guides_examples_load() {
    let pages = [GUIDE, ADMIN, KEYS, PROVIDERS, FAILOVER, CACHE, COSTS, PATTERNS, README];
    let blocks = pages.iter().flat_map(|page| page.split("```toml\n").skip(1));
    let blocks: Vec<&str> = blocks.filter_map(|rest| rest.split_once("```")).map(|(block, _)| block).collect();
    assert!(blocks.len() >= 16, "the pages have {} examples", blocks.len());
    for block in blocks {
        assert_eq!(ok(Some(block), &variables_of(block)).notes, Vec::<String>::new(), "{block}");
    }
}

/// Loads a text that may be wrong in any way, and holds the problems to what is promised of them.
fn check(text: &str) -> Result<(), TestCaseError> {
    let env: Env = variables_of(EXAMPLE).into_iter().collect();
    let Err(problems) = load(Some(("t.toml", text)), &env, &Overrides::default(), &[]) else { return Ok(()) };
    prop_assert!(problems.count() > 0);
    let is_toml = Document::parse("t.toml", text).is_ok();
    let lines: Vec<&str> = text.split('\n').collect();
    for problem in &problems {
        let place = problem.place.as_ref().expect("no variable is wrong");
        let line = lines.get(place.line - 1).copied();
        prop_assert!(line.is_some_and(|line| place.column <= line.chars().count() + 1), "{problem}");
        // What passes the schema is always read: no problem comes from the reading itself.
        prop_assert_eq!(is_toml, !problem.path.is_empty(), "{}", problem);
        prop_assert!(problem.to_string().lines().count() == 1, "{}", problem);
    }
    Ok(())
}

/// Pieces that turn a document into another that is nearly right.
const PIECES: &[&str] = &[
    "",
    "\n",
    "\"",
    "\"\"\"",
    "'",
    "#",
    "=",
    ",",
    "[",
    "]",
    "{",
    "}",
    "[[",
    "]]",
    ".",
    "-1",
    "0",
    "nan",
    "1e400",
    "true",
    "99999999999999999999",
    "0x7fffffffffffffff",
    "1979-05-27",
    "\"${NOPE}\"",
    "\"${\"",
    "\"secret:x\"",
    "\"sha256:00\"",
    "[]",
    "{}",
    "key = 1\n",
    "enabled = false\n",
    "[providers.\"a/b\"]\n",
    "[models.turbo]\n",
    "[[client_keys]]\n",
    "\u{e9}\u{1f600}",
    "\r\n",
    "\t",
    "\u{0}",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn a_mangled_document_is_problems_with_places_never_a_panic(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..24, prop::sample::select(PIECES)), 1..6),
        in_full in any::<bool>(),
    ) {
        let mut text = if in_full { example_in_full() } else { EXAMPLE.to_owned() };
        for (at, length, piece) in cuts {
            let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            if starts.is_empty() {
                break;
            }
            let from = at.index(starts.len());
            let end = starts.get(from + length).copied().unwrap_or(text.len());
            text.replace_range(starts[from]..end, piece);
        }
        check(&text)?;
    }

    #[test]
    fn any_text_at_all_is_problems_with_places_never_a_panic(text in "\\PC{0,200}") {
        check(&text)?;
    }

    #[test]
    fn a_value_of_the_wrong_sort_is_problems_with_places_never_a_panic(
        at in any::<prop::sample::Index>(),
        value in prop::sample::select(&["1", "-1", "1.5", "inf", "true", "\"x\"", "\"\"", "[]", "[1]", "[\"x\"]", "{}", "{ a = 1 }", "2020-01-01", "\"${NOPE}\""][..]),
    ) {
        let text = example_in_full();
        let settings: Vec<usize> = text.match_indices(" = ").map(|(at, _)| at).collect();
        let start = settings[at.index(settings.len())];
        let end = start + text[start..].find('\n').unwrap();
        check(&format!("{} = {value}{}", &text[..start], &text[end..]))?;
    }
}

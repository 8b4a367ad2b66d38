//! What `peek` finds and `splice` changes is what serde_json reads before and after.

#![no_main]

use std::collections::HashMap;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use smallvec::SmallVec;
use trunkline_wire::peek::peek;
use trunkline_wire::splice::{Edit, splice};
use trunkline_wire::{Peek, WireError};

/// A name that needs escapes.
const UPSTREAM_MODEL: &str = "org/model \"7b\"\\\u{1}\u{e9}";

/// The top level, as serde_json takes it without building a tree: any depth, any number.
type Top<'a> = HashMap<String, &'a RawValue>;

fn edited(body: &Bytes, edits: impl FnOnce(&mut SmallVec<[Edit; 4]>)) -> Vec<u8> {
    let mut list = SmallVec::new();
    edits(&mut list);
    splice(body, list).concat()
}

/// Every value of `before` is still there word for word, except the one that was to change.
fn same_but(before: &Top<'_>, after: &[u8], key: &str, value: &Value) {
    let after: Top<'_> = serde_json::from_slice(after).expect("an edited body is still an object");
    let changed: Value = serde_json::from_str(after[key].get()).expect("what we wrote is JSON");
    assert_eq!(changed, *value, "{key}");
    for (name, raw) in before.iter().filter(|(name, _)| *name != key) {
        assert_eq!(after[name.as_str()].get(), raw.get(), "{name}");
    }
    let added = after.keys().filter(|name| *name != key && !before.contains_key(*name)).count();
    assert_eq!(added, 0);
}

fn accepted(body: &Bytes, peek: &Peek, top: &Top<'_>) {
    let model: String = serde_json::from_str(top["model"].get()).expect("the model is a string");
    assert_eq!(peek.model, model);
    assert_eq!(peek.stream, top.get("stream").is_some_and(|raw| raw.get() == "true"));

    same_but(top, &edited(body, |edits| peek.rename(UPSTREAM_MODEL, edits)), "model", &json!(UPSTREAM_MODEL));
    same_but(top, &edited(body, |edits| peek.force_stream(edits)), "stream", &json!(true));
    let all = edited(body, |edits| {
        peek.rename(UPSTREAM_MODEL, edits);
        peek.force_stream(edits);
        if !peek.include_usage {
            peek.ask_for_usage(edits);
        }
    });
    let after: Top<'_> = serde_json::from_slice(&all).expect("an edited body is still an object");
    assert_eq!(serde_json::from_str::<String>(after["model"].get()).expect("a string"), UPSTREAM_MODEL);
    assert_eq!(after["stream"].get(), "true");
    if !peek.include_usage {
        // A key with half a surrogate pair is JSON, but no text that could be compared.
        if let Ok(options) = serde_json::from_str::<Top<'_>>(after["stream_options"].get()) {
            assert_eq!(options["include_usage"].get(), "true");
        }
    }
}

/// Why `peek` may refuse what serde_json takes.
fn may_refuse(error: &WireError, top: &Top<'_>) -> bool {
    let is = |key: &str, fits: fn(&str) -> bool| top.get(key).is_some_and(|raw| fits(raw.get()));
    match error {
        WireError::NotJson { what, .. } => what == "nested too deep",
        WireError::NotAnObject => false,
        WireError::Missing { path } => path == "model" && !top.contains_key("model"),
        WireError::Wrong { expected: "given once", .. } => true,
        WireError::Wrong { path, .. } if path == "model" => {
            is("model", |raw| !serde_json::from_str::<String>(raw).is_ok_and(|name| !name.is_empty()))
        }
        WireError::Wrong { path, .. } => {
            path == "stream" && is("stream", |raw| !["true", "false", "null"].contains(&raw))
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let body = Bytes::copy_from_slice(data);
    let is_json = serde_json::from_slice::<IgnoredAny>(&body).is_ok();
    // Only what is UTF-8 throughout can be compared member by member.
    let top = serde_json::from_slice::<Top<'_>>(&body);
    match peek(&body) {
        Ok(peek) => {
            assert!(is_json, "peek took what serde_json refuses");
            if let Ok(top) = top {
                accepted(&body, &peek, &top);
            }
        }
        Err(error) => {
            if let Ok(top) = top {
                assert!(may_refuse(&error, &top), "peek refused what serde_json takes: {error}");
            }
        }
    }
});

//! The predecessors' configurations: what the documents say, what the reports tell, and that no key is forgotten.

use std::path::{Path, PathBuf};

use expect_test::{ExpectFile, expect_file};
use proptest::prelude::*;
use serde_json::{Map, Value};
use trunkline_config::import::{Imported, SourceFile, SourceTable, litellm, model_proxy, serverless_proxy};
use trunkline_config::{ClientKeys, Env, Loaded, Overrides, load};

use super::support::env;

/// What is set where the sources come from; nothing else is.
const VARIABLES: &[(&str, &str)] = &[
    ("CEREBRAS_API_KEY", "csk-canary-0"),
    ("CEREBRAS_API_KEY_2", "csk-canary-2"),
    ("GROQ_API_KEY_1", "gsk-canary-1"),
    ("GROQ_API_KEY_2", "gsk-canary-2"),
    ("THIRD_KEY", "third-canary"),
    ("OPENAI_API_KEY", "sk-canary"),
    ("ANTHROPIC_API_KEY", "sk-ant-canary"),
    ("AI_QUEUE_PRIORITY", "HIGH"),
    ("LITELLM_MASTER_KEY", "sk-master-canary"),
];

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)
}

fn model_proxy_files() -> Vec<SourceFile> {
    let root = fixture("model-proxy/config");
    let mut files = Vec::new();
    for folder in ["providers", "models", "audio-models"] {
        let mut paths: Vec<_> =
            std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        files.extend(paths.into_iter().map(|path| SourceFile {
            name: path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned(),
            text: Ok(std::fs::read_to_string(path).unwrap()),
        }));
    }
    files
}

pub(super) fn serverless_tables() -> Vec<SourceTable> {
    let text = std::fs::read_to_string(fixture("serverless-proxy/tables.json")).unwrap();
    let tables: Map<String, Value> = serde_json::from_str(&text).unwrap();
    tables.into_iter().map(|(name, table)| source_table(name, &table)).collect()
}

fn source_table(name: String, table: &Value) -> SourceTable {
    let columns: Vec<String> =
        table["columns"].as_array().unwrap().iter().map(|it| it.as_str().unwrap().into()).collect();
    let rows = table["rows"].as_array().into_iter().flatten();
    let rows: Vec<Map<String, Value>> =
        rows.map(|row| columns.iter().cloned().zip(row.as_array().unwrap().iter().cloned()).collect()).collect();
    let count = table["count"].as_u64().unwrap_or(rows.len() as u64);
    SourceTable { name, columns, rows, count }
}

fn litellm_file() -> SourceFile {
    let text = std::fs::read_to_string(fixture("litellm/config.yaml")).unwrap();
    SourceFile { name: "config.yaml".to_owned(), text: Ok(text) }
}

/// Compares document and report with what is written down, and holds both to what is promised of every import.
#[expect(clippy::needless_pass_by_value, reason = "what is expected is made at the call")]
fn check(imported: &Imported, document: ExpectFile, report: ExpectFile) {
    document.assert_eq(&imported.document);
    report.assert_eq(&imported.report.to_string());
    passes_the_check(imported, &env(VARIABLES));
    assert!(!format!("{imported:?} {}", imported.report).contains("canary"), "a secret is in the report");
}

fn passes_the_check(imported: &Imported, env: &Env) {
    let loaded = load(Some(("trunkline.toml", &imported.document)), env, &Overrides::default(), &[]);
    loaded.unwrap_or_else(|problems| panic!("{problems:#}\n{}", imported.document));
}

#[test]
fn model_proxy_v2_moves() {
    check(
        &model_proxy(&model_proxy_files(), &env(VARIABLES)),
        expect_file!["../fixtures/model-proxy/document.toml"],
        expect_file!["../fixtures/model-proxy/report.txt"],
    );
}

#[test]
fn serverless_proxy_moves() {
    check(
        &serverless_proxy(&serverless_tables(), &env(VARIABLES)),
        expect_file!["../fixtures/serverless-proxy/document.toml"],
        expect_file!["../fixtures/serverless-proxy/report.txt"],
    );
}

#[test]
fn litellm_moves() {
    check(
        &litellm(&litellm_file(), &env(VARIABLES)),
        expect_file!["../fixtures/litellm/document.toml"],
        expect_file!["../fixtures/litellm/report.txt"],
    );
}

/// The guide's example: two files, and what they become.
#[test]
fn the_guides_example_becomes_what_it_says() {
    let guide = include_str!("../../../../docs/migrating.md");
    let blocks = |kind: &str| -> Vec<String> {
        let begin = format!("```{kind}\n");
        let blocks = guide.split(&begin).skip(1).filter_map(|rest| rest.split_once("```"));
        blocks.map(|(block, _)| block.to_owned()).collect()
    };
    let [provider, model] = blocks("json").try_into().unwrap();
    let [document] = blocks("toml").try_into().unwrap();
    let file = |name: &str, text: String| SourceFile { name: name.to_owned(), text: Ok(text) };
    let files = [file("providers/cerebras.json", provider), file("models/turbo.json", model)];
    let imported = model_proxy(&files, &env(VARIABLES));
    let (_heading, made) = imported.document.split_once("\n\n").unwrap();
    assert_eq!(made, document);
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_says_nothing_of_itself() {
    let check = |text: Result<&str, &str>| {
        let text = text.map(str::to_owned).map_err(str::to_owned);
        let imported = litellm(&SourceFile { name: "c.yaml".to_owned(), text }, &env(&[]));
        assert_eq!(imported.report.findings, []);
        let [bad] = imported.report.bad.as_slice() else { panic!("{:?}", imported.report.bad) };
        (bad.name.clone(), bad.reason.clone())
    };
    let name = || "c.yaml".to_owned();
    assert_eq!(check(Err("it is gone")), (name(), "it is gone".to_owned()));
    assert_eq!(check(Ok("a: [canary")), (name(), "not YAML that can be read, line 1, column 4".to_owned()));
    assert_eq!(check(Ok("- canary")), (name(), "not a table of settings".to_owned()));
    assert_eq!(check(Ok("")), (name(), "not a table of settings".to_owned()));
    assert_eq!(check(Ok(&" ".repeat(5 << 20))), (name(), "longer than 4194304 bytes".to_owned()));
}

#[test]
fn a_master_key_that_cannot_be_used_leaves_the_gateway_shut() {
    let check = |key: &str| {
        let text = format!("general_settings:\n  master_key: {key}\n");
        let imported = litellm(&SourceFile { name: "c.yaml".to_owned(), text: Ok(text) }, &env(&[]));
        let loaded = load(Some(("t.toml", &imported.document)), &env(&[]), &Overrides::default(), &[]);
        let known = |loaded: Loaded| match loaded.snapshot.client_keys {
            ClientKeys::Open | ClientKeys::Unclaimed => None,
            ClientKeys::Required(keys) => Some(keys.len()),
        };
        loaded.map(known).map_err(|problems| problems.to_string())
    };
    assert_eq!(check("sk-1234"), Ok(Some(1)));
    assert_eq!(check("\"two words\""), Ok(Some(0)), "keys are asked for, and there is none");
    assert!(check("os.environ/NOT_SET").unwrap_err().contains("NOT_SET"));
}

/// The paths of all keys of a tree, as the report writes them.
fn paths(value: &Value, at: &str, found: &mut Vec<String>) {
    let is_table = |value: &Value| value.is_object() || value.is_array();
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            for (name, inner) in entries {
                let bare = !name.is_empty() && name.bytes().all(|it| it.is_ascii_alphanumeric() || b"_-".contains(&it));
                let name = if bare { name.clone() } else { format!("{name:?}") };
                let dot = if at.ends_with(": ") { "" } else { "." };
                paths(inner, &format!("{at}{dot}{name}"), found);
            }
        }
        Value::Array(items) if items.iter().any(is_table) => {
            items.iter().enumerate().for_each(|(index, inner)| paths(inner, &format!("{at}[{index}]"), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            found.push(at.to_owned());
        }
    }
}

/// Every key is told of once, without what it says where that may be a secret, and the document passes the check.
fn keeps_its_promises(imported: &Imported, sources: &[(String, Value)]) {
    let mut wanted = Vec::new();
    for (name, tree) in sources.iter().filter(|(name, _)| !imported.report.bad.iter().any(|bad| bad.name == *name)) {
        paths(tree, &format!("{name}: "), &mut wanted);
    }
    let mut told: Vec<String> = imported.report.findings.iter().map(|finding| finding.path.clone()).collect();
    wanted.sort();
    told.sort();
    assert_eq!(told, wanted);
    assert!(!imported.report.to_string().contains("canary"), "a secret is in the report");
    passes_the_check(imported, &env(VARIABLES));
}

/// The fixture's files, those that are JSON.
fn model_proxy_trees() -> Vec<(String, Value)> {
    let files = model_proxy_files().into_iter();
    files.filter_map(|file| Some((file.name, serde_json::from_str(&file.text.unwrap()).ok()?))).collect()
}

fn import_model_proxy(trees: &[(String, Value)]) -> Imported {
    let file = |(name, tree): &(String, Value)| SourceFile { name: name.clone(), text: Ok(tree.to_string()) };
    model_proxy(&trees.iter().map(file).collect::<Vec<_>>(), &env(VARIABLES))
}

fn serverless_trees(tables: &[SourceTable]) -> Vec<(String, Value)> {
    let mut trees = Vec::new();
    for table in tables {
        if SourceTable::READ.contains(&table.name.as_str()) {
            for row in &table.rows {
                let name = row.get("id").or_else(|| row.get("key")).unwrap();
                let name = name.as_str().map_or_else(|| name.to_string(), str::to_owned);
                trees.push((format!("{}/{name}", table.name), Value::Object(row.clone())));
            }
        } else {
            let columns = table.columns.iter().map(|column| (column.clone(), Value::Null)).collect();
            trees.push((format!("{} ({} rows)", table.name, table.count), Value::Object(columns)));
        }
    }
    trees
}

fn litellm_tree() -> Value {
    // Without the merge, so that the tree is what YAML says and not how it says it.
    serde_saphyr::from_str(&litellm_file().text.unwrap()).unwrap()
}

fn import_litellm(tree: &Value) -> Imported {
    litellm(&SourceFile { name: "config.yaml".to_owned(), text: Ok(tree.to_string()) }, &env(VARIABLES))
}

#[test]
fn every_key_of_the_fixtures_is_told_of_once() {
    let trees = model_proxy_trees();
    keeps_its_promises(&import_model_proxy(&trees), &trees);
    let tables = serverless_tables();
    keeps_its_promises(&serverless_proxy(&tables, &env(VARIABLES)), &serverless_trees(&tables));
    let tree = litellm_tree();
    keeps_its_promises(&import_litellm(&tree), &[("config.yaml".to_owned(), tree)]);
}

/// Anything that JSON can say, small, and much of it nearly right.
fn any_value() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..200).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("JSON has it", |it| it.is_finite().then(|| Value::from(it))),
        "\\PC{0,8}".prop_map(Value::from),
        prop::sample::select(
            &[
                "turbo",
                "groq",
                "${NOPE}",
                "${",
                "secret:x",
                "os.environ/NOPE",
                "http://h/v1",
                "a b",
                "*",
                "x/*",
                "none",
                "anthropic",
                "{\"a\": \"b\"}",
                "sha256:00",
                "os.environ/A B",
                "Bearer {api_key}",
                "\n"
            ][..]
        )
        .prop_map(Value::from),
    ];
    plain.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec(("[a-z./ \"*\\[\\]]{0,5}", inner), 0..3)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// Puts `value` at a place of the tree that `at` chooses, or beside it under a new name.
fn mutate(tree: &mut Value, at: &prop::sample::Index, value: Value) {
    let mut pointers = Vec::new();
    collect_pointers(tree, "", &mut pointers);
    let pointer = &pointers[at.index(pointers.len())];
    *tree.pointer_mut(pointer).unwrap() = value;
}

fn collect_pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(entries) => entries.iter().for_each(|(name, inner)| {
            found.push(format!("{at}/{}", escaped(name)));
            collect_pointers(inner, &format!("{at}/{}", escaped(name)), found);
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, inner)| {
            found.push(format!("{at}/{index}"));
            collect_pointers(inner, &format!("{at}/{index}"), found);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn every_key_of_a_mangled_model_proxy_is_told_of_once(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any_value()), 1..6),
    ) {
        let mut trees = model_proxy_trees();
        for (file, at, value) in changes {
            let index = file.index(trees.len());
            if trees[index].1.as_object().is_some_and(|entries| !entries.is_empty()) {
                mutate(&mut trees[index].1, &at, value);
            }
        }
        keeps_its_promises(&import_model_proxy(&trees), &trees);
    }

    #[test]
    fn every_column_of_a_mangled_serverless_proxy_is_told_of_once(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any_value()), 1..6),
    ) {
        let mut tables = serverless_tables();
        for (table, at, value) in changes {
            let count = tables.len();
            let table = &mut tables[table.index(count)];
            // What a cell can hold.
            let value = if value.is_object() || value.is_array() { value.to_string().into() } else { value };
            let columns: Vec<String> = table.columns.iter().filter(|it| !["id", "key"].contains(&it.as_str())).cloned().collect();
            if !table.rows.is_empty() {
                let row = at.index(table.rows.len());
                table.rows[row].insert(columns[at.index(columns.len())].clone(), value);
            }
        }
        keeps_its_promises(&serverless_proxy(&tables, &env(VARIABLES)), &serverless_trees(&tables));
    }

    #[test]
    fn any_text_at_all_is_a_source_or_is_named(text in "(\\PC|[\\[\\]{}:,&*\\-\"'\\n ]){0,60}") {
        let file = |name: &str| SourceFile { name: name.to_owned(), text: Ok(text.clone()) };
        passes_the_check(&litellm(&file("config.yaml"), &env(VARIABLES)), &env(VARIABLES));
        let files = [file("providers/a.json"), file("models/a.json"), file("audio-models/a.json")];
        passes_the_check(&model_proxy(&files, &env(VARIABLES)), &env(VARIABLES));
    }

    #[test]
    fn every_key_of_a_mangled_litellm_is_told_of_once(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any_value()), 1..6),
    ) {
        let mut tree = litellm_tree();
        for (at, value) in changes {
            mutate(&mut tree, &at, value);
        }
        let imported = import_litellm(&tree);
        // A master key that leads nowhere is a problem on purpose.
        let master = tree.pointer("/general_settings/master_key");
        prop_assume!(master.is_none_or(|key| key.as_str() == Some("os.environ/LITELLM_MASTER_KEY") || key.is_null()));
        keeps_its_promises(&imported, &[("config.yaml".to_owned(), tree)]);
    }
}

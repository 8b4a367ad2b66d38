//! Files made from the types, and files that must agree with them.
//!
//! `UPDATE_DOCS=1 cargo test -p trunkline-config generated` writes them anew.

use std::path::PathBuf;

use trunkline_config::{schema, settings};

const BEGIN: &str = "<!-- settings: made from the code, see crates/config/tests/suite/generated.rs -->\n";
const END: &str = "<!-- settings end -->";

fn root(file: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(file)
}

#[expect(clippy::disallowed_methods, reason = "a test has no binary to hand the environment on")]
fn is_update() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

/// Compares a file with what it should hold, or writes it when asked to.
fn check(file: &str, want: &str) {
    let path = root(file);
    if is_update() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, want).unwrap();
    }
    let have = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(have == want, "{file} is stale: run `UPDATE_DOCS=1 cargo test -p trunkline-config generated`");
}

#[test]
fn the_committed_schema_is_the_one_of_the_types() {
    check("schema/trunkline.schema.json", &schema::schema());
}

#[test]
fn the_guide_lists_every_setting() {
    let guide = std::fs::read_to_string(root("docs/configuration.md")).unwrap();
    let (before, rest) = guide.split_once(BEGIN).expect("the guide marks where the table begins");
    let (_, after) = rest.split_once(END).expect("the guide marks where the table ends");
    check("docs/configuration.md", &format!("{before}{BEGIN}{}{END}{after}", settings::reference::reference()));
}

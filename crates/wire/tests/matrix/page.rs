//! The page `docs/conversion.md`.

use std::fs;
use std::path::{Path, PathBuf};

use trunkline_wire::Dialect;
use trunkline_wire::dialect::ALL;

use crate::fields::{Fate, Row};
use crate::fixture::is_set;

const HEAD: &str = "\
# What becomes of a field

This page is generated from tests of the code (`UPDATE_DOCS=1 cargo test -p trunkline-wire --test matrix`). It lists every
field that a dialect's own specification or SDK knows, and what a request says of it once it was translated for a target
of another dialect.

| word | meaning |
|---|---|
| kept | it stands where it stood, as it was |
| mapped | it is said in the other dialect's words |
| partly | some of it is said; the rest is reported as a loss |
| lost | it cannot be said; reported as a loss |
| refused | the dialect does not take it, or the other one cannot be asked at all |
| - | it makes no difference there |

A loss is named in the header `x-trunkline-losses` and in the report of the request, by its path in the client's own body.
Members of an object that share its
fate are not listed apart. `content(list)[text]` is an element `text` of a list where a plain text could stand as well.
Where client and target speak the same dialect the body is relayed as it is, whatever the column of that dialect says.
What Trunkline itself does for clients of Responses is said to no provider, and is not named either: `store`, `include`,
`previous_response_id` and `conversation`. What only OpenAI's own server knows is said to a model whose capability
`openai_options` allows it; this page takes all to be allowed.
";

/// The page, as far as it is written.
pub(crate) struct Page(String);

impl Page {
    /// A page with nothing but its introduction.
    pub(crate) fn new() -> Self {
        Self(HEAD.to_owned())
    }

    /// Adds the table of one client's dialect.
    pub(crate) fn add(&mut self, origin: &dyn Dialect, rows: &[Row]) {
        let names: Vec<&str> = ALL.iter().map(|to| to.id().as_str()).collect();
        self.0.push_str(&format!("\n## From {}\n\n", origin.id().as_str()));
        self.0.push_str(&format!("| field | {} |\n", names.join(" | ")));
        self.0.push_str(&format!("|---|{}\n", "---|".repeat(names.len())));
        for row in rows.iter().filter(|row| says_more(row, rows)) {
            let words: Vec<&str> = row.fates.iter().map(|fate| word(*fate)).collect();
            self.0.push_str(&format!("| `{}` | {} |\n", row.field, words.join(" | ")));
        }
    }

    /// Compares it with the file, or writes that.
    pub(crate) fn check(self) {
        if is_set("UPDATE_DOCS") {
            fs::write(path(), &self.0).unwrap();
        }
        let stands = fs::read_to_string(path()).unwrap_or_default();
        assert!(stands == self.0, "docs/conversion.md is out of date: run the test with UPDATE_DOCS=1");
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/conversion.md")
}

/// Whether nothing that it stands in shares its fate already.
fn says_more(row: &Row, rows: &[Row]) -> bool {
    let is_around =
        |outer: &Row| row.field.strip_prefix(&outer.field).is_some_and(|rest| rest.starts_with(['.', '[', '(']));
    let nearest = rows.iter().filter(|outer| is_around(outer)).max_by_key(|outer| outer.field.len());
    nearest.is_none_or(|outer| outer.fates != row.fates)
}

fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Kept => "kept",
        Fate::Mapped => "mapped",
        Fate::Partly => "partly",
        Fate::Lost => "lost",
        Fate::Refused => "refused",
        Fate::Silent => "-",
    }
}

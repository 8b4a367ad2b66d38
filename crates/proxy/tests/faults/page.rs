//! The table of failures in `docs/failures.md`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use trunkline_testkit::faulty::{Refusal, Trouble};

use crate::cell::Cell;
use crate::client::{CLIENTS, Seen};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/failures.md");
const BEGIN: &str = "<!-- failures: begin, written by the test in crates/proxy/tests/faults -->\n";
const END: &str = "<!-- failures: end -->";

/// What every client saw of each trouble, by the place of both in their lists.
#[derive(Default)]
pub(crate) struct Page(BTreeMap<(usize, bool), BTreeMap<&'static str, String>>);

impl Page {
    /// Takes what a client saw who had nobody else to turn to. It is the same whatever the provider speaks, or the table
    /// says so.
    pub(crate) fn add(&mut self, cell: Cell, seen: &Seen) {
        let place = Trouble::all().iter().position(|trouble| *trouble == cell.trouble);
        if let Some(place) = place.filter(|_| !cell.another) {
            let row = self.0.entry((place, cell.streamed)).or_default();
            row.entry(cell.client.as_str()).and_modify(|said| join(said, &words(seen))).or_insert_with(|| words(seen));
        }
    }

    /// Compares the table with the guide's, or writes that.
    pub(crate) fn check(&self) {
        let page = fs::read_to_string(PAGE).expect("docs/failures.md is there");
        let (before, rest) = page.split_once(BEGIN).expect("the table's first mark");
        let (old, after) = rest.split_once(END).expect("the table's last mark");
        let new = self.table();
        if old != new && asked_for() {
            fs::write(PAGE, format!("{before}{BEGIN}{new}{END}{after}")).expect("docs/failures.md can be written");
            return;
        }
        assert_eq!(
            old, new,
            "docs/failures.md is stale; run `UPDATE_DOCS=1 cargo test -p trunkline-proxy --test faults`"
        );
    }

    fn table(&self) -> String {
        let names = CLIENTS.map(|client| format!("`{}`", client.as_str())).join(" | ");
        let mut table = format!("\n| the provider | {names} |\n|---|{}\n", "---|".repeat(CLIENTS.len()));
        for ((place, streamed), row) in &self.0 {
            let trouble = Trouble::all().get(*place).copied().expect("it came from there");
            let same = self.0.get(&(*place, !*streamed)) == Some(row);
            let way = match streamed {
                true if same => continue,
                true if trouble.needs_stream() => "",
                false if same => "",
                true => ", in a stream",
                false => ", in a whole answer",
            };
            let cells: Vec<&str> =
                CLIENTS.iter().map(|client| row.get(client.as_str()).map_or("", String::as_str)).collect();
            writeln!(table, "| {}{way} | {} |", title(trouble), cells.join(" | ")).expect("a string takes all");
        }
        table.push('\n');
        table
    }
}

#[expect(clippy::disallowed_methods, reason = "the person at the keyboard asks for an update this way")]
fn asked_for() -> bool {
    std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1")
}

/// Another word beside those that stand there, in an order that does not hang on who was asked first.
fn join(said: &mut String, word: &str) {
    let mut words: Vec<&str> = said.split(" or ").chain([word]).collect();
    words.sort_unstable();
    words.dedup();
    *said = words.join(" or ");
}

fn words(seen: &Seen) -> String {
    let code = |word: &Option<String>| word.as_ref().map_or_else(String::new, |word| format!(" `{word}`"));
    match seen {
        Seen::Answer(_) | Seen::Streamed(_) => "served".to_owned(),
        Seen::Error { status, word, retry_after } => {
            let wait = retry_after.as_ref().map_or_else(String::new, |wait| format!(", `retry-after: {wait}`"));
            format!("{status}{}{wait}", code(word))
        }
        Seen::Broken { word, .. } => format!("what came, then an error{}", code(word)),
    }
}

/// What the provider does, for people.
fn title(trouble: Trouble) -> String {
    let title = match trouble {
        Trouble::None => "answers",
        Trouble::Unreachable => "refuses the connection",
        Trouble::Closed => "closes the connection before its answer",
        Trouble::Reset => "resets the connection before its answer",
        Trouble::Refused(refusal) => match refusal {
            Refusal::Broken => "answers 500",
            Refusal::Loading => "answers 503: it loads the model",
            Refusal::Overloaded => "answers 529: it is overloaded",
            Refusal::BadKey => "answers 401: it refuses our key",
            Refusal::NoMoney => "answers 402: no money is left",
            Refusal::NoModel => "answers 404: it has no such model",
            Refusal::TooLong => "answers 400: the prompt does not fit",
            Refusal::Limited => "answers 429",
        },
        Trouble::Limited(wait) => return format!("answers 429{}", wait.title()),
        Trouble::ErrorBody => "answers 200, and the body is an error",
        Trouble::EmptyBody => "answers 200 with an empty body",
        Trouble::SlowHead => "does not answer in time",
        Trouble::CutBefore => "closes the connection before the first content",
        Trouble::ResetBefore => "resets the connection before the first content",
        Trouble::CutAfter => "closes the connection behind the first content",
        Trouble::EndedAfter => "ends a stream in the middle of the answer",
        Trouble::Garbage => "answers 200 with what is no answer",
        Trouble::EndlessLine => "sends a line that does not end",
        Trouble::WebPage => "answers 200 with a web page",
        Trouble::WrongType => "answers under a wrong content type",
        Trouble::ErrorFirst => "begins a stream with an error",
        Trouble::ErrorBefore => "reports an error before the first content",
        Trouble::ErrorAfter => "reports an error behind the first content",
    };
    title.to_owned()
}

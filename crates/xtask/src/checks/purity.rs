//! Pure crates do no IO and read no clock, environment or randomness: such things come in as arguments.

use std::io;

use crate::checks::layers::Layers;
use crate::problem::Problem;
use crate::source::{self, Token};
use crate::tree::{File, Tree};

/// Paths that pure code does not name, and what to do instead.
const BANNED: &[(&str, &str)] = &[
    ("std::env", "take the variables as an argument"),
    ("std::fs", "take the content as an argument"),
    ("std::process", "only the binary starts or ends processes"),
    ("std::thread", "a pure crate owns no thread and never waits"),
    ("std::net::TcpStream", "a pure crate opens no connection"),
    ("std::net::TcpListener", "a pure crate opens no connection"),
    ("std::net::UdpSocket", "a pure crate opens no connection"),
    ("std::net::ToSocketAddrs", "a pure crate looks up no name"),
    ("std::os", "a pure crate knows no operating system"),
    ("std::io::stdin", "a pure crate reads nothing"),
    ("std::io::stdout", "a pure crate prints nothing"),
    ("std::io::stderr", "a pure crate prints nothing"),
    ("SystemTime::now", "take the time as an argument"),
    ("Instant::now", "take the time as an argument"),
    ("rand", "take the randomness as an argument"),
    ("fastrand", "take the randomness as an argument"),
    ("getrandom", "take the randomness as an argument"),
];

/// Methods that read the clock behind a type's back.
const BANNED_METHODS: &[&str] = &["elapsed"];

/// Every impure path in the crates that `layers.toml` calls pure.
///
/// # Errors
/// When `layers.toml` cannot be read.
pub(crate) fn problems(tree: &Tree) -> io::Result<Vec<Problem>> {
    let layers = Layers::read(tree)?;
    let pure = layers.pure().map(|name| format!("crates/{name}/src/")).collect::<Vec<_>>();
    let files = tree.ending(".rs").filter(|file| pure.iter().any(|folder| file.path.starts_with(folder)));
    Ok(files.filter(|file| !source::is_test_file(&file.path)).flat_map(in_file).collect())
}

fn in_file(file: &File) -> Vec<Problem> {
    let tokens = source::production(&source::tokens(&file.text));
    let paths = source::paths(&tokens);
    let named = paths.iter().filter_map(|named| {
        let (ban, advice) = BANNED.iter().find(|(ban, _)| named.is(ban))?;
        Some(Problem::at(&file.path, named.line, format!("`{ban}` in a pure crate: {advice}")))
    });
    let called = tokens.windows(3).filter_map(|three| called(file, three));
    named.chain(called).collect()
}

fn called(file: &File, three: &[Token]) -> Option<Problem> {
    let [dot, method, open] = three else { return None };
    let is_call = dot.text == "." && open.text == "(" && BANNED_METHODS.contains(&method.text.as_str());
    let message = format!("`.{}()` in a pure crate reads the clock: take the time as an argument", method.text);
    is_call.then(|| Problem::at(&file.path, method.line, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYERS: &str = "[wire]\npure = true\nuses = []\n[proxy]\nuses = [\"wire\"]\n";

    #[track_caller]
    fn check(path: &str, text: &str, lines: &[usize]) {
        let tree = Tree::of(&[("layers.toml", LAYERS), (path, text)]);
        let found = problems(&tree).unwrap();
        let found: Vec<usize> = found.iter().map(|problem| problem.line).collect();
        assert_eq!(found, lines);
    }

    #[test]
    fn io_clocks_environment_and_randomness_are_found() {
        let text = "use std::{env, fs::File};\nfn a() {\n std::time::Instant::now();\n SystemTime::now();\n rand::random();\n at.elapsed();\n}";
        check("crates/wire/src/lib.rs", text, &[1, 1, 3, 4, 5, 6]);
    }

    #[test]
    fn tests_and_impure_crates_may() {
        let text = "#[cfg(test)] mod tests { fn a() { std::env::var(b); } }";
        check("crates/wire/src/lib.rs", text, &[]);
        check("crates/wire/src/peek/tests.rs", "use std::fs;", &[]);
        check("crates/proxy/src/lib.rs", "use std::fs;", &[]);
    }

    #[test]
    fn addresses_times_as_values_and_harmless_words_are_fine() {
        let text = "use std::net::SocketAddr;\nuse std::time::{Duration, Instant};\nfn a(rand: u8, now: Instant) { rand + x.rand }";
        check("crates/wire/src/lib.rs", text, &[]);
    }
}

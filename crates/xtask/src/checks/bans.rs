//! What is right in one place and wrong in another. What is wrong everywhere is in `clippy.toml`.

use crate::problem::Problem;
use crate::source;
use crate::tree::{File, Tree};

/// One path that code does not name in some places.
struct Ban {
    path: &'static str,
    /// Where not.
    under: &'static [&'static str],
    /// Where all the same; the file says why.
    except: &'static [&'static str],
    /// Whether it is wrong in tests too.
    tests: Tests,
    advice: &'static str,
}

#[derive(PartialEq, Eq)]
enum Tests {
    May,
    MayNot,
}

const BANS: &[Ban] = &[
    Ban {
        path: "String::from_utf8_lossy",
        under: &["crates/wire/src/", "crates/proxy/src/"],
        except: &[],
        tests: Tests::May,
        advice: "a network chunk may end inside a character; decode whole frames",
    },
    Ban {
        path: "thread::sleep",
        under: &["crates/"],
        except: &["crates/trunkline/src/ledger/desk.rs"],
        tests: Tests::MayNot,
        advice: "it stops a worker's other connections, and in a test it guesses; wait for the event itself",
    },
];

/// Every banned path in its place.
pub(crate) fn problems(tree: &Tree) -> Vec<Problem> {
    tree.ending(".rs").flat_map(in_file).collect()
}

fn in_file(file: &File) -> Vec<Problem> {
    let here = |ban: &&Ban| {
        ban.under.iter().any(|folder| file.path.starts_with(folder)) && !ban.except.contains(&file.path.as_str())
    };
    let bans: Vec<&Ban> = BANS.iter().filter(here).collect();
    if bans.is_empty() {
        return Vec::new();
    }
    let all = source::tokens(&file.text);
    let production = if source::is_test_file(&file.path) { Vec::new() } else { source::production(&all) };
    let (all, production) = (source::paths(&all), source::paths(&production));
    let mut out = Vec::new();
    for ban in bans {
        let named = if ban.tests == Tests::May { &production } else { &all };
        let found = named.iter().filter(|named| named.is(ban.path));
        out.extend(found.map(|named| Problem::at(&file.path, named.line, format!("`{}`: {}", ban.path, ban.advice))));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, lines: &[usize]) {
        let found: Vec<usize> = problems(&Tree::of(&[(path, text)])).iter().map(|problem| problem.line).collect();
        assert_eq!(found, lines);
    }

    #[test]
    fn a_lossy_reading_is_found_where_chunks_pass() {
        let text = "fn a() {\n String::from_utf8_lossy(b);\n}\n#[cfg(test)]\nmod tests { fn a() { String::from_utf8_lossy(b) } }";
        check("crates/proxy/src/reply.rs", text, &[2]);
        check("crates/proxy/src/reply/tests.rs", text, &[]);
        check("crates/providers/src/words.rs", text, &[]);
    }

    #[test]
    fn sleeping_is_found_in_tests_too() {
        let text = "#[cfg(test)]\nmod tests {\n fn a() { std::thread::sleep(b) } }";
        check("crates/route/src/plan.rs", text, &[3]);
        check("crates/route/tests/plan.rs", "use std::thread;\nfn a() { thread::sleep(b) }", &[2]);
        check("crates/trunkline/src/ledger/desk.rs", text, &[]);
    }
}

//! No crate, file or module carries a name that says nothing about what it knows.

use crate::problem::Problem;
use crate::source;
use crate::tree::Tree;

const BANNED: &[&str] =
    &["core", "common", "util", "utils", "helper", "helpers", "misc", "manager", "managers", "shared_utils"];

/// Every such name in the tree.
pub(crate) fn problems(tree: &Tree) -> Vec<Problem> {
    let mut out: Vec<Problem> = tree.paths.iter().filter_map(|path| in_path(path)).collect();
    for file in tree.ending(".rs") {
        let tokens = source::tokens(&file.text);
        out.extend(tokens.windows(2).filter_map(|pair| match pair {
            [keyword, name] if keyword.text == "mod" && BANNED.contains(&name.text.as_str()) => {
                Some(Problem::at(&file.path, name.line, advice("module", &name.text)))
            }
            _ => None,
        }));
    }
    out
}

fn in_path(path: &str) -> Option<Problem> {
    let name = path.rsplit('/').next()?;
    let stem = name.strip_suffix(".rs").unwrap_or(name);
    let ours = path.starts_with("crates/") || path.starts_with("fuzz/");
    (ours && BANNED.contains(&stem)).then(|| Problem::of(path, advice("file or folder", stem)))
}

fn advice(what: &str, name: &str) -> String {
    format!("a {what} called `{name}` says nothing; name it after the one thing it knows")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_folders_and_inline_modules_are_found() {
        let tree = Tree::of(&[
            ("crates/core/src/lib.rs", ""),
            ("crates/wire/src/util.rs", ""),
            ("crates/wire/src/lib.rs", "mod peek;\nmod helpers { }\n"),
        ]);
        let found: Vec<String> =
            problems(&tree).iter().map(|problem| format!("{}:{}", problem.path, problem.line)).collect();
        assert_eq!(found, ["crates/core:0", "crates/wire/src/util.rs:0", "crates/wire/src/lib.rs:2"]);
    }

    #[test]
    fn names_that_only_contain_such_a_word_are_fine() {
        let tree = Tree::of(&[("crates/wire/src/score.rs", "mod common_prefix;"), ("docs/common.md", "")]);
        assert_eq!(problems(&tree), []);
    }
}

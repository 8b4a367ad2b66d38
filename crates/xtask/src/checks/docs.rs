//! Every path that the docs name exists.

use crate::problem::Problem;
use crate::settings::Settings;
use crate::tree::{File, Tree};

/// A first part that makes a word with slashes a path of ours, besides every folder that exists.
const FOLDERS: &[&str] = &["crates", "docs", "bench", "e2e", "fuzz", "web", "deploy", "tools", ".ci"];
/// What makes a word without slashes the name of a file.
const ENDS: &[&str] = &[".rs", ".md", ".toml", ".py", ".sh", ".mk", ".yml", ".yaml"];
/// Signs that a word is a pattern or a command, not a path.
const NOT_IN_PATHS: &[char] = &['*', '<', '>', '{', '}', '$', '~', '(', ')', '=', '"', ' ', '|', ','];

/// A path that a document names, as written.
struct Mention<'a> {
    line: usize,
    text: &'a str,
    is_link: bool,
}

/// Every path in a Markdown file that leads nowhere.
pub(crate) fn problems(tree: &Tree, settings: &Settings) -> Vec<Problem> {
    let missing = |file: &File, mention: &Mention<'_>| {
        let message = format!("`{}` is named but does not exist", mention.text);
        Problem::at(&file.path, mention.line, message)
    };
    let in_file = |file: &File| {
        let mentions = mentions(&file.text).into_iter();
        let wrong = mentions.filter(|mention| !exists(tree, settings, &file.path, mention));
        wrong.map(|mention| missing(file, &mention)).collect::<Vec<_>>()
    };
    tree.ending(".md").flat_map(in_file).collect()
}

/// Backticked words and link targets outside fenced code.
fn mentions(text: &str) -> Vec<Mention<'_>> {
    let mut out = Vec::new();
    let mut in_fence = false;
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
        } else if !in_fence {
            in_line(line, at + 1, &mut out);
        }
    }
    out
}

fn in_line<'a>(line: &'a str, number: usize, out: &mut Vec<Mention<'a>>) {
    // Odd pieces stand between backticks.
    for (at, piece) in line.split('`').enumerate() {
        if at % 2 == 1 {
            out.push(Mention { line: number, text: piece, is_link: false });
        } else {
            let targets = piece.split("](").skip(1).filter_map(|rest| rest.split(')').next());
            out.extend(targets.map(|text| Mention { line: number, text, is_link: true }));
        }
    }
}

/// Whether the mention is no path of ours, or one that exists.
fn exists(tree: &Tree, settings: &Settings, document: &str, mention: &Mention<'_>) -> bool {
    let path = mention.text.split('#').next().unwrap_or_default();
    let path = path.split_once(':').map_or(path, |(path, _)| path).trim_end_matches('/');
    if mention.is_link {
        let outside = mention.text.contains("://") || mention.text.starts_with("mailto:");
        return outside || path.is_empty() || tree.paths.contains(&beside(document, path));
    }
    let is_pattern =
        path.is_empty() || path.contains(NOT_IN_PATHS) || path.starts_with(['/', '.', '-']) && !path.starts_with(".ci");
    if is_pattern || settings.not_here.iter().any(|known| path.strip_suffix(known.as_str()).is_some_and(ends_a_folder))
    {
        return true;
    }
    let first = path.split('/').next().unwrap_or_default();
    let is_ours = path.contains('/') && (FOLDERS.contains(&first) || tree.paths.contains(first));
    let is_file_name = ENDS.iter().any(|end| path.ends_with(end) && path.len() > end.len());
    let somewhere = || tree.paths.iter().any(|known| known.strip_suffix(path).is_some_and(ends_a_folder));
    !(is_ours || is_file_name) || tree.paths.contains(path) || (!is_ours && somewhere())
}

fn ends_a_folder(before: &str) -> bool {
    before.is_empty() || before.ends_with('/')
}

/// The path that a link in `document` leads to.
fn beside(document: &str, link: &str) -> String {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, missing: &[&str]) {
        let tree = Tree::of(&[("docs/a.md", text), ("crates/proxy/src/reply/native.rs", ""), ("README.md", "")]);
        let settings = Settings { not_here: vec!["trunkline.toml".to_owned()], ..Settings::default() };
        let found: Vec<String> = problems(&tree, &settings).iter().map(ToString::to_string).collect();
        assert_eq!(found, missing);
    }

    #[test]
    fn a_full_path_must_exist() {
        check("see `crates/proxy/src/reply/native.rs:12`, `crates/proxy/`", &[]);
        check(
            "\nsee `crates/proxy/src/gone.rs`",
            &["docs/a.md:2: `crates/proxy/src/gone.rs` is named but does not exist"],
        );
    }

    #[test]
    fn a_file_name_must_exist_somewhere() {
        check("`native.rs` and `reply/native.rs`", &[]);
        check("`bridged.rs`", &["docs/a.md:1: `bridged.rs` is named but does not exist"]);
        check("`ative.rs`", &["docs/a.md:1: `ative.rs` is named but does not exist"]);
    }

    #[test]
    fn a_link_is_followed_from_its_document() {
        check("[home](../README.md#start) [web](https://a.example/b) [here](#there)", &[]);
        check("[home](README.md)", &["docs/a.md:1: `README.md` is named but does not exist"]);
    }

    #[test]
    fn commands_patterns_requests_and_the_users_own_files_are_no_paths() {
        check("`cargo run -p xtask`, `crates/*/src`, `/v1/models`, `provider/model`, `trunkline.toml`, `.rs`", &[]);
        check("```\ncrates/gone.rs `crates/gone.rs`\n```", &[]);
    }
}

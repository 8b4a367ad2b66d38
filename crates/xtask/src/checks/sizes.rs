//! No file outgrows a reader.

use crate::problem::Problem;
use crate::settings::Settings;
use crate::tree::{File, Tree};

/// Above this a file is listed: it probably has a second reason to change.
const LINES_LISTED: usize = 400;
/// Above this the check fails.
const LINES_MAX: usize = 800;
/// The map stays a map.
const MAP: &str = "ARCHITECTURE.md";
const MAP_LINES_MAX: usize = 199;

/// Files that are too long.
pub(crate) fn problems(tree: &Tree, settings: &Settings) -> Vec<Problem> {
    let sources = measured(tree, settings).filter(|(_, lines)| *lines > LINES_MAX).map(|(file, lines)| {
        Problem::of(&file.path, format!("{lines} lines; split it, {LINES_MAX} is the most a source file may have"))
    });
    let map = tree.text(MAP).map_or(0, |text| text.lines().count());
    let map = (map > MAP_LINES_MAX).then(|| Problem::of(MAP, format!("{map} lines; it stays under 200")));
    sources.chain(map).collect()
}

/// Files that are getting long.
pub(crate) fn warnings(tree: &Tree, settings: &Settings) -> Vec<Problem> {
    measured(tree, settings)
        .filter(|(_, lines)| *lines > LINES_LISTED && *lines <= LINES_MAX)
        .map(|(file, lines)| Problem::of(&file.path, format!("{lines} lines; does it have a second reason to change?")))
        .collect()
}

fn measured<'a>(tree: &'a Tree, settings: &'a Settings) -> impl Iterator<Item = (&'a File, usize)> {
    let is_source = |file: &&File| !file.path.ends_with(".md") && !file.path.ends_with(".toml");
    tree.files
        .iter()
        .filter(is_source)
        .filter(|file| !settings.tables.contains(&file.path))
        .map(|file| (file, file.text.lines().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Tree {
        let lines = |count: usize| "x\n".repeat(count);
        Tree::of(&[
            ("crates/wire/src/fits.rs", &lines(400)),
            ("crates/wire/src/long.rs", &lines(401)),
            ("e2e/too_long.py", &lines(801)),
            ("crates/wire/src/table.rs", &lines(5000)),
            ("ARCHITECTURE.md", &lines(200)),
            ("docs/free.md", &lines(900)),
        ])
    }

    #[test]
    fn long_files_are_listed_and_longer_ones_fail() {
        let settings = Settings { tables: vec!["crates/wire/src/table.rs".to_owned()], ..Settings::default() };
        let failed: Vec<String> = problems(&tree(), &settings).into_iter().map(|problem| problem.path).collect();
        let listed: Vec<String> = warnings(&tree(), &settings).into_iter().map(|problem| problem.path).collect();
        assert_eq!(failed, ["e2e/too_long.py", "ARCHITECTURE.md"]);
        assert_eq!(listed, ["crates/wire/src/long.rs"]);
    }
}

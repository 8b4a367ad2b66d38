//! The files of the repository, read once.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folders that hold what was built, downloaded or found, by name.
const SKIPPED_NAMES: &[&str] = &["target", "node_modules", "__pycache__"];
/// The same, and single files, by path.
const SKIPPED_PATHS: &[&str] =
    &["data", "fuzz/corpus", "fuzz/artifacts", "web/dist", "web/screenshots", "web/src/api/schema.gen.ts"];
/// Folders whose name begins with a dot are skipped, except these.
const DOTTED: &[&str] = &[".ci"];
/// What is read as text.
const TEXT: &[&str] = &["rs", "toml", "md", "py", "sh", "mk", "js", "mjs", "ts", "tsx"];

/// A text file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// Relative to the repository, with forward slashes.
    pub(crate) path: String,
    /// Its content.
    pub(crate) text: String,
}

/// The repository.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    /// Text files, by path.
    pub(crate) files: Vec<File>,
    /// Every file and folder, folders without a slash at the end.
    pub(crate) paths: BTreeSet<String>,
}

/// Where the repository is: two folders above this crate.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(".")).to_owned()
}

impl Tree {
    /// Reads the repository under `root`.
    ///
    /// # Errors
    /// When a folder or a text file cannot be read.
    pub(crate) fn read(root: &Path) -> io::Result<Self> {
        let mut tree = Self::default();
        tree.walk(root, "")?;
        tree.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(tree)
    }

    /// A tree of made-up files.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            tree.paths.extend(Path::new(path).ancestors().map(|path| path.to_string_lossy().into_owned()));
            tree.files.push(File { path: (*path).to_owned(), text: (*text).to_owned() });
        }
        tree.paths.remove("");
        tree
    }

    /// The content of a text file.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
    }

    /// The text files whose name ends so, such as `.rs`.
    pub(crate) fn ending(&self, end: &'static str) -> impl Iterator<Item = &File> {
        self.files.iter().filter(move |file| file.path.ends_with(end))
    }

    fn walk(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let path = format!("{prefix}{name}");
            // A link is listed but not followed: it may lead out of the repository, or round in a circle.
            let kind = entry.file_type()?;
            // In a further worktree it is a file.
            if name == ".git" || SKIPPED_PATHS.contains(&path.as_str()) || kind.is_dir() && is_skipped(&name) {
                continue;
            }
            self.paths.insert(path.clone());
            if kind.is_dir() {
                self.walk(&entry.path(), &format!("{path}/"))?;
            } else if kind.is_file() && is_text(&name) {
                self.files.push(File { path, text: fs::read_to_string(entry.path())? });
            }
        }
        Ok(())
    }
}

fn is_skipped(name: &str) -> bool {
    let dotted = name.starts_with('.') && !DOTTED.contains(&name);
    dotted || SKIPPED_NAMES.contains(&name)
}

fn is_text(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, end)| TEXT.contains(&end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_this_file_and_skips_what_was_built() {
        let tree = Tree::read(&root()).unwrap();
        assert!(tree.text("crates/xtask/src/tree.rs").is_some());
        assert!(tree.paths.contains("crates/xtask"));
        assert!(!tree.paths.iter().any(|path| path.split('/').any(|part| part == "target" || part == ".git")));
    }
}

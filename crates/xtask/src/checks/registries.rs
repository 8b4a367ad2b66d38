//! What stands in a folder of like things stands in its registry slice too, and the other way round.

use std::collections::BTreeSet;

use crate::problem::Problem;
use crate::source::{self, Token};
use crate::tree::Tree;

/// A folder of like things and the slice that lists them.
struct Registry {
    /// Ends with a slash.
    folder: &'static str,
    /// The file with the slice.
    file: &'static str,
    /// The module of the folder as the slice names it.
    module: &'static str,
    /// What one of the things is called.
    thing: &'static str,
}

const REGISTRIES: &[Registry] = &[
    Registry {
        folder: "crates/providers/src/vendor/",
        file: "crates/providers/src/registry.rs",
        module: "vendor",
        thing: "vendor",
    },
    Registry {
        folder: "crates/wire/src/dialects/",
        file: "crates/wire/src/dialect.rs",
        module: "dialects",
        thing: "dialect",
    },
];

/// The slice's name, in every registry.
const SLICE: &str = "ALL";

/// Everything that stands only on one side.
pub(crate) fn problems(tree: &Tree) -> Vec<Problem> {
    REGISTRIES.iter().flat_map(|registry| compare(registry, tree)).collect()
}

fn compare(registry: &Registry, tree: &Tree) -> Vec<Problem> {
    let Registry { folder, file, module, thing } = registry;
    let present = present(folder, tree);
    let tokens = source::tokens(tree.text(file).unwrap_or_default());
    let Some(slice) = slice(&tokens) else {
        return vec![Problem::of(*file, format!("no slice called `{SLICE}` lists every {thing}"))];
    };
    let listed = listed(slice, module);
    let mut out = Vec::new();
    for name in &present {
        match listed.iter().filter(|(listed, _)| listed == name).count() {
            1 => {}
            0 => out.push(Problem::of(*file, format!("`{SLICE}` does not list the {thing} `{folder}{name}`"))),
            count => out.push(Problem::of(*file, format!("`{SLICE}` lists the {thing} `{name}` {count} times"))),
        }
    }
    let gone = listed.iter().filter(|(name, _)| !present.contains(name));
    out.extend(gone.map(|(name, line)| Problem::at(*file, *line, format!("there is no {thing} `{folder}{name}`"))));
    out
}

/// The names of the files and folders directly in `folder`.
fn present(folder: &str, tree: &Tree) -> BTreeSet<String> {
    let inside = tree.paths.iter().filter_map(|path| path.strip_prefix(folder));
    let direct = inside.filter(|rest| !rest.contains('/')).map(|rest| rest.strip_suffix(".rs").unwrap_or(rest));
    direct.filter(|name| !["mod", "tests"].contains(name)).map(str::to_owned).collect()
}

/// The tokens between the brackets of the slice.
fn slice(tokens: &[Token]) -> Option<&[Token]> {
    let at = tokens.windows(2).position(|two| source::starts_with(two, &["static", SLICE]))?;
    let after = tokens.get(at..)?;
    let equals = after.iter().position(|token| token.text == "=")?;
    let after = after.get(equals..)?;
    let end = after.iter().position(|token| token.text == ";")?;
    after.get(..end)
}

/// What follows `module::` in the slice, with its line.
fn listed(slice: &[Token], module: &str) -> Vec<(String, usize)> {
    let entries = slice.windows(3).filter_map(|three| match three {
        [first, colons, name] if first.text == module && colons.text == "::" => Some((name.text.clone(), name.line)),
        _ => None,
    });
    entries.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(vendors: &[&str], slice: &str, expected: &[&str]) {
        let registry = format!("use a;\npub static ALL: &[&Vendor] =\n    &[{slice}];\nfn other() {{}}\n");
        let vendors: Vec<String> =
            vendors.iter().map(|name| format!("crates/providers/src/vendor/{name}.rs")).collect();
        let mut files = vec![("crates/providers/src/registry.rs", registry.as_str())];
        files.extend(vendors.iter().map(|path| (path.as_str(), "")));
        files.push(("crates/wire/src/dialects/openai_chat/mod.rs", ""));
        files.push((
            "crates/wire/src/dialect.rs",
            "static ALL: &[&dyn Dialect] = &[&dialects::openai_chat::OpenaiChat];",
        ));
        let found: Vec<String> = problems(&Tree::of(&files)).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_file_and_its_entry_agree() {
        check(&["mod", "groq", "vllm"], "&vendor::groq::VENDOR, &vendor::vllm::VENDOR", &[]);
    }

    #[test]
    fn a_vendor_that_is_not_listed_is_found() {
        check(
            &["groq", "vllm"],
            "&vendor::groq::VENDOR",
            &["crates/providers/src/registry.rs: `ALL` does not list the vendor `crates/providers/src/vendor/vllm`"],
        );
    }

    #[test]
    fn an_entry_without_a_file_and_one_listed_twice_are_found() {
        check(
            &["groq"],
            "&vendor::groq::VENDOR, &vendor::groq::VENDOR, &vendor::vllm::VENDOR",
            &[
                "crates/providers/src/registry.rs: `ALL` lists the vendor `groq` 2 times",
                "crates/providers/src/registry.rs:3: there is no vendor `crates/providers/src/vendor/vllm`",
            ],
        );
    }

    #[test]
    fn a_folder_without_a_slice_is_found() {
        let tree = Tree::of(&[("crates/wire/src/dialect.rs", ""), ("crates/providers/src/registry.rs", "")]);
        assert_eq!(problems(&tree).len(), 2);
    }
}

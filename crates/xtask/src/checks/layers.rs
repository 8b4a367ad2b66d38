//! Dependencies between crates go the way `layers.toml` says.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Node, Package, PackageId};
use serde::Deserialize;

use crate::problem::Problem;
use crate::tree::{self, Tree};

const PATH: &str = "layers.toml";
/// Any crate's tests may use it.
const TESTKIT: &str = "testkit";

/// What `layers.toml` says, by the crate's folder.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Layers(BTreeMap<String, Layer>);

/// What it says of one crate; the file's own comments say what each key means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Layer {
    #[serde(default)]
    pure: bool,
    uses: Vec<String>,
    #[serde(default)]
    dev_uses: Vec<String>,
    #[serde(default)]
    never: Vec<String>,
    #[serde(default)]
    not_itself: Vec<String>,
}

/// What cargo says of one crate.
#[derive(Debug, Default)]
struct Found {
    name: String,
    uses: Vec<String>,
    dev_uses: Vec<String>,
    direct: BTreeSet<String>,
    /// Every package it is built from, ours included.
    below: BTreeSet<String>,
}

impl Layers {
    /// Reads `layers.toml`.
    ///
    /// # Errors
    /// When it is missing or says something unknown.
    pub(crate) fn read(tree: &Tree) -> io::Result<Self> {
        let text = tree.text(PATH).ok_or_else(|| io::Error::other(format!("{PATH} is missing")))?;
        toml::from_str(text).map_err(|error| io::Error::other(format!("{PATH}: {error}")))
    }

    /// The crates that do no IO.
    pub(crate) fn pure(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(_, layer)| layer.pure).map(|(name, _)| name.as_str())
    }
}

/// Every dependency that goes the wrong way.
///
/// # Errors
/// When `layers.toml` cannot be read or cargo cannot resolve the workspace.
pub(crate) fn problems(tree: &Tree) -> io::Result<Vec<Problem>> {
    let layers = Layers::read(tree)?;
    let metadata = MetadataCommand::new().current_dir(tree::root()).exec().map_err(io::Error::other)?;
    Ok(compare(&layers, &found(&metadata)?))
}

fn compare(layers: &Layers, found: &[Found]) -> Vec<Problem> {
    let mut out = Vec::new();
    for krate in found {
        match layers.0.get(&krate.name) {
            Some(layer) => compare_one(layer, krate, &mut out),
            None => {
                out.push(Problem::of(PATH, format!("the crate `{}` is not listed: say what it may use", krate.name)))
            }
        }
    }
    let gone = layers.0.keys().filter(|name| found.iter().all(|krate| krate.name != **name));
    out.extend(gone.map(|name| Problem::of(PATH, format!("`{name}` is listed but there is no such crate"))));
    out
}

fn compare_one(layer: &Layer, krate: &Found, out: &mut Vec<Problem>) {
    let name = &krate.name;
    let mut push = |message: String| out.push(Problem::of(format!("crates/{name}/Cargo.toml"), message));
    for used in krate.uses.iter().filter(|used| !layer.uses.contains(used)) {
        push(format!("`{name}` depends on `{used}`, which {PATH} does not admit"));
    }
    let dev_admitted = |used: &String| used == TESTKIT || layer.uses.contains(used) || layer.dev_uses.contains(used);
    for used in krate.dev_uses.iter().filter(|used| !dev_admitted(used)) {
        push(format!("the tests of `{name}` depend on `{used}`, which {PATH} does not admit"));
    }
    for ban in &layer.never {
        if let Some(package) = krate.below.iter().find(|package| is_of_family(package, ban)) {
            push(format!(
                "`{package}` stands below `{name}`, which must never pull in `{ban}`: `cargo tree -i {package}`"
            ));
        }
    }
    for ban in &layer.not_itself {
        if krate.direct.contains(ban) {
            push(format!("`{name}` depends on `{ban}` itself, which {PATH} leaves to the crates below it"));
        }
    }
}

/// `tokio` bans `tokio` and `tokio-util`, not `tokiox`.
fn is_of_family(package: &str, ban: &str) -> bool {
    package.strip_prefix(ban).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

fn found(metadata: &Metadata) -> io::Result<Vec<Found>> {
    let packages: HashMap<&PackageId, &Package> =
        metadata.packages.iter().map(|package| (&package.id, package)).collect();
    let resolve = metadata.resolve.as_ref().ok_or_else(|| io::Error::other("cargo metadata resolved nothing"))?;
    let nodes: HashMap<&PackageId, &Node> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let ours: Vec<&Package> = metadata.workspace_packages();
    let folder = |name: &str| {
        let is_ours = ours.iter().any(|package| package.name.as_str() == name);
        is_ours.then(|| name.strip_prefix("trunkline-").unwrap_or(name).to_owned())
    };
    let mut out = Vec::new();
    for package in &ours {
        let mut krate = Found { name: folder(&package.name).unwrap_or_default(), ..Found::default() };
        for dependency in &package.dependencies {
            let ours = folder(&dependency.name);
            if dependency.kind == DependencyKind::Development {
                krate.dev_uses.extend(ours);
            } else {
                krate.direct.insert(dependency.name.clone());
                krate.uses.extend(ours);
            }
        }
        krate.below = below(&package.id, &nodes, &packages);
        out.push(krate);
    }
    Ok(out)
}

/// The names of all packages that a crate is built from; its tests and build scripts are left out.
fn below(
    start: &PackageId,
    nodes: &HashMap<&PackageId, &Node>,
    packages: &HashMap<&PackageId, &Package>,
) -> BTreeSet<String> {
    let mut seen: BTreeSet<&PackageId> = BTreeSet::new();
    let mut open = vec![start];
    while let Some(id) = open.pop() {
        let Some(node) = nodes.get(id) else { continue };
        for dependency in &node.deps {
            let is_normal = dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal);
            let is_macro = packages.get(&dependency.pkg).is_some_and(|package| is_macro(package));
            if is_normal && !is_macro && seen.insert(&dependency.pkg) {
                open.push(&dependency.pkg);
            }
        }
    }
    seen.iter().filter_map(|id| packages.get(*id)).map(|package| package.name.to_string()).collect()
}

/// A procedural macro runs in the compiler; what it is made of never becomes part of us.
fn is_macro(package: &Package) -> bool {
    package.targets.iter().any(|target| target.is_proc_macro())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(text: &str) -> Layers {
        toml::from_str(text).unwrap()
    }

    fn krate(name: &str, uses: &[&str], direct: &[&str], below: &[&str]) -> Found {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Found {
            name: name.to_owned(),
            uses: owned(uses),
            dev_uses: Vec::new(),
            direct: owned(direct).into_iter().collect(),
            below: owned(below).into_iter().collect(),
        }
    }

    #[track_caller]
    fn check(toml: &str, found: &[Found], expected: &[&str]) {
        let problems: Vec<String> = compare(&layers(toml), found).iter().map(ToString::to_string).collect();
        assert_eq!(problems, expected);
    }

    #[test]
    fn a_dependency_against_the_direction_is_found() {
        check(
            "[wire]\nuses = []",
            &[krate("wire", &["route"], &[], &[])],
            &["crates/wire/Cargo.toml: `wire` depends on `route`, which layers.toml does not admit"],
        );
    }

    #[test]
    fn a_banned_crate_is_found_however_deep_and_with_its_family() {
        check(
            "[wire]\nuses = []\nnever = [\"tokio\"]",
            &[krate("wire", &[], &[], &["bytes", "tokio-util", "tokiox"])],
            &[
                "crates/wire/Cargo.toml: `tokio-util` stands below `wire`, which must never pull in `tokio`: `cargo tree -i tokio-util`",
            ],
        );
    }

    #[test]
    fn a_crate_that_only_libraries_may_bring_is_found_only_as_a_direct_dependency() {
        let toml = "[proxy]\nuses = []\nnot_itself = [\"toml\"]";
        check(toml, &[krate("proxy", &[], &["http"], &["toml"])], &[]);
        check(
            toml,
            &[krate("proxy", &[], &["toml"], &["toml"])],
            &[
                "crates/proxy/Cargo.toml: `proxy` depends on `toml` itself, which layers.toml leaves to the crates below it",
            ],
        );
    }

    #[test]
    fn tests_may_use_testkit_and_nothing_else_unsaid() {
        let mut found = krate("wire", &[], &[], &[]);
        found.dev_uses = vec!["testkit".to_owned(), "proxy".to_owned()];
        check(
            "[wire]\nuses = []",
            &[found],
            &["crates/wire/Cargo.toml: the tests of `wire` depend on `proxy`, which layers.toml does not admit"],
        );
    }

    #[test]
    fn crates_and_the_file_must_name_each_other() {
        check(
            "[wire]\nuses = []",
            &[krate("audio", &[], &[], &[])],
            &[
                "layers.toml: the crate `audio` is not listed: say what it may use",
                "layers.toml: `wire` is listed but there is no such crate",
            ],
        );
    }
}

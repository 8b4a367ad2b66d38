//! Every check, in one slice.

pub(crate) mod attributes;
pub(crate) mod bans;
pub(crate) mod docs;
pub(crate) mod errors;
pub(crate) mod layers;
pub(crate) mod names;
pub(crate) mod purity;
pub(crate) mod registries;
pub(crate) mod sizes;

use std::io;

use crate::problem::Problem;
use crate::settings::Settings;
use crate::tree::Tree;

/// One check.
pub(crate) struct Check {
    /// What `check NAME` runs.
    pub(crate) name: &'static str,
    /// Finds what is wrong; an error means that it could not look.
    pub(crate) run: fn(&Tree, &Settings) -> io::Result<Vec<Problem>>,
}

/// Every check, in the order they run.
pub(crate) static ALL: &[Check] = &[
    Check { name: "layers", run: |tree, _| layers::problems(tree) },
    Check { name: "purity", run: |tree, _| purity::problems(tree) },
    Check { name: "bans", run: |tree, _| Ok(bans::problems(tree)) },
    Check { name: "registries", run: |tree, _| Ok(registries::problems(tree)) },
    Check { name: "names", run: |tree, _| Ok(names::problems(tree)) },
    Check { name: "attributes", run: |tree, _| Ok(attributes::problems(tree)) },
    Check { name: "sizes", run: |tree, settings| Ok(sizes::problems(tree, settings)) },
    Check { name: "errors", run: |tree, _| Ok(errors::problems(tree)) },
    Check { name: "docs", run: |tree, settings| Ok(docs::problems(tree, settings)) },
];

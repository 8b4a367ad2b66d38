//! What the tests of this crate share.

use trunkline_config::{Env, Loaded, Overrides, load};

pub(crate) fn env(variables: &[(&str, &str)]) -> Env {
    variables.iter().copied().collect()
}

/// What a document that is right comes to.
pub(crate) fn ok(text: Option<&str>, variables: &[(&str, &str)]) -> Loaded {
    let source = text.map(|text| ("t.toml", text));
    load(source, &env(variables), &Overrides::default(), &[]).unwrap_or_else(|problems| panic!("{problems:#}"))
}

/// What is said of one that is not, a line for each problem, after a look at the long form.
pub(crate) fn problems(text: Option<&str>, variables: &[(&str, &str)]) -> String {
    let source = text.map(|text| ("t.toml", text));
    let problems = load(source, &env(variables), &Overrides::default(), &[]).expect_err("something is wrong");
    assert!(!format!("{problems:#} {problems:?}").contains("canary"), "{problems:#}");
    problems.to_string()
}

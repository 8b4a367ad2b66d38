//! The request of `/api/chat`, and what that of `/api/generate` has in common with it.

mod calls;
pub(super) mod decode;
pub(super) mod encode;
pub(super) mod history;
pub(super) mod options;
mod tools;

#[cfg(test)]
mod tests;

/// What the names of extras that stood in `options` begin with: a request's extras are one list.
const OPTIONS: &str = "options.";

/// What the names of a call's extras that stood in its `function` begin with.
const FUNCTION: &str = "function.";

//! What each path does.

pub(crate) mod client_keys;
pub(crate) mod config;
pub(crate) mod editing;
pub(crate) mod explain;
pub(crate) mod oidc;
pub(crate) mod requests;
pub(crate) mod session;

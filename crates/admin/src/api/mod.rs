//! What each path does.

pub(crate) mod client_keys;
pub(crate) mod description;
pub(crate) mod explain;
pub(crate) mod oidc;
pub(crate) mod requests;
pub(crate) mod session;
pub(crate) mod usage;

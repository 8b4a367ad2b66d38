//! What each path does.

pub(crate) mod client_keys;
pub(crate) mod explain;
pub(crate) mod oidc;
pub(crate) mod page;
pub(crate) mod requests;
pub(crate) mod secrets;
pub(crate) mod session;

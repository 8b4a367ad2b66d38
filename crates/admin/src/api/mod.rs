//! What each path does.

pub(crate) mod client_keys;
pub(crate) mod explain;
pub(crate) mod requests;

//! What each path does.

pub(crate) mod client_keys;
pub(crate) mod config;
pub(crate) mod description;
pub(crate) mod discovery;
pub(crate) mod editing;
pub(crate) mod explain;
pub(crate) mod health;
pub(crate) mod models;
pub(crate) mod oidc;
pub(crate) mod page;
pub(crate) mod patterns;
pub(crate) mod playground;
pub(crate) mod prices;
pub(crate) mod provider_types;
pub(crate) mod providers;
pub(crate) mod requests;
pub(crate) mod secrets;
pub(crate) mod section;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod status;
pub(crate) mod usage;

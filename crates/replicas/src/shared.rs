//! Limits, reservations and rests that all replicas share through a server that speaks Redis' protocol.
//!
//! What is counted is counted there, by scripts that run as one step. What this replica let in itself it also knows itself:
//! when the server was away it is told anew, so nothing depends on whether the last words before a cut were heard.

mod asking;
mod book;
mod keeper;
mod link;
mod names;
mod owed;
mod purse;
mod rests;
mod script;

pub use purse::{BadUrl, SharedPurse};

#[cfg(test)]
mod tests;

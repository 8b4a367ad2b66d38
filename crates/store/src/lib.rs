//! SQL: the durable record of what happened, the answers that are kept, and who is left alone, in a SQLite file or in a
//! PostgreSQL database.
//!
//! Readers of the record go through [`Store`], the one writer through [`Writer`]; they never wait for each other. Kept
//! answers have [`Responses`], what was said [`Bodies`], client keys [`ClientKeyTable`], those who sign in [`AdminTable`], the
//! configuration document [`Revisions`], what it does not say in the open [`SecretTable`]; [`Watch`] tells when that or a
//! client key has changed. No caller on the request path
//! comes here: reports arrive in batches from the binary's ledger, and answers through a queue of the binary's.

mod admin;
mod arrival;
mod bodies;
mod client_keys;
mod conn;
mod error;
mod figures;
mod foreign;
mod insert;
mod keyring;
mod kinds;
mod latency;
mod leases;
mod migrate;
mod place;
mod postgres;
mod requests;
mod responses;
mod rests;
mod retain;
mod revisions;
mod rollup;
mod rows;
mod seal;
mod secrets;
mod sqlite;
mod store;
mod vault;
mod watch;
mod writer;

#[cfg(test)]
mod conformance;

pub use admin::{ADMIN_SESSIONS_MAX, AdminTable, StoredSession, StoredUser};
pub use bodies::{Bodies, StoredBodies, StoredBody};
pub use client_keys::{CLIENT_KEYS_MAX, ClientKeyTable, Put, StoredKey};
pub use error::StoreError;
pub use figures::{Dimension, FIGURES_MAX, Figures, Latency, Period, Question};
pub use foreign::{FOREIGN_ROWS_MAX, ForeignRows, ForeignTable, ForeignValue, read_foreign};
pub use keyring::{KEY_CHARACTERS_MIN, KEY_VARIABLE, KeyError, Keyring, PREVIOUS_KEY_VARIABLE};
pub use leases::{Exchanged, LeaseTable, Leased, Present, Want};
pub use place::is_server;
pub use requests::{FAILED, Page, Place as RequestPlace, REQUESTS_MAX, Wanted};
pub use responses::{Responses, SWEPT_ROWS_MAX, StoredResponse};
pub use rests::Rests;
pub use retain::{BODIES_TAKEN_MAX, Before, Keep, Retention, TAKEN_ROWS_MAX};
pub use revisions::{Appended, DOCUMENT_BYTES_MAX, NewRevision, Revision, Revisions};
pub use rows::StoredRequest;
pub use secrets::{NewSecret, OpenSecrets, SECRET_BYTES_MAX, SECRETS_MAX, SecretTable, StoredSecret};
pub use store::Store;
pub use vault::{Rotated, rotate_key};
pub use watch::{Change, Watch};
pub use writer::Writer;

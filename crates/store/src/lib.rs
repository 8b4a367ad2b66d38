//! SQL: the durable record of what happened, in a SQLite file.
//!
//! Readers go through [`Store`], the one writer through [`Writer`]; they never wait for each other (SQLite's WAL).
//! No caller on the request path comes here: reports arrive in batches from the binary's ledger.

mod arrival;
mod error;
mod kinds;
mod migrate;
mod rows;
mod sqlite;
mod writer;

#[cfg(test)]
mod conformance;

pub use error::StoreError;
pub use rows::StoredRequest;
pub use sqlite::Store;
pub use writer::Writer;

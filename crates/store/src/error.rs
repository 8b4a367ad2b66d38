//! What can go wrong between the ledger and its file.

use std::path::PathBuf;

use thiserror::Error;

use crate::keyring::KeyError;

/// A store that cannot be used; the text is for the operator.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A URL for an engine that this build does not have.
    #[error("`{place}` is not a store this build can open; give a path, a `sqlite:` or a `postgres:` URL")]
    UnknownEngine {
        /// The URL's scheme, never the rest of it: a URL may hold a password.
        place: String,
    },
    /// A URL that says nothing, or nonsense. What it says is not repeated: it may hold a password.
    #[error(
        "the `{scheme}:` URL of the store cannot be read; it looks like `{scheme}://user:password@host:5432/database`"
    )]
    BadUrl {
        /// The URL's scheme.
        scheme: String,
    },
    /// The file cannot be made.
    #[error("cannot create the database `{}`: {source}; does the folder exist, and may this user write there?", .path.display())]
    Create {
        /// Where it should have been.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// It is there but cannot be used as a database, or it cannot be reached.
    #[error("cannot open the database `{place}`: {source}")]
    Open {
        /// Which file, or server and database.
        place: String,
        /// The engine's words.
        source: sqlx::Error,
    },
    /// The database was written by a release that this one knows too little about.
    #[error(
        "the database `{place}` has schema {found}, and this release works with schemas up to {newest}; \
         start the newer release, or give another `--data-dir`"
    )]
    TooNew {
        /// Which file, or server and database.
        place: String,
        /// Its schema.
        found: i64,
        /// The newest schema that may be used.
        newest: i64,
    },
    /// The schema could not be brought up to date; it is as it was before.
    #[error("cannot bring the database `{place}` to schema {version}: {source}")]
    Migrate {
        /// Which file, or server and database.
        place: String,
        /// The schema that was to be reached.
        version: i64,
        /// The engine's words.
        source: sqlx::Error,
    },
    /// Nothing of the batch was kept.
    #[error("cannot write to the database: {0}")]
    Write(sqlx::Error),
    /// A query failed.
    #[error("cannot read the database: {0}")]
    Read(sqlx::Error),
    /// What is sealed cannot be opened, or nothing sealed.
    #[error(transparent)]
    Key(#[from] KeyError),
}

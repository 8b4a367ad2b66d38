//! What can go wrong between the ledger and its file.

use std::path::PathBuf;

use thiserror::Error;

/// A store that cannot be used; the text is for the operator.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A URL for an engine that this build does not have.
    #[error("`{place}` is not a store this build can open; give a path or a `sqlite:` URL")]
    UnknownEngine {
        /// The URL's scheme, never the rest of it: a URL may hold a password.
        place: String,
    },
    /// The file cannot be made.
    #[error("cannot create the database `{}`: {source}; does the folder exist, and may this user write there?", .path.display())]
    Create {
        /// Where it should have been.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// The file is there but cannot be used as a database.
    #[error("cannot open the database `{}`: {source}", .path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// SQLite's words.
        source: sqlx::Error,
    },
    /// The file was written by a release that this one knows too little about.
    #[error(
        "the database `{}` has schema {found}, and this release works with schemas up to {newest}; \
         start the newer release, or give another `--data-dir`", .path.display()
    )]
    TooNew {
        /// Which file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema that may be used.
        newest: i64,
    },
    /// The file's schema could not be brought up to date; it is as it was before.
    #[error("cannot bring the database `{}` to schema {version}: {source}", .path.display())]
    Migrate {
        /// Which file.
        path: PathBuf,
        /// The schema that was to be reached.
        version: i64,
        /// SQLite's words.
        source: sqlx::Error,
    },
    /// Nothing of the batch was kept.
    #[error("cannot write to the database: {0}")]
    Write(sqlx::Error),
    /// A query failed.
    #[error("cannot read the database: {0}")]
    Read(sqlx::Error),
}

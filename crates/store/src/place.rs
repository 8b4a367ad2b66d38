//! Where a store is: a SQLite file, or a database of a PostgreSQL server.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;

use crate::conn::Conn;
use crate::writer::Sync;
use crate::{StoreError, postgres, sqlite};

/// A place whose text has been understood.
#[derive(Clone)]
pub(crate) enum Place {
    /// A SQLite file.
    File(PathBuf),
    /// A PostgreSQL database. Boxed: it is large.
    Server(Box<PgConnectOptions>),
}

impl Place {
    /// A path, a `sqlite:` URL, or a `postgres:` URL.
    ///
    /// # Errors
    /// When it is a URL for another engine, or one that says nothing.
    pub(crate) fn parse(text: &Path) -> Result<Self, StoreError> {
        let path = || Ok(Self::File(text.to_owned()));
        let Some((url, (scheme, rest))) = text.to_str().and_then(|url| Some((url, url.split_once(':')?))) else {
            return path();
        };
        match scheme {
            "sqlite" => Ok(Self::File(PathBuf::from(rest.strip_prefix("//").unwrap_or(rest)))),
            // What is wrong with it is not repeated: it may hold a password.
            "postgres" | "postgresql" => match PgConnectOptions::from_str(url) {
                Ok(options) => Ok(Self::Server(Box::new(postgres::options(options)))),
                Err(_unreadable) => Err(StoreError::BadUrl { scheme: scheme.to_owned() }),
            },
            _ if rest.starts_with("//") => Err(StoreError::UnknownEngine { place: format!("{scheme}:") }),
            _ => path(),
        }
    }

    /// Whether there is a database at all, as far as that is known without asking: asking makes a file.
    pub(crate) fn is_there(&self) -> bool {
        match self {
            Self::File(path) => path.exists(),
            Self::Server(_) => true,
        }
    }

    /// Whether other machines may have the same place.
    pub(crate) fn is_server(&self) -> bool {
        matches!(self, Self::Server(_))
    }

    /// A connection that may write, to a database that has this release's schema.
    ///
    /// # Errors
    /// When there is none to be had, or the schema cannot be used.
    pub(crate) async fn connect(&self) -> Result<Conn, StoreError> {
        match self {
            Self::File(path) => sqlite::connect(path, self).await,
            Self::Server(options) => postgres::connect(options, self).await,
        }
    }
}

impl Place {
    /// The same, and what is committed over it survives a loss of power.
    ///
    /// # Errors
    /// Likewise.
    pub(crate) async fn connect_to_disk(&self) -> Result<Conn, StoreError> {
        let mut conn = self.connect().await?;
        conn.sync(Sync::AtOnce).await.map_err(StoreError::Write)?;
        Ok(conn)
    }
}

/// Whether the store at `place`, a path or a URL, can be other machines', too.
pub fn is_server(place: impl AsRef<Path>) -> bool {
    Place::parse(place.as_ref()).is_ok_and(|place| place.is_server())
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(options) => {
                let database = options.get_database().unwrap_or(options.get_username());
                write!(f, "postgres://{}:{}/{database}", options.get_host(), options.get_port())
            }
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The options hold a password.
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_path_or_a_url_and_no_password_is_ever_shown() {
        let check = |place: &str| Place::parse(Path::new(place)).map_err(|error| error.to_string());
        let shown = |place: &str| check(place).map(|place| (place.to_string(), matches!(place, Place::File(_))));
        let file = |path: &str| Ok((path.to_owned(), true));
        assert_eq!(shown("data/x.db"), file("data/x.db"));
        assert_eq!(shown("sqlite:///var/x.db"), file("/var/x.db"));
        assert_eq!(shown("sqlite:x.db"), file("x.db"));
        assert_eq!(shown("odd:name.db"), file("odd:name.db"));
        let server = Ok(("postgres://host:5432/db".to_owned(), false));
        assert_eq!(shown("postgres://me:secret@host/db"), server);
        assert_eq!(shown("postgresql://me:secret@host/db"), server);
        let debug = format!("{:?}", check("postgres://me:secret@host/db"));
        assert!(!debug.contains("secret"), "{debug}");
        let unknown = "`mysql:` is not a store this build can open; give a path, a `sqlite:` or a `postgres:` URL";
        assert_eq!(shown("mysql://me:secret@host/db"), Err(unknown.to_owned()));
        let bad = "the `postgres:` URL of the store cannot be read; it looks like `postgres://user:password@host:5432/database`";
        assert_eq!(shown("postgres://me:secret@host:port/db"), Err(bad.to_owned()));
    }
}

//! The PostgreSQL server: how it is reached.

use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;

use crate::conn::Conn;
use crate::place::Place;
use crate::{StoreError, migrate};

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest that the server works on a statement, and that it waits for another's lock: guards against a table that
/// somebody has locked and forgotten.
const SERVER_LIMITS: [(&str, &str); 2] = [("statement_timeout", "60s"), ("lock_timeout", "10s")];

/// What is set for every connection, beside what the URL says.
pub(crate) fn options(from_url: PgConnectOptions) -> PgConnectOptions {
    from_url.application_name("trunkline").options(SERVER_LIMITS).disable_statement_logging()
}

/// A connection to a database that has this release's schema.
pub(crate) async fn connect(options: &PgConnectOptions, place: &Place) -> Result<Conn, StoreError> {
    let open = |source| StoreError::Open { place: place.to_string(), source };
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, options.connect()).await;
    let late = |_elapsed| open(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
    let mut conn = Conn::Postgres(connected.map_err(late)?.map_err(open)?);
    migrate::migrate(&mut conn, place).await?;
    Ok(conn)
}

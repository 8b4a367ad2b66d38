//! Tells when what many processes share has changed: PostgreSQL says so at once, a SQLite file is looked at often.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::time::{sleep, timeout};

use crate::StoreError;
use crate::conn::Conn;
use crate::place::Place;

/// How often a SQLite file is worth a look.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How often a server is worth a look of which nobody has told: for a connection that has died without a sign, and for
/// changes that a release made which does not tell.
const LOOK_ANYWAY_EVERY: Duration = Duration::from_secs(30);

/// How long a server that does not answer is left alone.
const RECONNECT_AFTER: Duration = Duration::from_secs(1);

/// Longest wait for a connection that listens.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The table of client keys.
    ClientKeys,
    /// The configuration document.
    Config,
    /// The secrets that it names.
    Secrets,
    /// Nobody knows: everything is worth a look.
    Anything,
}

impl Change {
    /// What tells of itself. A database has one store, so that the names need no prefix of the schema's.
    const TOLD: [Self; 3] = [Self::ClientKeys, Self::Config, Self::Secrets];

    fn channel(self) -> &'static str {
        match self {
            Self::ClientKeys => "trunkline_client_keys",
            Self::Config => "trunkline_config",
            Self::Secrets => "trunkline_secrets",
            Self::Anything => "trunkline",
        }
    }

    /// Tells everybody, once the transaction is committed. Whoever has a SQLite file looks by himself.
    pub(crate) async fn tell(self, conn: &mut Conn) -> Result<(), sqlx::Error> {
        match conn {
            Conn::Sqlite(_) => Ok(()),
            Conn::Postgres(_) => conn.first("SELECT pg_notify($1, '')", &[self.channel().into()]).await.map(drop),
        }
    }
}

/// Waits for changes. Never fails: while a server cannot be reached, it tells to look every now and then, and whoever looks
/// sees why.
pub struct Watch(Means);

enum Means {
    Look,
    /// Boxed: they are large.
    Listen {
        server: Box<PgConnectOptions>,
        listener: Option<PgListener>,
    },
}

impl Watch {
    /// A watch over the database at `place`, a path or a URL. It connects when it is first asked, on
    /// whatever Tokio runtime that is.
    ///
    /// # Errors
    /// When the URL is of an engine that this build does not have.
    pub fn at(place: impl AsRef<Path>) -> Result<Self, StoreError> {
        Ok(Self(match Place::parse(place.as_ref())? {
            Place::File(_) => Means::Look,
            Place::Server(server) => Means::Listen { server, listener: None },
        }))
    }

    /// Returns when something has changed or may have, what has changed before the first call included.
    pub async fn next(&mut self) -> Change {
        match &mut self.0 {
            Means::Look => {
                sleep(LOOK_EVERY).await;
                Change::Anything
            }
            Means::Listen { server, listener } => match listener.take() {
                Some(mut connected) => match timeout(LOOK_ANYWAY_EVERY, connected.try_recv()).await {
                    Ok(Ok(Some(told))) => {
                        *listener = Some(connected);
                        of_channel(told.channel())
                    }
                    // Cut off, or silent for so long that it may be: what was told meanwhile is lost. The listener that
                    // begins anew tells to look.
                    Ok(Ok(None) | Err(_)) | Err(_) => reconnect(server, listener).await,
                },
                None => reconnect(server, listener).await,
            },
        }
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

async fn reconnect(server: &PgConnectOptions, listener: &mut Option<PgListener>) -> Change {
    match timeout(CONNECT_TIMEOUT, listen(server)).await {
        Ok(Ok(connected)) => *listener = Some(connected),
        Ok(Err(_)) | Err(_) => sleep(RECONNECT_AFTER).await,
    }
    Change::Anything
}

async fn listen(server: &PgConnectOptions) -> Result<PgListener, sqlx::Error> {
    // Each listener has a pool of its own, of the one connection: it need not wait until a dead one is given back.
    let pool = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
    let pool = pool.connect_lazy_with(server.clone());
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.ignore_pool_close_event(true);
    listener.eager_reconnect(false);
    listener.listen_all(Change::TOLD.map(Change::channel)).await?;
    Ok(listener)
}

fn of_channel(channel: &str) -> Change {
    Change::TOLD.into_iter().find(|change| change.channel() == channel).unwrap_or(Change::Anything)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{Appended, Keyring, NewRevision, NewSecret, Revisions, SecretTable};

    fn keyring() -> Keyring {
        Keyring::new(Some("a key of thirty-two characters !"), None, "/nowhere")
    }

    async fn a_change_is_told_of_once_it_is_committed(place: &str) {
        let (mut watch, mut table) = (Watch::at(place).unwrap(), Revisions::at(place, &keyring()).unwrap());
        // Until it listens, anything may have changed.
        assert_eq!(watch.next().await, Change::Anything);
        let mut seen = 0;
        for base in 0..3 {
            let document = format!("a = {base}\n");
            let new = NewRevision { base, at_ms: 1, who: "ada", note: "", document: &document };
            assert_eq!(table.append(new).await.unwrap(), Appended::Kept(base + 1));
            while seen <= base {
                assert!(matches!(watch.next().await, Change::Config | Change::Anything));
                seen = table.current_number().await.unwrap();
            }
        }
    }

    /// Every rule, each on a place of its own, which `place` makes by its name.
    pub(crate) async fn all(place: &impl Fn(&str) -> String) {
        a_change_is_told_of_once_it_is_committed(&place("watch_1")).await;
    }

    mod postgres {
        use trunkline_testkit::postgres::Postgres;

        use super::*;

        fn new(base: u64, document: &str) -> NewRevision<'_> {
            NewRevision { base, at_ms: 1, who: "ada", note: "", document }
        }

        #[tokio::test]
        async fn the_server_tells_and_is_not_asked() {
            let server = Postgres::start().unwrap();
            let place = server.database("told").unwrap();
            let (mut watch, mut table) = (Watch::at(&place).unwrap(), Revisions::at(&place, &keyring()).unwrap());
            assert_eq!(watch.next().await, Change::Anything);
            table.append(new(0, "a = 1\n")).await.unwrap();
            assert_eq!(watch.next().await, Change::Config);
            let secret = NewSecret { name: "a", value: "b", set_ms: 1, set_by: "ada" };
            assert!(SecretTable::at(&place, &keyring()).unwrap().put(secret).await.unwrap());
            assert_eq!(watch.next().await, Change::Secrets);
        }

        #[tokio::test]
        async fn what_changed_while_the_server_was_away_is_worth_a_look() {
            let server = Postgres::start().unwrap();
            let place = server.database("away").unwrap();
            let mut watch = Watch::at(&place).unwrap();
            assert_eq!(watch.next().await, Change::Anything);
            server.stop().unwrap();
            assert_eq!(watch.next().await, Change::Anything, "it tells while it is cut off");
            server.resume().unwrap();
            Revisions::at(&place, &keyring()).unwrap().append(new(0, "a = 1\n")).await.unwrap();
            assert_eq!(watch.next().await, Change::Anything, "it tells when it listens again");
            Revisions::at(&place, &keyring()).unwrap().append(new(1, "a = 2\n")).await.unwrap();
            while watch.next().await != Change::Config {}
        }
    }
}

//! Who may sign in to the admin API, and who is signed in.

use std::path::Path;

use crate::StoreError;
use crate::conn::{Conn, Row, count};
use crate::place::Place;

/// Most sessions at a time: one more ends the one that was used longest ago. Guards the table against a program that signs
/// in for every question.
pub const ADMIN_SESSIONS_MAX: u32 = 200;

const USERS: &str = "SELECT name, role, password_hash, changed_ms FROM admin_users ORDER BY name";

const MAKE_USER: &str = "INSERT INTO admin_users (name, role, password_hash, changed_ms) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (name) DO NOTHING";

const PUT_USER: &str = "INSERT INTO admin_users (name, role, password_hash, changed_ms) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (name) DO UPDATE SET role = excluded.role, password_hash = excluded.password_hash, \
     changed_ms = excluded.changed_ms";

const END_OF_USER: &str = "DELETE FROM admin_sessions WHERE user_name = $1";

const OPEN: &str = "INSERT INTO admin_sessions (id, token_hash, user_name, role, created_ms, expires_ms, seen_ms, agent, \
     address) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

const END_OLD: &str = "DELETE FROM admin_sessions WHERE expires_ms <= $1";

const END_IDLE: &str = "DELETE FROM admin_sessions WHERE id IN \
     (SELECT id FROM admin_sessions ORDER BY seen_ms DESC, id LIMIT 1000 OFFSET $1)";

const FIND: &str = "SELECT id, token_hash, user_name, role, created_ms, expires_ms, seen_ms, agent, address \
     FROM admin_sessions WHERE token_hash = $1";

const SESSIONS: &str = "SELECT id, token_hash, user_name, role, created_ms, expires_ms, seen_ms, agent, address \
     FROM admin_sessions WHERE expires_ms > $1 ORDER BY seen_ms DESC, id LIMIT $2";

const SEEN: &str = "UPDATE admin_sessions SET seen_ms = $2, expires_ms = $3 WHERE id = $1";

const END: &str = "DELETE FROM admin_sessions WHERE id = $1";

/// Who signs in with a password.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredUser {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: String,
    /// Argon2id's text.
    pub password_hash: String,
    /// When the password was set, in milliseconds since the Unix epoch.
    pub changed_ms: u64,
}

/// Who is signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredSession {
    /// Names it, and lets nobody in.
    pub id: String,
    /// The SHA-256 of what its cookie holds, in hexadecimal digits.
    pub token_hash: String,
    /// Whose it is.
    pub user: String,
    /// What its holder may do.
    pub role: String,
    /// When it began, in milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// When it ends unless it is used, likewise.
    pub expires_ms: u64,
    /// When it was used last, about, likewise.
    pub seen_ms: u64,
    /// The browser, as it calls itself.
    pub agent: String,
    /// From where it began.
    pub address: String,
}

/// The hash is of no use to whoever reads a log, and still none of its business.
impl std::fmt::Debug for StoredUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredUser").field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

/// The tables of users and sessions. It connects for what it is asked first, and stays connected.
#[derive(Debug)]
pub struct AdminTable {
    place: Place,
    /// `None` before the first question and after a failure: the next one begins with a fresh connection.
    open: Option<Conn>,
}

impl AdminTable {
    /// The tables in the database at `place`, a path or a URL.
    ///
    /// # Errors
    /// When the URL is of an engine that this build does not have.
    pub fn at(place: impl AsRef<Path>) -> Result<Self, StoreError> {
        Ok(Self { place: Place::parse(place.as_ref())?, open: None })
    }

    /// All who sign in with a password.
    ///
    /// # Errors
    /// When the database cannot be opened or read.
    pub async fn users(&mut self) -> Result<Vec<StoredUser>, StoreError> {
        let mut conn = self.connect().await?;
        let rows = conn.fetch(USERS, &[]).await.map_err(StoreError::Read)?;
        self.open = Some(conn);
        rows.iter().map(read_user).collect::<Result<_, _>>().map_err(StoreError::Read)
    }

    /// Keeps a user, unless there is one of that name; says whether it was kept.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn make_user(&mut self, user: &StoredUser) -> Result<bool, StoreError> {
        let mut conn = self.connect().await?;
        let made = conn.execute(MAKE_USER, &values_of(user)).await.map_err(StoreError::Write)?;
        self.open = Some(conn);
        Ok(made == 1)
    }

    /// Keeps a user in place of the one of that name, and ends its sessions.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn put_user(&mut self, user: &StoredUser) -> Result<(), StoreError> {
        let mut conn = self.connect().await?;
        let put = async {
            conn.begin().await?;
            conn.execute(PUT_USER, &values_of(user)).await?;
            conn.execute(END_OF_USER, &[(&user.name).into()]).await?;
            conn.commit().await
        };
        put.await.map_err(StoreError::Write)?;
        self.open = Some(conn);
        Ok(())
    }

    /// Begins a session, and clears away those that are over.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn open_session(&mut self, session: &StoredSession) -> Result<(), StoreError> {
        let mut conn = self.connect().await?;
        let opened = async {
            conn.begin().await?;
            conn.execute(END_OLD, &[session.created_ms.into()]).await?;
            conn.execute(END_IDLE, &[(ADMIN_SESSIONS_MAX - 1).into()]).await?;
            let values = [
                (&session.id).into(),
                (&session.token_hash).into(),
                (&session.user).into(),
                (&session.role).into(),
                session.created_ms.into(),
                session.expires_ms.into(),
                session.seen_ms.into(),
                (&session.agent).into(),
                (&session.address).into(),
            ];
            conn.execute(OPEN, &values).await?;
            conn.commit().await
        };
        opened.await.map_err(StoreError::Write)?;
        self.open = Some(conn);
        Ok(())
    }

    /// The session whose token has this hash, over or not.
    ///
    /// # Errors
    /// When the database cannot be opened or read.
    pub async fn session(&mut self, token_hash: &str) -> Result<Option<StoredSession>, StoreError> {
        let mut conn = self.connect().await?;
        let row = conn.first(FIND, &[token_hash.into()]).await.map_err(StoreError::Read)?;
        self.open = Some(conn);
        row.as_ref().map(read_session).transpose().map_err(StoreError::Read)
    }

    /// All sessions that are not over, the one that was used last first.
    ///
    /// # Errors
    /// When the database cannot be opened or read.
    pub async fn sessions(&mut self, now_ms: u64) -> Result<Vec<StoredSession>, StoreError> {
        let mut conn = self.connect().await?;
        let rows = conn.fetch(SESSIONS, &[now_ms.into(), ADMIN_SESSIONS_MAX.into()]).await;
        let rows = rows.map_err(StoreError::Read)?;
        self.open = Some(conn);
        rows.iter().map(read_session).collect::<Result<_, _>>().map_err(StoreError::Read)
    }

    /// Notes that a session was used, and until when it lasts now.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn seen(&mut self, id: &str, seen_ms: u64, expires_ms: u64) -> Result<(), StoreError> {
        self.change(SEEN, id, &[seen_ms, expires_ms]).await.map(drop)
    }

    /// Ends a session; says whether there was one.
    ///
    /// # Errors
    /// When the database cannot be opened or written.
    pub async fn end_session(&mut self, id: &str) -> Result<bool, StoreError> {
        self.change(END, id, &[]).await.map(|ended| ended > 0)
    }

    async fn change(&mut self, sql: &'static str, id: &str, moments: &[u64]) -> Result<u64, StoreError> {
        let mut conn = self.connect().await?;
        let values: Vec<_> = std::iter::once(id.into()).chain(moments.iter().map(|ms| (*ms).into())).collect();
        let changed = conn.execute(sql, &values).await.map_err(StoreError::Write)?;
        self.open = Some(conn);
        Ok(changed)
    }

    async fn connect(&mut self) -> Result<Conn, StoreError> {
        match self.open.take() {
            Some(conn) => Ok(conn),
            None => self.place.connect().await,
        }
    }
}

fn values_of(user: &StoredUser) -> [crate::conn::Value<'_>; 4] {
    [(&user.name).into(), (&user.role).into(), (&user.password_hash).into(), user.changed_ms.into()]
}

fn read_user(row: &Row) -> Result<StoredUser, sqlx::Error> {
    Ok(StoredUser {
        name: row.get("name")?,
        role: row.get("role")?,
        password_hash: row.get("password_hash")?,
        changed_ms: count(row.get("changed_ms")?),
    })
}

fn read_session(row: &Row) -> Result<StoredSession, sqlx::Error> {
    Ok(StoredSession {
        id: row.get("id")?,
        token_hash: row.get("token_hash")?,
        user: row.get("user_name")?,
        role: row.get("role")?,
        created_ms: count(row.get("created_ms")?),
        expires_ms: count(row.get("expires_ms")?),
        seen_ms: count(row.get("seen_ms")?),
        agent: row.get("agent")?,
        address: row.get("address")?,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const NOW: u64 = 1_790_000_000_000;

    fn user(name: &str, hash: &str) -> StoredUser {
        let (name, password_hash) = (name.to_owned(), hash.to_owned());
        StoredUser { role: name.clone(), name, password_hash, changed_ms: NOW }
    }

    fn session(id: u32, user: &str) -> StoredSession {
        StoredSession {
            id: format!("ses_{id}"),
            token_hash: format!("hash-{id}"),
            user: user.to_owned(),
            role: "admin".to_owned(),
            created_ms: NOW,
            expires_ms: NOW + 1_000,
            seen_ms: NOW + u64::from(id),
            agent: "Browser/1".to_owned(),
            address: "192.0.2.7".to_owned(),
        }
    }

    async fn the_first_who_makes_a_user_wins_and_a_new_password_ends_its_sessions(place: &str) {
        let (mut one, mut other) = (AdminTable::at(place).unwrap(), AdminTable::at(place).unwrap());
        assert_eq!(one.users().await.unwrap(), []);
        assert!(one.make_user(&user("admin", "first")).await.unwrap());
        assert!(!other.make_user(&user("admin", "second")).await.unwrap());
        assert_eq!(other.users().await.unwrap(), [user("admin", "first")]);
        for (id, name) in [(1, "admin"), (2, "viewer")] {
            one.open_session(&session(id, name)).await.unwrap();
        }
        other.put_user(&user("admin", "third")).await.unwrap();
        assert_eq!(one.users().await.unwrap(), [user("admin", "third")]);
        assert_eq!(one.sessions(NOW).await.unwrap(), [session(2, "viewer")]);
        assert!(!format!("{:?}", user("admin", "canary")).contains("canary"));
    }

    async fn a_session_lasts_while_it_is_used_and_ends_when_told(place: &str) {
        let (mut one, mut other) = (AdminTable::at(place).unwrap(), AdminTable::at(place).unwrap());
        one.open_session(&session(1, "admin")).await.unwrap();
        assert_eq!(other.session("hash-1").await.unwrap(), Some(session(1, "admin")));
        assert_eq!(other.session("ses_1").await.unwrap(), None);
        other.seen("ses_1", NOW + 900, NOW + 1_900).await.unwrap();
        let used = StoredSession { seen_ms: NOW + 900, expires_ms: NOW + 1_900, ..session(1, "admin") };
        assert_eq!(one.sessions(NOW + 1_500).await.unwrap(), [used]);
        assert_eq!(one.sessions(NOW + 1_900).await.unwrap(), []);
        assert!(one.end_session("ses_1").await.unwrap());
        assert!(!one.end_session("ses_1").await.unwrap());
        assert_eq!(other.session("hash-1").await.unwrap(), None);
    }

    async fn sessions_that_are_over_make_room_and_too_many_end_the_idlest(place: &str) {
        let mut table = AdminTable::at(place).unwrap();
        table.open_session(&StoredSession { expires_ms: NOW, ..session(0, "admin") }).await.unwrap();
        for id in 1..=ADMIN_SESSIONS_MAX + 2 {
            table.open_session(&session(id, "admin")).await.unwrap();
        }
        assert_eq!(table.session("hash-0").await.unwrap(), None, "it was over");
        let all = table.sessions(NOW).await.unwrap();
        let (newest, oldest) = (ADMIN_SESSIONS_MAX + 2, 3);
        assert_eq!(all.len(), ADMIN_SESSIONS_MAX as usize);
        assert_eq!((all.first(), all.last()), (Some(&session(newest, "admin")), Some(&session(oldest, "admin"))));
    }

    /// Every rule, each on a place of its own, which `place` makes by its name.
    pub(crate) async fn all(place: &impl Fn(&str) -> String) {
        the_first_who_makes_a_user_wins_and_a_new_password_ends_its_sessions(&place("admin_1")).await;
        a_session_lasts_while_it_is_used_and_ends_when_told(&place("admin_2")).await;
        sessions_that_are_over_make_room_and_too_many_end_the_idlest(&place("admin_3")).await;
    }
}

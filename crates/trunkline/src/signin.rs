//! Sign-in to the admin API: passwords and sessions are kept in the store, and the first start makes a password.

pub(crate) mod command;

use std::sync::{Arc, Mutex, PoisonError};

use trunkline_admin::{Account, Accounts, Down, Role, Session, Stored, hash_password, is_password, make_password};
use trunkline_config::{AdminAccess, Secret, Settings};
use trunkline_store::{AdminTable, StoreError, StoredSession, StoredUser};

use crate::rests::now;

/// Who keeps passwords and sessions.
#[derive(Clone)]
pub(crate) struct AccountDesk {
    place: Secret,
    /// A connection that is at rest; whoever finds none makes one. Few ask, and rarely at the same time.
    spare: Arc<Mutex<Option<AdminTable>>>,
}

impl AccountDesk {
    /// The desk of the store at `place`.
    pub(crate) fn new(place: Secret) -> Self {
        Self { place, spare: Arc::default() }
    }

    fn take(&self) -> Result<AdminTable, Down> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
        spare.map_or_else(|| AdminTable::at(self.place.expose()).map_err(|error| down(&error)), Ok)
    }

    fn give<T>(&self, table: AdminTable, said: Result<T, StoreError>) -> Result<T, Down> {
        *self.spare.lock().unwrap_or_else(PoisonError::into_inner) = Some(table);
        said.map_err(|error| down(&error))
    }
}

impl Accounts for AccountDesk {
    fn all(&self) -> Stored<Vec<Account>> {
        let desk = self.clone();
        Box::pin(async move {
            let mut table = desk.take()?;
            let users = table.users().await;
            Ok(desk.give(table, users)?.into_iter().filter_map(account).collect())
        })
    }

    fn open(&self, session: Session) -> Stored<()> {
        let desk = self.clone();
        Box::pin(async move {
            let mut table = desk.take()?;
            let opened = table.open_session(&written(session)).await;
            desk.give(table, opened)
        })
    }

    fn find(&self, token_hash: String) -> Stored<Option<Session>> {
        let desk = self.clone();
        Box::pin(async move {
            let mut table = desk.take()?;
            let found = table.session(&token_hash).await;
            Ok(desk.give(table, found)?.and_then(read))
        })
    }

    fn sessions(&self, now_ms: u64) -> Stored<Vec<Session>> {
        let desk = self.clone();
        Box::pin(async move {
            let mut table = desk.take()?;
            let sessions = table.sessions(now_ms).await;
            Ok(desk.give(table, sessions)?.into_iter().filter_map(read).collect())
        })
    }

    fn seen(&self, id: String, seen_ms: u64, expires_ms: u64) -> Stored<()> {
        let desk = self.clone();
        Box::pin(async move {
            let mut table = desk.take()?;
            let seen = table.seen(&id, seen_ms, expires_ms).await;
            desk.give(table, seen)
        })
    }

    fn end(&self, id: String) -> Stored<bool> {
        let desk = self.clone();
        Box::pin(async move {
            let mut table = desk.take()?;
            let ended = table.end_session(&id).await;
            desk.give(table, ended)
        })
    }
}

/// Sees to it that somebody can sign in: with the password that is stated, or with one that is made now because there is
/// none, and given to be shown.
///
/// # Errors
/// When the store does not answer.
pub(crate) async fn prepare(settings: &Settings, access: &AdminAccess) -> Result<Option<String>, StoreError> {
    if !access.enabled || !access.sign_in {
        return Ok(None);
    }
    let mut table = AdminTable::at(settings.store_url.expose())?;
    let users = table.users().await?;
    let known = users.iter().find(|user| user.name == Role::Admin.as_str());
    match (&settings.admin_password, known) {
        (Some(stated), Some(known)) if holds(stated, known).await => Ok(None),
        (Some(stated), known) => {
            if known.is_some() {
                tracing::info!("the admin password is another one now; its sessions are over");
            }
            table.put_user(&user(Role::Admin, stated.expose()).await).await?;
            Ok(None)
        }
        (None, Some(_)) => Ok(None),
        (None, None) => {
            let password = make_password();
            let made = table.make_user(&user(Role::Admin, &password).await).await?;
            // Another replica may have been faster: then it has shown its own.
            Ok(made.then_some(password))
        }
    }
}

/// Whoever has this role and this password, to be kept.
async fn user(role: Role, password: &str) -> StoredUser {
    let name = role.as_str().to_owned();
    let password = password.to_owned();
    let hash = tokio::task::spawn_blocking(move || hash_password(&password)).await;
    let password_hash = hash.expect("hashing a password does not panic");
    StoredUser { role: name.clone(), name, password_hash, changed_ms: now().0 }
}

async fn holds(password: &Secret, user: &StoredUser) -> bool {
    let (password, hash) = (password.clone(), user.password_hash.clone());
    tokio::task::spawn_blocking(move || is_password(password.expose(), &hash)).await.unwrap_or(false)
}

fn account(user: StoredUser) -> Option<Account> {
    Some(Account { role: Role::named(&user.role)?, user: user.name, password_hash: user.password_hash })
}

fn read(session: StoredSession) -> Option<Session> {
    Some(Session {
        role: Role::named(&session.role)?,
        id: session.id,
        token_hash: session.token_hash,
        user: session.user,
        created_ms: session.created_ms,
        expires_ms: session.expires_ms,
        seen_ms: session.seen_ms,
        agent: session.agent,
        address: session.address,
    })
}

fn written(session: Session) -> StoredSession {
    StoredSession {
        role: session.role.as_str().to_owned(),
        id: session.id,
        token_hash: session.token_hash,
        user: session.user,
        created_ms: session.created_ms,
        expires_ms: session.expires_ms,
        seen_ms: session.seen_ms,
        agent: session.agent,
        address: session.address,
    }
}

fn down(error: &StoreError) -> Down {
    tracing::warn!(%error, "the tables of users and sessions do not answer");
    Down
}

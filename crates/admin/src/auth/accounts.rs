//! What sign-in asks of whoever keeps passwords and sessions, and of the world outside.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use thiserror::Error;

use super::role::Role;

/// Somebody who signs in with a password.
#[derive(Clone)]
pub struct Account {
    /// The name.
    pub user: String,
    /// What it may do.
    pub role: Role,
    /// As [`hash_password`](crate::hash_password) makes it.
    pub password_hash: String,
}

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Names it, and lets nobody in.
    pub id: String,
    /// The SHA-256 of what its cookie holds, in hexadecimal digits.
    pub token_hash: String,
    /// Whose it is.
    pub user: String,
    /// What its holder may do.
    pub role: Role,
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

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("user", &self.user).field("role", &self.role).finish_non_exhaustive()
    }
}

/// The store does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the store does not answer")]
pub struct Down;

/// What the store says, on its way.
pub type Stored<T> = Pin<Box<dyn Future<Output = Result<T, Down>> + Send>>;

/// Whoever keeps passwords and sessions.
pub trait Accounts: Send + Sync {
    /// All who sign in with a password: a few.
    fn all(&self) -> Stored<Vec<Account>>;
    /// Begins a session.
    fn open(&self, session: Session) -> Stored<()>;
    /// The session whose token has this hash, over or not.
    fn find(&self, token_hash: String) -> Stored<Option<Session>>;
    /// All sessions that are not over: a few hundred at most.
    fn sessions(&self, now_ms: u64) -> Stored<Vec<Session>>;
    /// Notes that a session was used, and until when it lasts now.
    fn seen(&self, id: String, seen_ms: u64, expires_ms: u64) -> Stored<()>;
    /// Ends a session; whether there was one.
    fn end(&self, id: String) -> Stored<bool>;
}

/// A request to another server. Its `Debug` shows no headers and no body: both may hold secrets.
pub struct Ask {
    /// Its method.
    pub method: Method,
    /// An absolute URL of `http` or `https`.
    pub url: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// The longest wait for the whole answer.
    pub timeout: Duration,
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask").field("method", &self.method).field("url", &self.url).finish_non_exhaustive()
    }
}

/// What another server said.
pub struct Told {
    /// The status.
    pub status: StatusCode,
    /// The whole body.
    pub body: Bytes,
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Why another server said nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unreachable(pub String);

/// Other servers.
pub trait Web: Send + Sync {
    /// Asks one of them, within the time stated and for an answer of bounded size.
    fn ask(&self, ask: Ask) -> Pin<Box<dyn Future<Output = Result<Told, Unreachable>> + Send>>;
}

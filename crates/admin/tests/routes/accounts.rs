//! Passwords and sessions in memory, and a world outside that says what a test wants.

use std::future::ready;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use http::StatusCode;
use trunkline_admin::{Account, Ask, Role, Session, Stored, Told, Unreachable, Web, hash_password};

/// Users and sessions in memory, and how often they were asked for.
#[derive(Clone, Default)]
pub(crate) struct Accounts(Arc<Mutex<Kept>>);

#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) accounts: Vec<Account>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) looked_up: usize,
}

impl Accounts {
    /// With these passwords.
    pub(crate) fn with(passwords: &[(Role, &str)]) -> Self {
        let account = |(role, password): &(Role, &str)| Account {
            user: role.as_str().to_owned(),
            role: *role,
            password_hash: hash_password(password),
        };
        let own = Self::default();
        own.kept(|kept| kept.accounts = passwords.iter().map(account).collect());
        own
    }

    pub(crate) fn kept<T>(&self, look: impl FnOnce(&mut Kept) -> T) -> T {
        look(&mut self.0.lock().expect("no test panics with it"))
    }
}

fn said<T: Send + 'static>(value: T) -> Stored<T> {
    Box::pin(ready(Ok(value)))
}

impl trunkline_admin::Accounts for Accounts {
    fn all(&self) -> Stored<Vec<Account>> {
        said(self.kept(|kept| kept.accounts.clone()))
    }
    fn open(&self, session: Session) -> Stored<()> {
        self.kept(|kept| kept.sessions.push(session));
        said(())
    }
    fn find(&self, token_hash: String) -> Stored<Option<Session>> {
        said(self.kept(|kept| {
            kept.looked_up += 1;
            kept.sessions.iter().find(|session| session.token_hash == token_hash).cloned()
        }))
    }
    fn sessions(&self, now_ms: u64) -> Stored<Vec<Session>> {
        let lasts = |session: &&Session| session.expires_ms > now_ms;
        said(self.kept(|kept| kept.sessions.iter().filter(lasts).cloned().collect()))
    }
    fn seen(&self, id: String, seen_ms: u64, expires_ms: u64) -> Stored<()> {
        self.kept(|kept| {
            let session = kept.sessions.iter_mut().find(|session| session.id == id).expect("it is there");
            (session.seen_ms, session.expires_ms) = (seen_ms, expires_ms);
        });
        said(())
    }
    fn end(&self, id: String) -> Stored<bool> {
        said(self.kept(|kept| {
            let before = kept.sessions.len();
            kept.sessions.retain(|session| session.id != id);
            kept.sessions.len() < before
        }))
    }
}

/// No server answers.
pub(crate) struct Nobody;

impl Web for Nobody {
    fn ask(&self, _: Ask) -> Pin<Box<dyn Future<Output = Result<Told, Unreachable>> + Send>> {
        Box::pin(ready(Err(Unreachable("nobody is there".to_owned()))))
    }
}

/// A service that knows the session `good`, and notes what it was asked.
#[derive(Clone, Default)]
pub(crate) struct Service(pub(crate) Arc<Mutex<Vec<String>>>);

impl Web for Service {
    fn ask(&self, ask: Ask) -> Pin<Box<dyn Future<Output = Result<Told, Unreachable>> + Send>> {
        let header = |name: &str| ask.headers.get(name).map(|value| value.to_str().expect("text").to_owned());
        let presented = header("cookie").or_else(|| header("x-session-token")).unwrap_or_default();
        self.0.lock().expect("no test panics with it").push(format!("{} {} {presented}", ask.method, ask.url));
        assert!(!format!("{ask:?}").contains(&presented), "{ask:?}");
        let (status, body) = match presented.trim_start_matches("session=") {
            "good" => (StatusCode::OK, r#"{"valid":true,"user":"ada"}"#),
            "refused" => (StatusCode::FORBIDDEN, r#"{"valid":true,"user":"ada"}"#),
            "nonsense" => (StatusCode::OK, r#"{"valid":"true"}"#),
            _ => (StatusCode::OK, r#"{"valid":false}"#),
        };
        Box::pin(ready(Ok(Told { status, body: body.into() })))
    }
}

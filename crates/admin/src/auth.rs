//! Sign-in: who calls, and what they may do.
//!
//! Callers present a token that the operator chose, the cookie of a session, or what another service knows a session by.
//! Sessions begin with a password or with what an OpenID Connect provider says of a person, and are kept in the store, so
//! that every replica knows them; what was looked up there is believed for [`known::LIFE`].

mod accounts;
mod arrival;
mod cookie;
mod known;
mod limiter;
mod oidc;
mod origin;
mod password;
mod role;
mod secret;
mod service;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue, Method, header};
use tokio::sync::Semaphore;
use trunkline_config::AdminAccess;

use self::arrival::Arrival;
use self::cookie::{Cookie, SameSite};
use self::known::Known;
use self::limiter::Limiter;
use crate::clock::now;
use crate::problem::{Kind, Problem};

pub use accounts::{Account, Accounts, Ask, Down, Session, Stored, Told, Unreachable, Web};
pub(crate) use arrival::Peer;
pub(crate) use cookie::SESSION as SESSION_COOKIE;
pub(crate) use oidc::{Return, no_flow_cookie};
pub use password::{hash_password, is_password, make_password};
pub use role::{Asks, Role};

/// Passwords that are hashed at once: each takes a core and 19 MiB.
const HASHING_MAX: usize = 2;
/// Sign-ins that wait for that. Guards memory; one more is told to come again.
const WAITING_MAX: usize = 16;
/// Questions to other services that are open at once. Guards these against a flood that anybody can start.
const QUESTIONS_MAX: usize = 8;
/// How long those who find no room are told to wait.
const COME_AGAIN: Duration = Duration::from_secs(2);
/// What is kept of how a browser calls itself.
const AGENT_CHARACTERS_MAX: usize = 200;
/// The longest time between two notes that a session is used.
const SEEN_EVERY: Duration = Duration::from_secs(60);

/// Who it was, where a token says no more.
const TOKEN_USER: &str = "token";

/// What a page shows with each change that it asks for by its cookie.
pub(crate) const CSRF: &str = "x-csrf-token";

/// Whether callers may ever be let in without being asked who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unasked {
    /// Whatever a later configuration says: it was not so when the process began to listen where it listens.
    Never,
    /// While the configuration says so.
    WhenConfigured,
}

/// All that sign-in needs.
pub(crate) struct Auth {
    unasked: Unasked,
    accounts: Arc<dyn Accounts>,
    web: Arc<dyn Web>,
    limiter: Mutex<Limiter>,
    known: Known,
    waiting: Semaphore,
    hashing: Semaphore,
    questions: Semaphore,
    providers: oidc::Providers,
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").finish_non_exhaustive()
    }
}

/// Whoever calls.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) user: String,
    pub(crate) role: Role,
    pub(crate) by: By,
}

/// By what a caller is known.
#[derive(Clone, Debug)]
pub(crate) enum By {
    /// Nobody is asked.
    Nothing,
    /// A token of the operator's.
    Token,
    /// A session of ours.
    Session(Session),
    /// A session of the service outside, by a header that no browser sends by itself.
    Service,
    /// The same by a cookie.
    ServiceCookie,
}

/// A session that has just begun, and what its cookie holds.
pub(crate) struct Opened {
    pub(crate) session: Session,
    token: String,
}

impl Auth {
    pub(crate) fn new(accounts: Arc<dyn Accounts>, web: Arc<dyn Web>, unasked: Unasked) -> Self {
        Self {
            unasked,
            accounts,
            web,
            limiter: Mutex::default(),
            known: Known::default(),
            waiting: Semaphore::new(WAITING_MAX),
            hashing: Semaphore::new(HASHING_MAX),
            questions: Semaphore::new(QUESTIONS_MAX),
            providers: oidc::Providers::default(),
        }
    }

    /// Whether callers have to say who they are.
    pub(crate) fn asks(&self, access: &AdminAccess) -> bool {
        access.sign_in || self.unasked == Unasked::Never
    }

    /// Refuses what comes from a page that is not ours.
    pub(crate) fn check_page(&self, access: &AdminAccess, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
        // No page knows a token, and programs may use whatever name their network has for us.
        let token = headers.get(header::AUTHORIZATION).filter(|_| self.asks(access));
        if token.is_none_or(|value| by_token(access, value).is_err()) {
            origin::check_host(access, headers)?;
        }
        origin::check_change(access, method, headers)
    }

    /// Who calls, and that they may.
    pub(crate) async fn admit(
        &self,
        access: &AdminAccess,
        asks: Asks,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Caller, Problem> {
        let caller = self.identify(access, headers).await?;
        if !caller.role.may(asks) {
            return Err(Problem::new(Kind::Forbidden, "the role `viewer` may look at this, and change nothing"));
        }
        // A page of somebody else's can make a browser send a cookie, and cannot learn what follows from it.
        if let Some(expected) = Self::csrf(&caller, headers).filter(|_| !method.is_safe()) {
            let presented = headers.get(CSRF).and_then(|value| value.to_str().ok()).unwrap_or_default();
            if !secret::same(presented, &expected) {
                let how = "send what `GET /api/v1/session` calls `csrf` in the header `x-csrf-token`";
                return Err(Problem::new(Kind::Csrf, how));
            }
        }
        Ok(caller)
    }

    async fn identify(&self, access: &AdminAccess, headers: &HeaderMap) -> Result<Caller, Problem> {
        if !self.asks(access) {
            return Ok(Caller { user: "anybody".to_owned(), role: Role::Admin, by: By::Nothing });
        }
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            return by_token(access, value);
        }
        if let Some(token) = cookie::value(headers, cookie::SESSION)
            && let Some(caller) = self.by_session(access, token).await?
        {
            return Ok(caller);
        }
        if let Some(url) = &access.session_service
            && let Some(caller) = self.by_service(url, headers).await?
        {
            return Ok(caller);
        }
        Err(Problem::new(Kind::Unauthenticated, "sign in, or send a token as `Authorization: Bearer TOKEN`"))
    }

    async fn by_session(&self, access: &AdminAccess, token: &str) -> Result<Option<Caller>, Problem> {
        if !secret::looks_like_token(token) {
            return Ok(None);
        }
        let hash = secret::hash_text(token);
        if let Some(caller) = self.known.get(&hash) {
            return Ok(Some(caller));
        }
        let now_ms = now().0;
        let Some(mut session) = self.accounts.find(hash.clone()).await?.filter(|found| found.expires_ms > now_ms)
        else {
            return Ok(None);
        };
        if let Some(expires_ms) = moved_on(access, &session, now_ms) {
            self.accounts.seen(session.id.clone(), now_ms, expires_ms).await?;
            (session.seen_ms, session.expires_ms) = (now_ms, expires_ms);
        }
        let caller = Caller { user: session.user.clone(), role: session.role, by: By::Session(session) };
        self.known.put(hash, caller.clone());
        Ok(Some(caller))
    }

    /// What this caller has to show when it changes something; `None` where no browser vouches for it unasked.
    pub(crate) fn csrf(caller: &Caller, headers: &HeaderMap) -> Option<String> {
        let name = match caller.by {
            By::Nothing | By::Token | By::Service => return None,
            By::Session(_) => cookie::SESSION,
            By::ServiceCookie => service::COOKIE,
        };
        Some(secret::derived("csrf", cookie::value(headers, name).unwrap_or_default()))
    }

    /// Begins a session for whoever knows a password.
    pub(crate) async fn sign_in(
        &self,
        access: &AdminAccess,
        (peer, headers): (Peer, &HeaderMap),
        password: String,
    ) -> Result<Opened, Problem> {
        let arrival = arrival::arrival(access, peer, headers);
        let taken = self.limiter.lock().unwrap_or_else(PoisonError::into_inner).take(arrival.address, Instant::now());
        taken.map_err(too_many)?;
        let accounts = self.accounts.all().await?;
        let Some(account) = self.whose(accounts, password).await? else {
            tracing::warn!(address = %arrival.address, "a sign-in with a wrong password");
            return Err(Problem::new(Kind::Unauthenticated, "the password is wrong"));
        };
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner).succeeded(arrival.address);
        self.open(access, &arrival, headers, (account.user, account.role)).await
    }

    /// The same for whoever knows a token: a page of another gateway's asks for no more than its key.
    pub(crate) async fn sign_in_with(
        &self,
        access: &AdminAccess,
        (peer, headers): (Peer, &HeaderMap),
        key: String,
    ) -> Result<Opened, Problem> {
        match role_of(access, key.as_bytes()) {
            Some(role) => {
                let arrival = arrival::arrival(access, peer, headers);
                self.open(access, &arrival, headers, (TOKEN_USER.to_owned(), role)).await
            }
            None => self.sign_in(access, (peer, headers), key).await,
        }
    }

    async fn whose(&self, accounts: Vec<Account>, password: String) -> Result<Option<Account>, Problem> {
        let Ok(_room) = self.waiting.try_acquire() else { return Err(too_many(COME_AGAIN)) };
        let Ok(_turn) = self.hashing.acquire().await else { return Err(too_many(COME_AGAIN)) };
        let found = tokio::task::spawn_blocking(move || password::whose(&accounts, &password)).await;
        found.map_err(|_| Problem::new(Kind::Down, "the password could not be compared"))
    }

    async fn open(
        &self,
        access: &AdminAccess,
        arrival: &Arrival,
        headers: &HeaderMap,
        (user, role): (String, Role),
    ) -> Result<Opened, Problem> {
        let (token, now_ms) = (secret::new_token(), now().0);
        let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        let session = Session {
            id: secret::new_id(),
            token_hash: secret::hash_text(&token),
            user,
            role,
            created_ms: now_ms,
            expires_ms: now_ms + millis(access.session_idle.min(access.session_max)),
            seen_ms: now_ms,
            agent: agent.chars().take(AGENT_CHARACTERS_MAX).collect(),
            address: arrival.address.to_string(),
        };
        self.accounts.open(session.clone()).await?;
        tracing::info!(user = %session.user, role = role.as_str(), address = %session.address, "signed in");
        Ok(Opened { session, token })
    }

    /// All sessions of ours.
    pub(crate) async fn sessions(&self) -> Result<Vec<Session>, Problem> {
        Ok(self.accounts.sessions(now().0).await?)
    }

    /// Ends a session of ours; whether there was one.
    pub(crate) async fn end(&self, id: &str) -> Result<bool, Problem> {
        let ended = self.accounts.end(id.to_owned()).await?;
        self.known.forget(id);
        Ok(ended)
    }
}

impl Opened {
    /// What makes a browser send the session with every request.
    pub(crate) fn cookie(&self, access: &AdminAccess, (peer, headers): (Peer, &HeaderMap)) -> HeaderValue {
        session_cookie(&self.token, access.session_max, arrival::arrival(access, peer, headers).tls)
    }

    /// What its pages have to show with each change.
    pub(crate) fn csrf(&self) -> String {
        secret::derived("csrf", &self.token)
    }
}

/// What makes a browser forget its session.
pub(crate) fn no_cookie() -> HeaderValue {
    session_cookie("", Duration::ZERO, false)
}

fn session_cookie(value: &str, lasts: Duration, secure: bool) -> HeaderValue {
    Cookie { name: cookie::SESSION, value, path: "/", same_site: SameSite::Strict, lasts, secure }.header()
}

fn by_token(access: &AdminAccess, value: &HeaderValue) -> Result<Caller, Problem> {
    let Some(token) = bearer(value.as_bytes()) else {
        return Err(Problem::new(Kind::Unauthenticated, "send the token as `Authorization: Bearer TOKEN`"));
    };
    let role = role_of(access, token);
    let role = role.ok_or_else(|| Problem::new(Kind::Unauthenticated, "the token is not known here"))?;
    Ok(Caller { user: TOKEN_USER.to_owned(), role, by: By::Token })
}

/// What a token of the operator's lets in to; both lists are looked through, however soon it is found.
fn role_of(access: &AdminAccess, token: &[u8]) -> Option<Role> {
    match (access.tokens.know(token), access.viewer_tokens.know(token)) {
        (true, _) => Some(Role::Admin),
        (false, true) => Some(Role::Viewer),
        (false, false) => None,
    }
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// Until when a session that is used now lasts, where that is worth a note.
fn moved_on(access: &AdminAccess, session: &Session, now_ms: u64) -> Option<u64> {
    let every = millis((access.session_idle / 4).min(SEEN_EVERY));
    let last_ms = session.created_ms.saturating_add(millis(access.session_max));
    let expires_ms = now_ms.saturating_add(millis(access.session_idle)).min(last_ms);
    (now_ms.saturating_sub(session.seen_ms) >= every).then_some(expires_ms)
}

fn too_many(wait: Duration) -> Problem {
    Problem::new(Kind::TooManyTries, "wait before the next try to sign in").after(wait)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

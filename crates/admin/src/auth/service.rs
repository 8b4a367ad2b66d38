//! Sessions of another service: whoever is signed in there is let in here. It is asked `GET /session/validate`, as the
//! gateway asked that this replaces.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::Deserialize;

use super::accounts::Ask;
use super::role::Role;
use super::{Auth, By, COME_AGAIN, Caller, cookie, secret, too_many};
use crate::problem::{Kind, Problem};

/// What the service's cookie is called.
pub(super) const COOKIE: &str = "session";
/// What programs send in its place.
const HEADER: HeaderName = HeaderName::from_static("x-session-token");
const PATH: &str = "/session/validate";
/// Longest wait for its answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// What it says of a session.
#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    valid: bool,
    #[serde(default)]
    user: Option<String>,
}

impl Auth {
    /// Whoever the service knows; `None` when it is nobody.
    ///
    /// # Errors
    /// When it does not answer: then nobody is let in.
    pub(super) async fn by_service(&self, url: &str, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
        let (by, name, presented) = match (headers.get(HEADER), cookie::value(headers, COOKIE)) {
            (Some(value), _) => (By::Service, HEADER, value.clone()),
            (None, Some(value)) => {
                let Ok(pair) = HeaderValue::try_from(format!("{COOKIE}={value}")) else { return Ok(None) };
                (By::ServiceCookie, header::COOKIE, pair)
            }
            (None, None) => return Ok(None),
        };
        let key = secret::derived(name.as_str(), &String::from_utf8_lossy(presented.as_bytes()));
        if let Some(caller) = self.known.get(&key) {
            return Ok(Some(caller));
        }
        let Some(user) = self.ask_service(url, (name, presented)).await? else { return Ok(None) };
        let caller = Caller { user, role: Role::Admin, by };
        self.known.put(key, caller.clone());
        Ok(Some(caller))
    }

    async fn ask_service(&self, url: &str, header: (HeaderName, HeaderValue)) -> Result<Option<String>, Problem> {
        let Ok(_room) = self.questions.try_acquire() else { return Err(too_many(COME_AGAIN)) };
        let (name, mut value) = header;
        value.set_sensitive(true);
        let ask = Ask {
            method: Method::GET,
            url: format!("{url}{PATH}"),
            headers: HeaderMap::from_iter([(name, value)]),
            body: bytes::Bytes::new(),
            timeout: TIMEOUT,
        };
        let told = self.web.ask(ask).await.map_err(|error| {
            tracing::warn!(%error, "the session service does not answer; nobody is let in by it");
            Problem::new(Kind::Elsewhere, "the session service does not answer")
        })?;
        let said = told.status.is_success().then(|| serde_json::from_slice::<Said>(&told.body).ok()).flatten();
        Ok(said.filter(|said| said.valid).map(|said| said.user.unwrap_or_else(|| COOKIE.to_owned())))
    }
}

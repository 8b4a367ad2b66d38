//! Sign-in with an OpenID Connect provider: authorization code with PKCE.
//!
//! All that has to be remembered between the two halves of a sign-in follows from one secret, which the browser keeps in a
//! cookie meanwhile: no replica needs to know which other one a sign-in began at.

mod claims;
mod discovery;
mod id_token;

use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use trunkline_config::{AdminAccess, OidcClient};

use self::discovery::{Discovery, Found};
use self::id_token::{Expected, Keys};
use super::accounts::Ask;
use super::arrival::{Peer, arrival};
use super::cookie::{self, Cookie, SameSite};
use super::{Auth, COME_AGAIN, Opened, secret, too_many};
use crate::clock::now;
use crate::problem::{Kind, Problem};

const CALLBACK: &str = "/api/v1/oidc/callback";
/// Holds the secret of a sign-in that has begun.
const COOKIE: &str = "trunkline_oidc";
const COOKIE_PATH: &str = "/api/v1/oidc";
/// How long somebody may take to sign in at the provider.
const SIGN_IN_TIMEOUT: Duration = Duration::from_secs(10 * 60);
/// Longest wait for an answer of the provider.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The provider, as it was found last.
pub(super) type Providers = Mutex<Option<Found>>;

/// Where a browser is sent, and what it is to keep meanwhile.
pub(crate) struct Departure {
    pub(crate) location: HeaderValue,
    pub(crate) cookie: HeaderValue,
}

/// What a browser comes back with.
#[derive(Debug, Default, JsonSchema)]
pub(crate) struct Return {
    /// What the provider gives for the way back.
    pub(crate) code: Option<String>,
    /// What the browser left with.
    pub(crate) state: Option<String>,
    /// Who the provider is.
    pub(crate) iss: Option<String>,
    /// Why nobody was signed in.
    pub(crate) error: Option<String>,
}

/// What the provider gives for a code.
#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    #[serde(default)]
    access_token: Option<String>,
}

impl Auth {
    /// Sends a browser to the provider.
    pub(crate) async fn depart(
        &self,
        access: &AdminAccess,
        (peer, headers): (Peer, &HeaderMap),
    ) -> Result<Departure, Problem> {
        let client = client(access)?;
        let _room = self.questions.try_acquire().map_err(|_| too_many(COME_AGAIN))?;
        let found = self.discover(client).await?;
        let (own, secret) = (arrival(access, peer, headers), secret::new_token());
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(secret::derived("verifier", &secret)));
        let query = form(&[
            ("response_type", "code"),
            ("client_id", &client.client_id),
            ("redirect_uri", &format!("{}{CALLBACK}", own.origin)),
            ("scope", &client.scope),
            ("state", &secret::derived("state", &secret)),
            ("nonce", &secret::derived("nonce", &secret)),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let joint = if found.authorization_endpoint.contains('?') { '&' } else { '?' };
        let location = HeaderValue::try_from(format!("{}{joint}{query}", found.authorization_endpoint));
        let location = location.map_err(|_| elsewhere("its `authorization_endpoint` is no URL"))?;
        Ok(Departure { location, cookie: flow_cookie(&secret, SIGN_IN_TIMEOUT, own.tls) })
    }

    /// Begins a session for whoever comes back from the provider.
    pub(crate) async fn come_back(
        &self,
        access: &AdminAccess,
        (peer, headers): (Peer, &HeaderMap),
        back: Return,
    ) -> Result<Opened, Problem> {
        let client = client(access)?;
        let refused = |how: &str| Problem::new(Kind::Unauthenticated, how);
        let again = "this sign-in was begun elsewhere or too long ago; begin again";
        let secret = cookie::value(headers, COOKIE).filter(|secret| secret::looks_like_token(secret));
        let secret = secret.ok_or_else(|| refused(again))?;
        if !back.state.is_some_and(|state| secret::same(&state, &secret::derived("state", secret))) {
            return Err(refused(again));
        }
        if back.iss.is_some_and(|iss| iss != client.issuer) {
            return Err(refused("another provider sent this answer"));
        }
        if let Some(error) = back.error {
            return Err(refused(&format!("the provider refused: {error:?}")));
        }
        let code = back.code.ok_or_else(|| refused("the provider sent no code"))?;
        let _room = self.questions.try_acquire().map_err(|_| too_many(COME_AGAIN))?;
        let found = self.discover(client).await?;
        let own = arrival(access, peer, headers);
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &format!("{}{CALLBACK}", own.origin)),
            ("code_verifier", &secret::derived("verifier", secret)),
        ];
        let tokens = self.exchange(client, &found, &form).await?;
        let keys = Keys::read(&self.get(&found.jwks_uri, None).await?).ok_or_else(|| elsewhere("its keys are none"))?;
        let nonce = secret::derived("nonce", secret);
        let expected =
            Expected { issuer: &client.issuer, client_id: &client.client_id, nonce: &nonce, now_s: now().0 / 1_000 };
        let said = id_token::read(&tokens.id_token, &keys, &expected).map_err(|error| {
            tracing::warn!(%error, "the provider's ID token is not believed");
            refused("what the provider says cannot be believed; the log says why")
        })?;
        let said = self.with_userinfo(client, &found, &tokens, said).await?;
        let user = claims::name(&said);
        let Some(role) = claims::role(client, &said) else {
            tracing::warn!(%user, claim = client.role_claim, "somebody without a role tried to sign in");
            let how = format!("{user:?} has no role here; ask whoever runs this server");
            return Err(Problem::new(Kind::Forbidden, how));
        };
        self.open(access, &own, headers, (user, role)).await
    }

    /// Some providers tell roles only when asked for them.
    async fn with_userinfo(
        &self,
        client: &OidcClient,
        found: &Discovery,
        tokens: &Tokens,
        said: Map<String, Value>,
    ) -> Result<Map<String, Value>, Problem> {
        let (Some(endpoint), Some(token)) = (&found.userinfo_endpoint, &tokens.access_token) else { return Ok(said) };
        if claims::find(&said, &client.role_claim).is_some() {
            return Ok(said);
        }
        let more = self.get(endpoint, HeaderValue::try_from(format!("Bearer {token}")).ok()).await?;
        let more: Map<String, Value> = serde_json::from_slice(&more).unwrap_or_default();
        // What is said of somebody else must not count.
        Ok(if more.get("sub") == said.get("sub") { more.into_iter().chain(said).collect() } else { said })
    }

    async fn exchange(&self, client: &OidcClient, found: &Discovery, form: &[(&str, &str)]) -> Result<Tokens, Problem> {
        let mut fields = form.to_vec();
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        match &client.client_secret {
            Some(secret) if found.takes_basic() => {
                let pair = format!("{}:{}", encoded(&client.client_id), encoded(secret.expose()));
                let basic = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair)));
                let mut basic = basic.expect("Base64 is ASCII");
                basic.set_sensitive(true);
                headers.insert(header::AUTHORIZATION, basic);
            }
            Some(secret) => {
                fields.extend([("client_id", client.client_id.as_str()), ("client_secret", secret.expose())]);
            }
            None => fields.push(("client_id", &client.client_id)),
        }
        let body = Bytes::from(self::form(&fields));
        let ask = Ask { method: Method::POST, url: found.token_endpoint.clone(), headers, body, timeout: TIMEOUT };
        let told = self.web.ask(ask).await.map_err(|error| elsewhere(&error.0))?;
        if !told.status.is_success() {
            tracing::warn!(status = told.status.as_u16(), "the provider gives nothing for the code of a sign-in");
            return Err(Problem::new(Kind::Unauthenticated, "the provider does not confirm this sign-in; begin again"));
        }
        serde_json::from_slice(&told.body).map_err(|_| elsewhere("it gave no ID token"))
    }

    async fn get(&self, url: &str, authorization: Option<HeaderValue>) -> Result<Bytes, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(mut value) = authorization {
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        let ask = Ask { method: Method::GET, url: url.to_owned(), headers, body: Bytes::new(), timeout: TIMEOUT };
        let told = self.web.ask(ask).await.map_err(|error| elsewhere(&error.0))?;
        if told.status.is_success() { Ok(told.body) } else { Err(elsewhere(&format!("it answered {}", told.status))) }
    }
}

/// What makes a browser forget the secret of a sign-in that is over.
pub(crate) fn no_flow_cookie() -> HeaderValue {
    flow_cookie("", Duration::ZERO, false)
}

/// The provider's page leads back here, so that the browser has to send it along from there.
fn flow_cookie(value: &str, lasts: Duration, secure: bool) -> HeaderValue {
    Cookie { name: COOKIE, value, path: COOKIE_PATH, same_site: SameSite::Lax, lasts, secure }.header()
}

fn client(access: &AdminAccess) -> Result<&OidcClient, Problem> {
    let none = || Problem::new(Kind::NotFound, "no OpenID Connect provider is configured");
    access.oidc.as_ref().ok_or_else(none)
}

fn elsewhere(why: &str) -> Problem {
    tracing::warn!(why, "the OpenID Connect provider failed");
    Problem::new(Kind::Elsewhere, format!("the OpenID Connect provider failed: {why}"))
}

fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

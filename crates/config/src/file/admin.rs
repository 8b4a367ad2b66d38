//! `[admin]`

use schemars::JsonSchema;
use serde::Deserialize;

use super::Period;
use crate::Secret;

/// Who may use the admin API at `/api/v1/` and the pages at `/ui/`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminSection {
    /// Whether there is an admin API at all.
    #[serde(default = "default_enabled")]
    pub enabled: bool,
    /// The password of the role `admin`. Not stated: the first start makes one and prints it; `trunkline admin password`
    /// sets another. Read at the start only, and one that differs from the password before ends its sessions.
    #[serde(default)]
    #[schemars(extend("x-default" = "one is made and printed once"))]
    pub password: Option<Secret>,
    /// The token that programs send as `Authorization: Bearer TOKEN`: itself, `${VAR}`, or `sha256:` and the 64 hexadecimal
    /// digits of its SHA-256. Only the hash is kept for comparing.
    #[serde(default)]
    pub token: Option<Secret>,
    /// Further tokens, such as one for each program that calls.
    #[serde(default)]
    pub tokens: Vec<Secret>,
    /// Tokens whose holders may look at everything and change nothing.
    #[serde(default)]
    pub viewer_tokens: Vec<Secret>,
    /// Where browsers reach it, when that is not where it listens: the address of a reverse proxy, such as
    /// `https://gateway.example.com`.
    #[serde(default)]
    #[schemars(extend("x-default" = "where it listens", "x-unit" = "URL"))]
    pub public_url: Option<String>,
    /// Further names under which browsers may reach it, beside `localhost`, plain IP addresses and that of `public_url`. A
    /// page under any other name is refused, because it may be somebody else's that points here.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed: addresses, or networks such as
    /// `10.0.0.0/8`.
    #[serde(default)]
    pub trusted_proxies: Vec<String>,
    /// How long a session lasts without being used.
    #[serde(default = "default_session_idle")]
    pub session_idle: Period,
    /// How long a session lasts at most.
    #[serde(default = "default_session_max")]
    pub session_max: Period,
    /// A service that says whose session a browser's cookie `session` is: it is asked `GET /session/validate`, and who is
    /// signed in there has the role `admin`.
    #[serde(default)]
    #[schemars(extend("x-unit" = "URL"))]
    pub session_service: Option<String>,
    /// Lets `AUTH_ENABLED=false` stand where other machines can reach the listener: then anyone who does is let in.
    #[serde(default)]
    pub allow_unauthenticated: bool,
    /// Sign-in with an OpenID Connect provider; on as soon as it has an `issuer`.
    #[serde(default)]
    pub oidc: OidcSection,
}

/// Sign-in with an OpenID Connect provider.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OidcSection {
    /// The provider, as its discovery document calls itself, such as `https://login.example.com/realms/house`.
    #[serde(default)]
    #[schemars(extend("x-unit" = "URL"))]
    pub issuer: Option<String>,
    /// What Trunkline is called there. The address to come back to is `/api/v1/oidc/callback`.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Its secret there; a public client has none.
    #[serde(default)]
    pub client_secret: Option<Secret>,
    /// What the sign-in page calls the provider.
    #[serde(default = "default_oidc_name")]
    pub name: String,
    /// What is asked of the provider beside `openid`.
    #[serde(default = "default_oidc_scopes")]
    pub scopes: Vec<String>,
    /// The claim of the ID token that tells roles, a text or a list of them; a dot leads into an object, as in
    /// `realm_access.roles`.
    #[serde(default = "default_oidc_role_claim")]
    pub role_claim: String,
    /// Values of that claim whose holders have the role `admin`.
    #[serde(default = "default_oidc_admin_values")]
    pub admin_values: Vec<String>,
    /// Values of that claim whose holders have the role `viewer`. Whoever has neither is not let in.
    #[serde(default = "default_oidc_viewer_values")]
    pub viewer_values: Vec<String>,
}

impl Default for AdminSection {
    fn default() -> Self {
        Self {
            enabled: default_enabled(),
            password: None,
            token: None,
            tokens: Vec::new(),
            viewer_tokens: Vec::new(),
            public_url: None,
            hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            session_idle: default_session_idle(),
            session_max: default_session_max(),
            session_service: None,
            allow_unauthenticated: false,
            oidc: OidcSection::default(),
        }
    }
}

impl Default for OidcSection {
    fn default() -> Self {
        Self {
            issuer: None,
            client_id: None,
            client_secret: None,
            name: default_oidc_name(),
            scopes: default_oidc_scopes(),
            role_claim: default_oidc_role_claim(),
            admin_values: default_oidc_admin_values(),
            viewer_values: default_oidc_viewer_values(),
        }
    }
}

fn default_enabled() -> bool {
    true
}

fn default_session_idle() -> Period {
    Period::from_secs(12 * 60 * 60)
}

fn default_session_max() -> Period {
    Period::from_secs(7 * 24 * 60 * 60)
}

fn default_oidc_name() -> String {
    "Single sign-on".to_owned()
}

fn default_oidc_scopes() -> Vec<String> {
    ["profile", "email"].map(str::to_owned).to_vec()
}

fn default_oidc_admin_values() -> Vec<String> {
    vec!["trunkline-admins".to_owned()]
}

fn default_oidc_viewer_values() -> Vec<String> {
    vec!["trunkline-viewers".to_owned()]
}

fn default_oidc_role_claim() -> String {
    "groups".to_owned()
}

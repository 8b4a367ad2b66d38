//! `[server]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Period, PeriodOrZero, Size};

/// The listener, its limits and deadlines.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerSection {
    /// Address and port to listen on. Anything but loopback needs client keys, or `auth = "none"`.
    #[serde(default = "default_listen")]
    #[schemars(extend("x-unit" = "address:port"))]
    pub listen: String,
    /// Another address and port for the admin API and its pages, which `listen` does not answer then. Read at the start only.
    #[serde(default)]
    #[schemars(extend("x-default" = "that of `listen`", "x-unit" = "address:port"))]
    pub admin_listen: Option<String>,
    /// Whether callers need a client key. Not stated: they do as soon as a client key exists, and only a loopback
    /// listener starts without one.
    #[serde(default)]
    #[schemars(extend("x-default" = "by `listen` and the keys"))]
    pub auth: Option<ServerAuth>,
    /// The largest request body; a larger one is answered 413.
    #[serde(default = "default_body_limit")]
    pub body_limit: Size,
    /// The longest wait for the head of a request.
    #[serde(default = "default_header_read_timeout")]
    pub header_read_timeout: Period,
    /// The longest silence while a request's body arrives.
    #[serde(default = "default_body_read_timeout")]
    pub body_read_timeout: Period,
    /// The longest wait for open requests when stopping; what is still open then is cut.
    #[serde(default = "default_drain_timeout")]
    pub drain_timeout: PeriodOrZero,
    /// The most requests open at once; one more is answered 503.
    #[serde(default = "default_requests_max")]
    #[schemars(range(min = 1), extend("x-unit" = "requests"))]
    pub requests_max: u32,
    /// Browser origins that may call, such as `https://chat.example.com`; `*` admits all, an empty list none.
    #[serde(default)]
    pub cors_origins: Vec<String>,
    /// Whether answers say what they cost in LiteLLM's header as well, `x-litellm-response-cost`.
    #[serde(default)]
    pub litellm_headers: bool,
    /// Threads that serve requests. Read at the start only.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1024), extend("x-default" = "one for each core", "x-unit" = "threads"))]
    pub workers: Option<u32>,
}

impl Default for ServerSection {
    fn default() -> Self {
        Self {
            listen: default_listen(),
            admin_listen: None,
            auth: None,
            body_limit: default_body_limit(),
            header_read_timeout: default_header_read_timeout(),
            body_read_timeout: default_body_read_timeout(),
            drain_timeout: default_drain_timeout(),
            requests_max: default_requests_max(),
            cors_origins: Vec::new(),
            litellm_headers: false,
            workers: None,
        }
    }
}

/// Whether callers need a client key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ServerAuth {
    /// Callers need a client key, also while there is none.
    Keys,
    /// Anyone who reaches the port may call; client keys are not looked at.
    None,
}

fn default_listen() -> String {
    "127.0.0.1:8700".to_owned()
}

fn default_body_limit() -> Size {
    Size::from_mebibytes(32)
}

fn default_header_read_timeout() -> Period {
    Period::from_secs(15)
}

fn default_body_read_timeout() -> Period {
    Period::from_secs(30)
}

fn default_drain_timeout() -> PeriodOrZero {
    PeriodOrZero::from_secs(30)
}

fn default_requests_max() -> u32 {
    10_000
}

//! Every setting that a flag or a variable may say, in one place: the code reads through these, and so does the guide.

use crate::snapshot::EnforceSetting;

/// A setting and the ways to say it beside the document.
#[derive(Debug)]
pub struct Setting {
    /// Its path in the document, or its name when the document cannot say it.
    pub path: &'static str,
    /// The flags, in the words of the guide.
    pub flag: Option<&'static str>,
    /// The variables, the strongest first.
    pub variables: &'static [&'static str],
    /// What the words accept, for a bad value's hint.
    pub accepts: &'static str,
    /// Set for what the document cannot say.
    pub outside: Option<Outside>,
}

/// What the schema says of the settings in the document, for one that is not in it.
#[derive(Debug)]
pub struct Outside {
    /// In the words of the guide.
    pub default: &'static str,
    /// In the words of the guide.
    pub unit: &'static str,
    /// What it is for.
    pub description: &'static str,
}

/// The most threads. Guards the start against a slip of the pen.
pub(crate) const WORKERS_MAX: u32 = 1024;

/// The most passes over a target's keys; a plan has no more tries than that.
pub(crate) const KEY_CYCLES_MAX: u32 = 8;

/// The document's path.
pub static CONFIG: Setting = Setting {
    path: "(document)",
    flag: Some("--config"),
    variables: &["TRUNKLINE_CONFIG"],
    accepts: "a path, or `store`",
    outside: Some(Outside {
        default: "`./trunkline.toml`, else the one in the user's config folder, else in the data folder",
        unit: "path, or `store`",
        description: "The document itself; `store`: the newest of the revisions that the store keeps.",
    }),
};
/// Where Trunkline keeps its files.
pub static DATA_DIR: Setting = Setting {
    path: "(data folder)",
    flag: Some("--data-dir"),
    variables: &["TRUNKLINE_DATA_DIR"],
    accepts: "a path",
    outside: Some(Outside {
        default: "`trunkline` in the user's data folder",
        unit: "path",
        description: "Where Trunkline keeps its files; made when missing. Read at the start only.",
    }),
};
/// What secrets are sealed with.
pub static SECRET_KEY: Setting = Setting {
    path: "(master key)",
    flag: None,
    variables: &["TRUNKLINE_SECRET_KEY"],
    accepts: "a text of 32 characters or more",
    outside: Some(Outside {
        default: "the file `secret.key` in the data folder, made when it is first needed",
        unit: "text",
        description: "What stored secrets and revisions are encrypted with; `openssl rand -base64 32` makes one. While it is being changed, `TRUNKLINE_SECRET_KEY_PREVIOUS` holds the one before.",
    }),
};
/// A client key named `default`.
pub static CLIENT_API_KEY: Setting = Setting {
    path: "(client key)",
    flag: None,
    variables: &["CLIENT_API_KEY"],
    accepts: "a key",
    outside: Some(Outside {
        default: "none",
        unit: "text",
        description: "One more client key, named `default`, beside those of the document.",
    }),
};
/// The whole address; the two that follow replace a part of it.
pub static LISTEN: Setting = Setting {
    path: "server.listen",
    flag: None,
    variables: &["TRUNKLINE_LISTEN"],
    accepts: "an IP address and a port, such as `127.0.0.1:8700`",
    outside: None,
};
/// The address without the port.
pub static HOST: Setting = Setting {
    path: "server.listen",
    flag: Some("--host"),
    variables: &["TRUNKLINE_HOST", "HOST"],
    accepts: "an IP address, such as `127.0.0.1` or `0.0.0.0`, or `localhost`",
    outside: None,
};
/// The port without the address.
pub static PORT: Setting = Setting {
    path: "server.listen",
    flag: Some("--port"),
    variables: &["TRUNKLINE_PORT", "PORT", "API_PORT", "PROXY_PORT"],
    accepts: "a port from 0 to 65535",
    outside: None,
};
/// The admin API's own address.
pub static ADMIN_LISTEN: Setting =
    inside("server.admin_listen", &["TRUNKLINE_ADMIN_LISTEN"], "an IP address and a port, such as `127.0.0.1:8701`");
/// One more address of the admin API's, beside where it is else.
pub static DASHBOARD_PORT: Setting = Setting {
    path: "(dashboard)",
    flag: None,
    variables: &["FLASK_PORT"],
    accepts: "a port from 0 to 65535",
    outside: Some(Outside {
        default: "none",
        unit: "port",
        description: "One more port for the admin API and its pages, at the IP address of `server.listen`: where the dashboard of serverless_proxy was. Models are not asked there. Read at the start only.",
    }),
};
/// Whether callers need a client key.
pub static AUTH: Setting = inside("server.auth", &["TRUNKLINE_AUTH"], "`keys` or `none`");
/// Browser origins, with commas between them.
pub static CORS_ORIGINS: Setting = inside(
    "server.cors_origins",
    &["TRUNKLINE_CORS_ORIGINS", "CORS_ORIGINS"],
    "origins such as `https://chat.example.com` with commas between them, or `*`",
);
/// The longest wait for open requests when stopping.
pub static DRAIN_TIMEOUT: Setting = inside(
    "server.drain_timeout",
    &["TRUNKLINE_DRAIN_TIMEOUT", "PROXY_DRAIN_TIMEOUT"],
    "seconds, or a period such as `30s`",
);
/// Threads that serve requests.
pub static WORKERS: Setting = inside("server.workers", &["TRUNKLINE_WORKERS"], "a number from 1 to 1024");
/// The least severe events that are logged.
pub static LOG_LEVEL: Setting = Setting {
    path: "log.level",
    flag: Some("--log-level"),
    variables: &["TRUNKLINE_LOG_LEVEL", "LOG_LEVEL"],
    accepts: "`error`, `warn`, `info`, `debug` or `trace`",
    outside: None,
};
/// How a log line looks.
pub static LOG_FORMAT: Setting = inside("log.format", &["TRUNKLINE_LOG_FORMAT"], "`text` or `json`");
/// The admin API's token.
pub static ADMIN_TOKEN: Setting = inside("admin.token", &["TRUNKLINE_ADMIN_TOKEN"], "a token");
/// The password of the role `admin`.
pub static ADMIN_PASSWORD: Setting = inside("admin.password", &["TRUNKLINE_ADMIN_PASSWORD"], "a password");
/// Whether the admin API asks who calls.
pub static AUTH_ENABLED: Setting = Setting {
    path: "(sign-in)",
    flag: None,
    variables: &["AUTH_ENABLED"],
    accepts: "`true` or `false`",
    outside: Some(Outside {
        default: "`true`",
        unit: "`true`, `false`",
        description: "Whether the admin API asks who calls. `false` is taken on a loopback listener, or with `admin.allow_unauthenticated`.",
    }),
};
/// Who knows sessions of another program.
pub static SESSION_SERVICE: Setting =
    inside("admin.session_service", &["TRUNKLINE_SESSION_SERVICE", "AIMENU_URL"], "a URL");
/// The database.
pub static STORE_URL: Setting = Setting {
    path: "store.url",
    flag: Some("--store-url"),
    variables: &["TRUNKLINE_STORE_URL"],
    accepts: "a URL",
    outside: None,
};
/// The server through which replicas share what is counted.
pub static REPLICAS_URL: Setting = inside("replicas.url", &["TRUNKLINE_REPLICAS_URL"], "a URL");
/// Whether loopback ports are probed.
pub static PROBE: Setting = inside("discovery.probe", &["TRUNKLINE_PROBE"], "`true` or `false`");
/// How often the keys of a target are gone through.
pub static KEY_CYCLES: Setting = inside(
    "failover.key_cycles",
    &["TRUNKLINE_KEY_CYCLES", "MAX_KEY_RETRY_CYCLES"],
    "a number, 1 or more, of which at most 8 count",
);
/// Shown for models whose context window nobody states.
pub static DEFAULT_CONTEXT_WINDOW: Setting = inside(
    "default_context_window",
    &["TRUNKLINE_DEFAULT_CONTEXT_WINDOW", "DEFAULT_CONTEXT_WINDOW"],
    "a number of tokens, 1 or more",
);
/// Whether models must call a tool, and what happens when they do not.
pub static ENFORCE_TOOL_CALL: &[(EnforceSetting, &Setting)] = &[
    (EnforceSetting::Mode, &ENFORCE_MODE),
    (EnforceSetting::Flag, &ENFORCE_FLAG),
    (EnforceSetting::Retries, &ENFORCE_RETRIES),
    (EnforceSetting::Guidance, &ENFORCE_GUIDANCE),
    (EnforceSetting::ChunkDelay, &ENFORCE_CHUNK_DELAY),
    (EnforceSetting::EmptyPolicy, &ENFORCE_EMPTY_POLICY),
];
static ENFORCE_MODE: Setting =
    inside("enforce_tool_call.enabled", &["ENFORCE_TOOL_CALL_MODE"], EnforceSetting::Mode.accepts());
static ENFORCE_FLAG: Setting =
    inside("enforce_tool_call.termination_flag", &["TOOL_CALL_TERMINATION_FLAG"], EnforceSetting::Flag.accepts());
static ENFORCE_RETRIES: Setting =
    inside("enforce_tool_call.max_retries", &["TOOL_CALL_MAX_RETRIES"], EnforceSetting::Retries.accepts());
static ENFORCE_GUIDANCE: Setting =
    inside("enforce_tool_call.guidance", &["TOOL_CALL_INJECTION_GUIDANCE"], EnforceSetting::Guidance.accepts());
static ENFORCE_CHUNK_DELAY: Setting =
    inside("enforce_tool_call.stream_chunk_delay", &["STREAM_CHUNK_DELAY"], EnforceSetting::ChunkDelay.accepts());
static ENFORCE_EMPTY_POLICY: Setting = inside(
    "enforce_tool_call.empty_response_policy",
    &["EMPTY_RESPONSE_POLICY"],
    EnforceSetting::EmptyPolicy.accepts(),
);
/// The total timeout of providers that state none.
pub static TIMEOUT: Setting =
    inside("providers.NAME.total_timeout", &["TRUNKLINE_TIMEOUT", "TIMEOUT"], "seconds, or a period such as `5m`");

/// Every setting, in the order of the guide. `LISTEN`, `HOST` and `PORT` are one row there.
pub static ALL: &[&Setting] = &[
    &CONFIG,
    &DATA_DIR,
    &SECRET_KEY,
    &CLIENT_API_KEY,
    &LISTEN,
    &HOST,
    &PORT,
    &ADMIN_LISTEN,
    &DASHBOARD_PORT,
    &AUTH,
    &CORS_ORIGINS,
    &DRAIN_TIMEOUT,
    &WORKERS,
    &LOG_LEVEL,
    &LOG_FORMAT,
    &AUTH_ENABLED,
    &ADMIN_PASSWORD,
    &ADMIN_TOKEN,
    &SESSION_SERVICE,
    &STORE_URL,
    &PROBE,
    &KEY_CYCLES,
    &DEFAULT_CONTEXT_WINDOW,
    &ENFORCE_MODE,
    &ENFORCE_FLAG,
    &ENFORCE_RETRIES,
    &ENFORCE_GUIDANCE,
    &ENFORCE_CHUNK_DELAY,
    &ENFORCE_EMPTY_POLICY,
    &TIMEOUT,
];

const fn inside(path: &'static str, variables: &'static [&'static str], accepts: &'static str) -> Setting {
    Setting { path, flag: None, variables, accepts, outside: None }
}

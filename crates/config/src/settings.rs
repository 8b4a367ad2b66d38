//! What the process is told beside the document: flags over variables over the document over defaults.

pub(crate) mod bodies;
pub(crate) mod layers;
mod listen;
pub mod reference;
mod stated;
pub mod table;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use trunkline_providers::price::PriceList;

use crate::Secret;
use crate::env::Env;
use crate::file::{Durability, File, LogFormat, LogLevel, Period, Size};
use crate::findings::Findings;
use crate::path::path;
use crate::resolve::HASH_PREFIX;
use layers::Layers;

pub use bodies::Bodies;
pub(crate) use listen::{Listen, listen};
pub use stated::{Stated, StatedBy, stated};

/// What the command line said; `None` where it said nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--data-dir`
    pub data_dir: Option<PathBuf>,
    /// `--store-url`, and where a document came from that the store keeps.
    pub store_url: Option<Secret>,
    /// The price list in place of the built-in one.
    pub prices: Option<Arc<PriceList>>,
    /// `--host`
    pub host: Option<String>,
    /// `--port`
    pub port: Option<u16>,
    /// `--log-level`
    pub log_level: Option<String>,
}

/// What is read once, at the start; a reload does not change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where Trunkline keeps its files; may not exist yet.
    pub data_dir: PathBuf,
    /// The least severe events that are logged.
    pub log_level: LogLevel,
    /// How a log line looks.
    pub log_format: LogFormat,
    /// Whether each request is logged.
    pub log_requests: bool,
    /// A token that this process can present to the admin API of another: the first that is written out in full.
    pub admin_token: Option<Secret>,
    /// The password of the role `admin`, where somebody says it.
    pub admin_password: Option<Secret>,
    /// The database; may hold a password.
    pub store_url: Secret,
    /// How often finished requests are written.
    pub store_flush_interval: Duration,
    /// How long answers of Responses are kept; zero: not at all.
    pub store_responses_ttl: Duration,
    /// What is promised of a finished request.
    pub ledger_durability: Durability,
    /// How long the record of a request is kept; `None`: for good.
    pub ledger_keep: Option<Duration>,
    /// Bytes that the records may take in the database; `None`: no limit.
    pub ledger_keep_bytes: Option<u64>,
    /// Bytes that records may take in the data folder while the database cannot be written.
    pub ledger_spool_bytes: u64,
    /// What of requests and answers is kept.
    pub bodies: Bodies,
    /// The server through which replicas share what is counted; may hold a password.
    pub replicas_url: Option<Secret>,
    /// What names begin with there.
    pub replicas_prefix: String,
    /// The longest wait of a request for it.
    pub replicas_timeout: Duration,
    /// Threads that serve requests; `None`: one for each core.
    pub workers: Option<usize>,
    /// Whether loopback ports are probed for model servers.
    pub probe: bool,
}

/// Fewest characters of a password. Guards against one that a few thousand tries find, limited as they are.
pub const PASSWORD_CHARACTERS_MIN: usize = 8;

/// The database in the data folder, when nobody names another.
const STORE_FILE: &str = "trunkline.db";

pub(crate) fn settle(file: &File, env: &Env, overrides: &Overrides, found: &mut Findings<'_>) -> Settings {
    let data_dir = data_dir(env, overrides);
    let mut layers = Layers { env, found };
    let log_level = layers.word(&table::LOG_LEVEL, overrides.log_level.as_deref(), log_level).unwrap_or(file.log.level);
    let log_format = layers.word(&table::LOG_FORMAT, None, log_format).unwrap_or(file.log.format);
    let workers = layers.number(&table::WORKERS, 1..=u64::from(table::WORKERS_MAX));
    let workers = workers.or(file.server.workers.map(u64::from)).and_then(|count| usize::try_from(count).ok());
    let probe = layers.word(&table::PROBE, None, switch).unwrap_or(file.discovery.probe);
    if file.store.url.as_ref().is_some_and(|url| url.expose().trim().is_empty()) {
        layers.found.at(&path(&["store", "url"]), "the URL is empty", None);
    }
    let replicas_url = layers.variable(&table::REPLICAS_URL).map(|chosen| Secret::new(chosen.text));
    let replicas_url = replicas_url.or_else(|| file.replicas.url.clone());
    if file.replicas.url.as_ref().is_some_and(|url| url.expose().trim().is_empty()) {
        layers.found.at(&path(&["replicas", "url"]), "the URL is empty", None);
    }
    let admin_token = admin_token(file, env);
    let admin_password = admin_password(file, &mut layers);
    let bodies = bodies::settle(&file.ledger.bodies, layers.found);
    let stated = stated_store(env, overrides).or_else(|| file.store.url.clone());
    let store_url = stated.unwrap_or_else(|| store_in(&data_dir));
    Settings {
        data_dir,
        log_level,
        log_format,
        log_requests: file.log.requests,
        admin_token,
        admin_password,
        store_url,
        store_flush_interval: file.store.flush_interval.duration(),
        store_responses_ttl: file.store.responses_ttl.duration(),
        ledger_durability: file.ledger.durability,
        ledger_keep: file.ledger.keep.map(Period::duration),
        ledger_keep_bytes: file.ledger.keep_bytes.map(Size::bytes),
        ledger_spool_bytes: file.ledger.spool_bytes.bytes(),
        bodies,
        replicas_url,
        replicas_prefix: file.replicas.prefix.clone(),
        replicas_timeout: file.replicas.timeout.duration(),
        workers,
        probe,
    }
}

fn admin_token(file: &File, env: &Env) -> Option<Secret> {
    let variable = table::ADMIN_TOKEN.variables.iter().find_map(|name| env.get(name)).map(Secret::new);
    let stated = file.admin.token.iter().filter(|_| variable.is_none()).chain(&file.admin.tokens).cloned();
    let mut tokens = variable.clone().into_iter().chain(stated);
    tokens.find(|token| !token.expose().trim().starts_with(HASH_PREFIX))
}

fn admin_password(file: &File, layers: &mut Layers<'_, '_>) -> Option<Secret> {
    let too_short = |password: &str| password.chars().count() < PASSWORD_CHARACTERS_MIN;
    let message = format!("a password has {PASSWORD_CHARACTERS_MIN} characters at least");
    if let Some(chosen) = layers.variable(&table::ADMIN_PASSWORD) {
        if too_short(&chosen.text) {
            layers.found.outside(chosen.origin, message, None);
        }
        return Some(Secret::new(chosen.text));
    }
    let stated = file.admin.password.clone()?;
    if too_short(stated.expose()) {
        layers.found.at(&path(&["admin", "password"]), message, None);
    }
    Some(stated)
}

/// The database, as far as it is known before there is a document: the flag, the variable, else the file in the data
/// folder.
pub fn store_url(env: &Env, overrides: &Overrides) -> Secret {
    stated_store(env, overrides).unwrap_or_else(|| store_in(&data_dir(env, overrides)))
}

fn stated_store(env: &Env, overrides: &Overrides) -> Option<Secret> {
    let variable = || table::STORE_URL.variables.iter().find_map(|name| env.get(name)).map(Secret::new);
    overrides.store_url.clone().or_else(variable)
}

fn store_in(data_dir: &std::path::Path) -> Secret {
    Secret::new(format!("sqlite://{}", data_dir.join(STORE_FILE).display()))
}

/// The flag, the variable, else the user's own folder for data, by the custom of the system the variables tell of.
/// Where the database and other files are kept; the document has no say in it.
pub fn data_dir(env: &Env, overrides: &Overrides) -> PathBuf {
    let stated = overrides.data_dir.clone().or_else(|| env.get("TRUNKLINE_DATA_DIR").map(PathBuf::from));
    let own = || {
        let xdg = env.get("XDG_DATA_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
        let home = || env.get("HOME").map(|home| PathBuf::from(home).join(".local").join("share"));
        let windows = || env.get("LOCALAPPDATA").map(PathBuf::from);
        xdg.or_else(home).or_else(windows).map(|folder| folder.join("trunkline"))
    };
    stated.or_else(own).unwrap_or_else(|| PathBuf::from("trunkline-data"))
}

/// Also the names other programs' levels have.
fn log_level(word: &str) -> Option<LogLevel> {
    match word {
        "error" | "critical" | "fatal" => Some(LogLevel::Error),
        "warn" | "warning" => Some(LogLevel::Warn),
        "info" => Some(LogLevel::Info),
        "debug" => Some(LogLevel::Debug),
        "trace" => Some(LogLevel::Trace),
        _ => None,
    }
}

fn log_format(word: &str) -> Option<LogFormat> {
    match word {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    }
}

/// Whether a word means yes.
pub(crate) fn switch(word: &str) -> Option<bool> {
    match word {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

//! The process itself: what is asked of whoever watches it.

use std::net::SocketAddr;

use trunkline_config::FoundEndpoint;
use trunkline_config::settings::Stated;

use crate::upstreams::Asked;

/// How the process is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its release.
    pub version: &'static str,
    /// When it began, in milliseconds since the Unix epoch.
    pub started_ms: u64,
    /// Where it listens.
    pub listen: SocketAddr,
    /// What became of the reports of requests.
    pub ledger: Ledger,
    /// What it shares with others; `None` when there are none.
    pub replicas: Option<Replicas>,
    /// Why the document, as it is now, is not in force; `None` when it is.
    pub refused_document: Option<String>,
    /// What else does not work, in sentences.
    pub problems: Vec<String>,
}

/// What became of the reports of requests since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// How many are in the store.
    pub written: u64,
    /// How many had no room.
    pub dropped: u64,
    /// How many wait in a file for the store.
    pub spooled: u64,
    /// Why the store cannot be written; `None` when it can.
    pub failing: Option<String>,
}

/// What is shared with other replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replicas {
    /// `shared`: limits are, over a server; `leased`: budgets are, over the store.
    pub mode: &'static str,
    /// Why this one works alone; `None` when it does not.
    pub degraded: Option<String>,
}

/// How the store answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Store {
    /// The engine.
    pub engine: &'static str,
    /// How long a question takes, in milliseconds.
    ///
    /// # Errors
    /// Why it cannot be asked.
    pub latency_ms: Result<f64, String>,
}

/// What came of the last look at the ports of this machine.
#[derive(Clone, Debug)]
pub struct Probed {
    /// Whether anybody looks.
    pub is_on: bool,
    /// When, in milliseconds since the Unix epoch; `None` before the first look.
    pub last_ms: Option<u64>,
    /// What was there.
    pub found: Vec<FoundEndpoint>,
}

/// Whoever watches the process.
pub trait Watch: Send + Sync {
    /// How it is.
    fn process(&self) -> Process;
    /// How the store answers.
    fn store(&self) -> Asked<Store>;
    /// What the last look at the ports brought.
    fn probed(&self) -> Probed;
    /// What everything is set to, with this document.
    fn settings(&self, document: &str) -> Vec<Stated>;
}

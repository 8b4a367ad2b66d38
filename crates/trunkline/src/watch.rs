//! The process, as the admin API sees it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use trunkline_admin::{LedgerState, Probed, Process, ReplicaState, StoreState, Watch};
use trunkline_config::Secret;
use trunkline_config::settings::{Stated, stated};
use trunkline_store::{Store, StoreError};

use crate::ledger::Ledger;
use crate::reload::Found;
use crate::rests::now;
use crate::source::Source;
use crate::state::State;

/// Longest wait for the store when it is looked whether it answers.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// Who watches the process.
#[derive(Clone)]
pub(crate) struct WatchDesk {
    pub(crate) source: Source,
    pub(crate) place: Secret,
    pub(crate) state: Arc<State>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) found: Found,
    pub(crate) looks: Looks,
    pub(crate) since: Since,
}

/// When the process began, and where it listens.
#[derive(Clone, Debug)]
pub(crate) struct Since {
    at_ms: u64,
    asked_for: SocketAddr,
    listen: Arc<OnceLock<SocketAddr>>,
}

impl Since {
    /// A process that begins now and is to listen there.
    pub(crate) fn now(asked_for: SocketAddr) -> Self {
        Self { at_ms: now().0, asked_for, listen: Arc::default() }
    }

    /// It listens there.
    pub(crate) fn set_listen(&self, address: SocketAddr) {
        // The second of two is dropped: it is set once, at the start.
        let _ = self.listen.set(address);
    }
}

/// When the ports of this machine were looked over.
#[derive(Clone, Debug)]
pub(crate) struct Looks {
    is_on: bool,
    last_ms: Arc<AtomicU64>,
}

impl Looks {
    /// None yet; whether there will be any.
    pub(crate) fn none(is_on: bool) -> Self {
        Self { is_on, last_ms: Arc::default() }
    }

    /// One is over.
    pub(crate) fn done(&self) {
        self.last_ms.store(now().0, Ordering::Relaxed);
    }
}

impl WatchDesk {
    async fn look(&self) -> Result<(), StoreError> {
        let store = Store::open(self.place.expose()).await?;
        store.recent(1).await?;
        store.close().await;
        Ok(())
    }
}

impl Watch for WatchDesk {
    fn process(&self) -> Process {
        let ledger = LedgerState {
            written: self.ledger.written(),
            dropped: self.ledger.dropped(),
            spooled: self.ledger.spooled(),
            failing: self.ledger.failing(),
        };
        Process {
            version: env!("CARGO_PKG_VERSION"),
            started_ms: self.since.at_ms,
            listen: self.since.listen.get().copied().unwrap_or(self.since.asked_for),
            ledger,
            replicas: self.state.replicas().map(|(mode, degraded)| ReplicaState { mode, degraded }),
            refused_document: self.state.refused_document(),
            problems: self.state.lesser_problems(),
        }
    }

    fn store(&self) -> trunkline_admin::Asked<StoreState> {
        let desk = self.clone();
        Box::pin(async move {
            let engine = if desk.place.expose().starts_with("postgres") { "PostgreSQL" } else { "SQLite" };
            let began = Instant::now();
            let latency_ms = match tokio::time::timeout(STORE_TIMEOUT, desk.look()).await {
                Ok(Ok(())) => Ok(began.elapsed().as_secs_f64() * 1_000.0),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_late) => Err(format!("it has not answered in {} s", STORE_TIMEOUT.as_secs())),
            };
            StoreState { engine, latency_ms }
        })
    }

    fn probed(&self) -> Probed {
        let last_ms = self.looks.last_ms.load(Ordering::Relaxed);
        Probed { is_on: self.looks.is_on, last_ms: (last_ms > 0).then_some(last_ms), found: self.found.get().to_vec() }
    }

    fn settings(&self, document: &str) -> Vec<Stated> {
        stated(document, self.source.env(), self.source.overrides())
    }
}

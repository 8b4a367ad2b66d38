//! What this process shares with other replicas: the limits and budgets of client keys, and who is left alone.

mod past;

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::task::JoinHandle;
use trunkline_config::Settings;
use trunkline_proxy::Shared;
use trunkline_replicas::{BadUrl, LeasedPurse, SharedPurse, Timings};
use trunkline_store::StoreError;

use past::Recorded;

/// What is shared, and with whom.
#[derive(Clone, Debug)]
pub(crate) enum Replicas {
    /// Nothing: all there is to know is known here.
    One,
    /// Everything, through a server that speaks Redis' protocol.
    Shared(SharedPurse),
    /// Budgets, in parts, through the database of the store.
    Leased(LeasedPurse),
}

/// Longest wait of a request for a part of a budget. Few requests ask, and the next many need not.
const LEASE_TIMEOUT: Duration = Duration::from_secs(1);

/// Why nothing can be shared.
#[derive(Debug, Error)]
pub(crate) enum ReplicasError {
    #[error(transparent)]
    Url(#[from] BadUrl),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Replicas {
    /// Counts with the others from now on, where there may be some. A server that does not answer holds up nothing.
    ///
    /// # Errors
    /// When a URL cannot be read.
    pub(crate) async fn start(settings: &Settings, shared: &Arc<Shared>) -> Result<Self, ReplicasError> {
        let (past, known) = (Box::new(Recorded::new(&settings.store_url, shared)), Arc::clone(&shared.accounts));
        if let Some(url) = &settings.replicas_url {
            let timings = Timings::with_deadline(settings.replicas_timeout);
            let purse = SharedPurse::new(url, &settings.replicas_prefix, timings, past, known)?;
            purse.connect().await;
            shared.set_purse(Arc::new(purse.clone()));
            return Ok(Self::Shared(purse));
        }
        let timings = Timings::with_deadline(LEASE_TIMEOUT);
        let Some(purse) = LeasedPurse::new(&settings.store_url, timings, past, known)? else { return Ok(Self::One) };
        purse.connect().await;
        shared.set_purse(Arc::new(purse.clone()));
        Ok(Self::Leased(purse))
    }

    /// What goes on in the background.
    pub(crate) fn keep(&self, shared: &Arc<Shared>) -> Vec<JoinHandle<()>> {
        match self {
            Self::One => Vec::new(),
            Self::Shared(purse) => {
                vec![tokio::spawn(purse.clone().keep()), tokio::spawn(purse.clone().share_rests(Arc::clone(shared)))]
            }
            Self::Leased(purse) => vec![tokio::spawn(purse.clone().keep())],
        }
    }

    /// The last words.
    pub(crate) async fn leave(&self) {
        match self {
            Self::One => {}
            Self::Shared(purse) => purse.leave().await,
            Self::Leased(purse) => purse.leave().await,
        }
    }

    /// How things are shared; `None`: there is nobody to share them with.
    pub(crate) fn mode(&self) -> Option<&'static str> {
        match self {
            Self::One => None,
            Self::Shared(_) => Some("shared"),
            Self::Leased(_) => Some("leased"),
        }
    }

    /// What is wrong, in a sentence.
    pub(crate) fn problem(&self) -> Option<String> {
        let alone = "this replica works on its part of them, because";
        match self {
            Self::One => None,
            Self::Shared(purse) => {
                let why = purse.problem()?;
                Some(format!("limits are not shared: {alone} the server of `replicas.url` is away: {why}"))
            }
            Self::Leased(purse) => {
                let why = purse.problem()?;
                Some(format!("budgets are not leased: {alone} the store's database is away: {why}"))
            }
        }
    }

    /// How many replicas there are, and whether this one works without the others.
    pub(crate) fn counts(&self) -> Vec<(&'static str, u64)> {
        let (replicas, problem) = match self {
            Self::One => return Vec::new(),
            Self::Shared(purse) => (purse.replicas(), purse.problem()),
            Self::Leased(purse) => (purse.replicas(), purse.problem()),
        };
        vec![("replicas", u64::from(replicas)), ("replicas_degraded", u64::from(problem.is_some()))]
    }
}

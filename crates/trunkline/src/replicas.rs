//! What this process shares with other replicas: the limits and budgets of client keys, and who is left alone.

mod past;

use std::sync::Arc;

use tokio::task::JoinHandle;
use trunkline_config::Settings;
use trunkline_proxy::Shared;
use trunkline_replicas::{BadUrl, SharedPurse, Timings};

use past::Recorded;

/// What is shared, and with whom.
#[derive(Clone, Debug)]
pub(crate) enum Replicas {
    /// Nothing: all there is to know is known here.
    One,
    /// Everything, through a server that speaks Redis' protocol.
    Shared(SharedPurse),
}

impl Replicas {
    /// Counts with the others from now on, where the settings say so. A server that does not answer holds up nothing.
    ///
    /// # Errors
    /// When the URL cannot be read.
    pub(crate) async fn start(settings: &Settings, shared: &Arc<Shared>) -> Result<Self, BadUrl> {
        let Some(url) = &settings.replicas_url else { return Ok(Self::One) };
        let (past, known) = (Box::new(Recorded::new(&settings.store_url, shared)), Arc::clone(&shared.accounts));
        let timings = Timings::with_deadline(settings.replicas_timeout);
        let purse = SharedPurse::new(url, &settings.replicas_prefix, timings, past, known)?;
        purse.connect().await;
        shared.set_purse(Arc::new(purse.clone()));
        Ok(Self::Shared(purse))
    }

    /// What goes on in the background.
    pub(crate) fn keep(&self, shared: &Arc<Shared>) -> Vec<JoinHandle<()>> {
        match self {
            Self::One => Vec::new(),
            Self::Shared(purse) => vec![
                tokio::spawn(purse.clone().keep()),
                tokio::spawn(purse.clone().share_rests(Arc::clone(shared))),
            ],
        }
    }

    /// The last words.
    pub(crate) async fn leave(&self) {
        match self {
            Self::One => {}
            Self::Shared(purse) => purse.leave().await,
        }
    }

    /// What is wrong, in a sentence.
    pub(crate) fn problem(&self) -> Option<String> {
        match self {
            Self::One => None,
            Self::Shared(purse) => purse.problem().map(|why| {
                format!("limits are not shared: this replica works on its part of them, because the server of `replicas.url` is away: {why}")
            }),
        }
    }

    /// How many replicas there are, and whether this one works without the others.
    pub(crate) fn counts(&self) -> Vec<(&'static str, u64)> {
        match self {
            Self::One => Vec::new(),
            Self::Shared(purse) => vec![
                ("replicas", u64::from(purse.replicas())),
                ("replicas_degraded", u64::from(purse.problem().is_some())),
            ],
        }
    }
}

//! Follows the configuration document: on SIGHUP, and whenever the file changes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use trunkline_config::FoundEndpoint;
use trunkline_proxy::Shared;

use crate::source::{Source, Stamp};
use crate::state::State;

/// How often the file is looked at. Looking beats being told: it works on every file system and through the links that
/// containers mount.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Why the configuration is read again.
#[derive(Debug)]
pub(crate) enum Reason {
    /// Somebody asked: SIGHUP.
    Asked,
    /// Discovery has seen what is there now.
    Found(Vec<FoundEndpoint>),
}

/// Puts each new configuration in force; one that is wrong leaves the old one running. `seen` and `found` are what the
/// configuration in force was made from. Never returns.
pub(crate) async fn follow(
    source: Arc<Source>,
    shared: Arc<Shared>,
    state: Arc<State>,
    (mut seen, mut found): (Option<Stamp>, Vec<FoundEndpoint>),
    mut reasons: mpsc::Receiver<Reason>,
) {
    loop {
        let asked = tokio::time::timeout(LOOK_EVERY, reasons.recv()).await;
        let now = source.stamp();
        let changed = now != seen;
        match asked {
            Ok(Some(Reason::Found(now_found))) if same(&now_found, &found) && !changed => continue,
            Ok(Some(Reason::Found(now_found))) => found = now_found,
            Ok(Some(Reason::Asked)) => {}
            Ok(None) => return,
            Err(_elapsed) if !changed => continue,
            Err(_elapsed) => {}
        }
        seen = now;
        apply(&source, &shared, &state, &found);
    }
}

fn apply(source: &Source, shared: &Shared, state: &State, found: &[FoundEndpoint]) {
    match source.load(found) {
        Ok(loaded) => {
            for note in &loaded.notes {
                tracing::info!("{note}");
            }
            let (providers, models) = (loaded.snapshot.providers.len(), loaded.snapshot.models.len());
            if loaded.snapshot.server.listen != shared.snapshot().server.listen {
                tracing::warn!("`server.listen` has changed; it takes effect at the next start");
            }
            if loaded.snapshot.server.admin_listen != shared.snapshot().server.admin_listen {
                tracing::warn!("`server.admin_listen` has changed; it takes effect at the next start");
            }
            shared.install(loaded.snapshot);
            state.set_config_problem(None);
            tracing::info!(providers, models, "configuration in force");
        }
        Err(error) => {
            tracing::error!("the new configuration is not in force, the old one goes on:\n{error}");
            state.set_config_problem(Some(error.to_string()));
        }
    }
}

fn same(a: &[FoundEndpoint], b: &[FoundEndpoint]) -> bool {
    let place = |found: &FoundEndpoint| (found.vendor.id, found.base_url.clone());
    a.iter().map(place).eq(b.iter().map(place))
}

//! Keeps who is left alone until when over a restart.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use trunkline_config::Settings;
use trunkline_proxy::Shared;
use trunkline_route::Moment;
use trunkline_store::{Rests, StoreError};

/// How often it is looked whether there is something new to keep. A crash forgets at most what changed within this time.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Takes up what an earlier start knew. What cannot be read is told and done without.
pub(crate) async fn restore(settings: &Settings, shared: &Shared) -> Result<Arc<Rests>, StoreError> {
    let rests = Rests::at(settings.store_url.expose())?;
    match rests.all().await {
        Ok(rows) => {
            let now = now();
            let still = rows.iter().filter(|row| row.rest.until > now).count();
            if still > 0 {
                tracing::info!(still, "still left alone since the last start");
            }
            shared.live.restore(rows, now);
        }
        Err(error) => tracing::warn!(%error, "who was left alone is not known"),
    }
    Ok(Arc::new(rests))
}

/// Keeps what is known whenever it has changed, until dropped.
pub(crate) async fn keep(rests: Arc<Rests>, shared: Arc<Shared>) {
    let mut kept = shared.live.rests(now());
    let mut failing = false;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let now = now();
        let rows = shared.live.rests(now);
        if rows == kept {
            continue;
        }
        match rests.replace(&rows, now).await {
            Ok(()) => (kept, failing) = (rows, false),
            Err(error) => {
                // Each run of failures is told once.
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(%error, "who is left alone is not kept for the next start");
                }
            }
        }
    }
}

/// Keeps what is known when the process ends.
pub(crate) async fn keep_last(rests: &Rests, shared: &Shared) {
    let now = now();
    if let Err(error) = rests.replace(&shared.live.rests(now), now).await {
        tracing::warn!(%error, "who is left alone is not kept for the next start");
    }
}

/// The time.
pub(crate) fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

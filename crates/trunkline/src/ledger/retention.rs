//! Takes away what is kept too long or too much of, while requests go on.

use std::time::{Duration, Instant};

use trunkline_config::Settings;
use trunkline_store::{Keep, Retention, StoreError, TAKEN_ROWS_MAX};

use crate::rests::now;

/// How often it is looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(10 * 60);

/// The first look; what was due before the start is not left until the second.
const FIRST_SWEEP_AFTER: Duration = Duration::from_secs(10);

/// A batch is followed by a pause so many times as long as it took, so that whoever writes is seldom in its way.
const PAUSES: u32 = 4;

/// Keeps the ledger within its bounds, until dropped.
///
/// # Errors
/// When the store's URL is of an engine that this build does not have.
pub(crate) fn keep_bounded(settings: &Settings) -> Result<impl Future<Output = ()> + Send + use<>, StoreError> {
    let age_ms = settings.ledger_keep.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
    let keep = Keep { age_ms, bytes: settings.ledger_keep_bytes };
    let mut retention = Retention::at(settings.store_url.expose())?;
    Ok(async move {
        if keep == Keep::default() {
            return;
        }
        let mut wait = FIRST_SWEEP_AFTER;
        loop {
            tokio::time::sleep(wait).await;
            wait = SWEEP_EVERY;
            match sweep(&mut retention, keep).await {
                Ok(0) => {}
                Ok(taken) => tracing::info!(taken, "records that are not kept any longer were taken away"),
                Err(error) => tracing::warn!(%error, "records that are not kept any longer could not be taken away"),
            }
        }
    })
}

async fn sweep(retention: &mut Retention, keep: Keep) -> Result<u64, StoreError> {
    let before = retention.too_much(keep, now().0).await?;
    let mut all = 0;
    loop {
        let began = Instant::now();
        let taken = retention.take_some(before).await?;
        all += taken;
        if taken < TAKEN_ROWS_MAX {
            return Ok(all);
        }
        tokio::time::sleep(began.elapsed() * PAUSES).await;
    }
}

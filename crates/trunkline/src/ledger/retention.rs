//! Takes away what is kept too long or too much of, while requests go on.

use std::time::{Duration, Instant};

use trunkline_config::Settings;
use trunkline_store::{Keep, Retention, StoreError};

use crate::rests::now;

/// How often it is looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(10 * 60);

/// The first look; what was due before the start is not left until the second.
const FIRST_SWEEP_AFTER: Duration = Duration::from_secs(10);

/// A batch is followed by a pause so many times as long as it took, so that whoever writes is seldom in its way.
const PAUSES: u32 = 4;

/// What is bounded, and how.
struct Bounded {
    what: &'static str,
    keep: Keep,
    retention: Retention,
}

/// Keeps the ledger, and what was said in requests, within their bounds, until dropped.
///
/// # Errors
/// When the store's URL is of an engine that this build does not have.
pub(crate) fn keep_bounded(settings: &Settings) -> Result<impl Future<Output = ()> + Send + use<>, StoreError> {
    let ms = |age: Duration| u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    let place = settings.store_url.expose();
    let records = Bounded {
        what: "records",
        keep: Keep { age_ms: settings.ledger_keep.map(ms), bytes: settings.ledger_keep_bytes },
        retention: Retention::at(place)?,
    };
    let bodies = Bounded {
        what: "bodies",
        keep: Keep { age_ms: Some(ms(settings.bodies.keep)), bytes: Some(settings.bodies.keep_bytes) },
        retention: Retention::of_bodies_at(place)?,
    };
    let mut all = [records, bodies];
    Ok(async move {
        let mut wait = FIRST_SWEEP_AFTER;
        loop {
            tokio::time::sleep(wait).await;
            wait = SWEEP_EVERY;
            for bounded in all.iter_mut().filter(|bounded| bounded.keep != Keep::default()) {
                let what = bounded.what;
                match bounded.sweep().await {
                    Ok(0) => {}
                    Ok(taken) => tracing::info!(what, taken, "what is not kept any longer was taken away"),
                    Err(error) => tracing::warn!(what, %error, "what is not kept any longer could not be taken away"),
                }
            }
        }
    })
}

impl Bounded {
    async fn sweep(&mut self) -> Result<u64, StoreError> {
        let before = self.retention.too_much(self.keep, now().0).await?;
        let mut all = 0;
        loop {
            let began = Instant::now();
            let taken = self.retention.take_some(before).await?;
            all += taken;
            if taken < self.retention.taken_max() {
                return Ok(all);
            }
            tokio::time::sleep(began.elapsed() * PAUSES).await;
        }
    }
}

//! Providers and targets that are drained: what they still have open, and the end of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use trunkline_config::Snapshot;

use crate::shared::Shared;

/// How often it is looked whether something is over its time. An answer may be cut so much later than it should.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A provider, or one model of it.
pub(crate) type Drained = (Arc<str>, Option<Arc<str>>);

/// Ends the answers that drained providers and targets still have open after their `drain_timeout`; for the control
/// runtime. Never returns.
pub async fn cut_drained(shared: Arc<Shared>) {
    let mut since: HashMap<Drained, Instant> = HashMap::new();
    loop {
        let now = Instant::now();
        let drained: HashMap<Drained, Duration> = drained(&shared.snapshot()).collect();
        since.retain(|name, _| drained.contains_key(name));
        for (name, timeout) in drained {
            let began = *since.entry(name.clone()).or_insert(now);
            if now < began + timeout {
                continue;
            }
            let (provider, model) = name;
            let cut = shared.under_way.cut(&provider, model.as_deref());
            if cut > 0 {
                tracing::warn!(%provider, model = model.as_deref(), cut, "still open after the time to drain: cut");
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// What a configuration drains, and how long that may take.
pub(crate) fn drained(snapshot: &Snapshot) -> impl Iterator<Item = (Drained, Duration)> {
    let providers = snapshot.providers.values().filter(|provider| provider.draining);
    let targets = snapshot.models.values().flat_map(|model| &model.targets);
    let targets = targets.filter(|target| target.draining && !target.provider.draining).map(|target| {
        let name = (Arc::clone(&target.provider.name), Some(Arc::clone(&target.model.name)));
        (name, target.provider.drain_timeout)
    });
    providers.map(|provider| ((Arc::clone(&provider.name), None), provider.drain_timeout)).chain(targets)
}

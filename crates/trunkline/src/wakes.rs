//! Wakes whoever follows the store, when what they follow has changed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use trunkline_store::{Change, Watch};

/// How soon a follower that could not look tries again.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Longest that a look takes: guards against a connection that has died without a sign.
pub(crate) const LOOK_TIMEOUT: Duration = Duration::from_secs(15);

/// Where followers sleep. Each remembers one call that came while its follower was awake.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wakes {
    pub(crate) keys: Wake,
    /// The document, and the secrets that it names.
    pub(crate) config: Wake,
}

/// One follower's place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wake(Arc<Notify>);

impl Wake {
    /// Something has changed, or may have.
    pub(crate) fn call(&self) {
        self.0.notify_one();
    }

    /// Sleeps until there is something to look at; not for long when the last look has failed.
    pub(crate) async fn sleep(&self, failing: bool) {
        if failing {
            // Called or not, it is time for the next try.
            let _ = tokio::time::timeout(RETRY_AFTER, self.0.notified()).await;
        } else {
            self.0.notified().await;
        }
    }
}

/// Calls them whenever the store tells, until dropped.
pub(crate) async fn call(mut watch: Watch, wakes: Wakes) {
    loop {
        let change = watch.next().await;
        if matches!(change, Change::ClientKeys | Change::Anything) {
            wakes.keys.call();
        }
        if matches!(change, Change::Config | Change::Secrets | Change::Anything) {
            wakes.config.call();
        }
    }
}

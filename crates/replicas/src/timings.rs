//! How long anything is waited for.

use std::time::Duration;

/// How long is waited for others.
#[derive(Clone, Copy, Debug)]
pub struct Timings {
    /// The longest wait of a request for an answer; then this replica works alone until it is answered again.
    pub deadline: Duration,
    /// How often a replica gives a sign of life, and sees how many others do.
    pub beat: Duration,
    /// A replica that was silent for so long is gone: what it held is free again.
    pub silence: Duration,
}

impl Timings {
    /// Those of a service whose answer a request waits for no longer than this.
    pub fn with_deadline(deadline: Duration) -> Self {
        Self { deadline, beat: Duration::from_secs(1), silence: Duration::from_secs(15) }
    }
}

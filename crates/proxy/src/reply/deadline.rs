//! The longest silence, and the longest answer.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;
use trunkline_config::Timeouts;

/// Fires after `idle` without a touch, or when the total time is over. Its timer is armed only when there is something
/// to wait for, and moved only when it fires, so that a busy stream pays nothing but a clock reading a wait.
pub(crate) struct Deadline {
    idle: Duration,
    ends_at: Instant,
    /// Since when the present silence lasts; `None` while there is none.
    silent_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    pub(crate) fn new(timeouts: &Timeouts, started: Instant) -> Self {
        Self { idle: timeouts.idle, ends_at: started + timeouts.total, silent_since: None, timer: None }
    }

    /// Something arrived.
    pub(crate) fn touch(&mut self) {
        self.silent_since = None;
    }

    /// Ready, with how long nothing came, when time is up.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Duration> {
        loop {
            let now = Instant::now();
            let since = *self.silent_since.get_or_insert(now);
            let due = (since + self.idle).min(self.ends_at);
            if now >= due {
                return Poll::Ready(now - since);
            }
            let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due.into())));
            match timer.as_mut().poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) => timer.as_mut().reset(due.into()),
            }
        }
    }
}

//! The longest silence, and the longest answer.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;
use trunkline_config::Timeouts;

/// Fires after `idle` without a touch, or when the total time is over. Its timer is armed only when there is something
/// to wait for, and moved only when it fires, so that a busy stream pays nothing but a clock reading a chunk.
pub(crate) struct Deadline {
    idle: Duration,
    ends_at: Instant,
    touched_at: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    pub(crate) fn new(timeouts: &Timeouts, started: Instant) -> Self {
        Self { idle: timeouts.idle, ends_at: started + timeouts.total, touched_at: Instant::now(), timer: None }
    }

    /// Something arrived.
    pub(crate) fn touch(&mut self) {
        self.touched_at = Instant::now();
    }

    /// Ready, with how long nothing came, when time is up.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Duration> {
        loop {
            let due = (self.touched_at + self.idle).min(self.ends_at);
            let now = Instant::now();
            if now >= due {
                return Poll::Ready(now - self.touched_at);
            }
            let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due.into())));
            match timer.as_mut().poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(()) => timer.as_mut().reset(due.into()),
            }
        }
    }
}

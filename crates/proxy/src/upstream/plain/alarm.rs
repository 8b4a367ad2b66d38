//! A deadline that is nearly always kept.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::time::Sleep;

/// A timer that stays with its connection. Arming and disarming one for each request costs more than waiting does; this
/// one is left as it was when the answer comes in time, moved when it fires, and armed anew only for a deadline that is
/// nearer than its own. Fired for nothing, it wakes the task that used it last for nothing.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    timer: Option<Pin<Box<Sleep>>>,
    /// The deadline whose task the timer is to wake.
    known: Option<Instant>,
}

impl Alarm {
    /// Ready when `due` has come. One deadline is waited for by one task.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, due: Instant) -> Poll<()> {
        if self.known == Some(due) && self.timer.as_ref().is_some_and(|timer| !timer.is_elapsed()) {
            return Poll::Pending;
        }
        self.known = Some(due);
        let due = tokio::time::Instant::from_std(due);
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        if timer.deadline() > due {
            timer.as_mut().reset(due);
        }
        while timer.as_mut().poll(cx).is_ready() {
            if timer.deadline() >= due {
                return Poll::Ready(());
            }
            timer.as_mut().reset(due);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    /// Waits with `alarm` for so many seconds; gives how many passed.
    async fn wait(alarm: &mut Alarm, seconds: u64) -> u64 {
        let begun = tokio::time::Instant::now();
        let due = begun.into_std() + Duration::from_secs(seconds);
        poll_fn(|cx| alarm.poll(cx, due)).await;
        begun.elapsed().as_secs()
    }

    /// Begins to wait with `alarm` and is answered at once.
    fn begin(alarm: &mut Alarm, seconds: u64) {
        let due = tokio::time::Instant::now().into_std() + Duration::from_secs(seconds);
        assert!(alarm.poll(&mut Context::from_waker(std::task::Waker::noop()), due).is_pending());
    }

    #[tokio::test(start_paused = true)]
    async fn fires_when_due_whatever_was_due_before() {
        let mut alarm = Alarm::default();
        assert_eq!(wait(&mut alarm, 5).await, 5);
        begin(&mut alarm, 3);
        assert_eq!(wait(&mut alarm, 60).await, 60, "an earlier deadline is moved");
        begin(&mut alarm, 600);
        assert_eq!(wait(&mut alarm, 2).await, 2, "a later deadline is moved");
        begin(&mut alarm, 1);
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(wait(&mut alarm, 4).await, 4, "a deadline that passed in the meantime says nothing");
    }
}

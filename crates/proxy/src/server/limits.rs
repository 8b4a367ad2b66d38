//! What a connection waits for, and for how long it may.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, Sleep};

use super::connection::End;

/// How long a connection may stay without a request. Longer than what load balancers commonly keep (60 s), so that it is
/// they who close first.
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(75);
/// How long a client may leave what was sent unread before its connection is cut and the provider's work cancelled.
const UNREAD_TIMEOUT: Duration = Duration::from_secs(120);

/// How long the parts of a request may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// All of its head.
    pub(super) head: Duration,
    /// The next piece of its body.
    pub(super) body: Duration,
}

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// The first byte of the next request.
    Request,
    /// The rest of a request's head.
    Head,
    /// The next piece of a request's body.
    Body,
    /// Our own answer, whose deadlines are its own.
    Answer,
    /// The client, to read what is sent.
    Reader,
}

/// The connection's one timer. It looks at what is waited for when it fires, and moves itself, so that requests do not
/// have to arm and disarm anything.
pub(super) struct Limits {
    wait: Wait,
    since: Instant,
    patience: Patience,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Limits {
    pub(super) fn new(patience: Patience) -> Self {
        Self { wait: Wait::Request, since: Instant::now(), patience, timer: None }
    }

    /// From now on this is waited for.
    pub(super) fn enter(&mut self, wait: Wait) {
        if self.wait == wait {
            return;
        }
        self.wait = wait;
        // How long an answer takes is not asked.
        if wait != Wait::Answer {
            self.since = Instant::now();
        }
    }

    pub(super) fn wait(&self) -> Wait {
        self.wait
    }

    /// Ready when this has been waited for too long.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        // A timer that was polled once has the task's waker, and a task has one waker for all its life.
        if self.timer.as_ref().is_some_and(|timer| !timer.is_elapsed()) {
            return Poll::Pending;
        }
        // Looked at so often that a wait which begins meanwhile does not end late.
        let step = self.patience.head.min(self.patience.body);
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(step)));
        while timer.as_mut().poll(cx).is_ready() {
            let (limit, end) = match self.wait {
                Wait::Request => (KEEP_ALIVE_TIMEOUT, End::Silent),
                Wait::Head => (self.patience.head, End::SlowHead),
                Wait::Body => (self.patience.body, End::SlowBody),
                Wait::Reader => (UNREAD_TIMEOUT, End::Silent),
                Wait::Answer => (Duration::MAX, End::Closed),
            };
            let waited = self.since.elapsed();
            if waited >= limit {
                return Poll::Ready(end);
            }
            timer.as_mut().reset(Instant::now() + (limit - waited).min(step));
        }
        Poll::Pending
    }
}

/// Whether the server stops.
pub(super) struct Stop {
    news: watch::Receiver<bool>,
    stopped: Pin<Box<dyn Future<Output = ()> + Send>>,
    polled: bool,
    told: bool,
}

impl Stop {
    pub(super) fn new(mut stop: watch::Receiver<bool>) -> Self {
        let news = stop.clone();
        let stopped = Box::pin(async move {
            // A server that is gone without a word has stopped too.
            let _ = stop.wait_for(|stop| *stop).await;
        });
        Self { news, stopped, polled: false, told: false }
    }

    /// Whether it does; wakes the task when that changes.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        // As with the timer, what was polled once need not be polled again for nothing.
        if !self.told && (!self.polled || self.news.has_changed().unwrap_or(true)) {
            self.polled = true;
            self.told = self.stopped.as_mut().poll(cx).is_ready();
        }
        self.told
    }

    /// Whether it did when it was last polled.
    pub(super) fn is_told(&self) -> bool {
        self.told
    }
}

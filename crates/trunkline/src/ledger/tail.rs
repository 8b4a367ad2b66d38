//! The live tail: reports as the ledger takes them, for those who listen.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender, channel};
use trunkline_admin::{Heard, Listener, RequestProblem, RequestRow};
use trunkline_route::Report;
use trunkline_store::StoredRequest;

use crate::requests::row;

/// Who may listen at once. Guards the ledger's thread and memory against pages that are left open.
const LISTENERS_MAX: usize = 32;
/// Requests that wait for the slowest listener, who misses older ones. Guards memory.
const KEPT_MAX: usize = 512;

/// Where reports are told of. Copies are one tail.
#[derive(Clone, Default)]
pub(crate) struct Tail(Arc<Shared>);

#[derive(Default)]
struct Shared {
    listeners: AtomicUsize,
    line: Mutex<Line>,
}

/// What listeners hang on.
#[derive(Default)]
enum Line {
    /// Nobody has listened yet.
    #[default]
    Idle,
    Open(Sender<Arc<RequestRow>>),
    /// The process stops.
    Closed,
}

impl Tail {
    /// Tells those who listen. Costs a look at a number when nobody does.
    pub(super) fn tell(&self, reports: &[Report]) {
        if self.0.listeners.load(Ordering::Relaxed) == 0 {
            return;
        }
        let Line::Open(sender) = &*self.line() else { return };
        for report in reports {
            // The last listener may have left meanwhile.
            let _ = sender.send(Arc::new(row(StoredRequest::from(report))));
        }
    }

    /// Listens from now on.
    ///
    /// # Errors
    /// When too many do.
    pub(crate) fn listen(&self) -> Result<Box<dyn Listener>, RequestProblem> {
        let more = |count| (count < LISTENERS_MAX).then_some(count + 1);
        let place = self.0.listeners.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        place.map_err(RequestProblem::TooManyListeners)?;
        let place = Place(Arc::clone(&self.0));
        let mut line = self.line();
        if let Line::Idle = *line {
            *line = Line::Open(channel(KEPT_MAX).0);
        }
        let inbox = match &*line {
            Line::Open(sender) => Some(sender.subscribe()),
            Line::Idle | Line::Closed => None,
        };
        Ok(Box::new(Ear { inbox, _place: place }))
    }

    /// Nobody hears anything from now on: who listens is at the end.
    pub(crate) fn close(&self) {
        *self.line() = Line::Closed;
    }

    fn line(&self) -> std::sync::MutexGuard<'_, Line> {
        // Nothing that runs under this lock can leave it half changed.
        self.0.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tail").field("listeners", &self.0.listeners.load(Ordering::Relaxed)).finish_non_exhaustive()
    }
}

/// One of those who may listen; given back when dropped.
struct Place(Arc<Shared>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.listeners.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Somebody who listens.
struct Ear {
    /// `None` when the process stops.
    inbox: Option<Receiver<Arc<RequestRow>>>,
    _place: Place,
}

impl Listener for Ear {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Option<Heard>> + Send + '_>> {
        Box::pin(async {
            match self.inbox.as_mut()?.recv().await {
                Ok(row) => Some(Heard::Request(row)),
                Err(RecvError::Lagged(count)) => Some(Heard::Missed(count)),
                Err(RecvError::Closed) => None,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use trunkline_wire::Operation;

    use super::*;

    fn reports(ids: std::ops::Range<u128>) -> Vec<Report> {
        ids.map(|id| Report::begin(id, 1, Operation::Chat)).collect()
    }

    async fn heard(ear: &mut dyn Listener) -> Option<String> {
        ear.next().await.map(|heard| match heard {
            Heard::Request(row) => row.id.trim_start_matches('0').to_owned(),
            Heard::Missed(count) => format!("missed {count}"),
        })
    }

    #[tokio::test]
    async fn who_listens_hears_all_from_then_on_and_of_what_was_too_much() {
        let tail = Tail::default();
        tail.tell(&reports(1..2));
        let mut ear = tail.listen().unwrap();
        tail.tell(&reports(2..4));
        assert_eq!(heard(&mut *ear).await.as_deref(), Some("2"));
        assert_eq!(heard(&mut *ear).await.as_deref(), Some("3"));
        tail.tell(&reports(0x100..0x100 + KEPT_MAX as u128 + 5));
        assert_eq!(heard(&mut *ear).await.as_deref(), Some("missed 5"));
        assert_eq!(heard(&mut *ear).await.as_deref(), Some("105"), "and it goes on");
    }

    #[tokio::test]
    async fn only_so_many_listen_and_all_are_at_the_end_when_the_process_stops() {
        let tail = Tail::default();
        let mut ears: Vec<_> = (0..LISTENERS_MAX).map(|_| tail.listen().unwrap()).collect();
        assert_eq!(tail.listen().err(), Some(RequestProblem::TooManyListeners(LISTENERS_MAX)));
        ears.pop();
        ears.push(tail.listen().unwrap());
        tail.close();
        for ear in &mut ears {
            assert_eq!(heard(&mut **ear).await, None);
        }
        drop(ears);
        assert_eq!(heard(&mut *tail.listen().unwrap()).await, None);
    }
}

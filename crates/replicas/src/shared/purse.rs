//! The purse of all replicas.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot, watch};
use trunkline_config::{Allowance, Secret};
use trunkline_providers::Usd;
use trunkline_route::purse::{Account, Admitted, Asked, Counted, Reckoned, Refused, Took};
use trunkline_route::{Accounts, Moment, Purse};

use super::book::Book;
use super::link::Link;
use super::names::Names;
use super::script::{CLOCK, Texts};
use crate::here::{now, random_name};
use crate::{Past, Timings};

/// Why there can be no purse at this URL.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "the URL of `replicas.url` cannot be read; it looks like `redis://user:password@host:6379/0`, or `rediss:` for TLS"
)]
pub struct BadUrl;

/// Counts what client keys ask for and spend together with all other replicas; alone, where their server does not answer.
#[derive(Clone)]
pub struct SharedPurse(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) client: redis::Client,
    pub(super) texts: Texts,
    pub(super) names: Names,
    pub(super) timings: Timings,
    /// What no other replica is called.
    pub(super) replica: String,
    pub(super) way: watch::Sender<Way>,
    pub(super) book: Mutex<Book>,
    /// There is something to tell, or the link was lost.
    pub(super) wake: Notify,
    /// The last turn that was told.
    pub(super) told: watch::Sender<u64>,
    pub(super) past: Box<dyn Past>,
    /// What was spent as far as it was known at the start.
    pub(super) known: Arc<Accounts>,
    /// One account after the other is begun.
    pub(super) beginning: tokio::sync::Mutex<()>,
    /// Where questions are asked: whoever waits for the answer may leave, what was counted must be known.
    runtime: Handle,
}

/// How requests are counted.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// The server is away; why.
    Alone(Arc<str>),
    /// The server is back, and is being told.
    Returning,
    Together(Link),
}

impl SharedPurse {
    /// A purse at this server, which is not asked before [`SharedPurse::keep`]. Must be called inside the runtime that the
    /// connection is to live in.
    ///
    /// # Errors
    /// When the URL cannot be read.
    pub fn new(
        url: &Secret,
        prefix: &str,
        timings: Timings,
        past: Box<dyn Past>,
        known: Arc<Accounts>,
    ) -> Result<Self, BadUrl> {
        Self::with_clock(CLOCK, (url, prefix), timings, past, known)
    }

    pub(super) fn with_clock(
        clock: &str,
        (url, prefix): (&Secret, &str),
        timings: Timings,
        past: Box<dyn Past>,
        known: Arc<Accounts>,
    ) -> Result<Self, BadUrl> {
        let replica = random_name();
        Ok(Self(Arc::new(Inner {
            // What is wrong with it is not repeated: it may hold a password.
            client: redis::Client::open(url.expose()).map_err(|_unreadable| BadUrl)?,
            texts: Texts::with(clock),
            names: Names::new(prefix),
            timings,
            book: Mutex::new(Book::new(replica.clone())),
            replica,
            way: watch::Sender::new(Way::Alone("it was not asked yet".into())),
            wake: Notify::new(),
            told: watch::Sender::new(0),
            past,
            known,
            beginning: tokio::sync::Mutex::new(()),
            runtime: Handle::current(),
        })))
    }

    /// Why this replica counts alone; `None` when it does not.
    pub fn problem(&self) -> Option<String> {
        match &*self.0.way.borrow() {
            Way::Alone(why) => Some(why.to_string()),
            Way::Returning | Way::Together(_) => None,
        }
    }

    /// How many replicas there were when that was last seen.
    pub fn replicas(&self) -> u32 {
        self.0.book().replicas
    }

    /// Asks where nobody who leaves cuts it short; `None` only when the process ends.
    fn ask<T: Send + 'static>(
        &self,
        asked: impl Future<Output = T> + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send + 'static {
        let (tell, told) = oneshot::channel();
        self.0.runtime.spawn(async move {
            // Whoever has asked may have left.
            let _ = tell.send(asked.await);
        });
        async move { told.await.ok() }
    }
}

/// A request that was let in and that nobody has taken yet.
struct Untaken {
    purse: SharedPurse,
    key: Arc<str>,
    answer: Option<Result<Admitted, Refused>>,
}

impl Untaken {
    fn take(mut self) -> Option<Result<Admitted, Refused>> {
        self.answer.take()
    }
}

impl Drop for Untaken {
    fn drop(&mut self) {
        if let Some(Ok(admitted)) = self.answer.take() {
            self.purse.settle(&self.key, &admitted.counted, Took::default(), now());
        }
    }
}

impl Purse for SharedPurse {
    fn admit(
        &self,
        key: &Arc<str>,
        allowance: &Arc<Allowance>,
        reckoned: Reckoned,
        now: Moment,
    ) -> Asked<Result<Admitted, Refused>> {
        if self.0.is_alone() {
            return Asked::Now(self.0.admit_alone(key, allowance, reckoned, now));
        }
        let (purse, owned, rules) = (self.clone(), Arc::clone(key), Arc::clone(allowance));
        let asked = self.ask(async move {
            let answer = purse.0.admit(&owned, &rules, reckoned, now).await;
            Untaken { purse, key: owned, answer: Some(answer) }
        });
        let (inner, key, allowance) = (Arc::clone(&self.0), Arc::clone(key), Arc::clone(allowance));
        Asked::Later(Box::pin(async move {
            let answer = asked.await.and_then(Untaken::take);
            answer.unwrap_or_else(|| inner.admit_alone(&key, &allowance, reckoned, now))
        }))
    }

    fn raise(
        &self,
        key: &Arc<str>,
        allowance: &Arc<Allowance>,
        counted: &Counted,
        cost: Option<Usd>,
        now: Moment,
    ) -> Asked<Result<Counted, Refused>> {
        let raised = cost.filter(|cost| counted.reserved.is_some_and(|reserved| *cost > reserved.amount));
        let open = self.0.book().open(counted.ticket);
        let (Some(cost), Some((counted, alone))) = (raised, open) else { return Asked::Now(Ok(*counted)) };
        if alone.is_some() || self.0.is_alone() {
            return Asked::Now(self.0.raise_alone(key, allowance, &counted, cost, now));
        }
        let (inner, owned, rules) = (Arc::clone(&self.0), Arc::clone(key), Arc::clone(allowance));
        let asked = self.ask(async move { inner.raise(&owned, &rules, &counted, cost, now).await });
        let (inner, key, allowance) = (Arc::clone(&self.0), Arc::clone(key), Arc::clone(allowance));
        Asked::Later(Box::pin(async move {
            asked.await.unwrap_or_else(|| inner.raise_alone(&key, &allowance, &counted, cost, now))
        }))
    }

    fn settle(&self, _key: &Arc<str>, counted: &Counted, took: Took, now: Moment) {
        if self.0.book().settle(counted.ticket, took, now) {
            self.0.wake.notify_one();
        }
    }

    fn account(&self, key: &str, now: Moment) -> Account {
        self.0.book().account(key, now).unwrap_or_else(|| self.0.known.of(key, now))
    }
}

impl fmt::Debug for SharedPurse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client holds a password.
        f.debug_struct("SharedPurse").field("way", &*self.0.way.borrow()).finish_non_exhaustive()
    }
}

impl Inner {
    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        // Nothing that runs under this lock can leave it half changed.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_alone(&self) -> bool {
        matches!(*self.way.borrow(), Way::Alone(_))
    }
}

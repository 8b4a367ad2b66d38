//! The purse of all replicas.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::timeout;
use trunkline_config::{Allowance, Secret};
use trunkline_providers::Usd;
use trunkline_route::purse::{Account, Admitted, Asked, Counted, Reckoned, Refused, Took, share};
use trunkline_route::{Accounts, Moment, Purse};

use super::book::Book;
use super::link::{Link, Lost};
use super::names::Names;
use super::script::{CLOCK, Reply, Texts, Verdict};
use crate::here::{answer, now, random_name};
use crate::{Past, Timings};

/// Longest wait for the ledger to say what was spent with a key that the server does not know yet.
const PAST_TIMEOUT: Duration = Duration::from_secs(2);

/// Why there can be no purse at this URL.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the URL of `replicas.url` cannot be read; it looks like `redis://user:password@host:6379/0`, or `rediss:` for TLS")]
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
    known: Arc<Accounts>,
    /// One account after the other is begun.
    beginning: tokio::sync::Mutex<()>,
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

    /// The link, once the server knows everything; `None` when it cannot be asked in time.
    async fn link(&self) -> Option<Link> {
        let mut way = self.way.subscribe();
        let settled = timeout(self.timings.deadline, way.wait_for(|way| !matches!(way, Way::Returning))).await;
        match &*settled.ok()?.ok()? {
            Way::Together(link) => Some(link.clone()),
            Way::Alone(_) | Way::Returning => None,
        }
    }

    /// Works alone from now on, until the server is back.
    pub(super) fn fall(&self, name: &str, why: &Lost) {
        let fell = self.way.send_if_modified(|way| match way {
            Way::Together(link) if link.name == name => {
                *way = Way::Alone(why.to_string().into());
                true
            }
            Way::Alone(_) | Way::Returning | Way::Together(_) => false,
        });
        if fell {
            self.book().is_alone = true;
            self.wake.notify_one();
        }
    }

    /// Asks for a reply over this link; without it this replica works alone from now on.
    async fn reply(&self, link: &Link, cmd: &redis::Cmd) -> Option<Reply> {
        let answer = link.ask::<Reply>(cmd, self.timings.deadline).await;
        let answer = answer.and_then(|reply| match reply.verdict {
            Verdict::Stranger => Err(Lost::Stranger),
            Verdict::LetIn
            | Verdict::Short(_)
            | Verdict::Parallel
            | Verdict::Requests(_)
            | Verdict::Tokens(_)
            | Verdict::Unknown => Ok(reply),
        });
        answer.inspect_err(|lost| self.fall(&link.name, lost)).ok()
    }

    async fn admit(
        &self,
        key: &Arc<str>,
        allowance: &Allowance,
        reckoned: Reckoned,
        now: Moment,
    ) -> Result<Admitted, Refused> {
        match self.admit_together(key, allowance, reckoned, now).await {
            Some(answer) => answer,
            None => self.admit_alone(key, allowance, reckoned, now),
        }
    }

    async fn admit_together(
        &self,
        key: &Arc<str>,
        allowance: &Allowance,
        reckoned: Reckoned,
        now: Moment,
    ) -> Option<Result<Admitted, Refused>> {
        let link = self.link().await?;
        self.own_are_told(&link, key).await?;
        let cmd = link.asker(&self.names, &self.timings, now).admit(key, allowance, reckoned);
        let mut reply = self.reply(&link, &cmd).await?;
        if reply.verdict == Verdict::Unknown {
            // Those who come at the same time find the account begun.
            let _one = self.beginning.lock().await;
            reply = self.reply(&link, &cmd).await?;
            if reply.verdict == Verdict::Unknown {
                self.begin(&link, key, now).await?;
                reply = self.reply(&link, &cmd).await?;
            }
        }
        let Reply { verdict, picture } = reply;
        let mut book = self.book();
        book.see(key, picture);
        if verdict == Verdict::LetIn {
            let counted = |ticket| picture.counted(ticket, allowance, reckoned);
            let counted = book.let_in(key, counted, &link.name);
            return Some(Ok(picture.admitted(counted, allowance)));
        }
        picture.refused(verdict, allowance, reckoned.cost).map(Err)
    }

    /// Waits until what was settled of this key counts: whoever asks again after an answer finds what that left.
    async fn own_are_told(&self, link: &Link, key: &str) -> Option<()> {
        let turn = self.book().turn(key);
        if turn == 0 {
            return Some(());
        }
        let (mut told, mut way) = (self.told.subscribe(), self.way.subscribe());
        let waited = async {
            tokio::select! {
                told = told.wait_for(|told| *told >= turn) => told.is_ok(),
                _ = way.wait_for(|way| matches!(way, Way::Alone(_))) => false,
            }
        };
        let waited = timeout(self.timings.deadline, waited).await;
        let waited = waited.inspect_err(|_late| self.fall(&link.name, &Lost::Late(self.timings.deadline)));
        waited.ok()?.then_some(())
    }

    /// Begins an account that the server does not know with what the ledger knows.
    pub(super) async fn begin(&self, link: &Link, key: &Arc<str>, now: Moment) -> Option<Reply> {
        let spent = timeout(PAST_TIMEOUT, self.past.spent(key, now)).await.ok()?.ok()?;
        self.reply(link, &link.asker(&self.names, &self.timings, now).found(key, &spent)).await
    }

    fn admit_alone(
        &self,
        key: &Arc<str>,
        allowance: &Allowance,
        reckoned: Reckoned,
        now: Moment,
    ) -> Result<Admitted, Refused> {
        let known = self.known.of(key, now);
        let (alone, share) = self.book().share(key, allowance, &known, now);
        let admitted = answer(alone.admit(key, &Arc::new(share), reckoned, now));
        let admitted = admitted.map_err(|refused| share::in_full(refused, allowance))?;
        let counted = self.book().let_in_alone(key, alone, admitted.counted);
        Ok(Admitted { counted, ..admitted })
    }

    async fn raise(
        &self,
        key: &Arc<str>,
        allowance: &Allowance,
        counted: &Counted,
        cost: Usd,
        now: Moment,
    ) -> Result<Counted, Refused> {
        match self.raise_together(key, allowance, counted, cost, now).await {
            Some(answer) => answer,
            None => self.raise_alone(key, allowance, counted, cost, now),
        }
    }

    async fn raise_together(
        &self,
        key: &Arc<str>,
        allowance: &Allowance,
        counted: &Counted,
        cost: Usd,
        now: Moment,
    ) -> Option<Result<Counted, Refused>> {
        let reserved = counted.reserved?;
        let link = self.link().await?;
        let cmd = link.asker(&self.names, &self.timings, now).raise(key, allowance, &reserved, cost);
        let Reply { verdict, picture } = self.reply(&link, &cmd).await?;
        if verdict == Verdict::LetIn {
            let mut book = self.book();
            book.see(key, picture);
            let raised = Counted { reserved: Some(picture.reserved_now(cost)), ..*counted };
            book.raised(key, *counted, raised, &link.name);
            drop(book);
            self.wake.notify_one();
            return Some(Ok(raised));
        }
        // The picture of a refusal is without what is set aside for this request, which is not so for others.
        picture.refused(verdict, allowance, Some(cost)).map(Err)
    }

    fn raise_alone(
        &self,
        key: &Arc<str>,
        allowance: &Allowance,
        counted: &Counted,
        cost: Usd,
        now: Moment,
    ) -> Result<Counted, Refused> {
        let known = self.known.of(key, now);
        let (open, (alone, mut share)) = {
            let book = self.book();
            (book.open(counted.ticket), book.share(key, allowance, &known, now))
        };
        let (alone, raised) = match open.and_then(|(_, alone)| alone) {
            Some((accounts, before)) => {
                let raised = answer(accounts.raise(key, &Arc::new(share), &before, Some(cost), now));
                (accounts, raised)
            }
            // It was let in long ago, and only what it costs is asked about.
            None => {
                (share.requests_per_minute, share.tokens_per_minute, share.parallel_requests) = (None, None, None);
                let reckoned = Reckoned { tokens: 0, cost: Some(cost) };
                let admitted = answer(alone.admit(key, &Arc::new(share), reckoned, now));
                (alone, admitted.map(|admitted| admitted.counted))
            }
        };
        let raised = raised.map_err(|refused| share::in_full(refused, allowance))?;
        // One that is over by now has nothing set aside any more.
        Ok(self.book().raised_alone(counted.ticket, alone, raised).unwrap_or(*counted))
    }
}

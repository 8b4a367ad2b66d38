//! The purse of a replica that leases what it spends.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use thiserror::Error;
use tokio::runtime::Handle;
use tokio::time::timeout;
use trunkline_config::{Allowance, Budget, Secret};
use trunkline_providers::Usd;
use trunkline_route::budget::{Short, ends};
use trunkline_route::purse::{Account, Admitted, Asked, Counted, Reckoned, Refused, Took, share};
use trunkline_route::{Accounts, Moment, Purse};
use trunkline_store::{Exchanged, LeaseTable, StoreError, Want};

use super::holdings::{Holdings, Need, number_of};
use crate::here::{answer, now, random_name};
use crate::{Past, Timings};

/// How long a refusal is believed before the database is asked again: a key without money that is asked for all the same does
/// not become a load for the database.
const REFUSED_FOR: Duration = Duration::from_millis(100);
/// Longest wait for the ledger to say what was spent with a key.
const PAST_TIMEOUT: Duration = Duration::from_secs(2);

/// Counts what client keys ask for and spend in this process, within what it has leased.
#[derive(Clone)]
pub struct LeasedPurse(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) table: tokio::sync::Mutex<LeaseTable>,
    pub(super) timings: Timings,
    holdings: Mutex<Holdings>,
    /// Why the database is not asked.
    problem: Mutex<Option<Arc<str>>>,
    past: Box<dyn Past>,
    /// What was spent as far as it was known at the start.
    known: Arc<Accounts>,
    /// Where the database is asked: its connection lives there.
    runtime: Handle,
}

/// What a refused request wanted.
#[derive(Clone, Copy, Debug)]
struct Full {
    cost: Option<Usd>,
    need: Need,
    now: Moment,
}

/// Why there is no lease.
#[derive(Debug, Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("no answer within {0:?}")]
    Late(Duration),
    #[error("the ledger does not say what was spent before")]
    NoPast,
}

impl LeasedPurse {
    /// A purse with the database at this place, which is not asked before [`LeasedPurse::connect`]; `None` where it is a
    /// file, which nobody else has. Must be called inside the runtime that the connection is to live in.
    ///
    /// # Errors
    /// When the URL is of an engine that this build does not have.
    pub fn new(
        place: &Secret,
        timings: Timings,
        past: Box<dyn Past>,
        known: Arc<Accounts>,
    ) -> Result<Option<Self>, StoreError> {
        let silence_ms = u64::try_from(timings.silence.as_millis()).unwrap_or(u64::MAX);
        let table = LeaseTable::at(place.expose(), random_name(), silence_ms)?;
        if !table.is_shared() {
            return Ok(None);
        }
        Ok(Some(Self(Arc::new(Inner {
            table: tokio::sync::Mutex::new(table),
            timings,
            holdings: Mutex::new(Holdings::new()),
            problem: Mutex::default(),
            past,
            known,
            runtime: Handle::current(),
        }))))
    }

    /// Why this replica works on its own; `None` when it does not.
    pub fn problem(&self) -> Option<String> {
        self.0.problem().as_deref().map(str::to_owned)
    }

    /// How many replicas there were when that was last seen.
    pub fn replicas(&self) -> u32 {
        self.0.holdings().replicas
    }
}

impl Purse for LeasedPurse {
    fn admit(
        &self,
        key: &Arc<str>,
        allowance: &Arc<Allowance>,
        reckoned: Reckoned,
        now: Moment,
    ) -> Asked<Result<Admitted, Refused>> {
        let need = Need { cost: needed(reckoned.cost), held: None };
        let full = Full { cost: reckoned.cost, need, now };
        let answered = self.0.admit(key, allowance, reckoned, now);
        if !self.0.may_lease(&answered, key, &need, now) {
            return Asked::Now(answered.map_err(|refused| self.0.in_full(key, refused, allowance, full)));
        }
        let (inner, key, allowance) = (Arc::clone(&self.0), Arc::clone(key), Arc::clone(allowance));
        Asked::Later(Box::pin(async move {
            let answered = inner.lease_until(&key, need, now, || inner.admit(&key, &allowance, reckoned, now)).await;
            answered.map_err(|refused| inner.in_full(&key, refused, &allowance, full))
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
        let need = Need { cost: needed(cost), held: counted.reserved };
        let full = Full { cost, need, now };
        let answered = self.0.raise(key, allowance, counted, cost, now);
        if !self.0.may_lease(&answered, key, &need, now) {
            return Asked::Now(answered.map_err(|refused| self.0.in_full(key, refused, allowance, full)));
        }
        let (inner, key, allowance, counted) = (Arc::clone(&self.0), Arc::clone(key), Arc::clone(allowance), *counted);
        Asked::Later(Box::pin(async move {
            let answered =
                inner.lease_until(&key, need, now, || inner.raise(&key, &allowance, &counted, cost, now)).await;
            answered.map_err(|refused| inner.in_full(&key, refused, &allowance, full))
        }))
    }

    fn settle(&self, key: &Arc<str>, counted: &Counted, took: Took, now: Moment) {
        let mut holdings = self.0.holdings();
        holdings.accounts.settle(key, counted, took, holdings.now(now));
        holdings.forgive(key);
    }

    fn account(&self, key: &str, now: Moment) -> Account {
        let known = self.0.known.of(key, now);
        let holdings = self.0.holdings();
        holdings.account(key, known, holdings.now(now))
    }
}

impl fmt::Debug for LeasedPurse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeasedPurse").field("problem", &*self.0.problem()).finish_non_exhaustive()
    }
}

impl Inner {
    pub(super) fn holdings(&self) -> MutexGuard<'_, Holdings> {
        // Nothing that runs under this lock can leave it half changed.
        self.holdings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn problem(&self) -> MutexGuard<'_, Option<Arc<str>>> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Within what is leased. What is given back is so under the same lock, so nothing is both spent here and leased to others.
    fn admit(
        &self,
        key: &Arc<str>,
        allowance: &Arc<Allowance>,
        reckoned: Reckoned,
        now: Moment,
    ) -> Result<Admitted, Refused> {
        let known = self.known.of(key, now);
        let mut holdings = self.holdings();
        let now = holdings.now(now);
        let share = holdings.share(key, allowance, &known, now);
        answer(holdings.accounts.admit(key, &share, reckoned, now))
    }

    fn raise(
        &self,
        key: &Arc<str>,
        allowance: &Arc<Allowance>,
        counted: &Counted,
        cost: Option<Usd>,
        now: Moment,
    ) -> Result<Counted, Refused> {
        let known = self.known.of(key, now);
        let mut holdings = self.holdings();
        let now = holdings.now(now);
        let share = holdings.share(key, allowance, &known, now);
        answer(holdings.accounts.raise(key, &share, counted, cost, now))
    }

    /// Whether it is only a lease that is missing, and one may be had.
    fn may_lease<T>(&self, answered: &Result<T, Refused>, key: &str, need: &Need, now: Moment) -> bool {
        let Err(Refused::Short(_)) = answered else { return false };
        let holdings = self.holdings();
        !holdings.is_alone && !holdings.is_refused(key, need, now)
    }

    /// Leases what is missing, and tries again.
    async fn lease_until<T>(
        self: &Arc<Self>,
        key: &Arc<str>,
        need: Need,
        at: Moment,
        again: impl Fn() -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let (inner, owned) = (Arc::clone(self), Arc::clone(key));
        // Where nobody who leaves cuts it short.
        let leasing = self.runtime.spawn(async move {
            if let Err(refusal) = inner.lease(&owned, &need, at).await {
                inner.fall(&refusal);
            }
        });
        // It ends by itself only when the process does.
        let _ = leasing.await;
        let answered = again();
        if let Err(Refused::Short(_)) = &answered {
            let mut holdings = self.holdings();
            if !holdings.is_alone {
                holdings.refuse(key, need.cost, at + REFUSED_FOR);
            }
        }
        answered
    }

    async fn lease(&self, key: &Arc<str>, need: &Need, at: Moment) -> Result<(), Refusal> {
        // So many may ask at the same time that the last have to be told to come again: that is no failure.
        let Ok(mut table) = timeout(self.timings.deadline, self.table.lock()).await else { return Ok(()) };
        let wants = {
            let holdings = self.holdings();
            if holdings.is_alone || holdings.is_refused(key, need, at) {
                return Ok(());
            }
            holdings.wants(key, need, holdings.now(at))
        };
        // Another has leased enough for both meanwhile.
        if wants.iter().all(|want| want.more_nusd == 0) {
            return Ok(());
        }
        self.exchange(&mut table, key, wants, self.timings.deadline).await
    }

    /// Tells and asks the database.
    pub(super) async fn exchange(
        &self,
        table: &mut LeaseTable,
        key: &Arc<str>,
        mut wants: Vec<Want>,
        deadline: Duration,
    ) -> Result<(), Refusal> {
        let replicas = self.holdings().replicas;
        let late = |_elapsed| Refusal::Late(deadline);
        let mut exchanged = timeout(deadline, table.exchange(key, &wants, replicas)).await.map_err(late)??;
        if exchanged == Exchanged::Unknown {
            let spent = timeout(PAST_TIMEOUT, self.past.spent(key, now())).await;
            let spent = spent.map_err(|_late| Refusal::NoPast)?.map_err(|_unsaid| Refusal::NoPast)?;
            for want in &mut wants {
                let before =
                    spent.iter().find(|spent| spent.from.0 == want.from_ms && number_of(spent.period) == want.period);
                want.before_nusd = Some(before.map_or(0, |spent| spent.usd.nano()));
            }
            exchanged = timeout(deadline, table.exchange(key, &wants, replicas)).await.map_err(late)??;
        }
        if let Exchanged::Done(found) = exchanged {
            self.holdings().learn(key, &wants, &found);
        }
        Ok(())
    }

    /// Works alone from now on, until the database answers again.
    pub(super) fn fall(&self, refusal: &Refusal) {
        let before = self.problem().replace(refusal.to_string().into());
        // Each run of failures is told once.
        if before.is_none() {
            tracing::warn!(problem = %refusal, "budgets cannot be leased: this replica works on its part of what was left");
        }
        let mut holdings = self.holdings();
        holdings.is_alone = true;
        holdings.reckon_anew();
    }

    /// A refusal by what is leased, in the words of the whole.
    fn in_full(&self, key: &Arc<str>, refused: Refused, allowance: &Allowance, full: Full) -> Refused {
        let refused = share::in_full(refused, allowance);
        let Refused::Short(short) = refused else { return refused };
        let holdings = self.holdings();
        let now = holdings.now(full.now);
        let whole = |budget: &Budget| {
            let taken = holdings.taken(key, budget, &full.need, now)?;
            Short::of(*budget, taken, full.cost, ends(budget.period, now).since(now))
        };
        // What is missing may be held by others, by this reckoning: then it may come back.
        let found = allowance.budgets.iter().filter(|budget| budget.hard).find_map(whole);
        Refused::Short(found.unwrap_or(Short { may_return: true, ..short }))
    }
}

/// What must be free for a request: of one of which nobody knows what it costs, the least there is.
fn needed(cost: Option<Usd>) -> Usd {
    cost.unwrap_or(Usd::from_nano(1))
}

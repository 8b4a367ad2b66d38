//! Where the limits of client keys are counted, and their budgets kept.

mod own;
pub mod share;

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;

use trunkline_config::{Allowance, Budget};
use trunkline_providers::price::Usd;
use trunkline_wire::limits::Remaining;

use crate::budget::{Reserved, Short, Spent};
use crate::limits::{Entered, Over};
use crate::live::Moment;

pub use own::Accounts;

/// What a request is reckoned to take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reckoned {
    /// Tokens of its prompt.
    pub tokens: u64,
    /// What it costs at most; `None` when nobody knows.
    pub cost: Option<Usd>,
}

/// What a request took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Took {
    /// Tokens of its prompt and its answer.
    pub tokens: u64,
    /// What it cost; `None` when nobody knows.
    pub cost: Option<Usd>,
}

/// A request that counts, until [`Purse::settle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// What its purse knows it by, where that matters.
    pub ticket: u64,
    /// Toward the limits.
    pub entered: Entered,
    /// Toward the budgets, where its key has some.
    pub reserved: Option<Reserved>,
}

/// A request that was let in.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// What counts of it.
    pub counted: Counted,
    /// What is left to its key, this request counted.
    pub remaining: Remaining,
    /// A soft budget of its key that is spent.
    pub overrun: Option<Budget>,
}

/// What is so with one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Requests that are open.
    pub open: u32,
    /// What is set aside for them.
    pub reserved: Usd,
    /// What was spent in each period that it is now.
    pub spent: Vec<Spent>,
}

/// Why a request is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It asks for too much at a time; what is left to its key.
    Over(Over, Remaining),
    /// There is not enough money.
    Short(Short),
}

/// An answer that is there, or on its way.
pub enum Asked<T> {
    /// It is there.
    Now(T),
    /// Somebody else has to be asked.
    Later(Pin<Box<dyn Future<Output = T> + Send>>),
}

impl<T> Asked<T> {
    /// Waits for it, where that is needed.
    pub async fn answer(self) -> T {
        match self {
            Self::Now(answer) => answer,
            Self::Later(answer) => answer.await,
        }
    }
}

/// Counts what client keys ask for and spend: in this process, or wherever several of them do it together.
pub trait Purse: Debug + Send + Sync {
    /// Lets a request of this key in, and counts it.
    ///
    /// What comes of it is refused when a limit or a hard budget of the key has no room for it.
    fn admit(
        &self,
        key: &Arc<str>,
        allowance: &Arc<Allowance>,
        reckoned: Reckoned,
        now: Moment,
    ) -> Asked<Result<Admitted, Refused>>;

    /// Sets aside what a request that was let in may cost more than was reckoned; `None` when nobody knows what it may cost.
    fn raise(
        &self,
        key: &Arc<str>,
        allowance: &Arc<Allowance>,
        counted: &Counted,
        cost: Option<Usd>,
        now: Moment,
    ) -> Asked<Result<Counted, Refused>>;

    /// The request is over.
    fn settle(&self, key: &Arc<str>, counted: &Counted, took: Took, now: Moment);

    /// What is so with this key, as far as that is known without asking anybody; nothing when it was never used.
    fn account(&self, key: &str, now: Moment) -> Account;
}

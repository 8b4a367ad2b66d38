//! What a replica has to tell the server.

use std::sync::Arc;

use trunkline_providers::Usd;
use trunkline_route::Moment;
use trunkline_route::budget::{PERIODS, Reserved};
use trunkline_route::purse::{Counted, Took};

use super::script::Picture;

/// A request that is over, or money that is no longer set aside for one that goes on.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    pub(super) key: Arc<str>,
    /// How many requests end by it: one or none.
    pub(super) opens: u8,
    pub(super) counted: Counted,
    pub(super) took: Took,
    /// When, by the clock here.
    pub(super) at: Moment,
}

/// What was done with an account while the server could not be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owed {
    pub(super) key: Arc<str>,
    /// Since when the account was that was known; 0: none was; below 0: the one that there is holds all that follows.
    pub(super) born: i64,
    pub(super) from: [Moment; PERIODS],
    /// What was spent.
    pub(super) own: [Usd; PERIODS],
    /// With what was known to be spent before.
    pub(super) seen: [Usd; PERIODS],
    /// What is set aside for what is open.
    pub(super) held: [Usd; PERIODS],
    pub(super) opens: u32,
    pub(super) has_budgets: bool,
}

/// In the order of its turn.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Settled(Settled),
    Owed(Box<Owed>),
}

impl Item {
    pub(super) fn key(&self) -> &Arc<str> {
        match self {
            Self::Settled(settled) => &settled.key,
            Self::Owed(owed) => &owed.key,
        }
    }
}

impl Owed {
    /// Nothing, with an account that was last seen so.
    pub(super) fn nothing(key: &Arc<str>, seen: Option<&Picture>) -> Self {
        let seen = seen.copied().unwrap_or_default();
        Self {
            key: Arc::clone(key),
            born: seen.born,
            from: seen.from,
            own: [Usd::ZERO; PERIODS],
            seen: seen.spent,
            held: [Usd::ZERO; PERIODS],
            opens: 0,
            has_budgets: false,
        }
    }

    /// So much was spent in periods that began then.
    pub(super) fn spend(&mut self, from: [Moment; PERIODS], amounts: [Usd; PERIODS]) {
        self.has_budgets = true;
        self.follow(from);
        let own = self.own.iter_mut().zip(&mut self.seen).zip(&self.from);
        for (((own, seen), still), (from, amount)) in own.zip(from.iter().zip(amounts)) {
            if still == from {
                (*own, *seen) = (own.plus(amount), seen.plus(amount));
            }
        }
    }

    /// A request is open for which this is set aside.
    pub(super) fn hold(&mut self, reserved: Option<&Reserved>, opens: u32) {
        self.opens += opens;
        let Some(reserved) = reserved else { return };
        self.has_budgets = true;
        self.follow(reserved.from);
        for ((held, still), from) in self.held.iter_mut().zip(&self.from).zip(&reserved.from) {
            if still == from {
                *held = held.plus(reserved.amount);
            }
        }
    }

    /// What belongs to periods that are over counts no more.
    fn follow(&mut self, from: [Moment; PERIODS]) {
        let sums = self.own.iter_mut().zip(&mut self.seen).zip(&mut self.held);
        for ((still, from), ((own, seen), held)) in self.from.iter_mut().zip(from).zip(sums) {
            if from > *still {
                (*still, *own, *seen, *held) = (from, Usd::ZERO, Usd::ZERO, Usd::ZERO);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_owed_is_that_of_the_periods_that_go_on() {
        let (early, late) = ([1, 1, 1, 1, 0].map(Moment), [2, 1, 1, 1, 0].map(Moment));
        let mut owed = Owed::nothing(&Arc::from("k"), None);
        let one = |nano| [Usd::from_nano(nano); PERIODS];
        owed.spend(early, one(5));
        owed.hold(Some(&Reserved { amount: Usd::from_nano(7), from: early }), 1);
        owed.spend(late, one(10));
        owed.spend(early, one(1));
        assert_eq!(owed.own.map(Usd::nano), [10, 16, 16, 16, 16]);
        assert_eq!((owed.held.map(Usd::nano), owed.opens), ([0, 7, 7, 7, 7], 1));
        assert_eq!(owed.seen, owed.own, "nothing was seen before");
    }
}

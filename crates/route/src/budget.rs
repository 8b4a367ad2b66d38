//! What a client key spends: reserved before a request is made, settled with what it cost when it is over.
//!
//! What was spent and what is reserved together never exceed a hard budget, as long as no request costs more than was
//! reserved for it.

mod calendar;

use std::time::Duration;

use trunkline_config::Budget;
use trunkline_config::file::BudgetPeriod;
use trunkline_providers::price::Usd;

use crate::live::Moment;

pub use calendar::{begins, ends};

/// How many kinds of periods there are.
pub const PERIODS: usize = BudgetPeriod::ALL.len();

/// What one client key spends, in every period: a budget may be stated, changed or taken back at any time.
#[derive(Clone, Debug)]
pub struct Spend {
    windows: [Window; PERIODS],
}

/// The period that it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Window {
    period: BudgetPeriod,
    from: Moment,
    until: Moment,
    spent: Usd,
    reserved: Usd,
}

/// Money that is set aside for one request, until [`Spend::settle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// How much.
    pub amount: Usd,
    /// The periods that it counts in, by their beginnings, in the order of [`BudgetPeriod::ALL`].
    pub from: [Moment; PERIODS],
}

/// A budget that a request might overrun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    /// Which.
    pub budget: Budget,
    /// What is left of it.
    pub left: Usd,
    /// When it is whole again; `None`: never.
    pub until: Option<Duration>,
    /// Whether it is only what other requests have set aside that is missing.
    pub may_return: bool,
}

/// What was spent in one period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// Of which length.
    pub period: BudgetPeriod,
    /// When it began.
    pub from: Moment,
    /// How much.
    pub usd: Usd,
}

impl Default for Spend {
    fn default() -> Self {
        let empty = |period| Window {
            period,
            from: Moment::default(),
            until: Moment::default(),
            spent: Usd::ZERO,
            reserved: Usd::ZERO,
        };
        Self { windows: BudgetPeriod::ALL.map(empty) }
    }
}

impl Spend {
    /// Sets money aside for a request; `None` is for one of which nobody knows what it costs: nothing is, and it is let in
    /// as long as something is left.
    ///
    /// # Errors
    /// When a hard budget has not so much left.
    pub fn reserve(&mut self, budgets: &[Budget], amount: Option<Usd>, now: Moment) -> Result<Reserved, Short> {
        self.roll(now);
        for budget in budgets.iter().filter(|budget| budget.hard) {
            if let Some(short) = self.window(budget.period).short(*budget, amount, now) {
                return Err(short);
            }
        }
        let amount = amount.unwrap_or(Usd::ZERO);
        for window in &mut self.windows {
            window.reserved = window.reserved.plus(amount);
        }
        Ok(Reserved { amount, from: self.windows.map(|window| window.from) })
    }

    /// The same request may cost more: what it may is set aside in place of what was.
    ///
    /// # Errors
    /// As [`Spend::reserve`]; then what was set aside stays.
    pub fn raise(
        &mut self,
        reserved: &Reserved,
        budgets: &[Budget],
        amount: Option<Usd>,
        now: Moment,
    ) -> Result<Reserved, Short> {
        let Some(amount) = amount.filter(|amount| *amount > reserved.amount) else { return Ok(*reserved) };
        self.release(reserved);
        let raised = self.reserve(budgets, Some(amount), now);
        if raised.is_err() {
            for (window, from) in self.windows.iter_mut().zip(&reserved.from) {
                if window.from == *from {
                    window.reserved = window.reserved.plus(reserved.amount);
                }
            }
        }
        raised
    }

    /// Ends a reservation: the request cost so much. It counts where it was reserved; a period that is over is.
    pub fn settle(&mut self, reserved: &Reserved, cost: Usd) {
        for (window, from) in self.windows.iter_mut().zip(&reserved.from) {
            if window.from == *from {
                window.reserved = window.reserved.minus(reserved.amount);
                window.spent = window.spent.plus(cost);
            }
        }
    }

    /// Ends a reservation of which nothing was spent.
    pub fn release(&mut self, reserved: &Reserved) {
        self.settle(reserved, Usd::ZERO);
    }

    /// The first of the soft budgets that is spent.
    pub fn overrun(&self, budgets: &[Budget]) -> Option<Budget> {
        overrun(budgets, |period| self.window(period).spent)
    }

    /// What was spent in the periods that it is now.
    pub fn spent(&self) -> impl Iterator<Item = Spent> {
        self.windows.iter().map(|window| Spent { period: window.period, from: window.from, usd: window.spent })
    }

    /// When each period that it is now began, what was spent in it, and what is set aside.
    pub fn windows(&self) -> [(Moment, Usd, Usd); PERIODS] {
        self.windows.map(|window| (window.from, window.spent, window.reserved))
    }

    /// What is set aside.
    pub fn reserved(&self) -> Usd {
        self.window(BudgetPeriod::Total).reserved
    }

    /// Takes up what was spent earlier, if its period is not over.
    pub fn restore(&mut self, spent: Spent, now: Moment) {
        self.roll(now);
        let mut windows = self.windows.iter_mut();
        if let Some(window) = windows.find(|window| window.period == spent.period && window.from == spent.from) {
            window.spent = window.spent.plus(spent.usd);
        }
    }

    /// Begins the periods anew that are over. A clock that was set back begins nothing.
    pub fn roll(&mut self, now: Moment) {
        for window in &mut self.windows {
            if now >= window.until {
                *window = Window {
                    period: window.period,
                    from: begins(window.period, now),
                    until: ends(window.period, now),
                    spent: Usd::ZERO,
                    reserved: Usd::ZERO,
                };
            }
        }
    }

    fn window(&self, period: BudgetPeriod) -> &Window {
        // One for each, in the order of `BudgetPeriod::ALL`.
        self.windows.iter().find(|window| window.period == period).expect("there is one for every period")
    }
}

/// The first of the soft budgets that is spent, where so much is of each period.
pub fn overrun(budgets: &[Budget], spent: impl Fn(BudgetPeriod) -> Usd) -> Option<Budget> {
    budgets.iter().find(|budget| !budget.hard && spent(budget.period) >= budget.limit).copied()
}

impl Window {
    /// What keeps so much from being set aside.
    fn short(&self, budget: Budget, amount: Option<Usd>, now: Moment) -> Option<Short> {
        Short::of(budget, (self.spent, self.reserved), amount, self.until.since(now))
    }
}

impl Short {
    /// What keeps so much from being set aside where so much is spent and reserved of a period that ends after this time.
    pub fn of(budget: Budget, (spent, reserved): (Usd, Usd), amount: Option<Usd>, until: Duration) -> Option<Self> {
        let fits = |taken: Usd| match amount {
            Some(amount) => taken.plus(amount) <= budget.limit,
            None => taken < budget.limit,
        };
        let taken = spent.plus(reserved);
        (!fits(taken)).then(|| Self {
            budget,
            left: budget.limit.minus(taken).max(Usd::ZERO),
            until: (budget.period != BudgetPeriod::Total).then_some(until),
            may_return: fits(spent),
        })
    }
}

#[cfg(test)]
mod tests;

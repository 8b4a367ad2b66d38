//! The purse of one process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use foldhash::HashMap;
use trunkline_config::Allowance;
use trunkline_providers::price::Usd;

use super::{Account, Admitted, Asked, Counted, Purse, Reckoned, Refused, Took};
use crate::budget::{PERIODS, Spend, Spent};
use crate::limits::Asking;
use crate::live::Moment;

/// The accounts of all client keys that have limits or budgets and were used, by the keys' ids. There are no more than the
/// configurations of this process's life had keys, and the store has: those that are revoked there are forgotten.
#[derive(Debug, Default)]
pub struct Accounts(RwLock<HashMap<Arc<str>, Arc<Mutex<Entry>>>>);

#[derive(Debug, Default)]
struct Entry {
    asking: Asking,
    spend: Spend,
}

impl Accounts {
    /// What is so with this key; nothing when it was never used.
    pub fn of(&self, key: &str, now: Moment) -> Account {
        let Some(entry) = self.known(key) else { return Account::default() };
        let mut entry = lock(&entry);
        entry.spend.roll(now);
        Account { open: entry.asking.open(), reserved: entry.spend.reserved(), spent: entry.spend.spent().collect() }
    }

    /// Of each period that it is now when it began, what was spent with this key and what is set aside.
    pub fn windows(&self, key: &str, now: Moment) -> [(Moment, Usd, Usd); PERIODS] {
        let Some(entry) = self.known(key) else { return Default::default() };
        let mut entry = lock(&entry);
        entry.spend.roll(now);
        entry.spend.windows()
    }

    /// Takes up what was spent with a key earlier, on top of what is known.
    pub fn restore(&self, key: &Arc<str>, spent: Spent, now: Moment) {
        lock(&self.entry(key)).spend.restore(spent, now);
    }

    /// Forgets keys that are never used again.
    pub fn forget(&self, is_gone: impl Fn(&str) -> bool) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|key, _| !is_gone(key));
    }

    fn known(&self, key: &str) -> Option<Arc<Mutex<Entry>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn entry(&self, key: &Arc<str>) -> Arc<Mutex<Entry>> {
        if let Some(entry) = self.known(key) {
            return entry;
        }
        let mut accounts = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(accounts.entry(Arc::clone(key)).or_default())
    }
}

impl Purse for Accounts {
    fn admit(
        &self,
        key: &Arc<str>,
        allowance: &Arc<Allowance>,
        reckoned: Reckoned,
        now: Moment,
    ) -> Asked<Result<Admitted, Refused>> {
        Asked::Now(lock(&self.entry(key)).admit(allowance, reckoned, now))
    }

    fn raise(
        &self,
        key: &Arc<str>,
        allowance: &Arc<Allowance>,
        counted: &Counted,
        cost: Option<Usd>,
        now: Moment,
    ) -> Asked<Result<Counted, Refused>> {
        Asked::Now(lock(&self.entry(key)).raise(allowance, counted, cost, now))
    }

    fn settle(&self, key: &Arc<str>, counted: &Counted, took: Took, now: Moment) {
        // One that is forgotten has nothing to count toward.
        let Some(entry) = self.known(key) else { return };
        let mut entry = lock(&entry);
        entry.asking.leave(counted.entered, took.tokens, now);
        if let Some(reserved) = &counted.reserved {
            entry.spend.settle(reserved, took.cost.unwrap_or(Usd::ZERO));
        }
    }

    fn account(&self, key: &str, now: Moment) -> Account {
        self.of(key, now)
    }
}

impl Entry {
    fn admit(&mut self, allowance: &Allowance, reckoned: Reckoned, now: Moment) -> Result<Admitted, Refused> {
        let reserved = if allowance.budgets.is_empty() {
            None
        } else {
            Some(self.spend.reserve(&allowance.budgets, reckoned.cost, now).map_err(Refused::Short)?)
        };
        let entered = match self.asking.enter(allowance, reckoned.tokens, now) {
            Ok(entered) => entered,
            Err(over) => {
                reserved.iter().for_each(|reserved| self.spend.release(reserved));
                return Err(Refused::Over(over, self.asking.remaining(allowance, now)));
            }
        };
        Ok(Admitted {
            counted: Counted { ticket: 0, entered, reserved },
            remaining: self.asking.remaining(allowance, now),
            overrun: self.spend.overrun(&allowance.budgets),
        })
    }

    fn raise(
        &mut self,
        allowance: &Allowance,
        counted: &Counted,
        cost: Option<Usd>,
        now: Moment,
    ) -> Result<Counted, Refused> {
        let Some(reserved) = &counted.reserved else { return Ok(*counted) };
        let raised = self.spend.raise(reserved, &allowance.budgets, cost, now).map_err(Refused::Short)?;
        Ok(Counted { reserved: Some(raised), ..*counted })
    }
}

fn lock(entry: &Mutex<Entry>) -> MutexGuard<'_, Entry> {
    // Nothing that runs under this lock can leave it half changed.
    entry.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;

//! What this replica holds of each budget.

use std::collections::HashMap;
use std::sync::Arc;

use trunkline_config::file::BudgetPeriod;
use trunkline_config::{Allowance, Budget};
use trunkline_providers::Usd;
use trunkline_route::budget::{PERIODS, Reserved, Spent, begins, ends};
use trunkline_route::purse::{Account, share};
use trunkline_route::{Accounts, Moment};
use trunkline_store::{Leased, Want};

/// What this replica holds, and how many share with it.
#[derive(Debug)]
pub(super) struct Holdings {
    pub(super) replicas: u32,
    /// How far the database's clock is ahead of the one here, in milliseconds.
    pub(super) ahead_ms: i64,
    /// Whether the database does not answer: what was left when it last did is shared evenly.
    pub(super) is_alone: bool,
    /// What this replica's own requests take.
    pub(super) accounts: Accounts,
    keys: HashMap<Arc<str>, Holding>,
}

/// What must be free for a request.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Need {
    /// What it may cost.
    pub(super) cost: Usd,
    /// What is set aside for it already.
    pub(super) held: Option<Reserved>,
}

impl Need {
    /// What counts already in the period of this number that began then.
    fn held_in(&self, number: u8, from: Moment) -> Usd {
        let counts = |held: &&Reserved| held.from.get(usize::from(number)) == Some(&from);
        self.held.as_ref().filter(counts).map_or(Usd::ZERO, |held| held.amount)
    }

    /// What it takes beside that.
    fn more_in(&self, number: u8, from: Moment) -> Usd {
        self.cost.minus(self.held_in(number, from)).max(Usd::ZERO)
    }
}

/// What is held of the budgets of one key. There are no more than keys with budgets that were used.
#[derive(Debug)]
struct Holding {
    allowance: Arc<Allowance>,
    periods: [Part; PERIODS],
    /// What follows for requests, until something of the above changes.
    share: Option<Arc<Allowance>>,
    /// What was spent when it was last looked.
    looked: [Usd; PERIODS],
    refused: Option<Refusal>,
}

/// So little is left of a budget: whoever needs more is not asked for again within a while.
#[derive(Clone, Copy, Debug)]
struct Refusal {
    until: Moment,
    least: Usd,
}

/// What is held of one period.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    from: Moment,
    /// What may be spent here in this period, from its beginning.
    granted: Usd,
    /// What of it the database was told to be spent.
    told: Usd,
    /// What all have told.
    spent: Usd,
    /// What others hold.
    others: Usd,
    /// Whether anything of it is known.
    is_known: bool,
}

impl Holdings {
    pub(super) fn new() -> Self {
        Self { replicas: 1, ahead_ms: 0, is_alone: false, accounts: Accounts::default(), keys: HashMap::new() }
    }

    /// The time by the database's clock, which tells when periods begin.
    pub(super) fn now(&self, now: Moment) -> Moment {
        Moment(now.0.saturating_add_signed(self.ahead_ms))
    }

    pub(super) fn keys(&self) -> Vec<Arc<str>> {
        self.keys.keys().cloned().collect()
    }

    /// What this replica lets requests of this key have.
    pub(super) fn share(
        &mut self,
        key: &Arc<str>,
        allowance: &Arc<Allowance>,
        known: &Account,
        now: Moment,
    ) -> Arc<Allowance> {
        let (replicas, is_alone) = (self.replicas, self.is_alone);
        if allowance.budgets.is_empty() {
            return if replicas <= 1 {
                Arc::clone(allowance)
            } else {
                Arc::new(share::of(allowance, replicas, |_| Usd::ZERO))
            };
        }
        let holding = self.holding(key, allowance, now);
        if let Some(share) = &holding.share {
            return Arc::clone(share);
        }
        let limit = |budget: &Budget| {
            let Some(part) = holding.part(budget.period) else { return Usd::ZERO };
            // Whatever others have spent is not to be had here, whether it was leased or not.
            let most = budget.limit.minus(part.spent.minus(part.told));
            if !budget.hard {
                return most;
            }
            if !is_alone {
                return part.granted.min(most);
            }
            let before = known.spent.iter().find(|spent| spent.period == budget.period && !part.is_known);
            let taken = part
                .spent
                .plus(part.others)
                .plus(part.granted.minus(part.told))
                .plus(before.map_or(Usd::ZERO, |spent| spent.usd));
            part.granted.plus(share::part(budget.limit.minus(taken), replicas))
        };
        let share = Arc::new(share::of(allowance, replicas, limit));
        holding.share = Some(Arc::clone(&share));
        share
    }

    fn holding(&mut self, key: &Arc<str>, allowance: &Arc<Allowance>, now: Moment) -> &mut Holding {
        let holding = self.keys.entry(Arc::clone(key)).or_insert_with(|| Holding {
            allowance: Arc::clone(allowance),
            periods: [Part::default(); PERIODS],
            share: None,
            looked: [Usd::ZERO; PERIODS],
            refused: None,
        });
        if !Arc::ptr_eq(&holding.allowance, allowance) {
            (holding.allowance, holding.share, holding.refused) = (Arc::clone(allowance), None, None);
        }
        for (period, part) in BudgetPeriod::ALL.into_iter().zip(&mut holding.periods) {
            // For good is from the first moment on: it is never begun anew.
            if now >= ends(period, part.from) {
                *part = Part { from: begins(period, now), ..Part::default() };
                (holding.share, holding.refused) = (None, None);
            }
        }
        holding
    }

    /// Nothing of what was reckoned with is so any more.
    pub(super) fn reckon_anew(&mut self) {
        self.keys.values_mut().for_each(|holding| (holding.share, holding.refused) = (None, None));
    }

    /// Whether it was found lately that so much is not to be had.
    pub(super) fn is_refused(&self, key: &str, need: &Need, now: Moment) -> bool {
        let held = need.held.map_or(Usd::ZERO, |held| held.amount);
        let refused = self.keys.get(key).and_then(|holding| holding.refused);
        refused.is_some_and(|refused| now < refused.until && need.cost.minus(held) >= refused.least)
    }

    /// So much is not to be had for a while.
    pub(super) fn refuse(&mut self, key: &str, amount: Usd, until: Moment) {
        if let Some(holding) = self.keys.get_mut(key) {
            holding.refused = Some(Refusal { until, least: amount });
        }
    }

    /// What was not to be had may be now: something has come back.
    pub(super) fn forgive(&mut self, key: &str) {
        if let Some(holding) = self.keys.get_mut(key) {
            holding.refused = None;
        }
    }

    /// What is to be told of a key, and asked for so that one more request of this amount fits: of each period that has a
    /// budget, in their order.
    pub(super) fn wants(&self, key: &Arc<str>, need: &Need, now: Moment) -> Vec<Want> {
        let own = self.accounts.windows(key, now);
        let Some(holding) = self.keys.get(key) else { return Vec::new() };
        let want = |(number, period): (u8, BudgetPeriod)| {
            let limit = holding.limit(period)?;
            let part = holding.part(period)?;
            let (spent, reserved) = taken_in(&own, part.from, number);
            // What cost more than was set aside for it is told as spent, and need not be leased.
            let free = part.granted.max(spent).minus(spent).minus(reserved);
            let amount = need.more_in(number, part.from);
            let more = if limit.hard { amount.minus(free).max(Usd::ZERO) } else { Usd::ZERO };
            // As much as the request takes: what is left over when less is given is of use to nobody.
            let more = if more > Usd::ZERO && free <= Usd::ZERO { more.max(amount) } else { more };
            Some(Want {
                period: number,
                from_ms: part.from.0,
                before_nusd: None,
                spent_nusd: spent.minus(part.told).nano(),
                back_nusd: 0,
                more_nusd: more.nano(),
                limit_nusd: limit.limit.nano(),
            })
        };
        (0..).zip(BudgetPeriod::ALL).filter_map(want).collect()
    }

    /// What is to be told of a key and given back, now that some time went by; nothing where all is as it was.
    pub(super) fn leftovers(&mut self, key: &Arc<str>, now: Moment) -> Vec<Want> {
        let mut wants = self.wants(key, &Need::default(), now);
        let (own, replicas) = (self.accounts.windows(key, now), self.replicas);
        let Some(holding) = self.keys.get_mut(key) else { return Vec::new() };
        for want in &mut wants {
            let place = usize::from(want.period);
            let (Some(part), Some(looked)) = (holding.periods.get_mut(place), holding.looked.get_mut(place)) else {
                continue;
            };
            let spent = part.told.plus(Usd::from_nano(want.spent_nusd));
            let lately = spent.minus(*looked).max(Usd::ZERO);
            *looked = spent;
            let (_, reserved) = taken_in(&own, part.from, want.period);
            let free = part.granted.minus(spent).minus(reserved);
            // As much as was spent lately may be spent soon; the rest is for others, where there are some.
            let back = if replicas > 1 { free.minus(lately).max(Usd::ZERO) } else { Usd::ZERO };
            if back > Usd::ZERO {
                // Given back from now on, whether the database hears of it or not.
                part.granted = part.granted.minus(back);
                holding.share = None;
            }
            want.back_nusd = back.nano();
        }
        wants.retain(|want| want.spent_nusd != 0 || want.back_nusd != 0);
        wants
    }

    /// What the database says to what was wanted.
    pub(super) fn learn(&mut self, key: &str, wants: &[Want], found: &[Option<Leased>]) {
        let Some(holding) = self.keys.get_mut(key) else { return };
        for (want, found) in wants.iter().zip(found) {
            let Some(part) = holding.periods.get_mut(usize::from(want.period)) else { continue };
            // A period that is over has nothing any more.
            let (true, Some(found)) = (part.from.0 == want.from_ms, found) else { continue };
            part.told = part.told.plus(Usd::from_nano(want.spent_nusd));
            part.granted = part.told.plus(Usd::from_nano(found.own_nusd));
            (part.spent, part.others) = (Usd::from_nano(found.spent_nusd), Usd::from_nano(found.others_nusd));
            part.is_known = true;
        }
        holding.share = None;
    }

    /// What all have spent with a key and told, and this one beside.
    pub(super) fn account(&self, key: &str, known: Account, now: Moment) -> Account {
        let own = self.accounts.of(key, now);
        let Some(holding) = self.keys.get(key) else {
            return Account { open: own.open, reserved: own.reserved, ..known };
        };
        let windows = self.accounts.windows(key, now);
        let spent = (0..).zip(BudgetPeriod::ALL).zip(&holding.periods).map(|((number, period), part)| {
            let untold = taken_in(&windows, part.from, number).0.minus(part.told);
            Spent { period, from: part.from, usd: part.spent.plus(untold) }
        });
        Account { open: own.open, reserved: own.reserved, spent: spent.collect() }
    }

    /// What is spent of a budget as far as that is known, and what is held by anybody.
    pub(super) fn taken(&self, key: &str, budget: &Budget, need: &Need, now: Moment) -> Option<(Usd, Usd)> {
        let own = self.accounts.windows(key, now);
        let part = self.keys.get(key)?.part(budget.period)?;
        let number = number_of(budget.period);
        let (spent, reserved) = taken_in(&own, part.from, number);
        // Without what is held for the request itself.
        let reserved = reserved.minus(need.held_in(number, part.from));
        Some((part.spent.plus(spent.minus(part.told)), part.others.plus(reserved)))
    }
}

impl Holding {
    fn part(&self, period: BudgetPeriod) -> Option<&Part> {
        BudgetPeriod::ALL.iter().zip(&self.periods).find(|(of, _)| **of == period).map(|(_, part)| part)
    }

    /// The tightest budget of a period: hard before soft.
    fn limit(&self, period: BudgetPeriod) -> Option<Budget> {
        let of = self.allowance.budgets.iter().filter(|budget| budget.period == period);
        of.min_by_key(|budget| (!budget.hard, budget.limit)).copied()
    }
}

/// What was spent and is set aside in the period of this number that began then.
fn taken_in(own: &[(Moment, Usd, Usd); PERIODS], from: Moment, number: u8) -> (Usd, Usd) {
    let found = own.get(usize::from(number)).filter(|(began, _, _)| *began == from);
    found.map_or((Usd::ZERO, Usd::ZERO), |(_, spent, reserved)| (*spent, *reserved))
}

/// The number of a kind of period in the database.
pub(super) fn number_of(period: BudgetPeriod) -> u8 {
    (0..).zip(BudgetPeriod::ALL).find(|(_, of)| *of == period).map_or(0, |(number, _)| number)
}

//! What is done at the server, all of it or nothing: the scripts, what they are asked and what they answer.

use redis::{Cmd, FromRedisValue, ParsingError, Value};
use trunkline_config::file::BudgetPeriod;
use trunkline_config::{Allowance, Budget};
use trunkline_providers::Usd;
use trunkline_route::Moment;
use trunkline_route::budget::{PERIODS, Reserved, Short, Spent, ends, overrun};
use trunkline_route::limits::{Entered, Over, remaining};
use trunkline_route::purse::{Account, Admitted, Counted, Reckoned, Refused};

use super::names::Names;
use super::owed::{Owed, Settled};
use crate::Timings;

const CALENDAR: &str = include_str!("lua/calendar.lua");
const ACCOUNT: &str = include_str!("lua/account.lua");
const REGISTRY: &str = include_str!("lua/registry.lua");
const RESTS: &str = include_str!("lua/rests.lua");

/// The server's clock.
pub(super) const CLOCK: &str = include_str!("lua/clock.lua");
/// The asker's, so that tests need not wait.
#[cfg(test)]
pub(super) const ASKERS_CLOCK: &str = "local function clock(asked) return tonumber(asked) end\n";

/// The largest amount that the scripts reckon with exactly, about nine million USD: their numbers are of 53 bits.
const NANO_MAX: i64 = (1 << 53) - 1;
/// What stands for "no limit" and "nobody knows".
const NONE: i64 = -1;

/// The texts of all scripts.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) account: String,
    pub(super) registry: String,
    pub(super) rests: String,
}

impl Texts {
    pub(super) fn with(clock: &str) -> Self {
        Self {
            account: format!("{clock}{CALENDAR}{ACCOUNT}"),
            registry: format!("{clock}{REGISTRY}"),
            rests: format!("{clock}{RESTS}"),
        }
    }
}

/// Names under which the server has the scripts.
#[derive(Clone, Debug)]
pub(super) struct Hashes {
    pub(super) account: String,
    pub(super) registry: String,
    pub(super) rests: String,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(super) struct Asker<'a> {
    pub(super) names: &'a Names,
    pub(super) timings: &'a Timings,
    pub(super) hashes: &'a Hashes,
    /// The name under which this replica is there.
    pub(super) replica: &'a str,
    pub(super) now: Moment,
}

impl Asker<'_> {
    fn account(&self, op: &str, key: &str) -> Cmd {
        let mut cmd = redis::cmd("EVALSHA");
        cmd.arg(&self.hashes.account).arg(4).arg(self.names.account(key));
        cmd.arg(self.names.replicas()).arg(self.names.mark(self.replica)).arg(self.names.used());
        cmd.arg(op).arg(self.replica).arg(self.now.0).arg(self.silence_ms());
        cmd
    }

    fn silence_ms(&self) -> u64 {
        u64::try_from(self.timings.silence.as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) fn admit(&self, key: &str, allowance: &Allowance, reckoned: Reckoned) -> Cmd {
        let limit = |most: Option<u64>| most.map_or(NONE, whole);
        let mut cmd = self.account("admit", key);
        cmd.arg(whole(reckoned.tokens)).arg(reckoned.cost.map_or(NONE, nano));
        cmd.arg(limit(allowance.parallel_requests.map(u64::from)));
        cmd.arg(limit(allowance.requests_per_minute.map(u64::from))).arg(limit(allowance.tokens_per_minute));
        cmd.arg(u8::from(!allowance.budgets.is_empty()));
        hard_budgets(&mut cmd, allowance);
        cmd
    }

    pub(super) fn raise(&self, key: &str, allowance: &Allowance, reserved: &Reserved, cost: Usd) -> Cmd {
        let mut cmd = self.account("raise", key);
        cmd.arg(nano(reserved.amount)).arg(moments(reserved.from)).arg(nano(cost));
        hard_budgets(&mut cmd, allowance);
        cmd
    }

    pub(super) fn settle(&self, settled: &Settled, turn: u64) -> Cmd {
        let Settled { key, opens, counted: Counted { entered, reserved, .. }, took, at: _ } = settled;
        let mut cmd = self.account("settle", key);
        cmd.arg(turn).arg(opens).arg(entered.at.0).arg(whole(entered.tokens)).arg(whole(took.tokens));
        let (amount, from) = reserved.map_or_else(Default::default, |reserved| (reserved.amount, reserved.from));
        cmd.arg(u8::from(reserved.is_some()))
            .arg(nano(amount))
            .arg(moments(from))
            .arg(nano(took.cost.unwrap_or_default()));
        cmd
    }

    pub(super) fn found(&self, key: &str, spent: &[Spent]) -> Cmd {
        let of = |period| spent.iter().find(|spent| spent.period == period);
        let mut cmd = self.account("found", key);
        cmd.arg(moments(BudgetPeriod::ALL.map(|period| of(period).map(|spent| spent.from).unwrap_or_default())));
        cmd.arg(amounts(BudgetPeriod::ALL.map(|period| of(period).map(|spent| spent.usd).unwrap_or_default())));
        cmd
    }

    pub(super) fn catch_up(&self, owed: &Owed, turn: u64) -> Cmd {
        let mut cmd = self.account("catch_up", &owed.key);
        cmd.arg(turn).arg(owed.born).arg(moments(owed.from));
        cmd.arg(amounts(owed.own)).arg(amounts(owed.seen)).arg(amounts(owed.held));
        cmd.arg(owed.opens).arg(u8::from(owed.has_budgets));
        cmd
    }

    /// Asks what is so, and changes nothing.
    pub(super) fn look(&self, key: &str) -> Cmd {
        self.account("look", key)
    }

    fn registry(&self, op: &str, before: &str, since: Moment, looked_at: usize) -> Cmd {
        let mut cmd = redis::cmd("EVALSHA");
        cmd.arg(&self.hashes.registry).arg(3);
        cmd.arg(self.names.replicas()).arg(self.names.mark(before)).arg(self.names.used());
        cmd.arg(op).arg(self.replica).arg(self.now.0).arg(self.silence_ms()).arg(before).arg(since.0).arg(looked_at);
        cmd
    }

    /// Is there from now on, in place of `before`.
    pub(super) fn join(&self, before: &str) -> Cmd {
        self.registry("join", before, Moment(0), 0)
    }

    /// Is still there, and wants to know of so many accounts that were used since then.
    pub(super) fn beat(&self, since: Moment, looked_at: usize) -> Cmd {
        self.registry("beat", self.replica, since, looked_at)
    }

    pub(super) fn leave(&self) -> Cmd {
        self.registry("leave", self.replica, Moment(0), 0)
    }
}

/// What came of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    LetIn,
    /// The budget at this place among those that are hard.
    Short(usize),
    Parallel,
    /// For so many milliseconds.
    Requests(u64),
    Tokens(u64),
    /// The server does not know this replica: it has lost what it had, or thought the replica gone.
    Stranger,
    /// The server does not know what was spent before.
    Unknown,
}

/// What is so with an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) now: Moment,
    /// Since when it is known what was spent before; 0: it is not.
    pub(super) born: i64,
    pub(super) open: u32,
    requests: u64,
    tokens: u64,
    reset_ms: u64,
    pub(super) from: [Moment; PERIODS],
    pub(super) spent: [Usd; PERIODS],
    pub(super) reserved: [Usd; PERIODS],
}

/// An answer of the script of accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) verdict: Verdict,
    pub(super) picture: Picture,
}

impl FromRedisValue for Reply {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let numbers: Vec<i64> = FromRedisValue::from_redis_value(value)?;
        Self::read(&numbers).ok_or_else(|| ParsingError::from("not what the script answers"))
    }
}

impl Reply {
    fn read(numbers: &[i64]) -> Option<Self> {
        let [verdict, more, now, born, open, requests, tokens, reset, periods @ ..] = numbers else { return None };
        let verdict = match verdict {
            1 => Verdict::LetIn,
            2 => Verdict::Short(usize::try_from(*more).ok()?.checked_sub(1)?),
            3 => Verdict::Parallel,
            4 => Verdict::Requests(count(*more)),
            5 => Verdict::Tokens(count(*more)),
            6 => Verdict::Stranger,
            7 => Verdict::Unknown,
            _ => return None,
        };
        let mut picture = Picture {
            now: Moment(count(*now)),
            born: *born,
            open: u32::try_from(*open).ok()?,
            requests: count(*requests),
            tokens: count(*tokens),
            reset_ms: count(*reset),
            ..Picture::default()
        };
        let [from, spent, reserved] = [&mut picture.from.map(|_| 0), &mut [0; PERIODS], &mut [0; PERIODS]];
        for (period, of) in periods.chunks_exact(3).enumerate() {
            let [at, usd, held] = of else { return None };
            (*from.get_mut(period)?, *spent.get_mut(period)?, *reserved.get_mut(period)?) = (*at, *usd, *held);
        }
        picture.from = from.map(|at| Moment(count(at)));
        (picture.spent, picture.reserved) = (spent.map(Usd::from_nano), reserved.map(Usd::from_nano));
        Some(Self { verdict, picture })
    }
}

impl Picture {
    /// What is so in this period; nothing is where that is over.
    pub(super) fn taken(&self, period: BudgetPeriod, now: Moment) -> (Usd, Usd) {
        let all = BudgetPeriod::ALL.iter().zip(&self.from).zip(self.spent.iter().zip(&self.reserved));
        let mut found = all.filter(|((of, from), _)| **of == period && ends(period, **from) > now);
        found.next().map_or((Usd::ZERO, Usd::ZERO), |(_, (spent, reserved))| (*spent, *reserved))
    }

    pub(super) fn account(&self, now: Moment) -> Account {
        let spent = BudgetPeriod::ALL.iter().zip(&self.from).map(|(period, from)| Spent {
            period: *period,
            from: *from,
            usd: self.taken(*period, now).0,
        });
        Account { open: self.open, reserved: self.taken(BudgetPeriod::Total, now).1, spent: spent.collect() }
    }

    /// A request that this picture was made with.
    pub(super) fn counted(&self, ticket: u64, allowance: &Allowance, reckoned: Reckoned) -> Counted {
        let entered = Entered { at: self.now, tokens: reckoned.tokens };
        let amount = reckoned.cost.unwrap_or(Usd::ZERO);
        Counted { ticket, entered, reserved: (!allowance.budgets.is_empty()).then(|| self.reserved_now(amount)) }
    }

    /// So much, set aside when this picture was made.
    pub(super) fn reserved_now(&self, amount: Usd) -> Reserved {
        Reserved { amount, from: self.from }
    }

    pub(super) fn admitted(&self, counted: Counted, allowance: &Allowance) -> Admitted {
        let overrun = overrun(&allowance.budgets, |period| self.taken(period, self.now).0);
        Admitted { counted, remaining: self.remaining(allowance), overrun }
    }

    fn remaining(&self, allowance: &Allowance) -> trunkline_wire::limits::Remaining {
        remaining(allowance, self.requests, self.tokens, std::time::Duration::from_millis(self.reset_ms))
    }

    /// Why it is not let in; `None`: nothing of what was said is so.
    pub(super) fn refused(&self, verdict: Verdict, allowance: &Allowance, cost: Option<Usd>) -> Option<Refused> {
        let wait = std::time::Duration::from_millis;
        let over = |over| Some(Refused::Over(over, self.remaining(allowance)));
        match verdict {
            Verdict::LetIn | Verdict::Stranger | Verdict::Unknown => None,
            Verdict::Short(place) => {
                let budget = *hard(allowance).nth(place)?;
                let taken = self.taken(budget.period, self.now);
                let until = ends(budget.period, self.now).since(self.now);
                Short::of(budget, taken, cost, until).map(Refused::Short)
            }
            Verdict::Parallel => over(Over::Parallel(allowance.parallel_requests?)),
            Verdict::Requests(ms) => over(Over::Requests(allowance.requests_per_minute?, wait(ms))),
            Verdict::Tokens(ms) => over(Over::Tokens(allowance.tokens_per_minute?, wait(ms))),
        }
    }
}

fn hard(allowance: &Allowance) -> impl Iterator<Item = &Budget> {
    allowance.budgets.iter().filter(|budget| budget.hard)
}

fn hard_budgets(cmd: &mut Cmd, allowance: &Allowance) {
    cmd.arg(hard(allowance).count());
    for budget in hard(allowance) {
        // Periods are numbered from 1 on there.
        let number = BudgetPeriod::ALL.iter().take_while(|period| **period != budget.period).count() + 1;
        cmd.arg(number).arg(nano(budget.limit));
    }
}

fn moments(moments: [Moment; PERIODS]) -> Vec<u64> {
    moments.iter().map(|moment| moment.0).collect()
}

fn amounts(amounts: [Usd; PERIODS]) -> Vec<i64> {
    amounts.iter().map(|amount| nano(*amount)).collect()
}

fn nano(amount: Usd) -> i64 {
    amount.nano().clamp(0, NANO_MAX)
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(NANO_MAX).min(NANO_MAX)
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

//! What this replica knows itself: the requests that it let in, what the server has yet to be told, and what was last seen.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use trunkline_config::{Allowance, Budget};
use trunkline_providers::Usd;
use trunkline_route::budget::PERIODS;
use trunkline_route::limits::Entered;
use trunkline_route::purse::{Account, Counted, Took, share};
use trunkline_route::{Accounts, Moment, Purse as _};

use super::owed::{Item, Owed, Settled};
use super::script::Picture;

/// What the server may have yet to be told while it answers. Guards memory; what is beyond it is told as sums.
const UNTOLD_MAX: usize = 65_536;

/// Accounts of which it is kept how they were last seen. Guards memory: there are no more keys than this in a store.
const SEEN_MAX: usize = 100_000;

/// What this replica knows.
#[derive(Debug)]
pub(super) struct Book {
    /// The name under which the server knows it; each return has a new one.
    pub(super) name: String,
    /// Whether it works alone, and keeps sums of what it has to tell.
    pub(super) is_alone: bool,
    /// How many replicas there were when that was last seen.
    pub(super) replicas: u32,
    tickets: HashMap<u64, Ticket>,
    last_ticket: u64,
    /// By their turns.
    untold: VecDeque<(u64, Item)>,
    last_turn: u64,
    /// The last turn of each key that has one.
    turns: HashMap<Arc<str>, u64>,
    /// What is told when the server is back.
    owed: HashMap<Arc<str>, Owed>,
    seen: HashMap<Arc<str>, Picture>,
    /// What counts while the server cannot be asked.
    alone: Arc<Accounts>,
}

/// Accounts of this process, and what counts there of a request.
pub(super) type Alone = (Arc<Accounts>, Counted);

#[derive(Clone, Debug)]
struct Ticket {
    key: Arc<str>,
    counted: Counted,
    /// Where it counts until the server knows of it.
    alone: Option<Alone>,
}

impl Book {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            is_alone: true,
            replicas: 1,
            tickets: HashMap::new(),
            last_ticket: 0,
            untold: VecDeque::new(),
            last_turn: 0,
            turns: HashMap::new(),
            owed: HashMap::new(),
            seen: HashMap::new(),
            alone: Arc::default(),
        }
    }

    pub(super) fn see(&mut self, key: &Arc<str>, picture: Picture) {
        if self.seen.len() >= SEEN_MAX {
            self.seen.clear();
        }
        self.seen.insert(Arc::clone(key), picture);
    }

    pub(super) fn account(&self, key: &str, now: Moment) -> Option<Account> {
        self.seen.get(key).map(|seen| seen.account(now))
    }

    /// What this replica may let in alone: its part of what was left when that was last seen.
    pub(super) fn share(
        &self,
        key: &str,
        allowance: &Allowance,
        known: &Account,
        now: Moment,
    ) -> (Arc<Accounts>, Allowance) {
        let seen = self.seen.get(key);
        let limit = |budget: &Budget| {
            if !budget.hard {
                // It keeps nobody out, so there is nothing to share.
                return budget.limit;
            }
            let known = || known.spent.iter().find(|spent| spent.period == budget.period).map(|spent| spent.usd);
            let taken = match seen {
                Some(seen) => {
                    let (spent, reserved) = seen.taken(budget.period, now);
                    spent.plus(reserved)
                }
                None => known().unwrap_or(Usd::ZERO),
            };
            share::part(budget.limit.minus(taken), self.replicas)
        };
        (Arc::clone(&self.alone), share::of(allowance, self.replicas, limit))
    }

    /// A request was let in by the server, which knew this replica by that name.
    pub(super) fn let_in(&mut self, key: &Arc<str>, counted: impl FnOnce(u64) -> Counted, name: &str) -> Counted {
        self.last_ticket += 1;
        let counted = counted(self.last_ticket);
        let ticket = Ticket { key: Arc::clone(key), counted, alone: None };
        if name != self.name {
            // What was known by that name is dropped there.
            self.tell_held(&ticket);
        }
        self.tickets.insert(self.last_ticket, ticket);
        counted
    }

    /// A request was let in alone.
    pub(super) fn let_in_alone(&mut self, key: &Arc<str>, accounts: Arc<Accounts>, counted: Counted) -> Counted {
        self.last_ticket += 1;
        let known = Counted { ticket: self.last_ticket, ..counted };
        let ticket = Ticket { key: Arc::clone(key), counted: known, alone: Some((accounts, counted)) };
        self.tickets.insert(self.last_ticket, ticket);
        known
    }

    /// What counts of a request that is still open, and what does alone.
    pub(super) fn open(&self, ticket: u64) -> Option<(Counted, Option<Alone>)> {
        self.tickets.get(&ticket).map(|open| (open.counted, open.alone.clone()))
    }

    /// The server has set aside more for a request, or in other periods. Where the request is over by now, that is taken back.
    pub(super) fn raised(&mut self, key: &Arc<str>, before: Counted, raised: Counted, name: &str) {
        let is_same = name == self.name;
        match self.tickets.get_mut(&before.ticket) {
            Some(open) => {
                open.counted = raised;
                if is_same {
                    return;
                }
                // The server was told of what had been set aside before.
                self.tell_replaced(key, before, raised);
            }
            // The end of the request took back what was set aside before, which was no longer what there was.
            None if is_same => self.tell_replaced(key, raised, before),
            None => {}
        }
    }

    /// In place of what is set aside by the first, it is by the second.
    fn tell_replaced(&mut self, key: &Arc<str>, first: Counted, second: Counted) {
        let mut owed = Owed::nothing(key, self.seen.get(key));
        owed.hold(second.reserved.as_ref(), 0);
        self.tell(Item::Owed(Box::new(owed)));
        let counted = Counted { entered: Entered { tokens: 0, ..first.entered }, ..first };
        let (key, at) = (Arc::clone(key), counted.entered.at);
        self.tell(Item::Settled(Settled { key, opens: 0, counted, took: Took::default(), at }));
    }

    /// More is set aside for a request alone; in place of what the server knows of it.
    pub(super) fn raised_alone(&mut self, ticket: u64, accounts: Arc<Accounts>, alone: Counted) -> Option<Counted> {
        let open = self.tickets.get_mut(&ticket)?;
        open.counted.reserved = alone.reserved;
        open.alone = Some((accounts, alone));
        Some(open.counted)
    }

    /// A request is over. Says whether there is something to tell.
    pub(super) fn settle(&mut self, ticket: u64, took: Took, now: Moment) -> bool {
        let Some(Ticket { key, counted, alone }) = self.tickets.remove(&ticket) else { return false };
        match alone {
            Some((accounts, counted)) => {
                accounts.settle(&key, &counted, took, now);
                self.owe(&key, &counted, took);
            }
            None if self.is_alone => self.owe(&key, &counted, took),
            None => self.tell(Item::Settled(Settled { key, opens: 1, counted, took, at: now })),
        }
        !self.is_alone
    }

    /// What a request took that the server does not know of.
    fn owe(&mut self, key: &Arc<str>, counted: &Counted, took: Took) {
        let Some(reserved) = &counted.reserved else { return };
        let amounts = [took.cost.unwrap_or(Usd::ZERO); PERIODS];
        if self.is_alone {
            self.owed_of(key).spend(reserved.from, amounts);
        } else {
            let mut owed = Owed::nothing(key, self.seen.get(key));
            owed.spend(reserved.from, amounts);
            self.tell(Item::Owed(Box::new(owed)));
        }
    }

    fn owed_of(&mut self, key: &Arc<str>) -> &mut Owed {
        let seen = self.seen.get(key);
        self.owed.entry(Arc::clone(key)).or_insert_with(|| Owed::nothing(key, seen))
    }

    fn tell_held(&mut self, ticket: &Ticket) {
        let mut owed = Owed::nothing(&ticket.key, self.seen.get(&ticket.key));
        owed.hold(ticket.counted.reserved.as_ref(), 1);
        self.tell(Item::Owed(Box::new(owed)));
    }

    fn tell(&mut self, item: Item) {
        self.last_turn += 1;
        self.turns.insert(Arc::clone(item.key()), self.last_turn);
        self.untold.push_back((self.last_turn, item));
    }

    /// Whether more is untold than there is room for.
    pub(super) fn is_full(&self) -> bool {
        self.untold.len() > UNTOLD_MAX
    }

    /// What is to be told next.
    pub(super) fn next(&self, count: usize) -> Vec<(u64, Item)> {
        self.untold.iter().take(count).cloned().collect()
    }

    /// The server was told as far as this turn.
    pub(super) fn told(&mut self, turn: u64) {
        while self.untold.front().is_some_and(|(front, _)| *front <= turn) {
            self.untold.pop_front();
        }
        if self.untold.is_empty() {
            self.turns.clear();
        }
    }

    /// The last turn of this key; 0: all is told.
    pub(super) fn turn(&self, key: &str) -> u64 {
        self.turns.get(key).copied().unwrap_or_default()
    }

    /// The server is back and knows this replica by a new name; by the one before, it was told as far as this turn. All that
    /// is open is told anew, and what was not told yet.
    pub(super) fn come_back(&mut self, name: String, told: u64, replicas: u32) {
        self.told(told);
        (self.name, self.replicas) = (name, replicas.max(1));
        self.is_alone = true;
        self.turns.clear();
        for (_, item) in std::mem::take(&mut self.untold) {
            match item {
                Item::Settled(settled) => self.owe(&settled.key, &settled.counted, settled.took),
                Item::Owed(owed) if owed.has_budgets => self.owed_of(&owed.key).spend(owed.from, owed.own),
                Item::Owed(_) => {}
            }
        }
        self.is_alone = false;
        let mut tickets = std::mem::take(&mut self.tickets);
        for ticket in tickets.values_mut() {
            ticket.alone = None;
            self.owed_of(&ticket.key).hold(ticket.counted.reserved.as_ref(), 1);
        }
        self.tickets = tickets;
        for owed in std::mem::take(&mut self.owed).into_values() {
            self.tell(Item::Owed(Box::new(owed)));
        }
    }

    /// The server knows all: what was let in alone is its matter from now on.
    pub(super) fn is_told(&mut self) {
        self.alone = Arc::default();
    }
}

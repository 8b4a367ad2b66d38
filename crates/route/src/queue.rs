//! Who may have a request open where there is not room for all, and who is next.
//!
//! A state machine without a clock: whoever waits is told by what it left as its `waker`, and whoever gives up says so.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use trunkline_config::Priority;

/// Places that go to higher classes while a lower one waits; the next is the lower one's. Bounds how long it starves.
const PASSED_OVER_MAX: u32 = 8;

/// The classes, the one to serve first at the front.
const CLASSES: [Priority; 3] = [Priority::High, Priority::Normal, Priority::Low];

/// The places of one target, and those who wait for one.
#[derive(Debug)]
pub struct Queue<W> {
    open: u32,
    open_max: u32,
    classes: [Class<W>; CLASSES.len()],
    waiting: usize,
    /// Tickets that became places of which their holders do not know yet.
    granted: BTreeSet<Ticket>,
    tickets: u64,
}

/// One who waits. It must come back, with [`Queue::claim`] or [`Queue::withdraw`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// What came of asking for a place.
#[derive(Debug, PartialEq, Eq)]
pub enum Entered {
    /// It has one; [`Queue::leave`] gives it back.
    Place,
    /// It waits for one.
    Waits(Ticket),
    /// There is no room to wait either.
    Full,
}

/// Those of one class who wait: holders of client keys take turns.
#[derive(Debug)]
struct Class<W> {
    holders: VecDeque<Holder<W>>,
    /// Places that went to higher classes since it had its last, or began to wait.
    passed_over: u32,
}

#[derive(Debug)]
struct Holder<W> {
    /// `None`: those without a client key, all as one.
    client_key: Option<Arc<str>>,
    waiters: VecDeque<(Ticket, W)>,
}

impl<W> Queue<W> {
    /// With so many places.
    pub fn new(open_max: u32) -> Self {
        let class = || Class { holders: VecDeque::new(), passed_over: 0 };
        Self {
            open: 0,
            open_max,
            classes: [class(), class(), class()],
            waiting: 0,
            granted: BTreeSet::new(),
            tickets: 0,
        }
    }

    /// Places that are taken.
    pub fn open(&self) -> u32 {
        self.open
    }

    /// Places in all.
    pub fn open_max(&self) -> u32 {
        self.open_max
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Asks for a place.
    pub fn enter(
        &mut self,
        client_key: Option<&Arc<str>>,
        class: Priority,
        waiting_max: u32,
        waker: impl FnOnce() -> W,
    ) -> Entered {
        // While others wait there is no place that is not theirs.
        if self.open < self.open_max && self.waiting == 0 {
            self.open += 1;
            return Entered::Place;
        }
        if self.waiting >= waiting_max as usize {
            return Entered::Full;
        }
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        if let Some(class) = self.classes.get_mut(rank(class)) {
            class.push(client_key, (ticket, waker()));
            self.waiting += 1;
        }
        Entered::Waits(ticket)
    }

    /// Whether the ticket became a place; then it is none any more.
    pub fn claim(&mut self, ticket: Ticket) -> bool {
        self.granted.remove(&ticket)
    }

    /// Stops waiting; a place that the ticket became meanwhile goes on. Gives who is to be told that it has one.
    pub fn withdraw(&mut self, ticket: Ticket) -> Option<W> {
        if self.claim(ticket) {
            return self.leave();
        }
        self.waiting -= usize::from(self.classes.iter_mut().any(|class| class.remove(ticket)));
        None
    }

    /// Gives a place back. Gives who is to be told that it has one.
    pub fn leave(&mut self) -> Option<W> {
        self.open -= 1;
        self.grant()
    }

    /// Changes how many places there are; those that are taken stay so. Gives who is to be told that they have one.
    pub fn resize(&mut self, open_max: u32) -> Vec<W> {
        self.open_max = open_max;
        std::iter::from_fn(|| self.grant()).collect()
    }

    fn grant(&mut self) -> Option<W> {
        if self.open >= self.open_max {
            return None;
        }
        let next = self.next_class()?;
        let (ticket, waker) = self.classes.get_mut(next)?.pop()?;
        for passed in self.classes.iter_mut().skip(next + 1).filter(|class| !class.holders.is_empty()) {
            passed.passed_over += 1;
        }
        self.waiting -= 1;
        self.open += 1;
        self.granted.insert(ticket);
        Some(waker)
    }

    /// The highest class that waits, unless a lower one was passed over too often.
    fn next_class(&self) -> Option<usize> {
        let starved = |class: &Class<W>| class.passed_over >= PASSED_OVER_MAX && !class.holders.is_empty();
        let starved = self.classes.iter().rposition(starved);
        starved.or_else(|| self.classes.iter().position(|class| !class.holders.is_empty()))
    }
}

impl<W> Class<W> {
    fn push(&mut self, client_key: Option<&Arc<str>>, waiter: (Ticket, W)) {
        let known = self.holders.iter_mut().find(|holder| holder.client_key.as_ref() == client_key);
        match known {
            Some(holder) => holder.waiters.push_back(waiter),
            None => {
                self.holders.push_back(Holder { client_key: client_key.cloned(), waiters: VecDeque::from([waiter]) })
            }
        }
    }

    fn pop(&mut self) -> Option<(Ticket, W)> {
        let mut holder = self.holders.pop_front()?;
        let waiter = holder.waiters.pop_front();
        if !holder.waiters.is_empty() {
            self.holders.push_back(holder);
        }
        self.passed_over = 0;
        waiter
    }

    fn remove(&mut self, ticket: Ticket) -> bool {
        let find = |holder: &Holder<W>| holder.waiters.iter().position(|(waiting, _)| *waiting == ticket);
        let found = self.holders.iter().enumerate().find_map(|(at, holder)| Some((at, find(holder)?)));
        let Some((at, index)) = found else { return false };
        if let Some(holder) = self.holders.get_mut(at) {
            holder.waiters.remove(index);
            if holder.waiters.is_empty() {
                self.holders.remove(at);
            }
        }
        if self.holders.is_empty() {
            self.passed_over = 0;
        }
        true
    }
}

/// The place of a class among [`CLASSES`].
fn rank(class: Priority) -> usize {
    CLASSES.iter().position(|other| *other == class).unwrap_or_default()
}

#[cfg(test)]
mod tests;

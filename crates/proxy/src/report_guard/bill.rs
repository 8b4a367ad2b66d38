//! What of a request is to be paid: what is asked, what it took, what that costs.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use trunkline_providers::{Price, Usd};
use trunkline_route::purse::Took;
use trunkline_route::{Moment, Outcome, Report};
use trunkline_wire::ir::Quality;
use trunkline_wire::relay::Facts;
use trunkline_wire::{DialectId, counting};

use super::{ReportGuard, micros};
use crate::meter::{self, End};
use crate::owed::{Asking, Question, Spent};
use crate::twins::Twins;
use crate::{cost, head};

/// What is to be paid for one request.
#[derive(Default)]
pub(super) struct Bill {
    /// What the one costs whom the report names; `None` when nobody knows.
    pub(super) price: Option<Arc<Price>>,
    /// When that one was asked, in microseconds since the request began; kept for those whose time costs.
    asked_us: u64,
    /// What the one was sent.
    question: Question,
    /// What those took who were asked before, or beside.
    spent: Option<Spent>,
}

impl ReportGuard {
    /// Time costs from now on, where it does.
    pub(super) fn clock_in(&mut self) {
        if self.bill.price.as_ref().is_some_and(|price| price.is_timed()) {
            self.bill.asked_us = micros(self.elapsed());
        }
    }

    /// Keeps of what is sent to the one who is tried what is owed for it.
    pub(crate) fn ask(&mut self, dialect: DialectId, body: &[Bytes]) {
        self.count_images(dialect, body);
        self.bill.question = Question::of(self.report.operation, dialect, body);
    }

    /// The same where nothing tells when that one is reached.
    pub(crate) fn ask_unwatched(&mut self, dialect: DialectId, body: &[Bytes]) {
        self.count_images(dialect, body);
        self.bill.question = Question::of(self.report.operation, dialect, body).reached();
    }

    /// Only where they cost something: the whole body is read for it.
    fn count_images(&mut self, dialect: DialectId, body: &[Bytes]) {
        let is_pictured = self.bill.price.as_ref().is_some_and(|price| price.is_pictured());
        self.report.images = if is_pictured { counting::images(dialect, body) } else { 0 };
    }

    /// Where to say that the one who is tried was reached.
    pub(crate) fn asking(&self) -> Asking<'_> {
        Asking::of(&self.bill.question, self.started)
    }

    /// Notes what was learnt from the answer.
    pub(crate) fn measure(&mut self, facts: &Facts, end: End) {
        if let Some((usage, quality)) = meter::measure(&self.report, facts, end, &self.bill.question) {
            self.report.usage = usage;
            self.report.quality = Some(quality);
        }
    }

    /// Notes what was learnt from an answer that nobody will see, and that is paid for.
    pub(crate) fn spend(&mut self, facts: &Facts) {
        self.measure(facts, End::Whole);
        let spent = self.take_part(false);
        self.has_spent(spent);
        self.clock_in();
    }

    /// What a part of the answer took that broke off, to be [added](Self::has_spent) if another goes on with it.
    pub(crate) fn spent_on(&mut self, facts: &Facts) -> Option<Spent> {
        self.measure(facts, End::Broken);
        self.take_part(true)
    }

    /// Adds what was spent on something else than what is still to come.
    pub(crate) fn has_spent(&mut self, more: Option<Spent>) {
        let Some(more) = more else { return };
        let all = self.bill.spent.take().map_or(more, |spent| spent.plus(more));
        self.bill.spent = Some(all);
    }

    /// Takes out of the report what was measured so far.
    fn take_part(&mut self, is_seen: bool) -> Option<Spent> {
        self.settle();
        let part = Spent::of(&self.report, is_seen);
        let Report { usage, quality, cost, saved, .. } = &mut self.report;
        (*usage, *quality, *cost, *saved) = Default::default();
        part
    }

    /// A whole answer was handed over in one piece.
    pub(crate) fn answered(&mut self, facts: &Facts) {
        self.measure(facts, End::Whole);
        self.served();
        self.settle();
    }

    /// Whether it is known what the one costs whom the report names.
    pub(crate) fn is_priced(&self) -> bool {
        self.bill.price.is_some()
    }

    /// What an answer cost of which the provider has counted all; from then on that is what it cost. `None` when nobody
    /// knows.
    pub(crate) fn cost_of(&mut self, facts: &Facts) -> Option<Usd> {
        if self.bill.price.is_none() || facts.usage.is_none() {
            return self.cost_so_far();
        }
        self.measure(facts, End::Whole);
        self.settle();
        self.cost_so_far()
    }

    /// What is known to have been spent: nothing on an answer that was kept, else once the provider has counted its own.
    fn cost_so_far(&self) -> Option<Usd> {
        if self.report.cached {
            return self.report.cost;
        }
        if self.report.quality != Some(Quality::Exact) {
            return None;
        }
        self.bill.spent.as_ref().map_or(self.report.cost, |spent| spent.and(self.report.cost))
    }

    /// The same for a client that asked to be told in the answer's body.
    pub(crate) fn cost_to_tell(&mut self, facts: &Facts) -> Option<Usd> {
        if self.wants_cost { self.cost_of(facts) } else { None }
    }

    /// Says in an answer's head what it cost.
    pub(crate) fn tell_cost(&self, headers: &mut HeaderMap) {
        if let Some(cost) = self.cost_so_far() {
            head::tell_cost(headers, cost, self.worker.shared.snapshot().server.litellm_headers);
        }
    }

    /// Writes down what it cost, once.
    pub(crate) fn settle(&mut self) {
        if self.report.cost.is_none() {
            let price = self.bill.price.as_deref();
            // The clock is only asked where time costs.
            let is_timed = price.is_some_and(Price::is_timed);
            let took_us = if is_timed { micros(self.elapsed()).saturating_sub(self.bill.asked_us) } else { 0 };
            cost::settle(&mut self.report, price, took_us);
        }
    }

    /// A client that left while somebody was at work owes the prompt for it.
    pub(super) fn bill_who_left(&mut self) {
        let is_working = self.is_asked && self.report.outcome == Outcome::ClientLeft && self.report.quality.is_none();
        if is_working && self.bill.question.is_owed() {
            self.measure(&Facts::default(), End::Left);
        }
    }

    /// Leaves what this guard's tries took to the one that reports.
    pub(super) fn leave_bill(&mut self, twins: &Twins) {
        let part = self.take_part(false);
        self.has_spent(part);
        twins.leave(self.bill.spent.take());
    }

    /// Writes down all that the request took.
    pub(super) fn close_bill(&mut self) {
        self.settle();
        if let Some(spent) = self.bill.spent.take() {
            spent.add_to(&mut self.report);
        }
    }

    /// Tells the limits of the client key, and of the provider's, what the request took.
    pub(super) fn settle_limits(&mut self) {
        let used = self.report.used();
        let tokens = used.prompt().saturating_add(used.output);
        // What the clock of the wall says would have to be asked for.
        let now = Moment(self.report.at_ms.saturating_add(self.report.total_us / 1_000));
        if let Some(tab) = self.tab.take() {
            tab.settle(Took { tokens, cost: self.report.cost }, now);
        }
        if let Some(key) = &self.counted_key {
            self.worker.shared.live.rates.spend(&key.label, tokens, now);
        }
    }
}

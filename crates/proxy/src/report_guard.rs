//! Exactly one report a request, whichever way it ends.

use std::future::poll_fn;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use http::StatusCode;
use trunkline_config::{ClientKey, ErrorAction, Key};
use trunkline_route::loads::{Load, Open};
use trunkline_route::policy::action;
use trunkline_route::{Attempt, Moment, Outcome, Probe, Report};
use trunkline_wire::ir::{Event, Request};
use trunkline_wire::{Fault, Operation};

use crate::limits::Tab;
use crate::memory::Watcher;
use crate::recording::Recording;
use crate::room::Place;
use crate::shared::{Shared, now_ms};
use crate::stored::ResponseStore;
use crate::trail::Trail;
use crate::twins::{Twin, Twins};
use crate::under_way::TryNumber;
use crate::waiting::Waits;
use crate::worker::Worker;

mod bill;

use bill::Bill;

/// Holds a request's report and hands it over when dropped. Until told otherwise the client has left. It is boxed, since
/// it moves with the request from step to step.
pub(crate) struct ReportGuard {
    pub(crate) report: Report,
    /// What became of its tries.
    pub(crate) trail: Trail,
    /// Its caller's key; `None` where no key is asked for.
    pub(crate) client_key: Option<Arc<ClientKey>>,
    /// Where what is said is written down; `None`: nowhere.
    pub(crate) recording: Option<Arc<Recording>>,
    /// What counts toward that key; `None` where nothing does.
    pub(crate) tab: Option<Arc<Tab>>,
    /// Its place at the target that is tried, where only so many requests may be open.
    pub(crate) place: Option<Place>,
    /// How it waits for a place, once it has had to. Boxed: few do.
    pub(crate) waits: Option<Box<Waits>>,
    /// The circuit that the try probes, until it is known what came of that. Boxed: few do.
    pub(crate) probe: Option<Box<Probe>>,
    /// The try that is under way, where it is counted how busy targets are, and when it began.
    busy: Option<(Open, Instant)>,
    /// The key of the last try, where its use is counted.
    counted_key: Option<Arc<Key>>,
    /// Whether the provider that the report names is the one that answers.
    is_asked: bool,
    /// What is to be paid.
    bill: Bill,
    /// Whether the client asked what its answer cost.
    pub(crate) wants_cost: bool,
    /// The same try among all of its thread.
    under_way: Option<TryNumber>,
    started: Instant,
    /// Where the report goes, and where the request has its place.
    worker: Arc<Worker>,
    /// The limit under which it has its place, once it has one.
    admitted: Option<NonZeroUsize>,
    /// The other guard of the request, while or after two of its tries raced.
    twin: Option<Twin>,
}

impl ReportGuard {
    /// Begins a request.
    pub(crate) fn begin(worker: &Arc<Worker>, operation: Operation) -> Box<Self> {
        let at_ms = now_ms();
        Box::new(Self {
            report: Report::begin(worker.next_id(at_ms), at_ms, operation),
            trail: Trail::default(),
            client_key: None,
            recording: None,
            tab: None,
            place: None,
            waits: None,
            probe: None,
            busy: None,
            counted_key: None,
            is_asked: false,
            bill: Bill::default(),
            wants_cost: false,
            under_way: None,
            started: Instant::now(),
            worker: Arc::clone(worker),
            admitted: None,
            twin: None,
        })
    }

    /// Another guard of the same request, for a try beside this one's. It reports only if the request is passed on to it.
    pub(crate) fn twin(&mut self) -> (Box<Self>, Arc<Twins>) {
        let twins = match &self.twin {
            Some(twin) => Arc::clone(&twin.twins),
            None => {
                let twins = Twins::new(Arc::clone(&self.worker), self.admitted.take());
                self.twin = Some(Twin { twins: Arc::clone(&twins), is_spare: false });
                twins
            }
        };
        let twin = Box::new(Self {
            report: self.report.clone(),
            trail: Trail::default(),
            client_key: self.client_key.clone(),
            recording: self.recording.clone(),
            tab: self.tab.clone(),
            place: None,
            waits: None,
            probe: None,
            busy: None,
            counted_key: None,
            is_asked: false,
            bill: Bill::default(),
            wants_cost: self.wants_cost,
            under_way: None,
            started: self.started,
            worker: Arc::clone(&self.worker),
            admitted: None,
            twin: Some(Twin { twins: Arc::clone(&twins), is_spare: true }),
        });
        (twin, twins)
    }

    /// Takes a place among the open requests, until this one ends.
    ///
    /// # Errors
    /// `Busy` when `requests_max` are open.
    pub(crate) fn admit(&mut self, requests_max: usize) -> Result<(), Fault> {
        self.worker.gate.admit(requests_max)?;
        // None of nothing could be had.
        self.admitted = NonZeroUsize::new(requests_max);
        Ok(())
    }

    /// Names who is tried: whoever is named last is whom the report speaks of.
    pub(crate) fn name(&mut self, attempt: &Attempt) {
        self.report.provider = Some(Arc::clone(&attempt.target.provider.name));
        self.report.upstream_model = Some(Arc::clone(&attempt.target.model.name));
        self.bill.price.clone_from(&attempt.target.price);
        self.clock_in();
    }

    /// A try begins, counted toward this target's load, if any is kept; the try before is over.
    pub(crate) async fn try_begins(&mut self, attempt: &Attempt, load: Option<Arc<Load>>) {
        let driver = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
        self.try_begins_for(driver, attempt, load);
    }

    /// The same for whoever knows what drives it.
    pub(crate) fn try_begins_for(&mut self, driver: Waker, attempt: &Attempt, load: Option<Arc<Load>>) {
        self.try_ends();
        self.under_way = Some(self.worker.under_way.begin(&attempt.target, driver));
        self.busy = load.map(|load| (load.begin(), Instant::now()));
        self.counted_key = attempt.key.as_ref().filter(|key| key.is_counted).cloned();
        self.is_asked = true;
    }

    /// The try is over, and nobody has answered.
    pub(crate) fn try_failed(&mut self) {
        self.busy = None;
        self.probe = None;
        self.is_asked = false;
    }

    fn try_ends(&mut self) {
        if let Some(number) = self.under_way.take() {
            self.worker.under_way.end(number);
        }
    }

    /// Whether an answer that has begun is to end: who gives it is drained, and its time for that is over.
    pub(crate) fn is_cut(&self) -> bool {
        self.under_way.as_ref().is_some_and(|number| self.worker.under_way.is_cut(number))
            && self.report.first_byte_us.is_some()
    }

    /// How long the request has been open.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Watches the answer for what its client may strip from it.
    pub(crate) fn watch(&self, watcher: &mut Watcher, event: &Event) {
        watcher.push(event, &self.worker.shared.memory, self.report.client_key.as_deref());
    }

    /// Puts back what the client stripped from its request.
    pub(crate) fn restore(&self, request: &mut Request) {
        self.worker.shared.memory.restore(self.report.client_key.as_deref(), request);
    }

    /// Where answers are kept for later requests.
    pub(crate) fn responses(&self) -> &dyn ResponseStore {
        &*self.worker.shared.responses
    }

    /// What all workers share.
    pub(crate) fn shared(&self) -> &Shared {
        &self.worker.shared
    }

    /// The thread that serves it.
    pub(crate) fn worker(&self) -> &Arc<Worker> {
        &self.worker
    }

    /// When the request began.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Notes bytes on their way to the client.
    pub(crate) fn sent(&mut self, bytes: usize) {
        self.report.bytes_out += bytes as u64;
        if self.report.first_byte_us.is_none() {
            if let Some((open, began)) = &self.busy {
                open.answered(began.elapsed());
            }
            self.report.first_byte_us = Some(micros(self.elapsed()));
        }
    }

    /// The whole answer was handed over.
    pub(crate) fn served(&mut self) {
        self.report.outcome = Outcome::Served;
        let live = &self.worker.shared.live;
        if self.is_asked
            && !live.is_calm()
            && let (Some(provider), Some(model)) = (&self.report.provider, &self.report.upstream_model)
        {
            live.finished(provider, model, Moment(now_ms()));
        }
    }

    /// The request failed before its head was sent; this is the status it got.
    pub(crate) fn failed(&mut self, fault: &Fault, status: StatusCode) {
        self.report.status = status.as_u16();
        self.broke(fault);
    }

    /// The answer broke off after its head was sent.
    pub(crate) fn broke(&mut self, fault: &Fault) {
        self.report.outcome = Outcome::Failed(fault.kind);
        if self.is_asked {
            self.learn(fault);
        }
    }

    /// The answer broke off, and another may go on with it.
    pub(crate) fn broke_off(&mut self, fault: &Fault) {
        if self.is_asked {
            self.learn(fault);
        }
        self.try_failed();
    }

    /// Remembers for the requests to come that the provider broke off an answer which had begun.
    fn learn(&self, fault: &Fault) {
        let (Some(name), Some(model)) = (&self.report.provider, &self.report.upstream_model) else { return };
        let shared = &self.worker.shared;
        let snapshot = shared.snapshot();
        let provider = snapshot.providers.get(&**name);
        if provider.is_some_and(|provider| action(provider, fault) == ErrorAction::Retry) {
            shared.live.broke_off(name, model, &snapshot.failover.circuit, Moment(now_ms()));
        }
    }
}

impl Drop for ReportGuard {
    fn drop(&mut self) {
        self.try_ends();
        if let Some(probe) = &self.probe {
            self.worker.shared.live.let_go(probe, Moment(now_ms()));
        }
        self.bill_who_left();
        if let Some(Twin { twins, is_spare }) = self.twin.take() {
            let Some(begun) = twins.reports(is_spare) else { return self.leave_bill(&twins) };
            self.report.attempts += begun;
            self.has_spent(twins.left());
        }
        self.report.total_us = micros(self.elapsed());
        self.close_bill();
        self.settle_limits();
        self.report.tries = self.trail.tries();
        if let Some(recording) = &self.recording {
            recording.ended(&self.report);
        }
        let over = Report::begin(self.report.id, self.report.at_ms, self.report.operation);
        self.worker.shared.reports.take(std::mem::replace(&mut self.report, over));
        if let Some(requests_max) = self.admitted {
            self.worker.gate.release(requests_max.get());
        }
    }
}

/// Microseconds, as reports have times.
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

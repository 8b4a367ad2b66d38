//! What `/health/detailed` tells of the process beside the data plane.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use trunkline_proxy::stored::{Asked, StoreDown};
use trunkline_proxy::{Health, KeptResponse, ResponseStore};
use trunkline_route::{Report, ReportSink};

use crate::ledger::Ledger;
use crate::replicas::Replicas;
use crate::responses::ResponseDesk;

/// The state of the configuration and the ledger.
#[derive(Debug, Default)]
pub(crate) struct State {
    config: Mutex<Option<String>>,
    ledger: Option<Arc<Ledger>>,
    responses: Option<ResponseDesk>,
    replicas: OnceLock<Replicas>,
}

impl State {
    pub(crate) fn new(ledger: Arc<Ledger>, responses: ResponseDesk) -> Self {
        Self { config: Mutex::default(), ledger: Some(ledger), responses: Some(responses), replicas: OnceLock::new() }
    }

    /// What this process shares with others; whoever was first stays.
    pub(crate) fn set_replicas(&self, replicas: Replicas) {
        // The second of two is dropped: it is set once, at the start.
        let _ = self.replicas.set(replicas);
    }

    /// What is wrong with the document that was not put in force; `None` when the one in force is the one on disk.
    pub(crate) fn set_config_problem(&self, problem: Option<String>) {
        *self.config.lock().unwrap_or_else(PoisonError::into_inner) = problem;
    }
}

/// The same state, seen by the data plane.
#[derive(Clone, Debug)]
pub(crate) struct Watched(pub(crate) Arc<State>);

impl Health for Watched {
    fn problems(&self) -> Vec<String> {
        self.0.problems()
    }
    fn counts(&self) -> Vec<(&'static str, u64)> {
        self.0.counts()
    }
}

impl Health for State {
    fn problems(&self) -> Vec<String> {
        let config = self.config.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let config = config.map(|problem| format!("the configuration on disk is not in force: {problem}"));
        let ledger = self.ledger.as_ref().and_then(|ledger| ledger.failing());
        let ledger = ledger.map(|problem| format!("reports are not being written: {problem}"));
        let responses = self.responses.as_ref().filter(|responses| responses.failing());
        let responses = responses.map(|_| "answers of Responses cannot be kept or found".to_owned());
        let replicas = self.replicas.get().and_then(Replicas::problem);
        config.into_iter().chain(ledger).chain(responses).chain(replicas).collect()
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        let Some(ledger) = &self.ledger else { return Vec::new() };
        let mut counts = vec![
            ("reports_written", ledger.written()),
            ("reports_dropped", ledger.dropped()),
            ("reports_spooled", ledger.spooled()),
            ("answers_unsettled", ledger.unsettled()),
        ];
        counts.extend(self.responses.as_ref().map(|responses| ("responses_dropped", responses.dropped())));
        counts.extend(self.replicas.get().into_iter().flat_map(Replicas::counts));
        counts
    }
}

/// A sink and a store for commands that serve nobody.
#[derive(Debug)]
pub(crate) struct Discard;

impl ReportSink for Discard {
    fn take(&self, _report: Report) {}
}

impl ResponseStore for Discard {
    fn keeps(&self) -> bool {
        false
    }
    fn keep(&self, _answer: KeptResponse) {}
    fn find(&self, _owner: &str, _id: &str) -> Asked<Option<KeptResponse>> {
        Box::pin(std::future::ready(Err(StoreDown)))
    }
    fn forget(&self, _owner: &str, _id: &str) -> Asked<bool> {
        Box::pin(std::future::ready(Err(StoreDown)))
    }
}

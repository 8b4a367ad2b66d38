//! What `/health/detailed` tells of the process beside the data plane.

use std::sync::{Arc, Mutex, PoisonError};

use trunkline_proxy::stored::{Asked, StoreDown};
use trunkline_proxy::{Health, KeptResponse, ResponseStore};
use trunkline_route::{Report, ReportSink};

use crate::bodies::BodyDesk;
use crate::ledger::Ledger;
use crate::responses::ResponseDesk;

/// The state of the configuration and the ledger.
#[derive(Debug, Default)]
pub(crate) struct State {
    config: Mutex<Option<String>>,
    ledger: Option<Arc<Ledger>>,
    responses: Option<ResponseDesk>,
    bodies: Option<BodyDesk>,
}

impl State {
    pub(crate) fn new(ledger: Arc<Ledger>, responses: ResponseDesk, bodies: BodyDesk) -> Self {
        Self { config: Mutex::default(), ledger: Some(ledger), responses: Some(responses), bodies: Some(bodies) }
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
        let bodies = self.bodies.as_ref().filter(|bodies| bodies.failing());
        let bodies = bodies.map(|_| "what was said in requests cannot be kept".to_owned());
        config.into_iter().chain(ledger).chain(responses).chain(bodies).collect()
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
        if let Some(bodies) = &self.bodies {
            counts.extend([("bodies_written", bodies.written()), ("bodies_dropped", bodies.dropped())]);
        }
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

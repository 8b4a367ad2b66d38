//! What `/health/detailed` tells of the process beside the data plane.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use trunkline_proxy::stored::{Asked, StoreDown};
use trunkline_proxy::{Health, KeptResponse, ResponseStore};
use trunkline_route::{Report, ReportSink};

use crate::bodies::BodyDesk;
use crate::ledger::Ledger;
use crate::replicas::Replicas;
use crate::responses::ResponseDesk;

/// The state of the configuration and the ledger.
#[derive(Debug, Default)]
pub(crate) struct State {
    config: Mutex<InForce>,
    ledger: Option<Arc<Ledger>>,
    responses: Option<ResponseDesk>,
    bodies: Option<BodyDesk>,
    replicas: OnceLock<Replicas>,
}

/// What is known of the configuration.
#[derive(Clone, Debug, Default)]
struct InForce {
    revision: Option<u64>,
    problem: Option<String>,
}

impl State {
    pub(crate) fn new(ledger: Arc<Ledger>, responses: ResponseDesk, bodies: BodyDesk) -> Self {
        Self {
            config: Mutex::default(),
            ledger: Some(ledger),
            responses: Some(responses),
            bodies: Some(bodies),
            replicas: OnceLock::new(),
        }
    }

    /// What this process shares with others; whoever was first stays.
    pub(crate) fn set_replicas(&self, replicas: Replicas) {
        // The second of two is dropped: it is set once, at the start.
        let _ = self.replicas.set(replicas);
    }

    /// Which revision is in force, if the store keeps the document; and what is wrong with a newer document that is not.
    pub(crate) fn set_config(&self, revision: Option<u64>, problem: Option<String>) {
        *self.config.lock().unwrap_or_else(PoisonError::into_inner) = InForce { revision, problem };
    }

    /// Why a newer document is not in force.
    pub(crate) fn refused_document(&self) -> Option<String> {
        self.config().problem
    }

    /// How what is shared with other replicas is, where there may be some: how, and why this one works alone.
    pub(crate) fn replicas(&self) -> Option<(&'static str, Option<String>)> {
        let replicas = self.replicas.get()?;
        Some((replicas.mode()?, replicas.problem()))
    }

    /// What does not work beside the document, the ledger and what replicas share.
    pub(crate) fn lesser_problems(&self) -> Vec<String> {
        let responses = self.responses.as_ref().filter(|responses| responses.failing());
        let responses = responses.map(|_| "answers of Responses cannot be kept or found".to_owned());
        let bodies = self.bodies.as_ref().filter(|bodies| bodies.failing());
        let bodies = bodies.map(|_| "what was said in requests cannot be kept".to_owned());
        responses.into_iter().chain(bodies).collect()
    }

    fn config(&self) -> InForce {
        self.config.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
        let config = self.config().problem;
        let ledger = self.ledger.as_ref().and_then(|ledger| ledger.failing());
        let ledger = ledger.map(|problem| format!("reports are not being written: {problem}"));
        let replicas = self.replicas.get().and_then(Replicas::problem);
        config.into_iter().chain(ledger).chain(self.lesser_problems()).chain(replicas).collect()
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        let of_ledger = |ledger: &Arc<Ledger>| {
            [
                ("reports_written", ledger.written()),
                ("reports_dropped", ledger.dropped()),
                ("reports_spooled", ledger.spooled()),
                ("answers_unsettled", ledger.unsettled()),
            ]
        };
        let ledger = self.ledger.iter().flat_map(of_ledger);
        let responses = self.responses.iter().map(|responses| ("responses_dropped", responses.dropped()));
        let of_bodies =
            |bodies: &BodyDesk| [("bodies_written", bodies.written()), ("bodies_dropped", bodies.dropped())];
        let bodies = self.bodies.iter().flat_map(of_bodies);
        let config = self.config().revision.map(|revision| ("config_revision", revision));
        let replicas = self.replicas.get().into_iter().flat_map(Replicas::counts);
        ledger.chain(responses).chain(bodies).chain(config).chain(replicas).collect()
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

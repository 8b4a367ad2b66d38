//! A whole gateway inside the test, with a free port and its reports in reach.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use trunkline_config::{Env, Overrides, Snapshot, load};
use trunkline_proxy::{Health, Listeners, Running, Shared, start};
use trunkline_route::{Explanation, Question, Report, ReportSink};

use crate::client::ask;
use crate::explainer::Explainer;
use crate::responses::Responses;

/// Longest wait of a test for something that must happen; only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(10);

/// A gateway.
#[derive(Debug)]
pub struct Gateway {
    shared: Arc<Shared>,
    running: Running,
    reports: Arc<Reports>,
    responses: Responses,
}

#[derive(Debug, Default)]
struct Reports {
    taken: Mutex<Vec<Report>>,
    changed: Notify,
}

impl ReportSink for Reports {
    fn take(&self, report: Report) {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(report);
        self.changed.notify_waiters();
    }
}

struct Healthy;

impl Health for Healthy {
    fn problems(&self) -> Vec<String> {
        Vec::new()
    }
    fn counts(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
}

/// Resolves a document that must be right.
fn snapshot_of(toml: &str) -> Snapshot {
    let document = Some(("test.toml", toml));
    load(document, &Env::default(), &Overrides::default(), &[]).expect("a right document").snapshot
}

impl Gateway {
    /// Starts one worker on a free port. Must be called inside a runtime.
    pub fn start(toml: &str) -> Self {
        Self::with_workers(1, toml)
    }

    /// The same with so many workers.
    pub fn with_workers(workers: usize, toml: &str) -> Self {
        let reports = Arc::new(Reports::default());
        let sink: Arc<Reports> = Arc::clone(&reports);
        let responses = Responses::default();
        let shared = Shared::new(snapshot_of(toml), sink, Box::new(Healthy), Box::new(responses.clone()));
        shared.set_admin(Box::new(Explainer));
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let listeners = Listeners { models: listener, admin: None, dashboard: None };
        let running = start(&shared, listeners, workers).expect("the workers start");
        Self { shared, running, reports, responses }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// What its workers share.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// What would become of the request that comes next; the reason when the question is none.
    pub async fn explain(&self, question: &Question) -> Result<Explanation, String> {
        let question = serde_json::to_string(question).expect("a question can be written");
        let reply = ask(self.address(), "POST /api/v1/explain", &[], &question).await;
        if reply.status == 200 {
            Ok(serde_json::from_str(&reply.body).expect("an explanation"))
        } else {
            Err(reply.body)
        }
    }

    /// Puts all kept answers past their time.
    pub fn expire_responses(&self) {
        self.responses.expire();
    }

    /// From now on the store of kept answers answers nothing.
    pub fn silence_responses(&self) {
        self.responses.fall_silent();
    }

    /// How many answers were kept.
    pub fn kept_responses(&self) -> usize {
        self.responses.count()
    }

    /// Puts another document in force.
    pub fn reload(&self, toml: &str) {
        self.shared.install(snapshot_of(toml));
    }

    /// Waits until `count` requests have been reported, and returns all reports.
    pub async fn reports(&self, count: usize) -> Vec<Report> {
        let all = async {
            loop {
                let changed = self.reports.changed.notified();
                let taken = self.reports.taken.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if taken.len() >= count {
                    return taken;
                }
                changed.await;
            }
        };
        tokio::time::timeout(PATIENCE, all).await.expect("the reports arrive")
    }

    /// Stops it; returns how many connections had to be cut.
    pub async fn stop(self, drain: Duration) -> usize {
        self.running.stop(drain).await
    }
}

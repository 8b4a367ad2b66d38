//! Whether the process lives, can serve, and what needs attention.

use std::sync::Arc;

use http::{Response, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};
use trunkline_config::Snapshot;
use trunkline_route::live::Rest;
use trunkline_route::{Moment, RestRow};

use crate::drain::{Drained, drained};
use crate::models_api::json;
use crate::reply::ReplyBody;
use crate::room::RoomRow;
use crate::shared::{Shared, now_ms};

#[derive(Serialize)]
struct Banner {
    name: &'static str,
    version: &'static str,
}

/// What stands at `/`: enough for a person who opens it and for a client that warms its connection.
pub(crate) fn banner() -> Response<ReplyBody> {
    json(&Banner { name: "trunkline", version: env!("CARGO_PKG_VERSION") })
}

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

/// The process lives.
pub(crate) fn live() -> Response<ReplyBody> {
    json(&Status { status: "ok" })
}

/// The process takes requests: it is not stopping, and somebody could serve them.
pub(crate) fn ready(shared: &Shared, snapshot: &Snapshot) -> Response<ReplyBody> {
    let status = match (shared.stopping(), snapshot.providers.is_empty()) {
        (true, _) => "stopping",
        (false, true) => "no providers",
        (false, false) => "ok",
    };
    let mut response = json(&Status { status });
    if status != "ok" {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    response
}

#[derive(Serialize)]
struct Detailed {
    status: &'static str,
    version: &'static str,
    models: usize,
    providers: usize,
    discovered_models: usize,
    requests_open: usize,
    /// Left out like problems: it names keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    resting: Option<Vec<Resting>>,
    /// Left out like them.
    #[serde(skip_serializing_if = "Option::is_none")]
    rooms: Option<Vec<RoomState>>,
    /// Left out like them.
    #[serde(skip_serializing_if = "Option::is_none")]
    draining: Option<Vec<Draining>>,
    #[serde(flatten)]
    counts: Map<String, Value>,
    problem_count: usize,
    /// Left out for callers without a client key: problems quote the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    problems: Option<Vec<String>>,
}

/// Who is left alone, until when, and why.
#[derive(Serialize)]
struct Resting {
    provider: Arc<str>,
    key: Option<Arc<str>>,
    model: Option<Arc<str>>,
    until_ms: u64,
    reason: &'static str,
    status: Option<u16>,
}

impl Resting {
    fn of(row: &RestRow) -> Self {
        let RestRow { provider, key, model, rest } = row.clone();
        let Rest { until, cause, .. } = rest;
        Self { provider, key, model, until_ms: until.0, reason: cause.kind.as_str(), status: cause.status }
    }
}

/// Those who rest, and after them the keys that have used up their minute.
fn resting(shared: &Shared, snapshot: &Snapshot) -> Vec<Resting> {
    let now = Moment(now_ms());
    let mut resting: Vec<Resting> = shared.live.rests(now).iter().map(Resting::of).collect();
    for provider in snapshot.providers.values() {
        let counted = provider.keys.iter().filter(|key| key.is_counted);
        let spent = counted.filter_map(|key| Some((key, shared.live.rates.free_at(key, now)?)));
        resting.extend(spent.map(|(key, until)| Resting {
            provider: Arc::clone(&provider.name),
            key: Some(Arc::clone(&key.label)),
            model: None,
            until_ms: until.0,
            reason: "key_rate",
            status: None,
        }));
    }
    resting
}

/// What only so many requests may be open at.
#[derive(Serialize)]
struct RoomState {
    provider: Arc<str>,
    /// `null`: all of the provider that have no room of their own.
    model: Option<Arc<str>>,
    open: u32,
    requests_max: u32,
    waiting: usize,
}

fn rooms(shared: &Shared, snapshot: &Snapshot) -> Vec<RoomState> {
    let state = |RoomRow { provider, model, open, open_max, waiting }| RoomState {
        provider,
        model,
        open,
        requests_max: open_max,
        waiting,
    };
    shared.rooms.rows(snapshot).into_iter().map(state).collect()
}

/// What takes no new requests, and how many it still has open.
#[derive(Serialize)]
struct Draining {
    provider: Arc<str>,
    /// `null`: all of the provider.
    model: Option<Arc<str>>,
    open: usize,
}

fn draining(shared: &Shared, snapshot: &Snapshot) -> Vec<Draining> {
    let state = |((provider, model), _): (Drained, _)| {
        let open = shared.under_way.count(&provider, model.as_deref());
        Draining { provider, model, open }
    };
    drained(snapshot).map(state).collect()
}

/// Counts for everyone; problems, in words, and who is left alone, for callers who hold a client key.
pub(crate) fn detailed(shared: &Shared, snapshot: &Snapshot, known_caller: bool) -> Response<ReplyBody> {
    let catalog = shared.catalog();
    let mut problems = shared.health.problems();
    for (provider, sick) in shared.live.sick() {
        problems.push(format!("provider {provider:?}: not well: {}", sick.why));
    }
    let mut discovered_models = 0;
    for provider in snapshot.providers.values() {
        let Some(listing) = catalog.listing(&provider.name) else { continue };
        discovered_models += listing.models.len();
        if let Some(problem) = &listing.problem {
            problems.push(format!("provider {:?}: model list not read: {problem}", provider.name));
        }
    }
    json(&Detailed {
        status: if problems.is_empty() { "ok" } else { "degraded" },
        version: env!("CARGO_PKG_VERSION"),
        models: snapshot.models.len(),
        providers: snapshot.providers.len(),
        discovered_models,
        requests_open: shared.open_requests(),
        resting: known_caller.then(|| resting(shared, snapshot)),
        draining: known_caller.then(|| draining(shared, snapshot)),
        rooms: known_caller.then(|| rooms(shared, snapshot)),
        counts: shared.health.counts().into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect(),
        problem_count: problems.len(),
        problems: known_caller.then_some(problems),
    })
}

//! `GET /api/v1/status`: how Trunkline is, and what needs its operator.

mod attention;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Extension;
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;
use trunkline_config::AdminAccess;
use trunkline_wire::timestamp;

use self::attention::Attention;
use crate::auth::Asks;
use crate::clock::now;
use crate::documents::{CurrentDocument, DocumentProblem, DocumentSource};
use crate::endpoint::{Endpoint, Operation};
use crate::read::Json;
use crate::routes::Running;
use crate::watch::{Ledger, Process, Replicas};

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[Endpoint::new("GET", "/api/v1/status", Asks::Viewer, || get(show))
    .says(Operation::new("status", "How Trunkline is, and what needs attention.").gives::<Status>())];

/// How Trunkline is.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Status {
    /// Its release.
    version: &'static str,
    /// When it began.
    #[schemars(extend("format" = "date-time"))]
    started_at: String,
    /// How long ago that is.
    uptime_s: u64,
    /// Where it listens.
    listen: String,
    /// Where clients that speak OpenAI's dialects reach it.
    base_url: String,
    /// The configuration document.
    config: ConfigState,
    /// What became of the reports of requests.
    ledger: LedgerState,
    /// What is shared with other replicas; `null` when there are none.
    replicas: Option<ReplicaState>,
    /// What needs the operator, the worst first.
    attention: Vec<Attention>,
}

/// The configuration document.
#[derive(Serialize, JsonSchema)]
struct ConfigState {
    /// Where it is: in a `file`, in the `store`, or there is `none`.
    source: &'static str,
    /// The file.
    path: Option<String>,
    /// What tells it from all that it was.
    revision: String,
    /// Whether it can be changed here.
    writable: bool,
    /// Why it cannot.
    why_not_writable: Option<String>,
}

/// Reports of requests since the start.
#[derive(Serialize, JsonSchema)]
struct LedgerState {
    /// How many are in the store.
    written: u64,
    /// How many had no room.
    dropped: u64,
    /// How many wait in a file for the store.
    spooled: u64,
    /// Why the store cannot be written; `null` when it can.
    failing: Option<String>,
}

/// What is shared with other replicas.
#[derive(Serialize, JsonSchema)]
struct ReplicaState {
    /// `shared`: limits are, over a server; `leased`: budgets are, over the store.
    mode: &'static str,
    /// Why this one works alone; `null` when it does not.
    degraded: Option<String>,
}

async fn show(Extension(Running(plane)): Extension<Running>) -> Json<Status> {
    let process = plane.watch().process();
    let config = ConfigState::of(plane.documents().current().await);
    let attention = attention::gather(&*plane, &process).await;
    let Process { version, started_ms, listen, ledger, replicas, .. } = process;
    Json(Status {
        version,
        started_at: timestamp::write(started_ms / 1_000),
        uptime_s: now().0.saturating_sub(started_ms) / 1_000,
        listen: listen.to_string(),
        base_url: base_url(&plane.snapshot().admin, listen),
        config,
        ledger: ledger.into(),
        replicas: replicas.map(ReplicaState::from),
        attention,
    })
}

/// Where clients reach what listens there.
fn base_url(access: &Arc<AdminAccess>, listen: SocketAddr) -> String {
    if let Some(url) = &access.public_url {
        return format!("{}/v1", url.origin);
    }
    let mut reachable = listen;
    if listen.ip().is_unspecified() {
        let loopback = if listen.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() };
        reachable.set_ip(loopback);
    }
    format!("http://{reachable}/v1")
}

impl ConfigState {
    fn of(current: Result<CurrentDocument, DocumentProblem>) -> Self {
        match current {
            Ok(CurrentDocument { source, path, revision, read_only, text: _ }) => Self {
                source: match source {
                    DocumentSource::File => "file",
                    DocumentSource::Store => "store",
                    DocumentSource::Nowhere => "none",
                },
                path,
                revision,
                writable: read_only.is_none(),
                why_not_writable: read_only,
            },
            Err(problem) => Self {
                source: "none",
                path: None,
                revision: String::new(),
                writable: false,
                why_not_writable: Some(problem.to_string()),
            },
        }
    }
}

impl From<Ledger> for LedgerState {
    fn from(Ledger { written, dropped, spooled, failing }: Ledger) -> Self {
        Self { written, dropped, spooled, failing }
    }
}

impl From<Replicas> for ReplicaState {
    fn from(Replicas { mode, degraded }: Replicas) -> Self {
        Self { mode, degraded }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_told_an_address_that_they_can_reach() {
        let access = |document: &str| {
            let source = Some(("t.toml", document));
            let loaded = trunkline_config::load(source, &Default::default(), &Default::default(), &[]);
            loaded.expect("a right document").snapshot.admin
        };
        let listen = |text: &str| text.parse().expect("an address");
        assert_eq!(base_url(&access(""), listen("127.0.0.1:8700")), "http://127.0.0.1:8700/v1");
        assert_eq!(base_url(&access(""), listen("0.0.0.0:80")), "http://127.0.0.1:80/v1");
        assert_eq!(base_url(&access(""), listen("[::]:80")), "http://[::1]:80/v1");
        let public = access("[admin]\npublic_url = \"https://gateway.example.com\"\n");
        assert_eq!(base_url(&public, listen("0.0.0.0:80")), "https://gateway.example.com/v1");
    }
}

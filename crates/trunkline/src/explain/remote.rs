//! Asks the process that runs with the same configuration.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use serde::Deserialize;
use thiserror::Error;
use trunkline_config::Secret;
use trunkline_providers::BaseUrl;
use trunkline_proxy::upstream::{Client, Outgoing, Patience};
use trunkline_route::{Explanation, Question};

use crate::web::whole;

/// Longest waits: it is this machine's, or one that is meant to be near.
const PATIENCE: Patience = Patience { connect: Duration::from_secs(1), head: Duration::from_secs(10), ends_at: None };
/// Longest wait for its answer to the end.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// An explanation names eight tries and everyone who is left out. Guards against something else that listens there.
const ANSWER_BYTES_MAX: usize = 16 << 20;

const PATH: &str = "/api/v1/explain";
static JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Why the running process did not say it.
#[derive(Debug, Error)]
pub(crate) enum Away {
    #[error("`--offline`")]
    NotWanted,
    #[error("no admin token to ask a running process with; `TRUNKLINE_ADMIN_TOKEN` sets one")]
    NoToken,
    #[error("no process to ask at {address}: {reason}")]
    Nobody { address: SocketAddr, reason: String },
    #[error("the process at {address} answered {status}: {detail}")]
    Refused { address: SocketAddr, status: u16, detail: String },
    /// It understands no such question.
    #[error("{0}")]
    Misasked(String),
}

/// What it says.
pub(super) async fn ask(listen: SocketAddr, token: Option<&Secret>, question: &Question) -> Result<Explanation, Away> {
    let address = SocketAddr::new(reachable(listen.ip()), listen.port());
    let bearer = token.and_then(|token| HeaderValue::try_from(format!("Bearer {}", token.expose())).ok());
    let mut bearer = bearer.ok_or(Away::NoToken)?;
    bearer.set_sensitive(true);
    let body = serde_json::to_vec(question).expect("a question is made of text");
    let nobody = |reason: String| Away::Nobody { address, reason };
    let exchange = tokio::time::timeout(ANSWER_TIMEOUT, exchange(address, &bearer, body.into()));
    let answered = exchange.await.map_err(|_| nobody("it does not answer in time".to_owned()))?;
    let (status, answer) = answered.map_err(nobody)?;
    match status {
        200 => serde_json::from_slice(&answer).map_err(|_| nobody("what answers is something else".to_owned())),
        400 => Err(Away::Misasked(detail(&answer))),
        status => Err(Away::Refused { address, status, detail: detail(&answer) }),
    }
}

/// Whoever listens everywhere listens on loopback.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        IpAddr::V4(_) | IpAddr::V6(_) => ip,
    }
}

async fn exchange(address: SocketAddr, bearer: &HeaderValue, body: Bytes) -> Result<(u16, Bytes), String> {
    let to = BaseUrl { tls: false, host: address.ip().to_string(), port: address.port(), path: String::new() };
    let outgoing = Outgoing {
        method: Method::POST,
        path: PATH.to_owned(),
        headers: [(&header::AUTHORIZATION, bearer), (&header::CONTENT_TYPE, &JSON)].into_iter().collect(),
        body: std::iter::once(body).collect(),
    };
    let answer = Client::new().send(&to, &outgoing, PATIENCE).await.map_err(|error| error.to_string())?;
    Ok((answer.status.as_u16(), whole(answer.body, ANSWER_BYTES_MAX).await?))
}

/// What a problem says.
#[derive(Deserialize)]
struct Problem {
    detail: String,
    field: Option<String>,
}

fn detail(answer: &[u8]) -> String {
    match serde_json::from_slice(answer) {
        Ok(Problem { detail, field: Some(field) }) => format!("{field}: {detail}"),
        Ok(Problem { detail, field: None }) => detail,
        Err(_) => "it says nothing that is understood here".to_owned(),
    }
}

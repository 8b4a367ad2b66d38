//! Looks for model servers on this machine.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;
use http::Method;
use tokio::task::JoinSet;
use trunkline_config::FoundEndpoint;
use trunkline_providers::probe::{ANSWER_BYTES_MAX, Step, Verdict, ports, steps, verdict};
use trunkline_providers::{BaseUrl, Vendor};
use trunkline_proxy::upstream::{Client, Outgoing, Patience};

/// Longest waits; a port on loopback that is closed refuses at once.
const PATIENCE: Patience =
    Patience { connect: Duration::from_millis(200), head: Duration::from_secs(1), ends_at: None };
/// Longest wait for one answer to its end.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// Asks every port that a model server has by custom. `own` is where Trunkline itself listens.
pub(crate) async fn probe(client: &Client, own: Option<SocketAddr>) -> Vec<FoundEndpoint> {
    let mut asked = JoinSet::new();
    for (order, (port, _vendor)) in ports().enumerate() {
        if own.is_some_and(|own| own.port() == port) {
            continue;
        }
        let client = client.clone();
        asked.spawn(async move { (order, port, who(&client, port).await) });
    }
    let mut found: Vec<(usize, FoundEndpoint)> = Vec::new();
    while let Some(answered) = asked.join_next().await {
        let Ok((order, port, Some(vendor))) = answered else { continue };
        let Ok(base_url) = BaseUrl::parse(&format!("http://127.0.0.1:{port}"), vendor) else { continue };
        found.push((order, FoundEndpoint { vendor, base_url }));
    }
    found.sort_by_key(|(order, _)| *order);
    found.into_iter().map(|(_, endpoint)| endpoint).collect()
}

async fn who(client: &Client, port: u16) -> Option<&'static Vendor> {
    let root = BaseUrl { tls: false, host: "127.0.0.1".to_owned(), port, path: String::new() };
    for step in steps() {
        let answered = tokio::time::timeout(ANSWER_TIMEOUT, ask(client, &root, step)).await;
        // A port that does not answer one question in time will not be asked the others.
        let (status, body) = answered.ok().flatten()?;
        match verdict(step, status, &body) {
            Verdict::Found(vendor) => return Some(vendor),
            Verdict::NeedsKey => {
                tracing::info!(port, "something on this port asks for a key; name it in the configuration to use it");
                return None;
            }
            Verdict::Unknown => {}
        }
    }
    None
}

async fn ask(client: &Client, root: &BaseUrl, step: &Step) -> Option<(u16, BytesMut)> {
    let outgoing = Outgoing {
        method: Method::GET,
        path: step.path.to_owned(),
        headers: Default::default(),
        body: Default::default(),
    };
    let mut answer = client.send(root, &outgoing, PATIENCE).await.ok()?;
    let mut body = BytesMut::new();
    while let Some(Ok(data)) = poll_fn(|cx| answer.body.poll_data(cx)).await {
        body.extend_from_slice(&data);
        if body.len() > ANSWER_BYTES_MAX {
            return None;
        }
    }
    Some((answer.status.as_u16(), body))
}

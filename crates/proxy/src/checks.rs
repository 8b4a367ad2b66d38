//! Asks providers whether they are well.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Method;
use tokio::task::JoinSet;
use tokio::time::Instant;
use trunkline_config::{HealthCheck, Provider, Snapshot};
use trunkline_providers::BaseUrl;
use trunkline_providers::health::{Expected, judge};
use trunkline_route::Moment;
use trunkline_route::live::Sick;
use trunkline_route::vitals::Vitals;

use crate::attempt::reason;
use crate::shared::{Shared, now_ms};
use crate::upstream::{Client, Outgoing, Patience};

/// Most of an answer that is read: a model list may be long, what an answer says of itself is at its front.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// How long a changed configuration may go unnoticed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// One provider's round of questions.
#[derive(Debug)]
struct Patient {
    /// What it is, to begin afresh when it is another.
    provider: Arc<Provider>,
    vitals: Vitals,
    /// When it is asked next; `None` while it is.
    next: Option<Instant>,
}

/// What came of one question.
type Answered = (Arc<Provider>, Result<(), String>);

/// Asks every provider that has a health check, each in its own time; for the control runtime. Never returns.
pub async fn watch_health(shared: Arc<Shared>, client: Client) {
    let mut patients: HashMap<Arc<str>, Patient> = HashMap::new();
    let mut asked: JoinSet<Answered> = JoinSet::new();
    loop {
        let next = ask_all_due(&shared, &client, &mut patients, &mut asked);
        tokio::select! {
            Some(answered) = asked.join_next() => {
                if let Ok((provider, answer)) = answered {
                    take_in(&shared, &mut patients, &provider, answer);
                }
            }
            () = tokio::time::sleep_until(next) => {}
        }
    }
}

/// Asks those whose time it is. Gives when to look again.
fn ask_all_due(
    shared: &Shared,
    client: &Client,
    patients: &mut HashMap<Arc<str>, Patient>,
    asked: &mut JoinSet<Answered>,
) -> Instant {
    let snapshot = shared.snapshot();
    patients.retain(|_, patient| is_checked(&snapshot, &patient.provider));
    let now = Instant::now();
    let mut look = now + LOOK_EVERY;
    for provider in snapshot.providers.values().filter(|provider| is_checked(&snapshot, provider)) {
        let fresh = || Patient { provider: Arc::clone(provider), vitals: Vitals::default(), next: Some(now) };
        let patient = patients.entry(Arc::clone(&provider.name)).or_insert_with(fresh);
        match patient.next {
            Some(next) if next <= now => {
                patient.next = None;
                patient.provider = Arc::clone(provider);
                asked.spawn(examine(client.clone(), Arc::clone(&patient.provider)));
            }
            Some(next) => look = look.min(next),
            None => {}
        }
    }
    look
}

/// Whether this provider is asked, as it is here.
fn is_checked(snapshot: &Snapshot, provider: &Provider) -> bool {
    let now = snapshot.providers.get(&*provider.name);
    let is_checked = provider.health.is_some() && provider.base_url.is_some();
    is_checked && now.is_some_and(|now| now.is_same_party(provider) && now.health == provider.health)
}

fn take_in(
    shared: &Shared,
    patients: &mut HashMap<Arc<str>, Patient>,
    provider: &Arc<Provider>,
    answer: Result<(), String>,
) {
    let name = &provider.name;
    let Some(check) = &provider.health else { return };
    // Of another configuration, or of none any more: it may have been put in force while the answer was on its way.
    let snapshot = shared.snapshot();
    let same = |patient: &&mut Patient| Arc::ptr_eq(&patient.provider, provider) && is_checked(&snapshot, provider);
    let Some(patient) = patients.get_mut(name).filter(same) else { return };
    patient.next = Some(Instant::now() + check.interval);
    let now = Moment(now_ms());
    let before = patient.vitals;
    let sick = patient.vitals.push(answer.is_ok(), check, now);
    let why = answer.err();
    if before.is_sick() != sick.is_some() {
        match &why {
            Some(why) => tracing::warn!(provider = %name, %why, "not well: no requests are sent to it"),
            None => tracing::info!(provider = %name, "well again"),
        }
    }
    let why = why.unwrap_or_else(|| "recovers".to_owned());
    let next = now + check.interval;
    shared.live.checked(name, sick.map(|since| Sick { since, next, why: why.into() }));
}

/// Asks one provider.
async fn examine(client: Client, provider: Arc<Provider>) -> Answered {
    let answer = match (&provider.health, &provider.base_url) {
        (Some(check), Some(base_url)) => {
            let answer = tokio::time::timeout(check.timeout, ask(&client, &provider, check, base_url)).await;
            answer.unwrap_or_else(|_elapsed| Err(format!("no answer for {} s", check.timeout.as_secs_f64())))
        }
        _ => Ok(()),
    };
    (provider, answer)
}

async fn ask(client: &Client, provider: &Provider, check: &HealthCheck, base_url: &BaseUrl) -> Result<(), String> {
    let vendor = provider.vendor;
    let mut headers = vendor.model_list_headers(provider.keys.first().map(|key| &key.header));
    for (name, value) in &provider.headers {
        headers.insert(name.clone(), value.clone());
    }
    let path = check.path.clone().unwrap_or_else(|| base_url.join(vendor.model_list.path));
    let outgoing = Outgoing { method: Method::GET, path, headers: headers.iter().collect(), body: Default::default() };
    let patience = Patience { connect: provider.timeouts.connect, head: check.timeout, ends_at: None };
    let answer = client.send(base_url, &outgoing, patience).await.map_err(|error| reason(&error))?;
    let status = answer.status.as_u16();
    let body = read(answer.body).await?;
    let expected =
        Expected { statuses: &check.statuses, contains: check.contains.as_deref(), cold_is_well: check.cold_is_well };
    judge(expected, status, &body)
}

async fn read(mut body: crate::upstream::Body) -> Result<Bytes, String> {
    let mut read = BytesMut::new();
    while let Some(data) = poll_fn(|cx| body.poll_data(cx)).await {
        read.extend_from_slice(&data.map_err(|error| reason(&error))?);
        if read.len() > ANSWER_BYTES_MAX {
            break;
        }
    }
    Ok(read.freeze())
}

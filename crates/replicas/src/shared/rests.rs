//! Who is left alone until when, in all replicas alike: what one learns from a provider spares the others the same answer.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use redis::Msg;
use redis::aio::PubSub;
use tokio::time::{MissedTickBehavior, interval, sleep};
use trunkline_route::live::{Cause, Rest};
use trunkline_route::{Live, Moment, RestRow};
use trunkline_wire::FaultKind;

use super::keeper::{PATIENCE, RETRY_EVERY};
use super::link::{Link, Lost, within};
use super::purse::{Inner, SharedPurse};
use crate::here::now;

/// How often it is looked whether there is something new to tell.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Two moments that are as near to each other as this are one: each replica has another clock, and words travel.
const SLACK: Duration = Duration::from_secs(1);

/// What is told of a rest.
struct Told {
    is_over: bool,
    row: RestRow,
}

impl SharedPurse {
    /// Shares rests until dropped.
    pub async fn share_rests<S: AsRef<Live>>(self, of: Arc<S>) {
        let mut known = Vec::new();
        loop {
            // Whoever keeps the link tells why it is lost.
            let _ = self.0.share_rests((*of).as_ref(), &mut known).await;
            sleep(RETRY_EVERY).await;
        }
    }
}

impl Inner {
    /// Shares rests until the server does not answer. Of those in `known` all know.
    async fn share_rests(&self, live: &Live, known: &mut Vec<RestRow>) -> Result<(), Lost> {
        let link = Link::connect(&self.client, &self.texts, self.replica.clone(), PATIENCE).await?;
        let mut listening: PubSub = within(PATIENCE, self.client.get_async_pubsub()).await?;
        within(PATIENCE, listening.subscribe(self.names.rests())).await?;
        // Those that were over early while nobody could be told are not to come back.
        self.lift_gone(&link, live, known).await?;
        self.take_all(&link, live).await?;
        known.clear();
        let mut messages = listening.on_message();
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                message = next(&mut messages) => match message {
                    Some(message) => take(live, known, &message),
                    None => return Err(Lost::Late(PATIENCE)),
                },
                _ = look.tick() => self.tell(&link, live, known).await?,
            }
        }
    }

    async fn take_all(&self, link: &Link, live: &Live) -> Result<(), Lost> {
        let all = link.rests(&self.names, "all", None);
        let rows: Vec<(String, u64, String)> = link.ask(&all, PATIENCE).await?;
        let at = now();
        for row in rows.iter().filter_map(|(whose, rest_ms, cause)| row(whose, *rest_ms, cause, at)) {
            lay(live, row, at);
        }
        Ok(())
    }

    /// Tells what is new here, and what is over before its time.
    async fn tell(&self, link: &Link, live: &Live, known: &mut Vec<RestRow>) -> Result<(), Lost> {
        let at = now();
        let rows = live.rests(at);
        if rows == *known {
            return Ok(());
        }
        self.lift_gone(link, live, known).await?;
        for row in rows.iter().filter(|row| !is_known(known, row)) {
            let _: Vec<()> = link.ask(&link.rests(&self.names, "lay", Some((row, at))), PATIENCE).await?;
        }
        *known = rows;
        Ok(())
    }

    async fn lift_gone(&self, link: &Link, live: &Live, known: &[RestRow]) -> Result<(), Lost> {
        let at = now();
        let rows = live.rests(at);
        let is_gone = |row: &&RestRow| row.rest.until > at + SLACK && !rows.iter().any(|still| is_same(still, row));
        for row in known.iter().filter(is_gone) {
            let _: Vec<()> = link.ask(&link.rests(&self.names, "lift", Some((row, at))), PATIENCE).await?;
        }
        Ok(())
    }
}

impl Link {
    fn rests(&self, names: &super::names::Names, op: &str, row: Option<(&RestRow, Moment)>) -> redis::Cmd {
        let mut cmd = redis::cmd("EVALSHA");
        cmd.arg(self.rests_hash()).arg(1).arg(names.rests()).arg(op).arg(now().0);
        if let Some((RestRow { provider, key, model, rest }, at)) = row {
            let whose = serde_json::json!([provider, key, model]).to_string();
            let status = rest.cause.status.map_or_else(String::new, |status| status.to_string());
            let rest_ms = u64::try_from(rest.until.since(at).as_millis()).unwrap_or(u64::MAX);
            cmd.arg(whose).arg(rest_ms).arg(format!("{} {status}", rest.cause.kind.as_str()));
        }
        cmd
    }
}

async fn next(messages: &mut (impl Stream<Item = Msg> + Unpin)) -> Option<Msg> {
    std::future::poll_fn(|context| Pin::new(&mut *messages).poll_next(context)).await
}

/// What another replica tells, or this one.
fn take(live: &Live, known: &mut Vec<RestRow>, message: &Msg) {
    let at = now();
    let Some(Told { is_over, row }) = message.get_payload::<String>().ok().and_then(|text| told(&text, at)) else {
        tracing::debug!("a later release told of a rest, and this one cannot read it");
        return;
    };
    known.retain(|known| !is_same(known, &row));
    if is_over {
        live.lift(&RestRow { rest: Rest { until: row.rest.until + SLACK, ..row.rest }, ..row }, at);
    } else {
        known.push(row.clone());
        lay(live, row, at);
    }
}

fn lay(live: &Live, row: RestRow, at: Moment) {
    if !is_known(&live.rests(at), &row) {
        live.restore(vec![row], at);
    }
}

fn told(text: &str, at: Moment) -> Option<Told> {
    let mut lines = text.splitn(4, '\n');
    let (what, rest_ms, whose, cause) = (lines.next()?, lines.next()?, lines.next()?, lines.next()?);
    let is_over = match what {
        "lay" => false,
        "lift" => true,
        _ => return None,
    };
    Some(Told { is_over, row: row(whose, rest_ms.parse().ok()?, cause, at)? })
}

fn row(whose: &str, rest_ms: u64, cause: &str, at: Moment) -> Option<RestRow> {
    let (provider, key, model): (Arc<str>, Option<Arc<str>>, Option<Arc<str>>) = serde_json::from_str(whose).ok()?;
    let (kind, status) = cause.split_once(' ')?;
    let cause = Cause { kind: FaultKind::named(kind)?, status: status.parse().ok() };
    Some(RestRow { provider, key, model, rest: Rest { since: at, until: at + Duration::from_millis(rest_ms), cause } })
}

fn is_same(one: &RestRow, other: &RestRow) -> bool {
    (&one.provider, &one.key, &one.model) == (&other.provider, &other.key, &other.model)
}

/// Whether this is known as long as it goes on.
fn is_known(known: &[RestRow], row: &RestRow) -> bool {
    known.iter().any(|known| is_same(known, row) && known.rest.until + SLACK >= row.rest.until)
}

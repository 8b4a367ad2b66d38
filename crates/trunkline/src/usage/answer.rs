//! Figures as the admin API tells them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use trunkline_admin::{
    Latency, Looked, Misasked, RequestProblem, Sums, Usage, UsageBy, UsageGroup, UsagePer, UsageQuestion,
};
use trunkline_config::Secret;
use trunkline_providers::Usd;
use trunkline_store::{self as store, Dimension, Figures, Period, Question};

use super::render::{Told, cost};
use super::sums;
use super::when::{When, WhenError, Zone};

/// From when on figures are told when nobody says it.
const SINCE: &str = "24h";

/// Who tells what requests used and cost. Each question has a connection of its own: few are asked.
#[derive(Clone)]
pub(crate) struct SumDesk {
    place: Secret,
}

impl SumDesk {
    /// The desk of the store at `place`.
    pub(crate) fn new(place: Secret) -> Self {
        Self { place }
    }

    async fn told<T>(&self, asked: UsageQuestion, show: fn(&Told<'_>) -> T) -> Result<T, RequestProblem> {
        let (question, zone) = understood(asked, SystemTime::now())?;
        let (figures, total) = sums(&self.place, &question).await.map_err(|error| {
            tracing::warn!(%error, "the ledger does not answer");
            RequestProblem::Down
        })?;
        Ok(show(&Told { question: &question, zone, figures: &figures, total: &total }))
    }
}

impl Sums for SumDesk {
    fn usage(&self, question: UsageQuestion) -> Looked<Usage> {
        let desk = self.clone();
        Box::pin(async move { desk.told(question, shown).await })
    }

    fn usage_csv(&self, question: UsageQuestion) -> Looked<String> {
        let desk = self.clone();
        Box::pin(async move { desk.told(question, |told| told.csv()).await })
    }
}

fn understood(asked: UsageQuestion, now: SystemTime) -> Result<(Question, Zone), Misasked> {
    let UsageQuestion { by, per, since, until, zone, client_key, model, provider, format: _ } = asked;
    let wrong = |field: &str| {
        let field = field.to_owned();
        move |error: WhenError| Misasked { field, message: error.to_string() }
    };
    let zone = zone.map_or(Ok(Zone::default()), |zone| Zone::read(&zone)).map_err(wrong("zone"))?;
    let since = When::read(since.as_deref().unwrap_or(SINCE), zone, now).map_err(wrong("since"))?;
    let until = until.map(|until| When::read(&until, zone, now)).transpose().map_err(wrong("until"))?;
    let question = Question {
        by: by.map(|by| match by {
            UsageBy::ClientKey => Dimension::ClientKey,
            UsageBy::Model => Dimension::Model,
            UsageBy::Provider => Dimension::Provider,
            UsageBy::UpstreamModel => Dimension::UpstreamModel,
        }),
        per: per.map(|per| match per {
            UsagePer::Hour => Period::Hour,
            UsagePer::Day => Period::Day,
        }),
        since_s: Some(since.seconds()),
        until_s: Some(until.unwrap_or(When::of(now)).seconds()),
        client_key,
        model,
        provider,
        zone_minutes: zone.minutes(),
    };
    Ok((question, zone))
}

/// Figures for programs.
pub(super) fn shown(told: &Told<'_>) -> Usage {
    let Question { since_s, until_s, .. } = told.question;
    Usage {
        groups: told.figures.iter().map(group).collect(),
        all: group(told.total),
        since: since_s.map(at),
        until: until_s.map(at),
        zone: told.zone.suffix(),
    }
}

fn group(of: &Figures) -> UsageGroup {
    let cost = cost(of);
    UsageGroup {
        name: of.name.clone(),
        start_at: of.start_s.map(at),
        requests: of.requests,
        errors: of.errors,
        client_left: of.client_left,
        inexact: of.inexact,
        unknown_cost: of.unknown_cost,
        cached: of.cached,
        input_tokens: of.input_tokens,
        cache_read_tokens: of.cache_read_tokens,
        cache_write_tokens: of.cache_write_tokens,
        output_tokens: of.output_tokens,
        reasoning_tokens: of.reasoning_tokens,
        audio_input_tokens: of.audio_input_tokens,
        audio_output_tokens: of.audio_output_tokens,
        cost: cost.map(|usd| usd.to_string()),
        saved: cost.map(|_| Usd::from_nano(of.saved_nusd).to_string()),
        total: latency(of.total),
        first_byte: latency(of.first_byte),
    }
}

/// Zero is nothing measured, which is not nothing.
fn latency(of: store::Latency) -> Latency {
    let known = |us| (us > 0).then_some(us);
    Latency { mean_us: known(of.mean_us), p50_us: known(of.p50_us), p95_us: known(of.p95_us), p99_us: known(of.p99_us) }
}

fn at(seconds: i64) -> String {
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    humantime::format_rfc3339_seconds(UNIX_EPOCH + since).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_of_the_api_is_one_to_the_store() {
        let now = UNIX_EPOCH + Duration::from_secs(1_790_812_800);
        let asked = UsageQuestion {
            by: Some(UsageBy::Provider),
            per: Some(UsagePer::Day),
            zone: Some("+02:00".to_owned()),
            since: Some("2026-09-01".to_owned()),
            model: Some("m".to_owned()),
            ..UsageQuestion::default()
        };
        let (question, zone) = understood(asked, now).unwrap();
        let expected = Question {
            by: Some(Dimension::Provider),
            per: Some(Period::Day),
            since_s: Some(1_788_220_800 - 7_200),
            until_s: Some(1_790_812_800),
            model: Some("m".to_owned()),
            zone_minutes: 120,
            ..Question::default()
        };
        assert_eq!((question, zone.suffix()), (expected, "+02:00".to_owned()));
        let (usual, _) = understood(UsageQuestion::default(), now).unwrap();
        assert_eq!((usual.since_s, usual.until_s), (Some(1_790_812_800 - 86_400), Some(1_790_812_800)));
        let wrong = |asked| understood(asked, now).unwrap_err().field;
        assert_eq!(wrong(UsageQuestion { since: Some("soon".to_owned()), ..UsageQuestion::default() }), "since");
        assert_eq!(wrong(UsageQuestion { zone: Some("Berlin".to_owned()), ..UsageQuestion::default() }), "zone");
    }

    #[test]
    fn what_is_not_known_is_null_and_what_costs_nothing_is_not() {
        let none = group(&Figures { requests: 1, unknown_cost: 1, ..Figures::default() });
        assert_eq!((none.cost, none.saved, none.total.mean_us), (None, None, None));
        let free = group(&Figures { requests: 1, ..Figures::default() });
        assert_eq!((free.cost.as_deref(), free.saved.as_deref()), (Some("0.00"), Some("0.00")));
    }
}

//! What was used, in the old gateway's sums.

use std::time::Duration;

use axum::Extension;
use axum::extract::RawQuery;
use serde::Deserialize;
use serde_json::{Number, Value, json};
use trunkline_wire::timestamp;

use crate::clock::now;
use crate::problem::Problem;
use crate::query;
use crate::read::Json;
use crate::routes::Running;
use crate::usage::{Usage, UsageBy, UsageGroup, UsagePer, UsageQuestion};

/// How far back is looked when nobody says.
const SINCE: Duration = Duration::from_secs(86_400);

/// Letters of a moment that say the day.
const DAY_CHARS: usize = 10;

/// Which time is asked for, in seconds since the Unix epoch, and which model.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    #[serde(deserialize_with = "query::parsed")]
    start_date: Option<u64>,
    #[serde(deserialize_with = "query::parsed")]
    end_date: Option<u64>,
    virtual_model: Option<String>,
}

/// `GET /api/admin/usage`.
pub(crate) async fn summary(running: Extension<Running>, query: RawQuery) -> Result<Json<Value>, Problem> {
    let used = used(running, query, None, Some(UsagePer::Day)).await?;
    let all = &used.all;
    let mut days: Vec<Value> = used.groups.iter().map(day).collect();
    // The newest first.
    days.reverse();
    Ok(Json(json!({
        "summary": {
            "total_prompt_tokens": prompt(all),
            "total_completion_tokens": all.output_tokens,
            "total_tokens": total(all),
            "total_cost": cost(all),
            "total_cached_input_tokens": all.cache_read_tokens,
            "total_cache_creation_tokens": all.cache_write_tokens,
            "total_cached_cost": null,
            "request_count": all.requests,
            "avg_response_time_ms": all.total.mean_us.unwrap_or(0) / 1_000,
        },
        "daily_breakdown": days,
    })))
}

/// `GET /api/admin/usage/by_model`.
pub(crate) async fn by_model(running: Extension<Running>, query: RawQuery) -> Result<Json<Value>, Problem> {
    let used = used(running, query, Some(UsageBy::Model), None).await?;
    let row = |group: &UsageGroup| {
        json!({
            "virtual_model": group.name,
            "prompt_tokens": prompt(group),
            "completion_tokens": group.output_tokens,
            "total_tokens": total(group),
            "cost_estimate": cost(group),
            "cached_input_tokens": group.cache_read_tokens,
            "cache_creation_tokens": group.cache_write_tokens,
            "cached_cost_estimate": null,
            "request_count": group.requests,
        })
    };
    Ok(Json(most_first(used).iter().map(row).collect()))
}

/// `GET /api/admin/usage/by_endpoint`.
pub(crate) async fn by_endpoint(running: Extension<Running>, query: RawQuery) -> Result<Json<Value>, Problem> {
    let used = used(running, query, Some(UsageBy::Provider), None).await?;
    let row = |group: &UsageGroup| {
        json!({
            "endpoint_name": group.name,
            "prompt_tokens": prompt(group),
            "completion_tokens": group.output_tokens,
            "total_tokens": total(group),
            "request_count": group.requests,
        })
    };
    Ok(Json(most_first(used).iter().filter(|group| group.name.is_some()).map(row).collect()))
}

async fn used(
    Extension(Running(plane)): Extension<Running>,
    RawQuery(query): RawQuery,
    by: Option<UsageBy>,
    per: Option<UsagePer>,
) -> Result<Usage, Problem> {
    let Asked { start_date, end_date, virtual_model } = query::read(query.as_deref())?;
    let since = start_date.unwrap_or_else(|| (now().0 / 1000).saturating_sub(SINCE.as_secs()));
    let question = UsageQuestion {
        by,
        per,
        since: Some(timestamp::write(since)),
        until: end_date.map(timestamp::write),
        model: virtual_model.filter(|model| !model.is_empty()),
        ..UsageQuestion::default()
    };
    Ok(plane.sums().usage(question).await?)
}

fn most_first(used: Usage) -> Vec<UsageGroup> {
    let mut groups = used.groups;
    groups.sort_by_key(|group| std::cmp::Reverse(total(group)));
    groups
}

fn day(group: &UsageGroup) -> Value {
    let date: Option<String> = group.start_at.as_ref().map(|at| at.chars().take(DAY_CHARS).collect());
    json!({
        "date": date,
        "prompt_tokens": prompt(group),
        "completion_tokens": group.output_tokens,
        "cached_input_tokens": group.cache_read_tokens,
        "cache_creation_tokens": group.cache_write_tokens,
        "cached_cost_estimate": null,
        "cost_estimate": cost(group),
        "requests": group.requests,
    })
}

/// There, what is cached is part of the prompt.
fn prompt(group: &UsageGroup) -> u64 {
    group.input_tokens.saturating_add(group.cache_read_tokens).saturating_add(group.cache_write_tokens)
}

fn total(group: &UsageGroup) -> u64 {
    prompt(group).saturating_add(group.output_tokens)
}

/// A cost as the number that it was there; 0 where nobody knows it.
fn cost(group: &UsageGroup) -> Number {
    let known = group.cost.as_deref().and_then(|cost| serde_json::from_str(cost).ok());
    known.unwrap_or_else(|| 0.into())
}

//! `/api/v1/requests`: what was asked, and what came of it.

mod live;

use axum::Extension;
use axum::extract::{Path, RawQuery};
use axum::routing::get;
use schemars::JsonSchema;
use serde::Deserialize;
use trunkline_config::file::Day;

use crate::auth::Asks;
use crate::endpoint::{Endpoint, Form, Operation};
use crate::plane::Misasked;
use crate::problem::Problem;
use crate::query;
use crate::read::Json;
use crate::requests::{RequestDetail, RequestPage, RequestRow, Wanted};
use crate::routes::Running;

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[
    Endpoint::new("GET", "/api/v1/requests", Asks::Viewer, || get(list))
        .says(Operation::new("requests", "Requests, the newest first.").query::<Filters>().gives::<RequestPage>()),
    Endpoint::new("GET", "/api/v1/requests/live", Asks::Viewer, || get(live::listen)).says(
        Operation::new("liveRequests", "Requests as they end: events of the type `request`, each a row.")
            .gives::<RequestRow>()
            .as_forms(&[Form::Events])
            .fails(&[429]),
    ),
    Endpoint::new("GET", "/api/v1/requests/{id}", Asks::Viewer, || get(show))
        .says(Operation::new("request", "All that is known of one.").gives::<RequestDetail>()),
];

/// Requests of a page when nobody says how many.
const LIMIT: u32 = 50;

/// The most of them.
const LIMIT_MAX: u32 = 200;

/// Which requests are wanted; what is left out excludes none.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Filters {
    /// Those that asked for this model.
    model: Option<String>,
    /// Those of the client key with this name.
    client_key: Option<String>,
    /// Those that this provider served last.
    provider: Option<String>,
    /// Those that ended so: `served`, `client_left`, a kind of fault, or `failed` for every kind.
    outcome: Option<String>,
    /// From this day or moment on.
    since: Option<String>,
    /// Before this one.
    until: Option<String>,
    /// Those with this text in their id or in the name of their client key, model, provider or upstream model.
    q: Option<String>,
    /// The most of a page: 50 when left out.
    #[serde(deserialize_with = "query::parsed")]
    #[schemars(with = "Option<u32>", range(min = 1, max = 200))]
    limit: Option<u32>,
    /// What the page before called `next_cursor`.
    cursor: Option<String>,
}

pub(crate) async fn list(
    Extension(Running(plane)): Extension<Running>,
    RawQuery(query): RawQuery,
) -> Result<Json<RequestPage>, Problem> {
    Ok(Json(plane.requests().list(wanted(query.as_deref())?).await?))
}

pub(crate) async fn show(
    Extension(Running(plane)): Extension<Running>,
    Path(id): Path<String>,
) -> Result<Json<RequestDetail>, Problem> {
    Ok(Json(plane.requests().show(id).await?))
}

/// Which requests a query asks for.
fn wanted(query: Option<&str>) -> Result<Wanted, Misasked> {
    let Filters { model, client_key, provider, outcome, since, until, q, limit, cursor } = query::read(query)?;
    let limit = limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        let message = format!("it must be a number from 1 to {LIMIT_MAX}");
        return Err(Misasked { field: "limit".to_owned(), message });
    }
    let (since_ms, until_ms) = (moment("since", since)?, moment("until", until)?);
    let text = q.filter(|text| !text.trim().is_empty());
    Ok(Wanted { limit, cursor, since_ms, until_ms, client_key, model, provider, outcome, text })
}

fn moment(field: &str, text: Option<String>) -> Result<Option<u64>, Misasked> {
    let wrong = || {
        let message = "write it as `2027-01-31` or `2027-01-31T12:00:00Z`".to_owned();
        Misasked { field: field.to_owned(), message }
    };
    text.map(|text| Day::parse(&text).map(|Day(at_ms)| at_ms).ok_or_else(wrong)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_says_which_requests_are_wanted() {
        let query = "limit=7&cursor=a&since=2026-11-22&until=2026-11-22T00:00:01Z&client_key=k+1&model=m%2Fn&provider=p\
                     &outcome=failed&q=x+y";
        let text = |text: &str| Some(text.to_owned());
        let expected = Wanted {
            limit: 7,
            cursor: text("a"),
            since_ms: Some(1_795_305_600_000),
            until_ms: Some(1_795_305_601_000),
            client_key: text("k 1"),
            model: text("m/n"),
            provider: text("p"),
            outcome: text("failed"),
            text: text("x y"),
        };
        assert_eq!(wanted(Some(query)), Ok(expected));
        for nothing in [None, Some(""), Some("q=+")] {
            assert_eq!(wanted(nothing), Ok(Wanted { limit: LIMIT, ..Wanted::default() }));
        }
        for wrong in ["limit=0", "limit=201", "limit=x", "since=soon", "until=", "modle=m"] {
            let field = wanted(Some(wrong)).expect_err("it is wrong").field;
            assert_eq!(Some(&*field), wrong.split('=').next());
        }
    }
}

//! `/api/v1/requests`: what was asked, and what came of it.

use axum::Extension;
use axum::extract::{Path, RawQuery};
use axum::routing::get;
use trunkline_config::file::Day;

use crate::auth::Asks;
use crate::endpoint::{Endpoint, Operation};
use crate::plane::Misasked;
use crate::problem::Problem;
use crate::read::Json;
use crate::requests::{RequestDetail, RequestPage, Wanted};
use crate::routes::Running;

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[
    Endpoint::new("GET", "/api/v1/requests", Asks::Viewer, || get(list))
        .says(Operation::new("requests", "Requests, the newest first.").gives::<RequestPage>()),
    Endpoint::new("GET", "/api/v1/requests/{id}", Asks::Viewer, || get(show))
        .says(Operation::new("request", "All that is known of one.").gives::<RequestDetail>()),
];

/// Requests of a page when nobody says how many.
const LIMIT: u32 = 50;

/// The most of them.
const LIMIT_MAX: u32 = 500;

pub(crate) async fn list(
    Extension(Running(plane)): Extension<Running>,
    RawQuery(query): RawQuery,
) -> Result<Json<RequestPage>, Problem> {
    Ok(Json(plane.requests().list(wanted(query.as_deref().unwrap_or_default())?).await?))
}

pub(crate) async fn show(
    Extension(Running(plane)): Extension<Running>,
    Path(id): Path<String>,
) -> Result<Json<RequestDetail>, Problem> {
    Ok(Json(plane.requests().show(id).await?))
}

/// Which requests a query asks for.
fn wanted(query: &str) -> Result<Wanted, Misasked> {
    let mut wanted = Wanted { limit: LIMIT, ..Wanted::default() };
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let wrong = |message: String| Misasked { field: name.to_string(), message };
        let text = || Some(value.to_string());
        match &*name {
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
                wanted.limit = limit.ok_or_else(|| wrong(format!("it must be a number from 1 to {LIMIT_MAX}")))?;
            }
            "cursor" => wanted.cursor = text(),
            "since" => wanted.since_ms = Some(moment(&value).map_err(wrong)?),
            "until" => wanted.until_ms = Some(moment(&value).map_err(wrong)?),
            "client_key" => wanted.client_key = text(),
            "model" => wanted.model = text(),
            "provider" => wanted.provider = text(),
            "failed" => {
                wanted.failed = value.parse().map_err(|_| wrong("it must be `true` or `false`".to_owned()))?;
            }
            _ => return Err(wrong("there is no such filter".to_owned())),
        }
    }
    Ok(wanted)
}

fn moment(text: &str) -> Result<u64, String> {
    let Day(at_ms) = Day::parse(text).ok_or("write it as `2027-01-31` or `2027-01-31T12:00:00Z`")?;
    Ok(at_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_says_which_requests_are_wanted() {
        let query = "limit=7&cursor=a&since=2026-11-22&until=2026-11-22T00:00:01Z&client_key=k+1&model=m%2Fn&provider=p&failed=true";
        let text = |text: &str| Some(text.to_owned());
        let expected = Wanted {
            limit: 7,
            cursor: text("a"),
            since_ms: Some(1_795_305_600_000),
            until_ms: Some(1_795_305_601_000),
            client_key: text("k 1"),
            model: text("m/n"),
            provider: text("p"),
            failed: true,
        };
        assert_eq!(wanted(query), Ok(expected));
        assert_eq!(wanted(""), Ok(Wanted { limit: LIMIT, ..Wanted::default() }));
        for wrong in ["limit=0", "limit=501", "limit=x", "since=soon", "until=", "failed=yes", "modle=m"] {
            let field = wanted(wrong).expect_err("it is wrong").field;
            assert_eq!(Some(&*field), wrong.split('=').next());
        }
    }
}

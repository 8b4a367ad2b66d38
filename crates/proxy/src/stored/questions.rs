//! What clients ask about kept answers: show it, forget it, stop it, what was put in.

use bytes::Bytes;
use http::Response;
use trunkline_wire::dialects::openai_responses::state;
use trunkline_wire::{Fault, FaultKind};

use super::{KeptResponse, ResponseStore, Shelf, items};
use crate::head;
use crate::models_api::percent_decoded;
use crate::reply::ReplyBody;
use crate::routes::{StoredResponse, StoredResponseCall};

/// Items in one page of a list, when nobody says how many.
const PAGE_ITEMS: usize = 20;

/// The most that may be asked for.
const PAGE_ITEMS_MAX: usize = 100;

/// Answers a question about one kept answer, as its owner may have it answered.
///
/// # Errors
/// When there is no such answer, it cannot be done, or the store is out of reach.
pub(crate) async fn answer(
    store: &dyn ResponseStore,
    owner: Option<&str>,
    asked: StoredResponse<'_>,
    query: Option<&str>,
) -> Result<Response<ReplyBody>, Fault> {
    let id = percent_decoded(asked.id).unwrap_or_default();
    let shelf = Shelf::of(store, owner);
    let body = match asked.what {
        StoredResponseCall::Get => {
            let kept = find(&shelf, &id).await?;
            refuse_stream(query)?;
            Bytes::from(kept.response)
        }
        StoredResponseCall::Delete => {
            if !shelf.forget(&id).await? {
                return Err(not_found(&id));
            }
            state::deleted_body(&id)
        }
        StoredResponseCall::Cancel => {
            find(&shelf, &id).await?;
            let message = "only background answers can be cancelled, and this one has ended";
            return Err(Fault::new(FaultKind::InvalidRequest, message));
        }
        StoredResponseCall::InputItems => {
            let kept = find(&shelf, &id).await?;
            page(&kept, &Page::read(query)?)?
        }
    };
    Ok(head::with_type(ReplyBody::from(body), "application/json"))
}

async fn find(shelf: &Shelf<'_>, id: &str) -> Result<KeptResponse, Fault> {
    shelf.find(id).await?.ok_or_else(|| not_found(id))
}

fn not_found(id: &str) -> Fault {
    let message = format!("Response with id '{id}' not found.");
    Fault::new(FaultKind::PathNotFound, message).with_code("response_not_found")
}

fn refuse_stream(query: Option<&str>) -> Result<(), Fault> {
    let streams = pairs(query).any(|(name, value)| name == "stream" && value == "true");
    let message = "a stored answer is given whole; leave out `stream`";
    if streams { Err(Fault::new(FaultKind::InvalidRequest, message).with_param("stream")) } else { Ok(()) }
}

/// Which items of a list are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Page {
    limit: usize,
    order: Order,
    /// Only what comes after the item with this id.
    after: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    OldestFirst,
    NewestFirst,
}

impl Page {
    fn read(query: Option<&str>) -> Result<Self, Fault> {
        let mut page = Self { limit: PAGE_ITEMS, order: Order::NewestFirst, after: None };
        for (name, value) in pairs(query) {
            match name.as_str() {
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| (1..=PAGE_ITEMS_MAX).contains(limit));
                    page.limit = limit.ok_or_else(|| wrong("limit", "a number from 1 to 100"))?;
                }
                "order" => {
                    page.order = match value.as_str() {
                        "asc" => Order::OldestFirst,
                        "desc" => Order::NewestFirst,
                        _ => return Err(wrong("order", "`asc` or `desc`")),
                    };
                }
                "after" => page.after = Some(value),
                // `include` asks for more than is kept.
                _ => {}
            }
        }
        Ok(page)
    }
}

fn wrong(name: &str, expected: &str) -> Fault {
    Fault::new(FaultKind::InvalidRequest, format!("`{name}` must be {expected}")).with_param(name)
}

fn page(kept: &KeptResponse, page: &Page) -> Result<Bytes, Fault> {
    let mut list = items(&kept.input)?;
    if page.order == Order::NewestFirst {
        list.reverse();
    }
    let skipped = match &page.after {
        None => 0,
        Some(after) => {
            let place = list.iter().position(|item| state::item_id(item).as_ref() == Some(after));
            place.ok_or_else(|| wrong("after", "the id of an item in this list"))? + 1
        }
    };
    let rest = list.get(skipped..).unwrap_or_default();
    let shown = rest.get(..page.limit).unwrap_or(rest);
    Ok(state::list_body(shown, shown.len() < rest.len()))
}

/// The pairs of a query; those that are no UTF-8 are passed over.
fn pairs(query: Option<&str>) -> impl Iterator<Item = (String, String)> {
    let decoded = |text: &str| percent_decoded(&text.replace('+', " "));
    let all = query.unwrap_or_default().split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    all.filter_map(move |(name, value)| Some((decoded(name)?, decoded(value)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ids on a page of items `a` to `e`, `+` behind them when there are more.
    fn check(query: &str, expected: Result<&str, &str>) {
        let item = |id: &str| format!(r#"{{"id":"{id}"}}"#);
        let input = format!("[{}]", ["a", "b", "c", "d", "e"].map(item).join(","));
        let text = || "[]".to_owned();
        let kept = KeptResponse { owner: text(), id: text(), created_s: 0, input, output: text(), response: text() };
        let shown = Page::read(Some(query)).and_then(|wanted| page(&kept, &wanted)).map(|body| {
            let list: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let ids: String =
                list["data"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
            if list["has_more"] == true { ids + "+" } else { ids }
        });
        let expected = expected.map(str::to_owned).map_err(|param| Some(param.to_owned()));
        assert_eq!(shown.map_err(|fault| fault.param), expected, "{query}");
    }

    proptest::proptest! {
        #[test]
        fn any_query_is_a_page_or_a_fault(query in ".*", after in "[a-f&=%]*") {
            let _ = Page::read(Some(&query));
            let _ = Page::read(Some(&format!("limit=3&after={after}")));
            let _ = refuse_stream(Some(&query));
        }
    }

    #[test]
    fn items_are_listed_in_pages() {
        check("", Ok("edcba"));
        check("order=asc", Ok("abcde"));
        check("order=asc&limit=2", Ok("ab+"));
        check("limit=2&order=asc&after=b", Ok("cd+"));
        check("limit=2&order=asc&after=%63", Ok("de"));
        check("after=a", Ok(""));
        check("include[]=reasoning.encrypted_content&limit=100", Ok("edcba"));
        for (query, param) in
            [("limit=0", "limit"), ("limit=101", "limit"), ("order=up", "order"), ("after=x", "after")]
        {
            check(query, Err(param));
        }
    }
}

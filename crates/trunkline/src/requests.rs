//! Single requests, from the ledger and from what is kept beside it: for the command line and the admin API alike.

pub(crate) mod command;

use std::time::{Duration, UNIX_EPOCH};

use trunkline_admin::{
    AttemptRow, Listener, Looked, Misasked, RequestBody, RequestDetail, RequestPage, RequestProblem, RequestRow,
    Requests, Timings, WantedRequests,
};
use trunkline_config::Secret;
use trunkline_providers::Usd;
use trunkline_store::{RequestPlace, Store, StoreError, StoredBodies, StoredBody, StoredRequest, Wanted};

use crate::bodies::Notes;
use crate::ledger::Tail;

/// The last instant that RFC 3339's four digits of year can say.
const AT_MS_MAX: u64 = 253_402_300_799_999;

/// The digits of an id that say when the request came; what is shorter is no part of one.
const ID_TIME_DIGITS: usize = 12;

/// The digits of an id.
const ID_DIGITS: usize = 32;

/// Who looks up requests. Each question has a connection of its own: few are asked.
#[derive(Clone)]
pub(crate) struct RequestDesk {
    place: Secret,
    tail: Tail,
}

impl RequestDesk {
    /// The desk of the store at `place`, and of who is told of requests as they end.
    pub(crate) fn new(place: Secret, tail: Tail) -> Self {
        Self { place, tail }
    }

    async fn page(&self, wanted: WantedRequests) -> Result<RequestPage, RequestProblem> {
        let begins = wanted.text.as_deref().and_then(beginning_of_id);
        let wanted = understood(wanted, begins.as_deref())?;
        let store = Store::open(self.place.expose()).await.map_err(|error| down(&error))?;
        let found = store.requests(&wanted).await.map_err(|error| down(&error))?;
        store.close().await;
        let next_cursor = found.next.map(|RequestPlace(place)| format!("{place:x}"));
        let is_wanted = |row: &RequestRow| begins.as_deref().is_none_or(|begins| row.id.starts_with(begins));
        Ok(RequestPage { items: found.requests.into_iter().map(row).filter(is_wanted).collect(), next_cursor })
    }

    async fn detail(&self, id: &str) -> Result<RequestDetail, RequestProblem> {
        let missing = || RequestProblem::NotFound(id.to_owned());
        let number = u128::from_str_radix(id, 16).map_err(|_no_id| missing())?;
        let store = Store::open(self.place.expose()).await.map_err(|error| down(&error))?;
        let found = store.request(number).await.map_err(|error| down(&error))?;
        let kept = store.bodies(number).await.map_err(|error| down(&error))?;
        store.close().await;
        Ok(detail(row(found.ok_or_else(missing)?), kept.unwrap_or_default()))
    }
}

impl Requests for RequestDesk {
    fn list(&self, wanted: WantedRequests) -> Looked<RequestPage> {
        let desk = self.clone();
        Box::pin(async move { desk.page(wanted).await })
    }

    fn show(&self, id: String) -> Looked<RequestDetail> {
        let desk = self.clone();
        Box::pin(async move { desk.detail(&id).await })
    }

    fn listen(&self) -> Result<Box<dyn Listener>, RequestProblem> {
        self.tail.listen()
    }
}

/// A text that an id may begin with.
fn beginning_of_id(text: &str) -> Option<String> {
    let is_one =
        (ID_TIME_DIGITS..=ID_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_one.then(|| text.to_ascii_lowercase())
}

fn understood(wanted: WantedRequests, begins: Option<&str>) -> Result<Wanted, Misasked> {
    let WantedRequests { limit, cursor, since_ms, until_ms, client_key, model, provider, outcome, text } = wanted;
    let place = |cursor: String| {
        let wrong = |_| Misasked { field: "cursor".to_owned(), message: "no page ended with it".to_owned() };
        i64::from_str_radix(&cursor, 16).map(RequestPlace).map_err(wrong)
    };
    let after = cursor.map(place).transpose()?;
    let wanted = Wanted { limit, after, since_ms, until_ms, client_key, model, provider, outcome, text };
    let came_ms = begins.and_then(|id| u64::from_str_radix(id.get(..ID_TIME_DIGITS)?, 16).ok());
    Ok(match came_ms {
        // Ids are in no index, and requests of one millisecond are few.
        Some(at_ms) => Wanted { since_ms: Some(at_ms), until_ms: Some(at_ms.saturating_add(1)), text: None, ..wanted },
        None => wanted,
    })
}

/// A request as it is shown.
pub(crate) fn row(request: StoredRequest) -> RequestRow {
    let usd = |nano| Usd::from_nano(nano).to_string();
    let at = UNIX_EPOCH + Duration::from_millis(request.at_ms.min(AT_MS_MAX));
    RequestRow {
        id: format!("{:032x}", request.id),
        at: humantime::format_rfc3339_millis(at).to_string(),
        client_key: request.client_key,
        operation: request.operation,
        dialect: request.dialect,
        model: request.model,
        provider: request.provider,
        upstream_model: request.upstream_model,
        lane: request.lane,
        status: request.status,
        outcome: request.outcome,
        stream: request.stream,
        cached: request.cached,
        input_tokens: request.input_tokens,
        cache_read_tokens: request.cache_read_tokens,
        cache_write_tokens: request.cache_write_tokens,
        output_tokens: request.output_tokens,
        reasoning_tokens: request.reasoning_tokens,
        audio_input_tokens: request.audio_input_tokens,
        audio_output_tokens: request.audio_output_tokens,
        quality: request.quality,
        cost: request.cost_nusd.map(usd),
        saved: request.saved_nusd.map(usd),
        first_byte_us: request.first_byte_us,
        total_us: request.total_us,
        bytes_in: request.bytes_in,
        bytes_out: request.bytes_out,
        attempt_count: request.attempts,
    }
}

fn detail(row: RequestRow, kept: StoredBodies) -> RequestDetail {
    // What a later release wrote, and this one cannot read, is left out.
    let notes: Option<Notes> = kept.notes.as_deref().and_then(|notes| serde_json::from_str(notes).ok());
    let notes = notes.unwrap_or_default();
    let body =
        |body: StoredBody| RequestBody { text: String::from_utf8_lossy(&body.bytes).into_owned(), cut: body.is_cut };
    let attempts = attempts(&row, &notes);
    RequestDetail {
        error: error(&row, &attempts),
        timings: Timings { queued_us: notes.last_began_us, first_byte_us: row.first_byte_us, total_us: row.total_us },
        attempts,
        losses: notes.losses,
        repairs: notes.repairs,
        continued: notes.continued,
        request_body: kept.request.map(body),
        response_body: kept.response.map(body),
        redacted: kept.redacted,
        row,
    }
}

/// The tries that were noted, and the last one, which the record tells of.
fn attempts(row: &RequestRow, notes: &Notes) -> Vec<AttemptRow> {
    let noted = notes.attempts.iter().map(|tried| AttemptRow {
        provider: tried.provider.clone(),
        upstream_model: tried.upstream_model.clone(),
        key: tried.key.clone(),
        lane: Some(tried.lane.clone()),
        dialect: tried.dialect.clone(),
        outcome: tried.outcome.clone(),
        status: tried.status,
        detail: tried.detail.clone(),
        started_us: tried.started_us,
        first_byte_us: None,
        total_us: tried.total_us,
    });
    noted.chain(last_attempt(row, notes)).collect()
}

/// The try that answered, or that its client left; one that failed before anything was answered is among the noted.
fn last_attempt(row: &RequestRow, notes: &Notes) -> Option<AttemptRow> {
    let (Some(provider), Some(upstream_model)) = (&row.provider, &row.upstream_model) else { return None };
    let has_failed = is_failed(row) && row.first_byte_us.is_none_or(|_| row.status >= 400);
    if row.attempt_count == 0 || has_failed && !notes.attempts.is_empty() {
        return None;
    }
    let started_us = notes.last_began_us.unwrap_or(0);
    Some(AttemptRow {
        provider: provider.clone(),
        upstream_model: upstream_model.clone(),
        key: notes.last_key.clone(),
        lane: row.lane.clone(),
        dialect: None,
        outcome: row.outcome.clone(),
        status: Some(row.status),
        detail: None,
        started_us,
        first_byte_us: row.first_byte_us.map(|at| at.saturating_sub(started_us)),
        total_us: row.total_us.saturating_sub(started_us),
    })
}

fn is_failed(row: &RequestRow) -> bool {
    !matches!(&*row.outcome, "served" | "client_left")
}

/// Why it failed, as far as anybody noted it.
fn error(row: &RequestRow, attempts: &[AttemptRow]) -> Option<String> {
    if !is_failed(row) {
        return None;
    }
    let last = attempts.iter().rev().find(|tried| tried.outcome == row.outcome);
    let said = last.map(|tried| match (&tried.detail, tried.status) {
        (Some(detail), _) => detail.clone(),
        (None, Some(status)) => format!("{} answered {status}", tried.provider),
        (None, None) => format!("{} did not answer as it should", tried.provider),
    });
    Some(said.unwrap_or_else(|| format!("it was answered {}: {}", row.status, row.outcome.replace('_', " "))))
}

fn down(error: &StoreError) -> RequestProblem {
    tracing::warn!(%error, "the ledger does not answer");
    RequestProblem::Down
}

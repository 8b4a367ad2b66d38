//! Single requests, from the ledger and from what is kept beside it: for the command line and the admin API alike.

pub(crate) mod command;

use std::time::{Duration, UNIX_EPOCH};

use trunkline_admin::{
    Looked, Misasked, RequestBody, RequestDetail, RequestPage, RequestProblem, RequestRow, Requests, WantedRequests,
};
use trunkline_config::Secret;
use trunkline_providers::Usd;
use trunkline_store::{RequestPlace, Store, StoreError, StoredBodies, StoredBody, StoredRequest, Wanted};

use crate::bodies::Notes;

/// The last instant that RFC 3339's four digits of year can say.
const AT_MS_MAX: u64 = 253_402_300_799_999;

/// Who looks up requests. Each question has a connection of its own: few are asked.
#[derive(Clone)]
pub(crate) struct RequestDesk {
    place: Secret,
}

impl RequestDesk {
    /// The desk of the store at `place`.
    pub(crate) fn new(place: Secret) -> Self {
        Self { place }
    }

    async fn page(&self, wanted: WantedRequests) -> Result<RequestPage, RequestProblem> {
        let wanted = understood(wanted)?;
        let store = Store::open(self.place.expose()).await.map_err(|error| down(&error))?;
        let found = store.requests(&wanted).await.map_err(|error| down(&error))?;
        store.close().await;
        let next_cursor = found.next.map(|RequestPlace(place)| format!("{place:x}"));
        Ok(RequestPage { data: found.requests.into_iter().map(row).collect(), next_cursor })
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
}

fn understood(wanted: WantedRequests) -> Result<Wanted, Misasked> {
    let WantedRequests { limit, cursor, since_ms, until_ms, client_key, model, provider, failed } = wanted;
    let place = |cursor: String| {
        let wrong = |_| Misasked { field: "cursor".to_owned(), message: "no page ended with it".to_owned() };
        i64::from_str_radix(&cursor, 16).map(RequestPlace).map_err(wrong)
    };
    let after = cursor.map(place).transpose()?;
    Ok(Wanted { limit, after, since_ms, until_ms, client_key, model, provider, failed })
}

fn row(request: StoredRequest) -> RequestRow {
    let usd = |nano| Usd::from_nano(nano).to_string();
    let at = UNIX_EPOCH + Duration::from_millis(request.at_ms.min(AT_MS_MAX));
    RequestRow {
        id: format!("{:032x}", request.id),
        at: humantime::format_rfc3339_millis(at).to_string(),
        client_key: request.client_key,
        operation: request.operation,
        model: request.model,
        provider: request.provider,
        upstream_model: request.upstream_model,
        status: request.status,
        outcome: request.outcome,
        stream: request.stream,
        attempts: request.attempts,
        input_tokens: request.input_tokens,
        cache_read_tokens: request.cache_read_tokens,
        cache_write_tokens: request.cache_write_tokens,
        output_tokens: request.output_tokens,
        reasoning_tokens: request.reasoning_tokens,
        audio_input_tokens: request.audio_input_tokens,
        audio_output_tokens: request.audio_output_tokens,
        images: request.images,
        quality: request.quality,
        cost_usd: request.cost_nusd.map(usd),
        saved_usd: request.saved_nusd.map(usd),
        first_byte_us: request.first_byte_us,
        total_us: request.total_us,
        bytes_in: request.bytes_in,
        bytes_out: request.bytes_out,
    }
}

fn detail(row: RequestRow, kept: StoredBodies) -> RequestDetail {
    // What a later release wrote, and this one cannot read, is left out.
    let notes: Option<Notes> = kept.notes.as_deref().and_then(|notes| serde_json::from_str(notes).ok());
    let Notes { tries, losses, repairs, continued } = notes.unwrap_or_default();
    let body =
        |body: StoredBody| RequestBody { text: String::from_utf8_lossy(&body.bytes).into_owned(), cut: body.is_cut };
    let (request, response) = (kept.request.map(body), kept.response.map(body));
    RequestDetail { row, tries, losses, repairs, continued, request, response, redacted: kept.redacted }
}

fn down(error: &StoreError) -> RequestProblem {
    tracing::warn!(%error, "the ledger does not answer");
    RequestProblem::Down
}

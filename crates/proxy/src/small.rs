//! Requests that are not work for a model: lists, health, questions.

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, header};
use trunkline_config::Snapshot;
use trunkline_route::Moment;
use trunkline_wire::{DialectId, Fault, FaultKind};

use crate::models_api::percent_decoded;
use crate::reply::ReplyBody;
use crate::routes::Route;
use crate::server::RequestBody;
use crate::shared::now_ms;
use crate::worker::Worker;
use crate::{caller, cors, fault, health, intake, lists, models_api, stored};

/// What Anthropic's clients send with every request.
const ANTHROPIC_VERSION: &str = "anthropic-version";

/// Everything that is not work for a model.
pub(crate) async fn answer(
    worker: &Worker,
    snapshot: &Snapshot,
    route: Route<'_>,
    parts: &Parts,
    body: RequestBody,
) -> Response<ReplyBody> {
    let upgrades = parts.headers.contains_key(header::UPGRADE);
    let route = if route == Route::Upgrade && !upgrades { Route::WrongMethod("POST, OPTIONS") } else { route };
    let dialect = dialect_of(&route, &parts.headers);
    let answer = try_answer(worker, snapshot, route, parts, body).await;
    answer.unwrap_or_else(|fault| fault::response(dialect, &fault))
}

async fn try_answer(
    worker: &Worker,
    snapshot: &Snapshot,
    route: Route<'_>,
    parts: &Parts,
    body: RequestBody,
) -> Result<Response<ReplyBody>, Fault> {
    let shared = &worker.shared;
    let dialect = dialect_of(&route, &parts.headers);
    let known = || caller::identify(shared, &snapshot.client_keys, dialect, (parts, Moment(now_ms())));
    let allowed = || known().map(|key| key.and_then(|key| key.allowance.clone()));
    let claude = parts.headers.contains_key(ANTHROPIC_VERSION);
    match route {
        Route::Banner => Ok(health::banner()),
        Route::Live => Ok(health::live()),
        Route::Ready => Ok(health::ready(shared, snapshot)),
        Route::Detailed => Ok(health::detailed(shared, snapshot, known().is_ok())),
        Route::ModelList => {
            let allowance = allowed()?;
            let allowance = allowance.as_deref();
            Ok(if claude {
                lists::anthropic(shared, allowance).await
            } else {
                models_api::list(shared, allowance).await
            })
        }
        Route::ModelEntry(name) => {
            let allowance = allowed()?;
            let allowance = allowance.as_deref();
            let listed =
                if claude { lists::anthropic_one(shared, allowance, &name_in_path(name)?).await } else { None };
            match listed {
                Some(response) => Ok(response),
                None => models_api::entry(shared, snapshot, allowance, name).await,
            }
        }
        Route::GeminiModelList => lists::gemini(shared, allowed()?.as_deref(), None).await,
        Route::GeminiModelEntry(name) => lists::gemini(shared, allowed()?.as_deref(), Some(&name_in_path(name)?)).await,
        Route::Ollama(question) => {
            let allowance = allowed()?;
            let body = intake::read(body, &snapshot.server).await?;
            lists::ollama(shared, allowance.as_deref(), question, &body).await
        }
        Route::WrongMethod(allowed) => {
            let message = format!("{} is not a method of {}; allowed: {allowed}", parts.method, parts.uri.path());
            let fault = Fault::new(FaultKind::MethodNotAllowed, message);
            let mut response = fault::response(dialect, &fault);
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
            Ok(response)
        }
        Route::Upgrade => {
            known()?;
            Ok(fault::upgrade_required())
        }
        Route::Preflight => Ok(cors::preflight()),
        Route::StoredResponse(asked) => {
            let owner = known()?;
            stored::answer(&*shared.responses, owner.as_ref().map(|key| &*key.name), asked, parts.uri.query()).await
        }
        Route::Nothing | Route::Model(_) | Route::Played(_) | Route::Admin => {
            let message = format!("there is no {} {}", parts.method, parts.uri.path());
            Err(Fault::new(FaultKind::PathNotFound, message))
        }
    }
}

/// A model's name as it stands in a path.
///
/// # Errors
/// When it is no UTF-8.
pub(crate) fn name_in_path(encoded: &str) -> Result<String, Fault> {
    percent_decoded(encoded)
        .ok_or_else(|| Fault::new(FaultKind::ModelNotFound, "the model's name in the path is not valid UTF-8"))
}

/// In whose words a fault of a small request is told.
fn dialect_of(route: &Route<'_>, headers: &HeaderMap) -> DialectId {
    match route {
        Route::GeminiModelList | Route::GeminiModelEntry(_) => DialectId::Gemini,
        Route::Ollama(_) => DialectId::Ollama,
        Route::StoredResponse(_) | Route::Upgrade => DialectId::OpenaiResponses,
        _ if headers.contains_key(ANTHROPIC_VERSION) => DialectId::Anthropic,
        Route::Model(_)
        | Route::Played(_)
        | Route::ModelList
        | Route::ModelEntry(_)
        | Route::Live
        | Route::Ready
        | Route::Detailed
        | Route::Banner
        | Route::Preflight
        | Route::Admin
        | Route::WrongMethod(_)
        | Route::Nothing => DialectId::OpenaiChat,
    }
}

//! One request from its first line to its report.

use std::sync::{Arc, OnceLock};

use http::request::Parts;
use http::{HeaderValue, Method, Response, header};
use trunkline_config::Snapshot;
use trunkline_route::policy::others_for;
use trunkline_route::{Ask, LeftOut, Lot, Moment, Now, Plan, Unplanned, Wants, plan};
use trunkline_wire::{Fault, FaultKind, Peek, dialect};

use crate::carry_out::carry_out;
use crate::lane::{Failed, Tried};
use crate::prepare::Taken;
use crate::reply::ReplyBody;
use crate::report_guard::ReportGuard;
use crate::routes::{self, Form, Route, Surface};
use crate::server::RequestBody;
use crate::session::SessionOf;
use crate::shared::now_ms;
use crate::small::name_in_path;
use crate::wishes::{self, PromptOf};
use crate::worker::Worker;
use crate::{caller, cors, fault, head, intake, small, trail};

/// Answers one request.
pub(crate) async fn handle(worker: &Arc<Worker>, parts: Parts, body: RequestBody) -> Response<ReplyBody> {
    let snapshot = worker.snapshot();
    let route = routes::find(&parts.method, parts.uri.path());
    let mut response = match route {
        Route::Model(surface) => model_work(worker, &snapshot, surface, &parts, body).await,
        Route::ModelList
        | Route::ModelEntry(_)
        | Route::GeminiModelList
        | Route::GeminiModelEntry(_)
        | Route::Ollama(_)
        | Route::StoredResponse(_)
        | Route::Upgrade
        | Route::Live
        | Route::Ready
        | Route::Detailed
        | Route::Banner
        | Route::Preflight
        | Route::WrongMethod(_)
        | Route::Nothing => small::answer(worker, &snapshot, route, &parts, body).await,
    };
    cors::allow(&snapshot.server.cors_origins, &parts.headers, response.headers_mut());
    if parts.method == Method::HEAD {
        // The body's length stays in the head, as it would be for GET; the server leaves the body out.
        let length = http_body::Body::size_hint(response.body()).exact();
        response.headers_mut().extend(length.map(|length| (header::CONTENT_LENGTH, HeaderValue::from(length))));
    }
    worker.client.recycle(parts.headers);
    response
}

/// Work for a model: served, or a fault; one report either way.
async fn model_work(
    worker: &Arc<Worker>,
    snapshot: &Snapshot,
    surface: Surface<'_>,
    parts: &Parts,
    body: RequestBody,
) -> Response<ReplyBody> {
    let guard = ReportGuard::begin(worker, surface.operation);
    let id = head::request_id(guard.report.id);
    let mut response = match serve(worker, snapshot, surface, parts, body, guard).await {
        Ok(response) => response,
        Err(failed) => {
            let Failed { fault, mut guard } = *failed;
            let mut response = fault::response_to(&id, surface.dialect, &fault);
            trail::show(response.headers_mut(), guard.trail.text().as_deref(), None);
            guard.failed(&fault, response.status());
            guard.sent(http_body::Body::size_hint(response.body()).lower() as usize);
            response
        }
    };
    head::name_request(response.headers_mut(), id, surface.dialect);
    response
}

/// The request path: caller, intake, admit, plan, then the plan's tries until one of them answers.
async fn serve(
    worker: &Worker,
    snapshot: &Snapshot,
    surface: Surface<'_>,
    parts: &Parts,
    body: RequestBody,
    mut guard: ReportGuard,
) -> Tried {
    let taken = match take_in(snapshot, surface, parts, body, &mut guard).await {
        Ok(taken) => taken,
        Err(fault) => return Err(Failed::new(fault, guard)),
    };
    let lot = worker.draw();
    let client_key = guard.report.client_key.clone();
    let session = SessionOf { taken: &taken, client_key: client_key.as_deref() };
    let prompt = PromptOf::new(&taken);
    let plan = match planned(worker, snapshot, &session, (&taken.model, prompt.wants()), lot).await {
        Ok(plan) => plan,
        Err((fault, left_out)) => {
            guard.trail.leave_out(&left_out);
            return ask_others(worker, snapshot, &session, lot, Failed::new(fault, guard)).await;
        }
    };
    guard.report.model = Some(Arc::clone(&plan.model));
    let tried = carry_out(worker, &taken, &plan, (snapshot.failover, lot), guard).await;
    match tried {
        Ok(response) => Ok(response),
        Err(failed) => ask_others(worker, snapshot, &session, lot, failed).await,
    }
}

/// Asks the models that are configured for requests that fail as this one did; the first failure stands when they do.
async fn ask_others(
    worker: &Worker,
    snapshot: &Snapshot,
    session: &SessionOf<'_>,
    lot: Lot,
    failed: Box<Failed>,
) -> Tried {
    let Failed { fault, mut guard } = *failed;
    let allowed = session.taken.wishes.as_deref().is_none_or(|wishes| !wishes.fallbacks_off);
    let model = snapshot.models.get(&session.taken.model).filter(|_| allowed);
    let prompt = PromptOf::new(session.taken);
    // The models that the client named were for the one it asked for; what it wants of providers is for all.
    let mut wishes = session.taken.wishes.as_deref().cloned().unwrap_or_default();
    wishes.models.clear();
    let wants = Wants { wishes: Some(&wishes), ..prompt.wants() };
    for other in model.map(|model| others_for(model, &fault)).unwrap_or_default() {
        let Ok(plan) = planned(worker, snapshot, session, (other, wants), lot).await else { continue };
        match Box::pin(carry_out(worker, session.taken, &plan, (snapshot.failover, lot), guard)).await {
            Ok(response) => return Ok(response),
            Err(failed) => guard = failed.guard,
        }
    }
    Err(Failed::new(fault, guard))
}

/// The plan of a request, for this model. Where all who could serve it rest, and the configuration says so, waits for the first of them.
async fn planned(
    worker: &Worker,
    snapshot: &Snapshot,
    session: &SessionOf<'_>,
    (model, wants): (&str, Wants<'_>),
    lot: Lot,
) -> Result<Plan, (Fault, Vec<LeftOut>)> {
    let (shared, surface) = (&worker.shared, session.taken.surface);
    let ask = Ask { model, dialect: surface.dialect, operation: surface.operation, wants };
    let began = Moment(now_ms());
    let mut at = began;
    loop {
        let planned = plan(snapshot, &shared.catalog(), ask, Now { live: &shared.live, at, began, lot, session });
        match planned {
            Ok(plan) => return Ok(plan),
            Err(Unplanned::Wait(until)) => {
                tokio::time::sleep(until.since(at)).await;
                // A clock that was set back must not make it wait again for what it has waited for.
                at = until.max(Moment(now_ms()));
            }
            Err(Unplanned::Fault(fault)) => {
                if matches!(fault.kind, FaultKind::ModelNotFound | FaultKind::ProviderNotFound) {
                    // The list may be older than the model.
                    shared.relist.notify_one();
                }
                return Err((fault, Vec::new()));
            }
            Err(Unplanned::TooLong(fault, left_out)) => return Err((fault, left_out)),
        }
    }
}

/// Who calls, the body under its limits, a place among the open requests.
async fn take_in<'a>(
    snapshot: &Snapshot,
    surface: Surface<'a>,
    parts: &'a Parts,
    body: RequestBody,
    guard: &mut ReportGuard,
) -> Result<Taken<'a>, Fault> {
    if let Some(client_key) = caller::identify(&snapshot.client_keys, surface.dialect, parts)? {
        guard.report.client_key = Some(Arc::clone(&client_key.name));
        guard.priority_max = Some(client_key.priority);
    }
    guard.admit(snapshot.server.requests_max)?;
    intake::check_type(surface.dialect, &parts.headers)?;
    let body = intake::read(body, &snapshot.server).await?;
    guard.report.bytes_in = body.len() as u64;
    let (peek, model) = match surface.form {
        Form::InPath { model, stream } => (Peek::nameless(stream), name_in_path(model)?),
        Form::Plain | Form::Streamed | Form::Generate | Form::OneEmbedding => {
            let mut peek = dialect::of(surface.dialect).peek(&body)?;
            let model = std::mem::take(&mut peek.model);
            (peek, model)
        }
    };
    let (query, headers) = (parts.uri.query(), &parts.headers);
    let wishes = wishes::of(surface, &peek, headers, &body)?;
    let (decoded, beginnings) = (OnceLock::new(), OnceLock::new());
    let taken = Taken { surface, query, headers, body, peek, model, wishes, decoded, mended: None, beginnings };
    guard.report.stream = taken.streams();
    Ok(taken)
}

//! One request from its first line to its report.

use std::sync::{Arc, OnceLock};

use http::request::Parts;
use http::{HeaderValue, Method, Response, header};
use trunkline_config::{OnLoss, Snapshot};
use trunkline_route::{Ask, Attempt, Lane, Plan, Verdict, bridge, judge, plan};
use trunkline_wire::{DialectId, Fault, FaultKind, Operation, Peek, dialect};

use crate::attempt::unserved;
use crate::lane::{self, Failed, Tried};
use crate::prepare::Taken;
use crate::reply::ReplyBody;
use crate::report_guard::ReportGuard;
use crate::routes::{self, Form, Route, Surface};
use crate::server::RequestBody;
use crate::small::name_in_path;
use crate::stored::{needs_state, resume};
use crate::surface::streams_as_array;
use crate::worker::Worker;
use crate::{caller, cors, fault, head, intake, small};

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
            let response = fault::response_to(&id, surface.dialect, &fault);
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
    let ask = Ask { model: &taken.model, dialect: surface.dialect, operation: surface.operation };
    let planned = plan(snapshot, &worker.shared.catalog(), ask, worker.next_turn());
    let plan = match planned {
        Ok(plan) => plan,
        Err(fault) => {
            // The list may be older than the model.
            worker.shared.relist.notify_one();
            return Err(Failed::new(fault, guard));
        }
    };
    guard.report.model = Some(Arc::clone(&plan.model));
    carry_out(worker, &taken, plan, guard).await
}

/// Who calls, the body under its limits, a place among the open requests.
async fn take_in<'a>(
    snapshot: &Snapshot,
    surface: Surface<'a>,
    parts: &'a Parts,
    body: RequestBody,
    guard: &mut ReportGuard,
) -> Result<Taken<'a>, Fault> {
    guard.report.client_key = caller::identify(&snapshot.client_keys, surface.dialect, parts)?;
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
    let taken = Taken { surface, query, headers, body, peek, model, decoded: OnceLock::new() };
    guard.report.stream = taken.streams();
    Ok(taken)
}

/// Tries the plan's attempts in order.
async fn carry_out(worker: &Worker, taken: &Taken<'_>, plan: Plan, mut guard: ReportGuard) -> Tried {
    let mut left = plan.attempts.len();
    let mut last = Fault::new(FaultKind::Internal, "the plan is empty");
    for attempt in plan.attempts {
        left -= 1;
        guard.report.attempts += 1;
        guard.report.provider = Some(Arc::clone(&attempt.target.provider.name));
        guard.report.upstream_model = Some(Arc::clone(&attempt.target.model.name));
        let lane = if matches!(attempt.lane, Lane::Native) && streams_as_array(taken) {
            // What passes as events is counted; an array is not.
            Lane::Bridged(taken.surface.dialect)
        } else {
            attempt.lane
        };
        let mut tried = try_once(worker, taken, &attempt, lane, plan.on_loss, guard).await;
        if matches!(lane, Lane::Native)
            && tried.as_ref().is_err_and(|failed| unserved(&failed.fault))
            && let Some(lane) = other_lane(&attempt, taken)
        {
            tried = match tried {
                Ok(response) => Ok(response),
                Err(failed) => try_once(worker, taken, &attempt, lane, plan.on_loss, failed.guard).await,
            };
        }
        match tried {
            Ok(mut response) => {
                head::name_provider(response.headers_mut(), &attempt);
                return Ok(response);
            }
            Err(failed) => {
                let Failed { fault, guard: back } = *failed;
                let provider = &attempt.target.provider.name;
                let key = attempt.key.as_ref().map(|key| &*key.label);
                // A provider's own words may quote the prompt: the client gets them, the log does not.
                let reason = fault.upstream.is_none().then_some(&*fault.message);
                let status = fault.upstream.as_ref().map(|words| words.status);
                tracing::warn!(%provider, key, kind = fault.kind.as_str(), status, reason, "attempt failed");
                guard = back;
                if judge(&fault, left) == Verdict::GiveUp {
                    return give_up(worker, taken, &attempt, fault, guard).await;
                }
                last = fault;
            }
        }
    }
    Err(Failed::new(last, guard))
}

/// One try, in one lane.
async fn try_once(
    worker: &Worker,
    taken: &Taken<'_>,
    attempt: &Attempt,
    lane: Lane,
    on_loss: OnLoss,
    guard: ReportGuard,
) -> Tried {
    // Boxed: few requests wait here, and all would carry the room for it.
    if needs_state(taken, lane)
        && let Err(fault) = Box::pin(resume(taken, &guard)).await
    {
        return Err(Failed::new(fault, guard));
    }
    match lane {
        Lane::Native => lane::native::attempt(&worker.client, taken, attempt, guard).await,
        Lane::Bridged(to) if taken.surface.operation == Operation::Embedding => {
            lane::vectors::attempt(&worker.client, taken, attempt, to, guard).await
        }
        Lane::Bridged(to) => lane::bridged::attempt(&worker.client, taken, attempt, (to, on_loss), guard).await,
        // Boxed: only counts pass here.
        Lane::Counted => Box::pin(lane::counted::attempt(&worker.client, taken, attempt, guard)).await,
        Lane::Estimated => lane::estimated::attempt(taken, guard),
        Lane::Adapter(adapter) => lane::adapter::attempt(adapter, taken, attempt, guard).await,
    }
}

/// The end of a plan that nobody could carry out. A count is an aid: where all who could count have failed, an estimate
/// serves better than an error.
async fn give_up(worker: &Worker, taken: &Taken<'_>, attempt: &Attempt, fault: Fault, guard: ReportGuard) -> Tried {
    if taken.surface.operation != Operation::CountTokens || !fault.kind.worth_another_try() {
        return Err(Failed::new(fault, guard));
    }
    // What cannot be estimated either, such as what goes on from an answer that is the provider's, fails as it did.
    let estimated = try_once(worker, taken, attempt, Lane::Estimated, OnLoss::Report, guard).await;
    estimated.map_err(|failed| Failed::new(fault, failed.guard))
}

/// The way to a server that is older than the client's dialect: it speaks another, or need not be asked.
fn other_lane(attempt: &Attempt, taken: &Taken<'_>) -> Option<Lane> {
    match taken.surface.operation {
        // Everybody knows these paths: what is not there is the model.
        _ if taken.surface.dialect == DialectId::OpenaiChat => None,
        Operation::Chat | Operation::Completion => bridge(&attempt.target, taken.surface.dialect).map(Lane::Bridged),
        Operation::CountTokens => Some(Lane::Counted),
        Operation::Embedding | Operation::Other => None,
    }
}

//! One request from its first line to its report.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, header};
use hyper::body::Incoming;
use trunkline_config::Snapshot;
use trunkline_route::{Ask, Lane, Plan, Verdict, judge, plan};
use trunkline_wire::{DialectId, Fault, FaultKind, dialect};

use crate::lane::{self, Failed, Tried};
use crate::prepare::Taken;
use crate::reply::ReplyBody;
use crate::report_guard::ReportGuard;
use crate::routes::{self, Route, Surface};
use crate::worker::Worker;
use crate::{caller, cors, fault, head, health, intake, models_api};

/// Answers one request.
pub(crate) async fn handle(worker: &Arc<Worker>, request: Request<Incoming>) -> Response<ReplyBody> {
    let snapshot = worker.snapshot();
    let (parts, body) = request.into_parts();
    let route = routes::find(&parts.method, parts.uri.path());
    let mut response = match route {
        Route::Model(surface) => model_work(worker, &snapshot, surface, &parts, body).await,
        Route::ModelList
        | Route::ModelEntry(_)
        | Route::Live
        | Route::Ready
        | Route::Detailed
        | Route::Banner
        | Route::Preflight
        | Route::WrongMethod(_)
        | Route::Nothing => small(worker, &snapshot, route, &parts).await,
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

/// Everything that is not work for a model.
async fn small(worker: &Worker, snapshot: &Snapshot, route: Route<'_>, parts: &Parts) -> Response<ReplyBody> {
    let dialect = DialectId::OpenaiChat;
    let shared = &worker.shared;
    let known = || caller::identify(&snapshot.client_keys, &parts.headers);
    let answer = match route {
        Route::Banner => Ok(health::banner()),
        Route::Live => Ok(health::live()),
        Route::Ready => Ok(health::ready(shared, snapshot)),
        Route::Detailed => Ok(health::detailed(shared, snapshot, known().is_ok())),
        Route::ModelList => match known() {
            Ok(_) => Ok(models_api::list(shared).await),
            Err(fault) => Err(fault),
        },
        Route::ModelEntry(name) => match known() {
            Ok(_) => models_api::entry(shared, snapshot, name).await,
            Err(fault) => Err(fault),
        },
        Route::WrongMethod(allowed) => {
            let message = format!("{} is not a method of {}; allowed: {allowed}", parts.method, parts.uri.path());
            let mut response = fault::response(dialect, &Fault::new(FaultKind::MethodNotAllowed, message));
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
            return response;
        }
        Route::Preflight => Ok(cors::preflight()),
        Route::Nothing | Route::Model(_) => {
            let message = format!("there is no {} {}", parts.method, parts.uri.path());
            Err(Fault::new(FaultKind::PathNotFound, message))
        }
    };
    answer.unwrap_or_else(|fault| fault::response(dialect, &fault))
}

/// Work for a model: served, or a fault; one report either way.
async fn model_work(
    worker: &Arc<Worker>,
    snapshot: &Snapshot,
    surface: Surface<'_>,
    parts: &Parts,
    body: Incoming,
) -> Response<ReplyBody> {
    let guard = ReportGuard::begin(worker, surface.operation);
    let id = head::request_id(guard.report.id);
    let mut response = match serve(worker, snapshot, surface, parts, body, guard).await {
        Ok(response) => response,
        Err(failed) => {
            let Failed { fault, mut guard } = *failed;
            guard.failed(&fault);
            let response = fault::response(surface.dialect, &fault);
            guard.sent(http_body::Body::size_hint(response.body()).lower() as usize);
            response
        }
    };
    response.headers_mut().insert(head::REQUEST_ID, id);
    response
}

/// The request path: caller, intake, admit, plan, then the plan's tries until one of them answers.
async fn serve(
    worker: &Worker,
    snapshot: &Snapshot,
    surface: Surface<'_>,
    parts: &Parts,
    body: Incoming,
    mut guard: ReportGuard,
) -> Tried {
    let taken = match take_in(snapshot, surface, parts, body, &mut guard).await {
        Ok(taken) => taken,
        Err(fault) => return Err(Failed::new(fault, guard)),
    };
    let ask = Ask { model: &taken.peek.model, dialect: surface.dialect, operation: surface.operation };
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
    body: Incoming,
    guard: &mut ReportGuard,
) -> Result<Taken<'a>, Fault> {
    guard.report.client_key = caller::identify(&snapshot.client_keys, &parts.headers)?;
    guard.admit(snapshot.server.requests_max)?;
    intake::check_type(&parts.headers)?;
    let body = intake::read(body, &snapshot.server).await?;
    guard.report.bytes_in = body.len() as u64;
    let peek = dialect::of(surface.dialect).peek(&body)?;
    let taken = Taken { surface, query: parts.uri.query(), headers: &parts.headers, body, peek };
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
        let tried = match attempt.lane {
            Lane::Native => lane::native::attempt(&worker.client, taken, &attempt, guard).await,
            Lane::Adapter(adapter) => lane::adapter::attempt(adapter, taken, &attempt, guard).await,
        };
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
                    return Err(Failed::new(fault, guard));
                }
                last = fault;
            }
        }
    }
    Err(Failed::new(last, guard))
}

//! One request from its first line to its report.

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderValue, Method, Response, header};
use trunkline_config::Snapshot;
use trunkline_route::{LeftOut, Moment, NoPlan, Plan, Wants};
use trunkline_wire::{Fault, FaultKind};

use crate::cache::{self, Looked};
use crate::carry_out::carry_out;
use crate::lane::{Failed, Tried};
use crate::planning::Planning;
use crate::prepare::Taken;
use crate::recording::Recording;
use crate::reply::{RecordedReply, ReplyBody, SettledReply};
use crate::report_guard::ReportGuard;
use crate::routes::{self, Route, Surface};
use crate::server::{Entrance, RequestBody};
use crate::shared::now_ms;
use crate::wishes::{self, PromptOf};
use crate::worker::Worker;
use crate::{admin, caller, cors, fault, head, intake, limits, playground, small, trail, waiting};

/// Answers one request that came in there.
pub(crate) async fn handle(
    worker: &Arc<Worker>,
    entrance: Entrance,
    parts: Parts,
    body: RequestBody,
) -> Response<ReplyBody> {
    let snapshot = worker.snapshot();
    let mut route = entrance.side.admit(routes::find(&parts.method, parts.uri.path()));
    if route == Route::Banner && admin::has_pages_for(&snapshot, entrance.side, &parts) {
        route = Route::Admin;
    }
    // Origins that may call models have no business with the admin API.
    let is_pages = matches!(route, Route::Admin | Route::Played(_));
    let cors_origins = if is_pages { &[] } else { snapshot.server.cors_origins.as_slice() };
    let mut response = match route {
        Route::Model(surface) => model_work(worker, &snapshot, surface, &parts, body).await,
        // Boxed: few requests come by there, and all would carry the room for it.
        Route::Played(surface) => match Box::pin(playground::refusal(worker, entrance.peer, &parts)).await {
            Some(refused) => refused,
            None => Box::pin(model_work(worker, &snapshot, surface, &parts, body)).await,
        },
        Route::Admin => admin::answer(worker, entrance.peer, &parts, body).await,
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
    cors::allow(cors_origins, &parts.headers, response.headers_mut());
    if parts.method == Method::HEAD && !response.headers().contains_key(header::CONTENT_LENGTH) {
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
    snapshot: &Arc<Snapshot>,
    surface: Surface<'_>,
    parts: &Parts,
    body: RequestBody,
) -> Response<ReplyBody> {
    let mut guard = ReportGuard::begin(worker, surface.operation);
    guard.report.dialect = Some(surface.dialect);
    let id = head::request_id(guard.report.id);
    let recording = Recording::begin(&worker.shared, guard.report.id, &parts.headers);
    guard.recording.clone_from(&recording);
    let mut response = match serve(worker, snapshot, surface, parts, body, guard).await {
        Ok(response) => response,
        Err(failed) => {
            let Failed { fault, mut guard } = *failed;
            let mut response = fault::response_to(&id, surface.dialect, &fault);
            trail::show(response.headers_mut(), guard.trail.text().as_deref(), None);
            limits::tell(&mut response, guard.tab.as_deref(), surface.dialect);
            guard.failed(&fault, response.status());
            guard.sent(http_body::Body::size_hint(response.body()).lower() as usize);
            response
        }
    };
    head::name_request(response.headers_mut(), id, surface.dialect);
    if let Some(recording) = recording {
        response = response.map(|answer| RecordedReply::of(answer, recording));
    }
    let reports = &worker.shared.reports;
    if reports.holds_answers() {
        let hold = |answer| ReplyBody::Settled(Box::new(SettledReply::new(answer, Arc::clone(reports))));
        return response.map(hold);
    }
    response
}

/// The request path: caller, intake, admit, plan, then the plan's tries until one of them answers.
async fn serve(
    worker: &Arc<Worker>,
    snapshot: &Arc<Snapshot>,
    surface: Surface<'_>,
    parts: &Parts,
    body: RequestBody,
    mut guard: Box<ReportGuard>,
) -> Tried {
    let taken = match take_in(snapshot, surface, parts, body, &mut guard).await {
        Ok(taken) => taken,
        Err(fault) => return Err(Failed::new(fault, guard)),
    };
    let (client_key, lot) = (guard.client_key.clone(), worker.draw());
    let prompt = PromptOf::new(&taken);
    let wants = prompt.wants(client_key.as_ref().and_then(|key| key.allowance.as_deref()));
    let client_key = client_key.as_ref().map(|key| &*key.name);
    let planning = Planning { shared: &worker.shared, snapshot, taken: &taken, client_key, lot, wants };
    let (plan, now) = match planned(planning, &taken.model).await {
        Ok(planned) => planned,
        Err((fault, left_out)) => {
            guard.trail.leave_out(&left_out);
            return ask_others(worker, planning, Failed::new(fault, guard)).await;
        }
    };
    guard.report.model = Some(Arc::clone(&plan.model));
    if let Err(fault) = limits::admit(&planning, (&plan, now), &mut guard).await {
        return Err(Failed::new(fault, guard));
    }
    let tab = guard.tab.clone();
    let looked = cache::look_up(&planning, &plan);
    let mut tried = if let Looked::Hit(kept, age) = &looked {
        cache::give_again(&taken, (kept, *age), guard)
    } else if waiting::may_be_long(&taken, &plan, &snapshot.failover.queue) {
        Box::pin(waiting::carry_out(worker, snapshot, parts, &taken, (plan, lot), guard)).await
    } else {
        match carry_out(worker, &taken, &plan, (snapshot.failover, lot), guard).await {
            Ok(response) => Ok(response),
            Err(failed) => ask_others(worker, planning, failed).await,
        }
    };
    if let Ok(response) = &mut tried {
        cache::tell(response, &looked);
        limits::tell(response, tab.as_deref(), surface.dialect);
    }
    tried
}

/// Asks the models that are configured for requests that fail as this one did; the first failure stands when they do.
pub(crate) async fn ask_others(worker: &Worker, planning: Planning<'_>, failed: Box<Failed>) -> Tried {
    let Failed { fault, mut guard } = *failed;
    let Planning { snapshot, taken, lot, .. } = planning;
    let wishes = planning.wishes_of_others();
    let planning = Planning { wants: Wants { wishes: Some(&wishes), ..planning.wants }, ..planning };
    for other in planning.others(&fault) {
        let Ok((plan, now)) = planned(planning, other).await else { continue };
        if limits::admit(&planning, (&plan, now), &mut guard).await.is_err() {
            continue;
        }
        let tab = guard.tab.clone();
        match Box::pin(carry_out(worker, taken, &plan, (snapshot.failover, lot), guard)).await {
            Ok(response) => return limits::with_told(Ok(response), tab.as_deref(), taken.surface.dialect),
            Err(failed) => guard = failed.guard,
        }
    }
    Err(Failed::new(fault, guard))
}

/// The plan of a request, for this model, and when it was made. Where all who could serve it rest, and the configuration
/// says so, waits for the first of them.
async fn planned(planning: Planning<'_>, model: &str) -> Result<(Plan, Moment), (Fault, Vec<LeftOut>)> {
    let began = Moment(now_ms());
    let mut at = began;
    loop {
        let unplanned = match planning.plan(model, began, at) {
            Ok(plan) => return Ok((plan, at)),
            Err(unplanned) => unplanned,
        };
        match unplanned.why {
            NoPlan::Wait(until) => {
                tokio::time::sleep(until.since(at)).await;
                // A clock that was set back must not make it wait again for what it has waited for.
                at = until.max(Moment(now_ms()));
            }
            NoPlan::Fault(fault) => {
                if matches!(fault.kind, FaultKind::ModelNotFound | FaultKind::ProviderNotFound) {
                    // The list may be older than the model.
                    planning.shared.relist.notify_one();
                }
                // Only a prompt that fits nobody was looked at by all; those who rest say so in the fault.
                let told = fault.kind == FaultKind::ContextTooLong;
                return Err((fault, if told { unplanned.left_out } else { Vec::new() }));
            }
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
    let presented = (parts, Moment(guard.report.at_ms));
    if let Some(client_key) = caller::identify(guard.shared(), &snapshot.client_keys, surface.dialect, presented)? {
        guard.report.client_key = Some(Arc::clone(&client_key.name));
        guard.client_key = Some(client_key);
    }
    guard.admit(snapshot.server.requests_max)?;
    intake::check_type(surface.dialect, &parts.headers)?;
    let body = intake::read(body, &snapshot.server).await?;
    guard.report.bytes_in = body.len() as u64;
    if let Some(recording) = &guard.recording {
        recording.request(&body);
    }
    let taken = Taken::new(surface, parts, body)?;
    guard.report.stream = taken.streams();
    guard.wants_cost = wishes::wants_cost(&taken);
    Ok(taken)
}

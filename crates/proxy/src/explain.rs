//! What would become of a request: taken in and planned as the pipeline does it, then told instead of carried out.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use indexmap::IndexMap;
use serde_json::value::RawValue;
use thiserror::Error;
use trunkline_config::{ClientKey, ClientKeys, OnLoss};
use trunkline_route::explain::Estimate;
use trunkline_route::{Attempt, Explanation, Lane, LeftOut, Lot, Moment, NoPlan, Plan, Question, Unplanned, Wants};
use trunkline_wire::{DialectId, Fault, FaultKind, Operation, counting, ir};

use crate::cache;
use crate::carry_out::lane_of;
use crate::continuation;
use crate::intake::check_type;
use crate::lane::refuse_losses;
use crate::mend;
use crate::planning::Planning;
use crate::prepare::{Taken, native_losses, translated};
use crate::repair;
use crate::routes::{self, Form, Route};
use crate::shared::{Shared, now_ms};
use crate::stored::{needs_state, resume};
use crate::wishes::PromptOf;

/// Why a question is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct Unasked {
    /// Which part of it is wrong, such as `headers.x-a`.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl Unasked {
    fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// Explains one request, should it draw this lot.
///
/// # Errors
/// When the question is none.
pub(crate) async fn explain(shared: &Shared, question: &Question, lot: Lot) -> Result<Explanation, Unasked> {
    let snapshot = &*shared.snapshot();
    let client_key = client_key(shared, &snapshot.client_keys, question)?;
    let allowance = client_key.as_ref().and_then(|key| key.allowance.as_deref());
    let (parts, body) = request(question)?.into_parts();
    let Route::Model(surface) = routes::find(&parts.method, parts.uri.path()) else {
        return Err(Unasked::new("path", format!("{:?} is not a path that models are asked at", parts.uri.path())));
    };
    let at = Moment(now_ms());
    let taken = match check_type(surface.dialect, &parts.headers).and_then(|()| Taken::new(surface, &parts, body)) {
        Ok(taken) => taken,
        Err(fault) => return Ok(Explanation::refused(question.model.as_deref().unwrap_or_default(), &fault, at)),
    };
    let prompt = PromptOf::new(&taken);
    let planning = Planning {
        shared,
        snapshot,
        taken: &taken,
        client_key: client_key.as_ref().map(|key| &*key.name),
        lot,
        wants: prompt.wants(allowance),
    };
    let (planned, passed_by) = planning.plan_for_some(at);
    let mut explanation = Explanation::of(snapshot, &taken.model, &planned, at);
    explanation.pass_by(&passed_by);
    if question.request.is_none() {
        return Ok(explanation);
    }
    explanation.estimate = planning.estimate(planned.as_ref().ok(), at);
    if let Ok(plan) = &planned {
        explanation.cache = cache::explain(&planning, plan);
        let mended = mend::beforehand(&taken, plan);
        let planning = Planning { taken: mended.as_ref().unwrap_or(&taken), ..planning };
        for (candidate, attempt) in explanation.attempts.iter_mut().zip(&plan.attempts) {
            let lane = lane_of(planning.taken, attempt, plan, continuation::is_for(planning.taken, plan));
            if let Some(recipe) = &mut candidate.repair {
                recipe.reads = Some(repair::is_read_in(planning.taken, lane));
            }
            match planning.losses(attempt, lane, plan.on_loss).await {
                Ok(losses) => candidate.losses = losses.as_ref().map(fields),
                Err(fault) => candidate.refused = Some((&fault).into()),
            }
        }
    }
    Ok(explanation)
}

impl Planning<'_> {
    /// The plan that is carried out first: where the prompt fits no target of the model, that of the first other model which
    /// is configured for this. Gives those as well whom the prompt does not fit.
    fn plan_for_some(&self, at: Moment) -> (Result<Plan, Box<Unplanned>>, Vec<LeftOut>) {
        let unplanned = match self.plan(&self.taken.model, at, at) {
            Ok(plan) => return (Ok(plan), Vec::new()),
            Err(unplanned) => unplanned,
        };
        let others = match &unplanned.why {
            NoPlan::Fault(fault) if fault.kind == FaultKind::ContextTooLong => self.others(fault),
            NoPlan::Fault(_) | NoPlan::Wait(_) => &[],
        };
        let wishes = self.wishes_of_others();
        let planning = Planning { wants: Wants { wishes: Some(&wishes), ..self.wants }, ..*self };
        match others.iter().find_map(|other| planning.plan(other, at, at).ok()) {
            Some(plan) => (Ok(plan), unplanned.left_out),
            None => (Err(unplanned), Vec::new()),
        }
    }

    /// How large the request is, and what it costs where it is sent first.
    fn estimate(&self, plan: Option<&Plan>, at: Moment) -> Estimate {
        let prompt =
            matches!(self.taken.surface.operation, Operation::Chat | Operation::Completion | Operation::CountTokens);
        let Some(request) = prompt.then(|| self.taken.decode().ok()).flatten() else { return Estimate::default() };
        let price = plan.and_then(|plan| plan.attempts.first()?.target.price.as_deref());
        Estimate::new(counting::estimate(&request), request.sampling.output_tokens_max, price, at)
    }

    /// What a provider would not be told of the request; `None` when only the try itself would show.
    async fn losses(&self, attempt: &Attempt, lane: Lane, on_loss: OnLoss) -> Result<Option<ir::Losses>, Fault> {
        let Self { taken, shared, client_key, .. } = *self;
        if needs_state(taken, lane) {
            resume(taken, &*shared.responses, client_key).await?;
        }
        match lane {
            Lane::Native => {
                let losses = native_losses(taken, attempt);
                refuse_losses(taken, attempt, &losses, on_loss)?;
                Ok(Some(losses))
            }
            Lane::Bridged(_) if taken.surface.operation == Operation::Embedding => Ok(None),
            Lane::Bridged(to) => {
                let losses = if repair::goes_as_it_is(taken, to) {
                    native_losses(taken, attempt)
                } else {
                    translated(taken, &attempt.target, to, (shared, client_key))?.losses
                };
                refuse_losses(taken, attempt, &losses, on_loss)?;
                Ok(Some(losses))
            }
            Lane::Adapter(adapter) => {
                adapter.subset().check(taken.request()?)?;
                Ok(Some(ir::Losses::default()))
            }
            Lane::Counted | Lane::Estimated => Ok(None),
        }
    }
}

fn fields(losses: &ir::Losses) -> Vec<String> {
    losses.iter().map(|loss| loss.field.clone()).collect()
}

/// The caller that the question names.
fn client_key(shared: &Shared, keys: &ClientKeys, question: &Question) -> Result<Option<Arc<ClientKey>>, Unasked> {
    let Some(name) = question.client_key.as_deref() else { return Ok(None) };
    let made = shared.made_keys();
    let known = keys.declared().chain(made.known.values()).find(|key| &*key.name == name).cloned();
    match known {
        Some(key) => Ok(Some(key)),
        None => Err(Unasked::new("client_key", format!("no client key is called {name:?}"))),
    }
}

/// The request as a client would send it.
fn request(question: &Question) -> Result<Request<Bytes>, Unasked> {
    let path = match (&question.path, question.dialect) {
        (Some(_), Some(_)) => return Err(Unasked::new("dialect", "`path` says what the client speaks already")),
        (Some(path), None) => path.clone(),
        (None, dialect) => path_of(dialect.map_or(DialectId::OpenaiChat, |name| name.id()), question)?,
    };
    let request = Request::builder().method(Method::POST).uri(&path);
    let mut request = request.body(Bytes::new()).map_err(|error| Unasked::new("path", error.to_string()))?;
    *request.headers_mut() = headers(question)?;
    let in_path =
        matches!(routes::find(&Method::POST, request.uri().path()), Route::Model(surface) if is_in_path(surface.form));
    *request.body_mut() = body(question, in_path)?;
    Ok(request)
}

fn is_in_path(form: Form<'_>) -> bool {
    matches!(form, Form::InPath { .. })
}

/// Where a conversation is held in this dialect.
fn path_of(dialect: DialectId, question: &Question) -> Result<String, Unasked> {
    Ok(match dialect {
        DialectId::OpenaiChat => "/v1/chat/completions".to_owned(),
        DialectId::OpenaiCompletions => "/v1/completions".to_owned(),
        DialectId::OpenaiResponses => "/v1/responses".to_owned(),
        DialectId::Anthropic => "/v1/messages".to_owned(),
        DialectId::Ollama => "/api/chat".to_owned(),
        DialectId::Gemini => {
            let model = question.model.as_deref().ok_or_else(|| Unasked::new("model", "it is missing"))?;
            format!("/v1beta/models/{}:generateContent", percent_encoded(model))
        }
    })
}

/// A name as it can stand in a path.
fn percent_encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte);
    name.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn headers(question: &Question) -> Result<HeaderMap, Unasked> {
    let mut headers = HeaderMap::new();
    for (name, value) in &question.headers {
        let wrong = |what| Unasked::new(format!("headers.{name}"), format!("no header has such a {what}"));
        let value = HeaderValue::from_str(value).map_err(|_| wrong("value"))?;
        headers.append(HeaderName::try_from(name).map_err(|_| wrong("name"))?, value);
    }
    Ok(headers)
}

/// The body with the model's name in it, unless that stands in the path.
fn body(question: &Question, in_path: bool) -> Result<Bytes, Unasked> {
    let named = question.model.as_deref().filter(|_| !in_path);
    match (&question.request, named) {
        (Some(request), None) => Ok(Bytes::copy_from_slice(request.get().as_bytes())),
        (Some(request), Some(model)) => {
            let mut fields: IndexMap<&str, &RawValue> =
                serde_json::from_str(request.get()).map_err(|_| Unasked::new("request", "it must be an object"))?;
            let name = name_in_json(model);
            fields.insert("model", &name);
            Ok(serde_json::to_vec(&fields).unwrap_or_default().into())
        }
        (None, Some(model)) => Ok(format!("{{\"model\":{}}}", name_in_json(model)).into()),
        (None, None) if in_path => Ok(Bytes::from_static(b"{}")),
        (None, None) => Err(Unasked::new("model", "neither it nor `request` is there")),
    }
}

fn name_in_json(model: &str) -> Box<RawValue> {
    serde_json::value::to_raw_value(model).unwrap_or_default()
}

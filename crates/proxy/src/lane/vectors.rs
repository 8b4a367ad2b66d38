//! Embeddings for a client whose form is not the provider's.

use http::Method;
use trunkline_providers::Call;
use trunkline_route::Attempt;
use trunkline_wire::embeddings;
use trunkline_wire::ir::Usage;
use trunkline_wire::relay::Facts;
use trunkline_wire::{DialectId, Encoded, Fault, FaultKind, Operation, RateLimits};

use super::bridged::read_whole;
use super::{Failed, Tried};
use crate::attempt::{limits, send};
use crate::head;
use crate::prepare::{self, Taken};
use crate::reply::{Deadline, ReplyBody};
use crate::report_guard::ReportGuard;
use crate::routes::Form;
use crate::upstream::{Client, Outgoing};

/// One try, up to its whole answer: vectors do not come in streams.
pub(crate) async fn attempt(
    client: &Client,
    taken: &Taken<'_>,
    attempt: &Attempt,
    to: DialectId,
    mut guard: Box<ReportGuard>,
) -> Tried {
    match answer(client, taken, attempt, to, &mut guard).await {
        Ok((Encoded { bytes, losses }, limits, facts)) => {
            guard.sent(bytes.len());
            let lost = head::name_losses(&mut guard.report, &losses);
            guard.answered(&facts);
            let mut reply = head::with_losses(head::with_type(ReplyBody::Full(bytes), "application/json"), lost);
            guard.tell_cost(reply.headers_mut());
            head::tell_limits(reply.headers_mut(), &limits, taken.surface.dialect);
            Ok(reply)
        }
        Err(fault) => Err(Failed::new(fault, guard)),
    }
}

async fn answer(
    client: &Client,
    taken: &Taken<'_>,
    attempt: &Attempt,
    to: DialectId,
    guard: &mut ReportGuard,
) -> Result<(Encoded, RateLimits, Facts), Fault> {
    let (provider, model) = (&attempt.target.provider, &attempt.target.model.name);
    let unserved = || {
        let message = format!("provider {:?} makes no vectors in a dialect known here", provider.name);
        Fault::new(FaultKind::InvalidRequest, message).with_param("model")
    };
    let base_url = provider.base_url.as_ref().ok_or_else(unserved)?;
    let theirs = form_of(to).ok_or_else(unserved)?;
    let ours = match taken.surface.form {
        Form::OneEmbedding => embeddings::Form::OllamaLegacy,
        Form::Plain | Form::Streamed | Form::Generate | Form::InPath { .. } => {
            form_of(taken.surface.dialect).ok_or_else(unserved)?
        }
    };
    let asked = ours.decode_request(&taken.body)?;
    let mut request = asked.clone();
    request.model = model.to_string();
    let encoded = prepare::changed(taken, &attempt.target, theirs.encode_request(&request)?);
    let call = Call { dialect: to, operation: Operation::Embedding, model, stream: false };
    let path = provider.vendor.path(base_url, &call).ok_or_else(unserved)?;
    let body = std::iter::once(encoded.bytes).collect();
    let headers = prepare::headers(taken, attempt, to);
    let outgoing = Outgoing { method: Method::POST, path, headers, body };
    guard.ask(to, &outgoing.body);
    let answer = send(client, attempt, base_url, &outgoing, guard.asking()).await?;
    guard.report.status = answer.status.as_u16();
    let limits = limits(attempt, &answer.headers);
    let mut deadline = Deadline::new(&attempt.target.timeouts, guard.started());
    let bytes = read_whole(answer.body, &mut deadline, &provider.name).await?;
    let mut vectors = theirs.decode_answer(&bytes).map_err(|error| {
        let message = format!("provider {:?}: its vectors cannot be read: {error}", provider.name);
        Fault::new(FaultKind::UpstreamBroken, message)
    })?;
    vectors.model.clone_from(&taken.model);
    let usage = vectors.input_tokens.map(|input| Usage { input, ..Usage::default() });
    let facts = Facts { usage, finished: true, ..Facts::default() };
    let mut losses = encoded.losses;
    let told = ours.encode_answer(&vectors, &asked);
    losses.extend(told.losses);
    Ok((Encoded { bytes: told.bytes, losses }, limits, facts))
}

/// The form in which a dialect asks for vectors; `None` where none is known here.
fn form_of(dialect: DialectId) -> Option<embeddings::Form> {
    match dialect {
        DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::OpenaiResponses => {
            Some(embeddings::Form::Openai)
        }
        DialectId::Ollama => Some(embeddings::Form::Ollama),
        DialectId::Anthropic | DialectId::Gemini => None,
    }
}

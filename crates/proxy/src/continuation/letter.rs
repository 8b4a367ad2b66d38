//! What one who is to go on with an answer is sent: the request once more, and behind it what was said so far.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Map, Value};
use trunkline_providers::GoesOn;
use trunkline_route::{Attempt, Plan};
use trunkline_wire::dialects::anthropic::names::ToolNames;
use trunkline_wire::splice::Pieces;
use trunkline_wire::{DialectId, Fault, Operation, Parameters, Peek, Wishes, ir, prefill};

use crate::lane::bridged::base_url;
use crate::lane::refuse_losses;
use crate::prepare::{self, Bridged, Taken};
use crate::report_guard::ReportGuard;
use crate::routes::{Form, Surface};
use crate::upstream::Outgoing;

/// All of a request that is needed to make it anew while its answer is given.
pub(super) struct Origin {
    dialect: DialectId,
    headers: HeaderMap,
    model: String,
    wishes: Option<Box<Wishes>>,
    request: Arc<ir::Request>,
    mended: Option<ir::Losses>,
    pub(super) plan: Plan,
}

/// A request to go on with an answer.
pub(super) struct Letter {
    pub(super) to: DialectId,
    pub(super) names: ToolNames,
    method: Method,
    path: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Pieces,
}

impl Origin {
    pub(super) fn of(taken: &Taken<'_>, request: &Arc<ir::Request>, plan: &Plan) -> Self {
        Self {
            dialect: taken.surface.dialect,
            headers: taken.headers.clone(),
            model: taken.model.clone(),
            wishes: taken.wishes.clone(),
            request: Arc::clone(request),
            mended: taken.mended.clone(),
            plan: plan.clone(),
        }
    }

    /// The request to one who is to go on from `text`, which came in so many `pieces`.
    ///
    /// # Errors
    /// When it cannot be told the request, or not all of it where that is wanted.
    pub(super) fn letter(
        &self,
        (attempt, how): (&Attempt, GoesOn),
        (text, pieces): (&str, u64),
        guard: &mut ReportGuard,
    ) -> Result<Letter, Fault> {
        let to = how.dialect();
        let mut request = ir::Request::clone(&self.request);
        prefill::go_on_from(&mut request, text);
        let most = &mut request.sampling.output_tokens_max;
        // What was said counts; of nothing at all nobody makes an answer.
        *most = most.map(|most| most.saturating_sub(pieces).max(1));
        let taken = self.taken(request);
        let Bridged { outgoing, losses, names } = prepare::bridged(&taken, attempt, guard, base_url(attempt)?, to)?;
        refuse_losses(&taken, attempt, &losses, self.plan.on_loss)?;
        let Outgoing { method, path, headers, body } = outgoing;
        let headers = headers.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let body = match how {
            GoesOn::Unasked(_) => body,
            GoesOn::WhenTold => body.into_iter().map(told_to_go_on).collect(),
        };
        Ok(Letter { to, names, method, path, headers, body })
    }

    fn taken(&self, request: ir::Request) -> Taken<'_> {
        Taken {
            // What it is sent has a path of its own.
            surface: Surface { dialect: self.dialect, operation: Operation::Chat, path: "", form: Form::Streamed },
            query: None,
            headers: &self.headers,
            body: Bytes::new(),
            peek: Peek::nameless(true),
            model: self.model.clone(),
            wishes: self.wishes.clone(),
            decoded: OnceLock::from(Arc::new(request)),
            mended: self.mended.clone(),
            beginnings: OnceLock::new(),
            place: OnceLock::new(),
        }
    }
}

impl Letter {
    pub(super) fn outgoing(&self) -> Outgoing<'_> {
        Outgoing {
            method: self.method.clone(),
            path: self.path.clone(),
            headers: self.headers.iter().map(|(name, value)| (name, value)).collect(),
            body: self.body.clone(),
        }
    }
}

/// A body of Chat that says that the last message is not over. vLLM refuses to go on with it and begin another at once,
/// and begins another unless told (<https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html>, November 2026);
/// SGLang has taken up the same field (<https://github.com/sgl-project/sglang/issues/3971>).
fn told_to_go_on(body: Bytes) -> Bytes {
    let said = [("continue_final_message", true), ("add_generation_prompt", false)];
    let set = said.into_iter().map(|(name, value)| (name.to_owned(), Value::Bool(value))).collect::<Map<_, _>>();
    Parameters { set, ..Parameters::default() }.applied(body).0
}

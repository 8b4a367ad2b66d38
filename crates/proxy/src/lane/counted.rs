//! Tokens counted by a provider whose counter is not the one that the client knows.

use bytes::Bytes;
use http::Method;
use trunkline_providers::{BaseUrl, Call, Tokenizer};
use trunkline_route::policy::is_worth_another_try;
use trunkline_route::{Attempt, Counter, counters};
use trunkline_wire::ir::{Losses, Request};
use trunkline_wire::{DialectId, Encoded, Fault, FaultKind, Operation, WireError, counting, prefill};

use super::bridged::read_whole;
use super::{Failed, Tried, estimated};
use crate::attempt::{send, unserved};
use crate::head;
use crate::owed::Asking;
use crate::prepare::{self, Taken};
use crate::reply::Deadline;
use crate::report_guard::ReportGuard;
use crate::upstream::{Client, Outgoing};

/// Asks the provider's counters in turn, until one is there. Where none is, or it will not count this, the tokens are
/// estimated.
pub(crate) async fn attempt(
    client: &Client,
    taken: &Taken<'_>,
    attempt: &Attempt,
    mut guard: Box<ReportGuard>,
) -> Tried {
    let mut request = match taken.request() {
        Ok(request) => Request::clone(request),
        Err(fault) => return Err(Failed::new(fault, guard)),
    };
    let target = &attempt.target;
    request.model = target.model.name.to_string();
    guard.restore(&mut request);
    // Counted is what would be sent, a prefill's words among it: nothing is lost of that.
    prefill::ask_instead(&mut request, &target.capabilities);
    let Some(base_url) = &target.provider.base_url else { return estimated::attempt(taken, guard) };
    let question = Question { client, taken, attempt, base_url, request: &request };
    let is_text = counting::is_text(&request);
    let fit = |counter: &Counter| is_text || !matches!(counter, Counter::Tokenizer(_));
    for counter in counters(target, taken.surface.dialect).filter(fit) {
        match question.ask(counter, &guard).await {
            Ok((tokens, losses)) => {
                let lost = head::name_losses(&mut guard.report, &losses);
                return Ok(head::with_losses(estimated::tell(taken, tokens, guard), lost));
            }
            Err(fault) if unserved(&fault) => {}
            Err(fault) if is_worth_another_try(&target.provider, &fault) => return Err(Failed::new(fault, guard)),
            Err(_) => break,
        }
    }
    estimated::attempt(taken, guard)
}

/// How many tokens `request` is, on its way to a provider.
struct Question<'a> {
    client: &'a Client,
    taken: &'a Taken<'a>,
    attempt: &'a Attempt,
    base_url: &'a BaseUrl,
    request: &'a Request,
}

impl Question<'_> {
    /// The count, and what of the request was not counted.
    async fn ask(&self, counter: Counter, guard: &ReportGuard) -> Result<(u64, Losses), Fault> {
        match counter {
            Counter::Dialect(to) => self.ask_in(to, guard).await,
            Counter::Tokenizer(tokenizer) => self.ask_tokenizer(tokenizer, guard).await,
        }
    }

    async fn ask_in(&self, to: DialectId, guard: &ReportGuard) -> Result<(u64, Losses), Fault> {
        let target = &self.attempt.target;
        let call = Call { dialect: to, operation: Operation::CountTokens, model: &target.model.name, stream: false };
        let path = target.provider.vendor.path(self.base_url, &call);
        let path = path.ok_or_else(|| self.fault(FaultKind::Internal, "it counts no tokens in this dialect"))?;
        let Encoded { bytes, losses } = self.encoded(to)?;
        let answer = self.exchange(to, path, bytes, guard).await?;
        Ok((self.read(counting::decode_answer(to, &answer))?, losses))
    }

    async fn ask_tokenizer(&self, tokenizer: Tokenizer, guard: &ReportGuard) -> Result<(u64, Losses), Fault> {
        let Encoded { bytes, losses } = self.encoded(DialectId::OpenaiChat)?;
        let beside = |path| self.attempt.target.provider.vendor.path_beside(self.base_url, path);
        let exchange = |path, bytes| self.exchange(DialectId::OpenaiChat, beside(path), bytes, guard);
        let tokens = match tokenizer {
            Tokenizer::Chat { path } => self.read(counting::decode_tokenized(&exchange(path, bytes).await?))?,
            Tokenizer::Text { template, path } => {
                let prompt = exchange(template, bytes).await?;
                let prompt = self.read(counting::encode_prompt(&self.request.model, &prompt))?;
                self.read(counting::decode_tokens(&exchange(path, prompt).await?))?
            }
        };
        Ok((tokens, losses))
    }

    fn encoded(&self, to: DialectId) -> Result<Encoded, Fault> {
        Ok(counting::encode_request(to, self.request, &self.attempt.target.capabilities)?)
    }

    /// Sends one question and reads all of its answer.
    async fn exchange(&self, to: DialectId, path: String, body: Bytes, guard: &ReportGuard) -> Result<Bytes, Fault> {
        let Self { client, taken, attempt, base_url, .. } = *self;
        let headers = prepare::headers(taken, attempt, to);
        let outgoing = Outgoing { method: Method::POST, path, headers, body: std::iter::once(body).collect() };
        let answer = send(client, attempt, base_url, &outgoing, Asking::unwatched(guard.started())).await?;
        let mut deadline = Deadline::new(&attempt.target.timeouts, guard.started());
        read_whole(answer.body, &mut deadline, &attempt.target.provider.name).await
    }

    fn read<T>(&self, said: Result<T, WireError>) -> Result<T, Fault> {
        said.map_err(|error| self.fault(FaultKind::UpstreamBroken, &format!("its count cannot be read: {error}")))
    }

    fn fault(&self, kind: FaultKind, why: &str) -> Fault {
        Fault::new(kind, format!("provider {:?}: {why}", self.attempt.target.provider.name))
    }
}

//! One try: sends under its deadlines; whatever is not a 2xx becomes a classified fault.

use std::future::poll_fn;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use trunkline_config::AuthMode;
use trunkline_providers::BaseUrl;
use trunkline_providers::classify::{self, Credentials, FailedAnswer, classify};
use trunkline_route::Attempt;
use trunkline_wire::{Fault, FaultKind, RateLimits};

use crate::owed::Asking;
use crate::upstream::{Answer, Body, Client, Outgoing, Patience, UpstreamError};

/// Most of an error page that is read; the rest would tell nobody more.
const ERROR_BODY_BYTES_MAX: usize = 64 << 10;
/// Longest wait for an error page to arrive.
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends one try and returns the head of a 2xx answer.
///
/// # Errors
/// A fault that says what became of the try; nothing of it has reached the client.
pub(crate) async fn send(
    client: &Client,
    attempt: &Attempt,
    base_url: &BaseUrl,
    outgoing: &Outgoing<'_>,
    asking: Asking<'_>,
) -> Result<Answer, Fault> {
    let target = &attempt.target;
    let name = &target.provider.name;
    let limits = &target.timeouts;
    let ends_at = Some(asking.started + limits.total);
    let patience = Patience { connect: limits.connect, head: limits.first_byte, ends_at };
    let answer = match client.send_telling(base_url, outgoing, patience, || asking.reach()).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::debug!(provider = %name, %error, "no answer");
            return Err(fault_of(name, &error));
        }
    };
    if answer.status.is_success() {
        return Ok(answer);
    }
    let status = answer.status.as_u16();
    let body = read_error_body(answer.body).await;
    let credentials = credentials(attempt);
    let added = target.provider.headers.as_slice();
    let failed = FailedAnswer { provider: name, status, headers: &answer.headers, body: &body, credentials, added };
    Err(classify(&failed, SystemTime::now()))
}

/// Whose credentials the provider sees.
fn credentials(attempt: &Attempt) -> Credentials<'_> {
    match attempt.target.provider.auth {
        AuthMode::Keys => Credentials::Ours(attempt.key.as_deref().map(|key| &key.header)),
        AuthMode::Passthrough => Credentials::Clients,
    }
}

/// What an answer says of the caller's budget; nothing where the budget is ours.
pub(crate) fn limits(attempt: &Attempt, headers: &HeaderMap) -> RateLimits {
    if credentials(attempt).are_the_callers() { classify::limits(headers) } else { RateLimits::default() }
}

/// Whether a provider's answer may mean that it does not know the path. It may also mean the model; then the next try
/// says so again.
pub(crate) fn unserved(fault: &Fault) -> bool {
    const UNKNOWN_PATH: [u16; 3] = [404, 405, 501];
    fault.upstream.as_ref().is_some_and(|words| UNKNOWN_PATH.contains(&words.status))
}

/// A provider that did not answer in time.
pub(crate) fn silent(provider: &str, patience: Duration) -> Fault {
    let message = format!("provider {provider:?} sent nothing for {} s", patience.as_secs_f64());
    Fault::new(FaultKind::UpstreamTimeout, message)
}

/// A provider that is drained, whose time for that is over.
pub(crate) fn drained(provider: &str) -> Fault {
    Fault::new(FaultKind::Busy, format!("provider {provider:?} is taken out of use; ask again"))
}

/// What a broken exchange means to the client.
pub(crate) fn fault_of(provider: &str, error: &UpstreamError) -> Fault {
    let kind = match error {
        UpstreamError::Unsendable(_) => FaultKind::Internal,
        UpstreamError::Resolve { .. } | UpstreamError::Connect { .. } | UpstreamError::Tls { .. } => {
            FaultKind::Unreachable
        }
        UpstreamError::ConnectTimeout | UpstreamError::HeadTimeout(_) => FaultKind::UpstreamTimeout,
        UpstreamError::Write { .. }
        | UpstreamError::ClosedBeforeHead
        | UpstreamError::ClosedMidBody
        | UpstreamError::BadHead(_)
        | UpstreamError::Framing(_)
        | UpstreamError::Io { .. } => FaultKind::UpstreamBroken,
    };
    Fault::new(kind, format!("provider {provider:?}: {}", reason(error)))
}

/// What happened, for callers: hosts and ports stay out of it, they are the operator's business.
pub(crate) fn reason(error: &UpstreamError) -> String {
    match error {
        UpstreamError::Resolve { .. } => "its host name cannot be resolved".to_owned(),
        UpstreamError::Connect { source, .. } => format!("cannot be reached: {}", source.kind()),
        UpstreamError::Tls { .. } => "cannot be reached: the TLS handshake failed".to_owned(),
        UpstreamError::Unsendable(_)
        | UpstreamError::ConnectTimeout
        | UpstreamError::HeadTimeout(_)
        | UpstreamError::Write { .. }
        | UpstreamError::ClosedBeforeHead
        | UpstreamError::ClosedMidBody
        | UpstreamError::BadHead(_)
        | UpstreamError::Framing(_)
        | UpstreamError::Io { .. } => error.to_string(),
    }
}

async fn read_error_body(mut body: Body) -> Bytes {
    let mut read = BytesMut::new();
    let all = async {
        while let Some(Ok(data)) = poll_fn(|cx| body.poll_data(cx)).await {
            let room = ERROR_BODY_BYTES_MAX.saturating_sub(read.len());
            read.extend_from_slice(data.get(..room).unwrap_or(&data));
            if data.len() >= room {
                break;
            }
        }
    };
    // What has come by then is better than nothing.
    let _ = tokio::time::timeout(ERROR_BODY_TIMEOUT, all).await;
    read.freeze()
}

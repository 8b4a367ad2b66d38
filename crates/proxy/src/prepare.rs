//! From a client's request to what one provider is sent.

mod headers;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, Method};
use smallvec::SmallVec;
use trunkline_config::{AuthMode, Target};
use trunkline_providers::{BaseUrl, Call};
use trunkline_route::Attempt;
use trunkline_wire::dialects::anthropic::names::ToolNames;
use trunkline_wire::dialects::openai_responses::state;
use trunkline_wire::relay::Changes;
use trunkline_wire::splice::{Edit, splice};
use trunkline_wire::{
    DialectId, Encoded, Fault, FaultKind, Operation, Parameters, Peek, Wishes, counting, dialect, dialects, ir,
    orphans, prefill, quoted,
};

pub(crate) use headers::headers;

use crate::cache::Place;
use crate::report_guard::ReportGuard;
use crate::routes::{Form, Surface};
use crate::shared::Shared;
use crate::stored::ResponseStore;
use crate::upstream::Outgoing;
use crate::wishes;

/// Fields of Responses that providers are not told because they are served here: stored answers and what belongs to them.
const SERVED_HERE: [&str; 5] = ["store", "include", "previous_response_id", "conversation", "client_metadata"];

/// What some providers refuse, although they speak the dialect.
const STREAM_OPTIONS: &str = "stream_options";

/// A request as it was taken in.
#[derive(Debug)]
pub(crate) struct Taken<'a> {
    pub(crate) surface: Surface<'a>,
    pub(crate) query: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) peek: Peek,
    /// The name of the model that was asked for, from the body or the path.
    pub(crate) model: String,
    /// Whom the client wants to be asked, if it says so.
    pub(crate) wishes: Option<Box<Wishes>>,
    /// The body in the neutral model, once some try needed it.
    pub(crate) decoded: OnceLock<Arc<ir::Request>>,
    /// What was left out when its tool messages were put right; then the body is no longer what is sent.
    pub(crate) mended: Option<ir::Losses>,
    /// The beginnings of its prompt, once somebody chose by them.
    pub(crate) beginnings: OnceLock<Vec<u64>>,
    /// Where its answer is to be kept, once that is known; empty: nowhere.
    pub(crate) place: OnceLock<Box<Place>>,
}

impl Taken<'_> {
    /// Whether the client gets a stream.
    pub(crate) fn streams(&self) -> bool {
        match self.surface.form {
            Form::Streamed => true,
            Form::InPath { stream, .. } => stream,
            // Vectors do not come in streams, whatever Ollama's default.
            Form::OneEmbedding => false,
            Form::Plain | Form::Generate => self.peek.stream && self.surface.operation != Operation::Embedding,
        }
    }

    /// The request in the neutral model.
    ///
    /// # Errors
    /// When the body is not what its dialect says it must be.
    pub(crate) fn request(&self) -> Result<&Arc<ir::Request>, Fault> {
        if let Some(request) = self.decoded.get() {
            return Ok(request);
        }
        Ok(self.set_decoded(self.decode()?))
    }

    /// Says what the body is in the neutral model, where nothing was said before.
    pub(crate) fn set_decoded(&self, request: ir::Request) -> &Arc<ir::Request> {
        self.decoded.get_or_init(|| Arc::new(request))
    }

    /// Reads the body. What it goes on from is not in it yet.
    ///
    /// # Errors
    /// When the body is not what its dialect says it must be.
    pub(crate) fn decode(&self) -> Result<ir::Request, Fault> {
        Ok(self.named(match (self.surface.form, self.surface.operation) {
            (Form::Generate, _) => dialects::ollama::decode_generate_request(&self.body)?,
            (_, Operation::CountTokens) => counting::decode_request(self.surface.dialect, &self.body)?,
            _ => dialect::of(self.surface.dialect).decode_request(&self.body)?,
        }))
    }

    /// The same for a conversation whose answers of tools need not go together with its calls.
    ///
    /// # Errors
    /// As for any body, save for that.
    pub(crate) fn decode_orphans(&self) -> Result<ir::Request, Fault> {
        Ok(self.named(orphans::decode_request(self.surface.dialect, &self.body)?))
    }

    /// What was read of the body, with what stands elsewhere.
    fn named(&self, mut request: ir::Request) -> ir::Request {
        request.model.clone_from(&self.model);
        request.stream = self.streams();
        request
    }
}

/// What goes out, and what to change in the answer on its way back.
#[derive(Debug)]
pub(crate) struct Prepared<'a> {
    pub(crate) outgoing: Outgoing<'a>,
    pub(crate) changes: Changes,
    /// What of the request the provider is not told.
    pub(crate) losses: ir::Losses,
}

/// The native lane: the client's own bytes, with the provider's name for the model.
pub(crate) fn native<'a>(taken: &Taken<'a>, attempt: &'a Attempt, base_url: &BaseUrl) -> Prepared<'a> {
    let mut edits = SmallVec::new();
    let mut changes = Changes::default();
    let upstream_model = &attempt.target.model;
    if *upstream_model.name != *taken.model {
        taken.peek.rename(&upstream_model.json, &mut edits);
        // As the client wrote it, escapes and all; a name from the path is written anew. A copy: a piece of the body would
        // hold all of it as long as the answer is streamed.
        let written = taken.body.get(taken.peek.model_place()).filter(|written| !written.is_empty());
        changes.model = Some(written.map_or_else(|| quoted(&taken.model), Bytes::copy_from_slice));
    }
    if taken.surface.form == Form::Streamed && !taken.peek.stream {
        taken.peek.force_stream(&mut edits);
    }
    if asks_for_usage(taken, attempt) {
        taken.peek.ask_for_usage(&mut edits);
        changes.withhold_usage = true;
    }
    let losses = edit_members(taken, attempt, &mut edits);
    let mut path = native_path(taken, attempt, base_url);
    add_query(&mut path, taken, attempt.target.provider.auth);
    let body = splice(&taken.body, edits);
    Prepared {
        outgoing: Outgoing {
            method: Method::POST,
            path,
            headers: headers(taken, attempt, taken.surface.dialect),
            body,
        },
        changes,
        losses,
    }
}

/// The edits that a target asks for, and those that keep from it what is not for its eyes. Returns what it is not told.
fn edit_members(taken: &Taken<'_>, attempt: &Attempt, edits: &mut SmallVec<[Edit; 4]>) -> ir::Losses {
    let target = &attempt.target;
    let wishes = wishes::hidden(taken, target);
    let parameters = parameters(taken, target);
    let options = target.provider.vendor.quirks.no_stream_options && taken.peek.has_stream_options();
    if wishes.is_empty() && parameters.is_none() && !options {
        return ir::Losses::default();
    }
    let mut losses = wishes::unmet(taken, target);
    let mut hidden: SmallVec<[&str; 4]> = wishes.iter().copied().collect();
    if options {
        hidden.push(STREAM_OPTIONS);
        losses.add(STREAM_OPTIONS);
    }
    let dropped = parameters.unwrap_or(&Parameters::default()).edits(&taken.body, &hidden, edits);
    dropped.into_iter().for_each(|name| losses.add(name));
    losses
}

/// What is changed in this request's body for a target; only where an answer is made from it.
fn parameters<'a>(taken: &Taken<'_>, target: &'a Target) -> Option<&'a Parameters> {
    let parameters = target.parameters.as_deref()?;
    match taken.surface.operation {
        Operation::Chat | Operation::Completion | Operation::Embedding => Some(parameters),
        Operation::CountTokens | Operation::Other => None,
    }
}

/// A body in the provider's dialect with the changes that its target asks for; what is dropped is lost.
pub(crate) fn changed(taken: &Taken<'_>, target: &Target, encoded: Encoded) -> Encoded {
    let Encoded { mut bytes, mut losses } = encoded;
    if let Some(parameters) = parameters(taken, target) {
        let (applied, dropped) = parameters.applied(bytes);
        dropped.into_iter().for_each(|name| losses.add(name));
        bytes = applied;
    }
    if target.provider.vendor.quirks.no_stream_options {
        // What is written there is mostly ours: that usage is to be told.
        let refused = Parameters { drop: vec![STREAM_OPTIONS.to_owned()], ..Parameters::default() };
        bytes = refused.applied(bytes).0;
        if taken.peek.has_stream_options() {
            losses.add(STREAM_OPTIONS);
        }
    }
    Encoded { bytes, losses }
}

/// Where the client's own dialect is served.
fn native_path(taken: &Taken<'_>, attempt: &Attempt, base_url: &BaseUrl) -> String {
    let Surface { dialect, operation, path, .. } = taken.surface;
    let (vendor, model) = (attempt.target.provider.vendor, &attempt.target.model.name);
    let call = Call { dialect, operation, model, stream: taken.streams() };
    let known = match operation {
        // What stands below the version is below it there, too.
        Operation::Other => None,
        Operation::Chat if dialect == DialectId::OpenaiChat => None,
        Operation::Chat if taken.surface.form == Form::Generate => {
            vendor.path(base_url, &Call { operation: Operation::Completion, ..call })
        }
        Operation::Embedding if taken.surface.form == Form::OneEmbedding => {
            vendor.path(base_url, &call).map(|path| path + "dings")
        }
        Operation::Chat | Operation::Completion | Operation::Embedding | Operation::CountTokens => {
            vendor.path(base_url, &call)
        }
    };
    known.unwrap_or_else(|| base_url.join(path))
}

/// Adds the client's query to the path, which for a stream of Gemini's has one already.
fn add_query(path: &mut String, taken: &Taken<'_>, auth: AuthMode) {
    let own = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        // A key in the query is the client's: it is for us, unless the caller's own is handed on.
        let key = name == "key" && auth == AuthMode::Keys;
        taken.surface.dialect != DialectId::Gemini || name != "alt" && !key
    };
    for pair in taken.query.unwrap_or_default().split('&').filter(own).filter(|pair| !pair.is_empty()) {
        path.push(if path.contains('?') { '&' } else { '?' });
        path.push_str(pair);
    }
}

/// What a bridged try sends, and what of the request it does not say.
#[derive(Debug)]
pub(crate) struct Bridged<'a> {
    pub(crate) outgoing: Outgoing<'a>,
    pub(crate) losses: ir::Losses,
    /// The way back from the names that the provider's dialect takes.
    pub(crate) names: ToolNames,
}

/// The client's own bytes, as in the native lane, for an answer that is read.
pub(crate) fn unchanged<'a>(taken: &Taken<'a>, attempt: &'a Attempt, base_url: &BaseUrl) -> Bridged<'a> {
    let Prepared { outgoing, losses, changes: _ } = native(taken, attempt, base_url);
    Bridged { outgoing, losses, names: ToolNames::default() }
}

/// What the native lane would not tell this target.
pub(crate) fn native_losses(taken: &Taken<'_>, attempt: &Attempt) -> ir::Losses {
    edit_members(taken, attempt, &mut SmallVec::new())
}

/// A request in a provider's dialect.
#[derive(Debug)]
pub(crate) struct Translated {
    stream: bool,
    body: Bytes,
    /// What it does not say.
    pub(crate) losses: ir::Losses,
    names: ToolNames,
}

/// Says a request of this caller in the provider's dialect.
///
/// # Errors
/// When the body is not what its dialect says it must be, or cannot be said in the other at all.
pub(crate) fn translated(
    taken: &Taken<'_>,
    target: &Target,
    to: DialectId,
    (shared, client_key): (&Shared, Option<&str>),
) -> Result<Translated, Fault> {
    let mut request = ir::Request::clone(taken.request()?);
    request.model = target.model.name.to_string();
    shared.memory.restore(client_key, &mut request);
    let mut losses = prefill::ask_instead(&mut request, &target.capabilities);
    // Asked for whether the client did or not: the ledger wants to know.
    request.include_usage = true;
    let hidden = wishes::hidden(taken, target);
    request.extras.retain(|extra| !hidden.iter().any(|name| is_of(&extra.name, name)));
    losses.extend(wishes::unmet(taken, target));
    losses.extend(taken.mended.clone().unwrap_or_default());
    let names = ToolNames::of(&request);
    let encoded = changed(taken, target, dialect::of(to).encode_request(&request, &target.capabilities)?);
    losses.extend(encoded.losses);
    let is_kept = is_kept(&request, &*shared.responses);
    losses.forgive(|field| is_served_here(field, request.origin, is_kept));
    Ok(Translated { stream: request.stream, body: encoded.bytes, losses, names })
}

/// The bridged lane: the same request in the provider's dialect.
///
/// # Errors
/// When the body is not what its dialect says it must be, or cannot be said in the other at all.
pub(crate) fn bridged<'a>(
    taken: &Taken<'a>,
    attempt: &'a Attempt,
    guard: &ReportGuard,
    base_url: &BaseUrl,
    to: DialectId,
) -> Result<Bridged<'a>, Fault> {
    let target = &attempt.target;
    let caller = (guard.shared(), guard.report.client_key.as_deref());
    let Translated { stream, body, losses, names } = translated(taken, target, to, caller)?;
    let call = Call { dialect: to, operation: Operation::Chat, model: &target.model.name, stream };
    let path = target.provider.vendor.path(base_url, &call).ok_or_else(|| {
        let message = format!("provider {:?} has no path for the dialect {}", target.provider.name, to.as_str());
        Fault::new(FaultKind::Internal, message)
    })?;
    let body = std::iter::once(body).collect();
    let outgoing = Outgoing { method: Method::POST, path, headers: headers(taken, attempt, to), body };
    Ok(Bridged { outgoing, losses, names })
}

/// Whether a field is this member of the body, or stands in it.
fn is_of(field: &str, member: &str) -> bool {
    field.strip_prefix(member).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Takes out of a request what its provider is not told because it is served here.
pub(crate) fn leave_out_what_is_served_here(request: &mut ir::Request, responses: &dyn ResponseStore) {
    let (origin, is_kept) = (request.origin, is_kept(request, responses));
    request.extras.retain(|extra| !is_served_here(&extra.name, origin, is_kept));
}

/// Whether an answer is kept here that is to be kept.
fn is_kept(request: &ir::Request, responses: &dyn ResponseStore) -> bool {
    responses.keeps() || !state::is_stored(request)
}

/// Whether nothing is lost although a provider is not told. An answer is kept here, unless nothing is; what other
/// dialects mean by `store` is the provider's to do.
fn is_served_here(field: &str, origin: DialectId, is_kept: bool) -> bool {
    field == "stream_options.include_usage"
        || origin == DialectId::OpenaiResponses && SERVED_HERE.contains(&field) && (field != "store" || is_kept)
}

/// Streams end without a count unless somebody asks; the client did not, so we do.
fn asks_for_usage(taken: &Taken<'_>, attempt: &Attempt) -> bool {
    let counted = match taken.surface.operation {
        Operation::Chat | Operation::Completion => true,
        Operation::Embedding | Operation::CountTokens | Operation::Other => false,
    };
    // The others say it unasked.
    let must_ask = matches!(taken.surface.dialect, DialectId::OpenaiChat | DialectId::OpenaiCompletions);
    counted
        && must_ask
        && taken.streams()
        && !taken.peek.include_usage
        && !attempt.target.provider.vendor.quirks.no_stream_options
}

//! Whom a client wants to be asked, and what of its body is meant for us.

use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use trunkline_config::{Allowance, Target};
use trunkline_route::{Prompt, Wants};
use trunkline_wire::ir::Losses;
use trunkline_wire::{DialectId, Fault, Operation, Peek, Wishes, counting, wishes};

use crate::prepare::Taken;
use crate::reply::speaks_tokens;
use crate::routes::Surface;

/// Says that no other model may be asked; as the body's `disable_fallbacks`.
pub(crate) const DISABLE_FALLBACKS: HeaderName = HeaderName::from_static("x-trunkline-disable-fallbacks");

/// What Anthropic calls a window of a million tokens in `anthropic-beta`: no list speaks of it.
const LARGER_WINDOW: &str = "context-1m";

/// Bytes of a body for each word of its prompt: a letter, and a space.
const WORD_BYTES_MIN: u64 = 2;

/// What the client wishes, in its body and its headers; `None`: nothing.
///
/// # Errors
/// When a wish cannot be read.
pub(crate) fn of(
    surface: Surface<'_>,
    peek: &Peek,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Option<Box<Wishes>>, Fault> {
    // Nobody knows what the fields of other operations mean.
    let known = surface.operation != Operation::Other && peek.has_wishes;
    let said = if known { wishes::read(surface.dialect, body)? } else { None };
    let off = headers.get(DISABLE_FALLBACKS).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"));
    if said.is_none() && !off {
        return Ok(None);
    }
    let mut wishes = said.unwrap_or_default();
    wishes.fallbacks_off |= off;
    Ok(Some(Box::new(wishes)))
}

/// Members of the body that this target is not to see: they are for us, and mean nothing to it.
pub(crate) fn hidden<'a>(taken: &'a Taken<'_>, target: &Target) -> &'a [&'static str] {
    let wishes = taken.wishes.as_deref().filter(|_| !target.provider.vendor.quirks.takes_wishes);
    wishes.map(|wishes| wishes.members.as_slice()).unwrap_or_default()
}

/// What is wished and has no meaning here, where the target is not told either.
pub(crate) fn unmet(taken: &Taken<'_>, target: &Target) -> Losses {
    if hidden(taken, target).is_empty() {
        return Losses::default();
    }
    taken.wishes.as_deref().map(|wishes| wishes.unmet.clone()).unwrap_or_default()
}

/// Whether the client wants to know what the answer cost, and its dialect has a place to say it.
pub(crate) fn wants_cost(taken: &Taken<'_>) -> bool {
    let has_place = match taken.surface.dialect {
        DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::OpenaiResponses => {
            speaks_tokens(taken.surface.operation)
        }
        DialectId::Anthropic | DialectId::Ollama | DialectId::Gemini => false,
    };
    has_place && taken.wishes.as_deref().is_some_and(|wishes| wishes.cost)
}

/// Whether this target's answer must be read and written to say in it what it cost: it is known, and the target does not
/// say it itself.
pub(crate) fn tells_cost(taken: &Taken<'_>, target: &Target) -> bool {
    target.price.is_some() && !target.provider.vendor.quirks.takes_wishes && wants_cost(taken)
}

/// Whether only those may be asked who can be told the whole request.
pub(crate) fn must_be_told_all(taken: &Taken<'_>) -> bool {
    taken.wishes.as_deref().is_some_and(|wishes| wishes.providers.require_parameters)
}

/// The prompt of one request, read at most once.
#[derive(Debug)]
pub(crate) struct PromptOf<'a> {
    taken: &'a Taken<'a>,
    tokens: OnceLock<u64>,
}

impl<'a> PromptOf<'a> {
    pub(crate) fn new(taken: &'a Taken<'a>) -> Self {
        Self { taken, tokens: OnceLock::new() }
    }

    /// What planning has to know of the request, and of what its client key allows.
    pub(crate) fn wants(&'a self, allowance: Option<&'a Allowance>) -> Wants<'a> {
        let fits = match self.taken.surface.operation {
            Operation::Chat | Operation::Completion => false,
            Operation::Embedding | Operation::CountTokens | Operation::Other => true,
        };
        let prompt = (!fits).then_some(self as &dyn Prompt);
        Wants { wishes: self.taken.wishes.as_deref(), prompt, allowance }
    }

    fn read(&self) -> u64 {
        let taken = self.taken;
        let betas = taken.headers.get_all("anthropic-beta");
        if betas.iter().any(|beta| beta.to_str().is_ok_and(|beta| beta.contains(LARGER_WINDOW))) {
            return 0;
        }
        let fewest = |request: &_| if counting::is_cut_to_fit(request) { 0 } else { counting::at_least(request) };
        match taken.decoded.get() {
            Some(request) => fewest(request),
            // Not kept: what it goes on from is not in it. What cannot be read is for whoever has to.
            None => taken.decode().map_or(0, |request| fewest(&request)),
        }
    }
}

impl Prompt for PromptOf<'_> {
    fn tokens_min_bound(&self) -> u64 {
        self.taken.body.len() as u64 / WORD_BYTES_MIN
    }

    fn tokens_min(&self) -> u64 {
        *self.tokens.get_or_init(|| self.read())
    }
}

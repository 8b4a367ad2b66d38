//! What a request itself says about who can serve it: whom its client wants and may ask, and how long its prompt is.

use std::fmt::Debug;
use std::sync::Arc;

use trunkline_config::{Allowance, Snapshot, Strategy, Target};
use trunkline_wire::{Fault, FaultKind, Wishes};

use crate::Catalog;
use crate::candidates::{Candidates, candidates};
use crate::live::Held;
use crate::plan::LeftOut;

/// The smallest window that any model of use has: shorter prompts fit everywhere.
const WINDOW_TOKENS_MIN: u64 = 256;

/// What a request says; nothing by default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wants<'a> {
    /// Whom its client wants to be asked.
    pub wishes: Option<&'a Wishes>,
    /// Its prompt, where it must fit into a window.
    pub prompt: Option<&'a dyn Prompt>,
    /// What its client key allows; `None`: everything.
    pub allowance: Option<&'a Allowance>,
}

/// How long a prompt is, for whoever asks: finding out may mean reading the body.
pub trait Prompt: Debug + Sync {
    /// What [`Prompt::tokens_min`] cannot be above; known without reading.
    fn tokens_min_bound(&self) -> u64;
    /// Tokens that it is at least, whatever the tokeniser; 0 when nobody knows.
    fn tokens_min(&self) -> u64;
}

/// Targets that follow when those before them have failed.
pub(crate) struct Others {
    pub(crate) strategy: Strategy,
    pub(crate) targets: Vec<Arc<Target>>,
}

impl Wants<'_> {
    /// The targets to ask when the model's own have failed: those of the models that the client names, else of those that the
    /// document names; none when the client wants none.
    ///
    /// # Errors
    /// When the client names a model that is not there.
    pub(crate) fn others(
        self,
        snapshot: &Snapshot,
        catalog: &Catalog,
        found: &Candidates,
    ) -> Result<Vec<Others>, Fault> {
        let named = self.wishes.map(|wishes| wishes.models.as_slice()).unwrap_or_default();
        if self.wishes.is_some_and(|wishes| wishes.fallbacks_off) {
            return Ok(Vec::new());
        }
        if named.is_empty() {
            let models = found.fallbacks.iter();
            return Ok(models
                .map(|model| Others { strategy: model.strategy, targets: model.targets.clone() })
                .collect());
        }
        let named = named.iter().filter(|name| ***name != *found.model);
        let others = named.map(|name| {
            candidates(snapshot, catalog, name, self.allowance).map_err(|fault| fault.with_param("models"))
        });
        others.map(|found| found.map(|Candidates { strategy, targets, .. }| Others { strategy, targets })).collect()
    }

    /// Puts the providers that the client prefers first, and takes out those that it does not want.
    pub(crate) fn choose(self, targets: &mut Vec<Arc<Target>>) -> Vec<Arc<Target>> {
        let Some(wanted) = self.wishes.map(|wishes| &wishes.providers) else { return Vec::new() };
        let rank = |target: &Target| wanted.order.iter().position(|name| is_named(target, name));
        // Stable: all others keep their order.
        targets.sort_by_key(|target| rank(target).unwrap_or(usize::MAX));
        let first = targets.first().map(|target| target.provider.name.clone());
        let wants = |target: &Arc<Target>| {
            let named = |names: &[String]| names.iter().any(|name| is_named(target, name));
            // A gateway chooses among its own providers, of which the list may speak.
            let allowed = wanted.only.is_empty() || named(&wanted.only) || target.provider.vendor.quirks.takes_wishes;
            let preferred = if wanted.order.is_empty() {
                first.as_ref() == Some(&target.provider.name)
            } else {
                named(&wanted.order)
            };
            allowed && !named(&wanted.ignore) && (wanted.allow_fallbacks || preferred)
        };
        let (kept, unwanted) = std::mem::take(targets).into_iter().partition(wants);
        *targets = kept;
        unwanted
    }

    /// What keeps the prompt out of this target, if it certainly does not fit. Its window is what the provider's list says,
    /// else what the document says; where nobody says, every prompt fits.
    pub(crate) fn too_long(self, target: &Target, catalog: &Catalog) -> Option<Held> {
        let prompt = self.prompt.filter(|prompt| prompt.tokens_min_bound() > WINDOW_TOKENS_MIN)?;
        let listed = catalog.window(&target.provider.name, &target.model.name);
        let window = listed.or(target.capabilities.context_window)?;
        if prompt.tokens_min_bound() <= window {
            return None;
        }
        let tokens = prompt.tokens_min();
        (tokens > window).then_some(Held::TooLong { tokens, window })
    }
}

/// Whether a client that writes `name` means this target's provider: by its name, or by its type.
fn is_named(target: &Target, name: &str) -> bool {
    let provider = &target.provider;
    provider.name.eq_ignore_ascii_case(name) || provider.vendor.id.eq_ignore_ascii_case(name)
}

/// Why nobody is left for a request that nobody who rests could serve either.
pub(crate) fn nobody_fits(model: &str, left_out: &[LeftOut]) -> Fault {
    let sizes = left_out.iter().filter_map(|left| match left.held {
        Held::TooLong { tokens, window } => Some((window, tokens)),
        Held::Resting { .. }
        | Held::Open { .. }
        | Held::KeyRate { .. }
        | Held::Unhealthy { .. }
        | Held::Draining
        | Held::Unwanted => None,
    });
    let drains = left_out.iter().any(|left| left.held == Held::Draining);
    match sizes.max() {
        Some((window, tokens)) => {
            let message =
                format!("the prompt is at least {tokens} tokens; the context window of {model:?} is {window} tokens");
            Fault::new(FaultKind::ContextTooLong, message)
        }
        None if drains => {
            let message = format!("everything that could serve {model:?} is taken out of use");
            Fault::new(FaultKind::Overloaded, message)
        }
        None => {
            let message = format!("no provider of {model:?} is among those that the request wants");
            Fault::new(FaultKind::InvalidRequest, message).with_param("provider")
        }
    }
}

//! From a request to its plan: the one way there is. The pipeline carries out what it gives, an explanation tells it.

use std::sync::{Arc, OnceLock};

use http::request::Parts;
use trunkline_config::Snapshot;
use trunkline_route::policy::others_for;
use trunkline_route::{Ask, Lot, Moment, NoPlan, Now, Plan, Unplanned, Wants, plan};
use trunkline_wire::{Fault, Peek, Wishes, dialect};

use crate::enforce;
use crate::prepare::Taken;
use crate::routes::{Form, Surface};
use crate::session::SessionOf;
use crate::shared::Shared;
use crate::small::name_in_path;
use crate::wishes;

impl<'a> Taken<'a> {
    /// Takes in a request whose body is there.
    ///
    /// # Errors
    /// When it is none that its surface takes.
    pub(crate) fn new(surface: Surface<'a>, parts: &'a Parts, body: bytes::Bytes) -> Result<Self, Fault> {
        let (peek, model) = match surface.form {
            Form::InPath { model, stream } => (Peek::nameless(stream), name_in_path(model)?),
            Form::Plain | Form::Streamed | Form::Generate | Form::OneEmbedding => {
                let mut peek = dialect::of(surface.dialect).peek(&body)?;
                let model = std::mem::take(&mut peek.model);
                (peek, model)
            }
        };
        let (query, headers) = (parts.uri.query(), &parts.headers);
        let wishes = wishes::of(surface, &peek, headers, &body)?;
        let (decoded, beginnings, place) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Ok(Taken { surface, query, headers, body, peek, model, wishes, decoded, mended: None, beginnings, place })
    }
}

/// Everything of a request that its plan depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planning<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) taken: &'a Taken<'a>,
    /// The caller's name.
    pub(crate) client_key: Option<&'a str>,
    pub(crate) lot: Lot,
    /// What the request says of who can serve it.
    pub(crate) wants: Wants<'a>,
}

impl<'a> Planning<'a> {
    /// The models that are configured for requests that fail with this fault, unless the client wants no others.
    pub(crate) fn others(&self, fault: &Fault) -> &'a [Arc<str>] {
        let allowed = self.taken.wishes.as_deref().is_none_or(|wishes| !wishes.fallbacks_off);
        let model = self.snapshot.models.get(&self.taken.model).filter(|_| allowed);
        model.map(|model| others_for(model, fault)).unwrap_or_default()
    }

    /// What the client wishes of those models: the ones it named were for the one it asked for; what it wants of providers
    /// is for all.
    pub(crate) fn wishes_of_others(&self) -> Wishes {
        let mut wishes = self.taken.wishes.as_deref().cloned().unwrap_or_default();
        wishes.models.clear();
        wishes
    }

    /// The plan as of `at`, should the request ask for this model; it began to wait for one at `began`.
    ///
    /// # Errors
    /// When nobody can serve it, or nobody now.
    pub(crate) fn plan(&self, model: &str, began: Moment, at: Moment) -> Result<Plan, Box<Unplanned>> {
        let Self { shared, snapshot, taken, client_key, lot, wants } = *self;
        let Surface { dialect, operation, .. } = taken.surface;
        let session = &SessionOf { taken, client_key };
        let now = Now { live: &shared.live, at, began, lot, session };
        let mut plan = plan(snapshot, &shared.catalog(), Ask { model, dialect, operation, wants }, now)?;
        match enforce::choose(taken, snapshot, &mut plan) {
            Ok(()) => Ok(plan),
            Err(fault) => {
                Err(Box::new(Unplanned { why: NoPlan::Fault(fault), left_out: Vec::new(), unable: Vec::new() }))
            }
        }
    }
}

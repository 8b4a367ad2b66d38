//! The ordered tries of one request.

use std::sync::Arc;

use trunkline_config::{AuthMode, Key, OnLoss, Snapshot, Target};
use trunkline_wire::{DialectId, Fault, Operation};

use crate::Catalog;
use crate::candidates::candidates;
use crate::lane::{Lane, lane};

/// Tries in one plan. Bounds how long and how often one request can bother providers.
pub const ATTEMPTS_MAX: usize = 8;

/// What is asked for, as far as planning goes.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The name the client used.
    pub model: &'a str,
    /// The client's wire format.
    pub dialect: DialectId,
    /// What for.
    pub operation: Operation,
}

/// One try.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Who is asked.
    pub target: Target,
    /// With which of the provider's keys; `None` when it needs none or the client's own go upstream.
    pub key: Option<Key>,
    /// How.
    pub lane: Lane,
}

/// The ordered tries of one request.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The name the client used; answers carry it.
    pub model: Arc<str>,
    /// What to do with what a translation cannot say, unless the request says it itself.
    pub on_loss: OnLoss,
    /// Never empty, at most [`ATTEMPTS_MAX`].
    pub attempts: Vec<Attempt>,
}

/// Plans one request. `turn` rotates the keys: pass a number that grows by one a request.
///
/// # Errors
/// When the name is unknown, or nobody who has it can do what is asked.
pub fn plan(snapshot: &Snapshot, catalog: &Catalog, ask: Ask<'_>, turn: usize) -> Result<Plan, Fault> {
    let found = candidates(snapshot, catalog, ask.model)?;
    let mut attempts = Vec::with_capacity(found.targets.len());
    let mut refusal = None;
    for target in found.targets {
        match lane(&target, ask) {
            Ok(lane) => push_tries(&mut attempts, target, lane, turn),
            Err(fault) => refusal = refusal.or(Some(fault)),
        }
    }
    attempts.truncate(ATTEMPTS_MAX);
    match refusal {
        Some(fault) if attempts.is_empty() => Err(fault),
        Some(_) | None => Ok(Plan { model: found.model, on_loss: found.on_loss, attempts }),
    }
}

/// One try a key, beginning with the one whose turn it is.
fn push_tries(attempts: &mut Vec<Attempt>, target: Target, lane: Lane, turn: usize) {
    let keys = &target.provider.keys;
    match keys.as_slice() {
        _ if target.provider.auth == AuthMode::Passthrough => attempts.push(Attempt { target, key: None, lane }),
        [] => attempts.push(Attempt { target, key: None, lane }),
        [key] => {
            let key = Some(key.clone());
            attempts.push(Attempt { target, key, lane });
        }
        keys => {
            let in_turn = keys.iter().cycle().skip(turn % keys.len()).take(keys.len());
            let tries = in_turn.map(|key| Attempt { target: target.clone(), key: Some(key.clone()), lane });
            attempts.extend(tries.take(ATTEMPTS_MAX.saturating_sub(attempts.len())));
        }
    }
}

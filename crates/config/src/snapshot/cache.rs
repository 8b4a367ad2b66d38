//! Which answers are kept, resolved.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::Model;

/// How a model's answers are kept to be given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelCache {
    /// How long an answer may be given again.
    pub ttl: Duration,
    /// Whether other client keys get it, too.
    pub shared: bool,
    /// Stands for all that makes the model's answers what they are. It changes when that does, so that no answer is given
    /// again which the model as it is now defined might not give.
    pub definition: [u8; 32],
}

impl ModelCache {
    /// For the answers of this model.
    pub(crate) fn of(model: &Model, ttl: Duration, shared: bool) -> Self {
        Self { ttl, shared, definition: definition(model) }
    }
}

/// Who answers and what becomes of the answer. What only says when, how fast or at what price may change freely.
fn definition(model: &Model) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut add = |said: String| {
        hash.update(said.len().to_le_bytes());
        hash.update(said);
    };
    add(format!("{:?}", (model.on_loss, model.fix_tool_messages, &model.enforcement)));
    for target in &model.targets {
        let provider = &target.provider;
        add(format!("{:?}", (&provider.name, provider.vendor.id, &provider.base_url, &provider.dialects)));
        add(format!("{:?}", (&target.model.name, &target.parameters, &target.repair, &target.capabilities)));
    }
    hash.finalize().into()
}

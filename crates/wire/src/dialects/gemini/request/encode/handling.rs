//! How a request is to be handled: `serviceTier` and `store`.

use crate::DialectId;
use crate::ir::{Lost, Request, ServiceTier};
use crate::write::Object;

/// What of it can be said.
#[derive(Debug)]
pub(super) struct Handled {
    tier: Option<String>,
    store: Option<bool>,
}

impl Handled {
    /// Decides what is said; the rest is a loss.
    pub(super) fn plan(request: &Request, lost: &mut Lost<'_>) -> Self {
        let mut unsaid = request.handling.clone();
        let own = request.origin == DialectId::Gemini;
        let tier = unsaid.tier.take_if(|tier| own || word(tier).is_some());
        let store = unsaid.store.take();
        lost.handling(&unsaid);
        let tier = tier.map(|tier| word(&tier).unwrap_or_else(|| tier.as_str()).to_owned());
        Self { tier, store }
    }

    /// Writes the members of the body.
    pub(super) fn write(&self, body: &mut Object<'_>) {
        body.put_some("serviceTier", self.tier.as_deref());
        body.put_some("store", self.store);
    }
}

/// Gemini's word for a capacity; it serves with the standard one unless told otherwise.
fn word(tier: &ServiceTier) -> Option<&'static str> {
    match tier {
        ServiceTier::Auto | ServiceTier::Standard => Some("standard"),
        ServiceTier::Flex => Some("flex"),
        ServiceTier::Priority => Some("priority"),
        ServiceTier::Other(_) => None,
    }
}

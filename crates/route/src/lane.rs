//! Which way the bytes go: unread, through the neutral model, or to Rust code.

use trunkline_config::Target;
use trunkline_providers::Adapter;
use trunkline_wire::{DialectId, Fault, FaultKind, Operation};

use crate::plan::Ask;

/// How the bytes get there.
#[derive(Clone, Copy, Debug)]
pub enum Lane {
    /// Client and provider speak the same dialect: the bytes are relayed.
    Native,
    /// The provider speaks this dialect, the client another: both are spoken through the neutral model.
    Bridged(DialectId),
    /// The provider is Rust code over the neutral model.
    Adapter(&'static dyn Adapter),
    /// Nobody is asked: the provider has no counter for this client, so its tokens are estimated here.
    Estimated,
}

/// The dialects a request can be carried over into, the best first. Chat Completions is what every self-hosted server
/// gets right; a vendor that does better in a dialect of its own does not list it.
const BRIDGES: [DialectId; 5] = [
    DialectId::OpenaiChat,
    DialectId::Anthropic,
    DialectId::OpenaiResponses,
    DialectId::Ollama,
    DialectId::Gemini,
];

/// The lane of one request to one target.
///
/// # Errors
/// When the target cannot do what is asked, in any dialect.
pub(crate) fn lane(target: &Target, ask: Ask<'_>) -> Result<Lane, Fault> {
    let provider = &target.provider;
    if let Some(adapter) = provider.vendor.adapter {
        return match ask.operation {
            Operation::Chat | Operation::Completion => Ok(Lane::Adapter(adapter)),
            Operation::CountTokens => Ok(Lane::Estimated),
            Operation::Embedding | Operation::Other => Err(unserved(target, ask)),
        };
    }
    if provider.dialects.contains(&ask.dialect) {
        return Ok(Lane::Native);
    }
    let bridged = match ask.operation {
        Operation::CountTokens => return Ok(Lane::Estimated),
        Operation::Chat | Operation::Completion | Operation::Embedding => bridge(target, ask.dialect),
        // Nobody knows what it says.
        Operation::Other => None,
    };
    bridged.map(Lane::Bridged).ok_or_else(|| unserved(target, ask))
}

/// The dialect to carry a request of `from` over into, when its own will not do.
pub fn bridge(target: &Target, from: DialectId) -> Option<DialectId> {
    BRIDGES.into_iter().find(|dialect| *dialect != from && target.provider.dialects.contains(dialect))
}

fn unserved(target: &Target, ask: Ask<'_>) -> Fault {
    let message = format!("model {:?} does not serve this path: provider {:?} cannot", ask.model, target.provider.name);
    Fault::new(FaultKind::InvalidRequest, message).with_param("model")
}

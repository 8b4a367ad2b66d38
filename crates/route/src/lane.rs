//! Which way the bytes go: unread, through the neutral model, or to Rust code.

use trunkline_config::Target;
use trunkline_providers::{Adapter, Call};
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

/// The dialects a request can be carried over into. Which of them is up to the provider: its list begins with the one
/// it does best in.
const BRIDGES: [DialectId; 5] =
    [DialectId::OpenaiChat, DialectId::Anthropic, DialectId::OpenaiResponses, DialectId::Ollama, DialectId::Gemini];

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
    if let Some(own) = window_in(target, ask) {
        return Ok(Lane::Bridged(own));
    }
    if provider.dialects.contains(&ask.dialect) && counts(target, ask) {
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
    target.provider.dialects.iter().copied().find(|dialect| *dialect != from && BRIDGES.contains(dialect))
}

/// The only dialect in which the provider can be told the model's context window, when there is one to tell and the
/// client speaks another: its own words would be cut short in silence.
fn window_in(target: &Target, ask: Ask<'_>) -> Option<DialectId> {
    let provider = &target.provider;
    let talks = matches!(ask.operation, Operation::Chat | Operation::Completion);
    let own = provider.vendor.quirks.window_in?;
    let told = talks && target.capabilities.context_window.is_some();
    (told && own != ask.dialect && provider.dialects.contains(&own)).then_some(own)
}

/// Whether a provider that speaks the client's dialect also counts tokens in it, where that is what is asked.
fn counts(target: &Target, ask: Ask<'_>) -> bool {
    let call = Call { dialect: ask.dialect, operation: ask.operation, model: &target.model.name, stream: false };
    ask.operation != Operation::CountTokens
        || target.provider.base_url.as_ref().is_some_and(|base| target.provider.vendor.path(base, &call).is_some())
}

fn unserved(target: &Target, ask: Ask<'_>) -> Fault {
    let message = format!("model {:?} does not serve this path: provider {:?} cannot", ask.model, target.provider.name);
    Fault::new(FaultKind::InvalidRequest, message).with_param("model")
}

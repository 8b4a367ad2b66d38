//! Which way the bytes go: unread, through the neutral model, or to Rust code.

use trunkline_config::Target;
use trunkline_providers::{Adapter, Call, Tokenizer};
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
    /// The provider counts tokens, in another way than the client asks; see [`counters`].
    Counted,
    /// Nobody is asked: the provider counts no tokens, so they are estimated here.
    Estimated,
}

impl Lane {
    /// What [`as_str`](Self::as_str) may say.
    pub const WORDS: [&'static str; 5] = ["native", "bridged", "adapter", "counted", "estimated"];

    /// The name in explanations; of a bridge, which dialect it leads to is another matter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Bridged(_) => "bridged",
            Self::Adapter(_) => "adapter",
            Self::Counted => "counted",
            Self::Estimated => "estimated",
        }
    }
}

/// One way to have a provider count the tokens of a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Its counter for clients of this dialect.
    Dialect(DialectId),
    /// Its tokeniser.
    Tokenizer(Tokenizer),
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
        Operation::CountTokens if counters(target, ask.dialect).next().is_some() => return Ok(Lane::Counted),
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

/// The ways in which a provider may count for a client of `from`, whose own has been tried or is not there, the best one
/// first: in a dialect that it speaks, in its own order, then by its tokeniser.
pub fn counters(target: &Target, from: DialectId) -> impl Iterator<Item = Counter> {
    let others = target.provider.dialects.iter().copied().filter(move |dialect| *dialect != from);
    let dialects = others.filter(|dialect| counts_in(target, *dialect)).map(Counter::Dialect);
    dialects.chain(target.provider.vendor.tokenizer.map(Counter::Tokenizer))
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
    ask.operation != Operation::CountTokens || counts_in(target, ask.dialect)
}

fn counts_in(target: &Target, dialect: DialectId) -> bool {
    let call = Call { dialect, operation: Operation::CountTokens, model: &target.model.name, stream: false };
    target.provider.base_url.as_ref().is_some_and(|base| target.provider.vendor.path(base, &call).is_some())
}

fn unserved(target: &Target, ask: Ask<'_>) -> Fault {
    let message = format!("model {:?} does not serve this path: provider {:?} cannot", ask.model, target.provider.name);
    Fault::new(FaultKind::InvalidRequest, message).with_param("model")
}

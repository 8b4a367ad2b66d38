//! What happened to one request. Exactly one is made for each, on success, fault or disconnect.

use std::pin::Pin;
use std::sync::Arc;

use trunkline_providers::Usd;
use trunkline_wire::{DialectId, FaultKind, Operation, ir};

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The whole answer was handed over.
    Served,
    /// It failed; the kind says how.
    Failed(FaultKind),
    /// The client went away first.
    ClientLeft,
}

impl Outcome {
    /// The name in logs, the store and the API: `served`, `client_left` or the fault's kind.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Failed(kind) => kind.as_str(),
            Self::ClientLeft => "client_left",
        }
    }
}

/// What reports hold for a caller that left before it had a status; nginx made the number known.
const CLIENT_LEFT_STATUS: u16 = 499;

/// The tries of a request before the one that answered, and what is known of that one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// They, in their order.
    pub before: Vec<Try>,
    /// How many more there were.
    pub beyond: usize,
    /// When the last one began, in microseconds from arrival; `None` when there was no other.
    pub last_began_us: Option<u64>,
    /// The label of the key that it was made with.
    pub last_key: Option<Arc<str>>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try {
    /// Who was to be asked.
    pub provider: Arc<str>,
    /// For which model.
    pub upstream_model: Arc<str>,
    /// With which key, by its label.
    pub key: Option<Arc<str>>,
    /// In which lane.
    pub lane: &'static str,
    /// The dialect that it was carried over into.
    pub dialect: Option<&'static str>,
    /// The kind of fault, or why it was not made.
    pub outcome: &'static str,
    /// What the provider answered.
    pub status: Option<u16>,
    /// Why, in words of ours: a provider's may quote the prompt.
    pub detail: Option<String>,
    /// When it began, in microseconds from arrival.
    pub started_us: u64,
    /// How long it took; nothing, where it was not made.
    pub total_us: u64,
}

/// What happened to one request. Cheap to make: every name is shared.
#[derive(Clone, Debug)]
pub struct Report {
    /// Unique; also in the `x-request-id` header of the answer. Its top 48 bits are `at_ms`: the store keeps them once.
    pub id: u128,
    /// When the request arrived, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The client key's name; `None` when none was needed or none was right.
    pub client_key: Option<Arc<str>>,
    /// What was asked for.
    pub operation: Operation,
    /// What the client speaks.
    pub dialect: Option<DialectId>,
    /// The name the client asked for; `None` when the request never got so far.
    pub model: Option<Arc<str>>,
    /// Who served it last.
    pub provider: Option<Arc<str>>,
    /// The provider's own name for the model.
    pub upstream_model: Option<Arc<str>>,
    /// How the bytes got there, in the word of [`Lane`](crate::Lane).
    pub lane: Option<&'static str>,
    /// The fields of the request that the provider was not told, in the client's words, and after them what of the answer
    /// the client was not told: `top_k, metadata.user_id, answer.content[1].citations`. `None` when there are none.
    pub losses: Option<Arc<str>>,
    /// What of the answer was put right, and where: `found:get_weather, coerced:get_weather.days`. `None` when nothing was.
    pub repairs: Option<Arc<str>>,
    /// What became of the tries before the one that answered. `None` when there were none.
    pub tries: Option<Box<Tries>>,
    /// The HTTP status the client saw; 499 when it left before one.
    pub status: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the answer was a stream.
    pub stream: bool,
    /// Tokens.
    pub usage: ir::Usage,
    /// The part of `usage` that went into answers nobody saw, since they called no tool and were asked for again. Boxed:
    /// there are few.
    pub unseen: Option<Box<ir::Usage>>,
    /// How far `usage` can be trusted; `None` when nothing was produced and nothing is owed.
    pub quality: Option<ir::Quality>,
    /// What it cost; `None` when nobody knows, which is not nothing.
    pub cost: Option<Usd>,
    /// What was not paid because some of the prompt came from a provider's cache, or all of the answer from ours; `None` as
    /// for `cost`.
    pub saved: Option<Usd>,
    /// Whether it was an answer given before, which cost nothing and for which nobody was asked.
    pub cached: bool,
    /// From arrival to the first byte of the answer's body, in microseconds.
    pub first_byte_us: Option<u64>,
    /// From arrival to the end, in microseconds.
    pub total_us: u64,
    /// Bytes of the request body.
    pub bytes_in: u64,
    /// Bytes of the answer's body.
    pub bytes_out: u64,
    /// Tries upstream; 0 when it never got so far.
    pub attempts: u32,
    /// How many times the answer broke off and was gone on with.
    pub continued: u32,
}

impl Report {
    /// The tokens that it took: none where the answer was one given before.
    pub fn used(&self) -> ir::Usage {
        if self.cached { ir::Usage::default() } else { self.usage }
    }

    /// The report of a request that has just arrived: its client has left, until something else is known.
    pub fn begin(id: u128, at_ms: u64, operation: Operation) -> Self {
        Self {
            id,
            at_ms,
            client_key: None,
            operation,
            dialect: None,
            model: None,
            provider: None,
            upstream_model: None,
            lane: None,
            losses: None,
            repairs: None,
            tries: None,
            status: CLIENT_LEFT_STATUS,
            outcome: Outcome::ClientLeft,
            stream: false,
            usage: ir::Usage::default(),
            unseen: None,
            quality: None,
            cost: None,
            saved: None,
            cached: false,
            first_byte_us: None,
            total_us: 0,
            bytes_in: 0,
            bytes_out: 0,
            attempts: 0,
            continued: 0,
        }
    }
}

/// Where reports go. Called on the request path: never blocks, drops and counts when full.
pub trait ReportSink: Send + Sync {
    /// Takes one report.
    fn take(&self, report: Report);

    /// Whether the last byte of an answer waits until its report is safe.
    fn holds_answers(&self) -> bool {
        false
    }

    /// Ready once all reports that were taken before this was called are safe, or have no prospect of it in time.
    fn settled(&self) -> Settled {
        Box::pin(std::future::ready(()))
    }
}

/// See [`ReportSink::settled`].
pub type Settled = Pin<Box<dyn Future<Output = ()> + Send>>;

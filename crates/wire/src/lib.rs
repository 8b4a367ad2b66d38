//! The bytes of each dialect and the neutral model between them.
//!
//! Pure: no sockets, no clock, no environment, no randomness. Everything here is driven by values that the caller hands
//! in, so that the same code serves the network, the tests and the fuzzer.

pub mod canonical;
pub mod capabilities;
pub mod continuation;
pub mod counting;
pub mod dialect;
pub mod dialects;
pub mod embeddings;
pub mod error;
pub mod fault;
mod fields;
pub mod filter;
mod fingerprint;
pub mod frame;
pub mod ir;
pub mod limits;
pub mod orphans;
pub mod parameters;
pub mod peek;
pub mod prefill;
pub mod redact;
pub mod relay;
mod scan;
mod seal;
pub mod splice;
pub mod timestamp;
pub mod tokens;
pub mod usd;
pub mod wishes;
mod write;

pub use capabilities::Capabilities;
pub use dialect::{Dialect, DialectId, Encoded, Operation, StreamDecoder, StreamEncoder, StreamHead};
pub use error::WireError;
pub use fault::{Fault, FaultKind, UpstreamWords, Who};
pub use limits::RateLimits;
pub use parameters::Parameters;
pub use peek::{Peek, quoted};
pub use usd::Usd;
pub use wishes::Wishes;

//! The bytes of each dialect and the neutral model between them.
//!
//! Pure: no sockets, no clock, no environment, no randomness. Everything here is driven by values that the caller hands
//! in, so that the same code serves the network, the tests and the fuzzer.

pub mod dialect;
pub mod dialects;
pub mod error;
pub mod fault;
pub mod frame;
pub mod ir;
pub mod peek;
pub mod relay;
mod scan;
pub mod splice;

pub use dialect::{Dialect, DialectId, Operation, StreamEncoder, StreamHead};
pub use error::WireError;
pub use fault::{Fault, FaultKind, UpstreamWords, Who};
pub use peek::{Peek, quoted};

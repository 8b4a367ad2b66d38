//! What several replicas do together: they share the limits and budgets of client keys, and who is left alone.

mod here;
mod leased;
mod past;
mod shared;
mod timings;

#[cfg(test)]
mod conformance;

pub use leased::LeasedPurse;
pub use past::{Past, PastError, Untold};
pub use shared::{BadUrl, SharedPurse};
pub use timings::Timings;

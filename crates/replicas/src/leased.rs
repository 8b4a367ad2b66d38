//! Budgets in parts: each replica on one PostgreSQL store leases from it what it may spend without asking.
//!
//! What is leased counts as spent for all others, so no budget is overrun; whoever leaves gives back what it did not need, and
//! who falls silent is taken it from. Rates are shared evenly.

mod holdings;
mod keeper;
mod purse;

pub use purse::LeasedPurse;

#[cfg(test)]
mod tests;

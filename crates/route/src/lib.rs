//! Which target, which key, when to try again; and the one report of what happened.
//!
//! Pure: a plan is made from the snapshot, the catalog and a number; nothing here waits or asks.

pub mod candidates;
pub mod catalog;
pub mod judge;
pub mod lane;
pub mod nearest;
pub mod plan;
pub mod report;

pub use catalog::{Catalog, Listing};
pub use judge::{Verdict, judge};
pub use lane::{Counter, Lane, bridge, counters};
pub use plan::{Ask, Attempt, Plan, plan};
pub use report::{Outcome, Report, ReportSink};

//! Which target, which key, when to try again; and the one report of what happened.
//!
//! Pure: a plan is made from the snapshot, the catalog, what is known right now and the time; nothing here waits or asks.

pub mod budget;
pub mod candidates;
pub mod catalog;
pub mod explain;
pub mod judge;
pub mod lane;
pub mod limits;
pub mod live;
pub mod loads;
mod minute;
pub mod nearest;
mod order;
pub mod plan;
pub mod policy;
pub mod prefix;
pub mod purse;
pub mod queue;
pub mod rates;
pub mod report;
pub mod vitals;
pub mod wants;

pub use catalog::{Catalog, Listing};
pub use explain::{Explanation, Question};
pub use judge::{Verdict, again, judge};
pub use lane::{Counter, Lane, bridge, counters};
pub use live::{Held, Live, Moment, Probe, RestRow};
pub use order::{Lot, Session};
pub use plan::{Ask, Attempt, CREDENTIALS_EXHAUSTED, LeftOut, NoPlan, Now, Plan, Unable, Unplanned, all_rest, plan};
pub use purse::{Accounts, Purse};
pub use report::{Outcome, Report, ReportSink, Settled, Tries, Try};
pub use wants::{Prompt, Wants};

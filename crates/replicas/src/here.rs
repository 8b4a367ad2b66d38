//! What is to be had in this process: its time, a name, answers of its own accounts.

use std::time::{SystemTime, UNIX_EPOCH};

use trunkline_route::Moment;
use trunkline_route::purse::Asked;

/// What one process answers is there at once.
pub(crate) fn answer<T>(asked: Asked<T>) -> T {
    match asked {
        Asked::Now(answer) => answer,
        Asked::Later(_) => unreachable!("accounts of one process ask nobody"),
    }
}

/// 64 random bits.
pub(crate) fn random_name() -> String {
    // Without randomness of the system, the time has to tell replicas apart.
    let bits = getrandom::u64().unwrap_or_else(|_none| now().0);
    format!("{bits:016x}")
}

/// The time.
pub(crate) fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

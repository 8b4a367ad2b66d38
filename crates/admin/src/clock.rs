//! What time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use trunkline_route::Moment;

/// This moment.
pub(crate) fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Moment(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

//! Whether one more request may be open.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use trunkline_wire::{Fault, FaultKind};

/// One open request; gives its place back when dropped.
#[derive(Debug)]
pub(crate) struct Permit(Arc<AtomicUsize>);

/// Takes a place among the open requests.
///
/// # Errors
/// `Busy` when `requests_max` are open.
pub(crate) fn admit(open: &Arc<AtomicUsize>, requests_max: usize) -> Result<Permit, Fault> {
    if open.fetch_add(1, Ordering::Relaxed) >= requests_max {
        open.fetch_sub(1, Ordering::Relaxed);
        let message = format!("{requests_max} requests are open, which is the limit; try again in a moment");
        return Err(Fault::new(FaultKind::Busy, message));
    }
    Ok(Permit(Arc::clone(open)))
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

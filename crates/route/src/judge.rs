//! After a failed try: another one, or the end.

use trunkline_wire::Fault;

/// What to do about a failed try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on with the next try of the plan.
    Next,
    /// Tell the client.
    GiveUp,
}

/// Judges a try that failed before any content reached the client; `left` is how many tries the plan still has.
pub fn judge(fault: &Fault, left: usize) -> Verdict {
    if left > 0 && fault.kind.worth_another_try() { Verdict::Next } else { Verdict::GiveUp }
}

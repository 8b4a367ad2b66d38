//! After a failed try: another one, or the end.

use std::time::Duration;

use trunkline_config::{ErrorAction, Failover};
use trunkline_wire::FaultKind;

/// What to do about a failed try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on with the next try of the plan.
    NextKey,
    /// Go on with the next try of the plan that is another target's: what failed has nothing to do with the key.
    NextTarget,
    /// Tell the client.
    GiveUp,
}

/// Judges a try that failed before any content reached the client.
pub fn judge(action: ErrorAction) -> Verdict {
    match action {
        // What could be put right was, where the try was made.
        ErrorAction::PassThrough | ErrorAction::AutoFixToolResponses => Verdict::GiveUp,
        ErrorAction::GlobalKeyFailure | ErrorAction::ModelKeyFailure => Verdict::NextKey,
        ErrorAction::ProviderCooldown
        | ErrorAction::RouteFailure
        | ErrorAction::FallbackNoCooldown
        | ErrorAction::Retry => Verdict::NextTarget,
    }
}

/// How long to wait before all tries are begun again after the last of them failed; `None`: not at all. `round` counts
/// those that are over, `chance` is anything at random, and `left` is the time the request still has.
pub fn again(
    failover: &Failover,
    action: ErrorAction,
    kind: FaultKind,
    round: u32,
    chance: u64,
    left: Duration,
) -> Option<Duration> {
    // What took all its time once would take it twice.
    if action != ErrorAction::Retry || kind == FaultKind::UpstreamTimeout || round >= failover.retries {
        return None;
    }
    let doubled = failover.backoff.saturating_mul(2_u32.saturating_pow(round)).min(failover.backoff_max);
    // Give or take a fifth, so that those who failed together do not come back together.
    let wait = doubled.mul_f64(0.8 + (chance % 1_000) as f64 / 2_500.0);
    (wait < left).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;
    use trunkline_config::{CircuitLimits, QueueLimits, WhenResting};

    const FAILOVER: Failover = Failover {
        retries: 3,
        key_cycles: 1,
        backoff: Duration::from_millis(500),
        backoff_max: Duration::from_millis(1_500),
        when_resting: WhenResting::Fail,
        circuit: CircuitLimits {
            failures: 5,
            window: Duration::from_secs(30),
            open: Duration::from_secs(15),
            slow_start: Duration::ZERO,
        },
        queue: QueueLimits {
            waiting_max: 1,
            wait_max: Duration::ZERO,
            spill_after: Duration::ZERO,
            keepalive_after: Duration::ZERO,
        },
    };

    fn wait_ms(round: u32, chance: u64, left_ms: u64) -> Option<u128> {
        let left = Duration::from_millis(left_ms);
        let wait = again(&FAILOVER, ErrorAction::Retry, FaultKind::UpstreamBroken, round, chance, left);
        wait.map(|wait| wait.as_millis())
    }

    #[test]
    fn waits_double_up_to_the_longest_give_or_take_a_fifth() {
        assert_eq!([wait_ms(0, 0, 9_000), wait_ms(0, 999, 9_000)], [Some(400), Some(599)]);
        assert_eq!([wait_ms(1, 500, 9_000), wait_ms(2, 500, 9_000)], [Some(1_000), Some(1_500)]);
        assert_eq!(wait_ms(3, 0, 9_000), None, "as often as configured");
        assert_eq!([wait_ms(0, 0, 401), wait_ms(0, 0, 400)], [Some(400), None], "never past the deadline");
    }

    #[test]
    fn only_what_may_pass_is_begun_again() {
        let long = Duration::from_secs(99);
        let again = |action, kind| again(&FAILOVER, action, kind, 0, 0, long).is_some();
        assert!(again(ErrorAction::Retry, FaultKind::Unreachable));
        assert!(!again(ErrorAction::Retry, FaultKind::UpstreamTimeout));
        assert!(!again(ErrorAction::RouteFailure, FaultKind::Overloaded));
        assert!(!again(ErrorAction::PassThrough, FaultKind::UpstreamRejected));
    }
}

//! Spans of latency, each half as wide again as the one before, in which requests are counted; and what the counts tell.

/// How many there are.
pub(crate) const SPANS: usize = 32;

/// The longest latency of each span but the last, in microseconds: 2 ms, then half as much again each, to 6.4 minutes.
/// Databases hold counts by these numbers, so they never change.
const LONGEST_US: [u64; SPANS - 1] = longest();

#[expect(clippy::indexing_slicing, reason = "computed while compiling, where it would not compile")]
const fn longest() -> [u64; SPANS - 1] {
    let mut longest = [2_000; SPANS - 1];
    let mut span = 1;
    while span < longest.len() {
        longest[span] = longest[span - 1] * 3 / 2;
        span += 1;
    }
    longest
}

/// The span that a latency falls in.
pub(crate) fn span_of(latency_us: u64) -> usize {
    LONGEST_US.partition_point(|longest| *longest < latency_us)
}

/// The latency that `share` (0 to 1) of the counted requests do not exceed, in microseconds; `None` when there are none.
/// Within a span, requests are taken to lie evenly, so it is off by less than half, mostly far less. What is beyond the
/// last bound is said to lie there.
pub(crate) fn percentile_us(counts: &[u64], share: f64) -> Option<u64> {
    let all: u64 = counts.iter().sum();
    if all == 0 {
        return None;
    }
    let wanted = share.clamp(0.0, 1.0) * all as f64;
    let mut before = 0;
    for (span, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        if (before + count) as f64 >= wanted {
            let within = ((wanted - before as f64) / *count as f64).clamp(0.0, 1.0);
            let shortest = span.checked_sub(1).and_then(|before| LONGEST_US.get(before)).copied().unwrap_or(0);
            let longest = LONGEST_US.get(span).copied().unwrap_or(shortest);
            return Some(shortest + ((longest - shortest) as f64 * within) as u64);
        }
        before += count;
    }
    LONGEST_US.last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_latency_has_its_span() {
        let cases = [0, 2_000, 2_001, 3_000, 3_001, 10_125, 10_126, 383_477_026, 383_477_027, u64::MAX];
        assert_eq!(cases.map(span_of), [0, 0, 1, 1, 2, 4, 5, 30, 31, 31]);
    }

    #[test]
    fn percentiles_are_within_a_span_of_the_truth() {
        // One request each millisecond up to a second.
        let mut counts = [0; SPANS];
        (1..=1_000).for_each(|ms| counts[span_of(ms * 1_000)] += 1);
        for (share, truth_ms) in [(0.5, 500.0), (0.9, 900.0), (0.99, 990.0), (0.01, 10.0)] {
            let told_ms = percentile_us(&counts, share).unwrap() as f64 / 1_000.0;
            assert!((truth_ms * 0.67..truth_ms * 1.5).contains(&told_ms), "{share}: {told_ms}");
        }
        assert_eq!(percentile_us(&[0; SPANS], 0.5), None);
        let mut beyond = [0; SPANS];
        beyond[SPANS - 1] = 3;
        assert_eq!(percentile_us(&beyond, 0.5), Some(383_477_026));
    }
}

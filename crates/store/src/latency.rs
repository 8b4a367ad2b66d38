//! Spans of latency, each half as wide again as the one before, in which requests are counted; how the counts are written
//! down; and what they tell.

/// How many spans there are.
const SPANS: usize = 32;

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

/// The mark of the first span; each of the next ones has the next character. Databases hold them, so they never change:
/// printable ones that are no digits.
const TOTAL_MARK: u8 = b'>';
const FIRST_BYTE_MARK: u8 = TOTAL_MARK + SPANS as u8;

/// The longest text that is kept as it came to be, by adding to its end. One that has each mark once is never longer, so
/// writing it anew always helps.
pub(crate) const TEXT_BYTES_MAX: usize = 1_024;

/// How many requests fell in each span.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spans {
    total: [u64; SPANS],
    first_byte: [u64; SPANS],
}

impl Spans {
    /// Counts one request.
    pub(crate) fn count(&mut self, total_us: u64, first_byte_us: Option<u64>) {
        add(&mut self.total, span_of(total_us), 1);
        if let Some(first_byte_us) = first_byte_us {
            add(&mut self.first_byte, span_of(first_byte_us), 1);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        let both = self.total.iter_mut().chain(&mut self.first_byte);
        both.zip(other.total.iter().chain(&other.first_byte))
            .for_each(|(count, more)| *count = count.saturating_add(*more));
    }

    /// Adds what a text says, or several, end to end. What is no mark counts nothing.
    pub(crate) fn read(&mut self, text: &str) {
        let mut count = None;
        for byte in text.bytes() {
            if byte.is_ascii_digit() {
                count = Some(count.unwrap_or(0_u64).saturating_mul(10).saturating_add(u64::from(byte - b'0')));
                continue;
            }
            let count = count.take().unwrap_or(1);
            match byte.checked_sub(FIRST_BYTE_MARK) {
                Some(span) => add(&mut self.first_byte, span.into(), count),
                None => add(&mut self.total, byte.wrapping_sub(TOTAL_MARK).into(), count),
            }
        }
    }

    /// The shortest text that says it.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (first, counts) in [(TOTAL_MARK, &self.total), (FIRST_BYTE_MARK, &self.first_byte)] {
            for (mark, count) in (first..).zip(counts).filter(|(_, count)| **count > 0) {
                if *count > 1 {
                    text.push_str(&count.to_string());
                }
                text.push(mark.into());
            }
        }
        text
    }

    /// The latency to the end that `share` of the requests do not exceed; see [`percentile_us`].
    pub(crate) fn total_us(&self, share: f64) -> Option<u64> {
        percentile_us(&self.total, share)
    }

    /// The same to the first byte.
    pub(crate) fn first_byte_us(&self, share: f64) -> Option<u64> {
        percentile_us(&self.first_byte, share)
    }
}

fn add(counts: &mut [u64; SPANS], span: usize, more: u64) {
    if let Some(count) = counts.get_mut(span) {
        *count = count.saturating_add(more);
    }
}

/// The span that a latency falls in.
fn span_of(latency_us: u64) -> usize {
    LONGEST_US.partition_point(|longest| *longest < latency_us)
}

/// The latency that `share` (0 to 1) of the counted requests do not exceed, in microseconds; `None` when there are none.
/// Within a span, requests are taken to lie evenly, so it is off by less than half, mostly far less. What is beyond the
/// last bound is said to lie there.
fn percentile_us(counts: &[u64], share: f64) -> Option<u64> {
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

    #[test]
    fn counts_are_what_their_text_says() {
        let mut spans = Spans::default();
        assert_eq!(spans.text(), "");
        spans.count(0, None);
        (0..12).for_each(|_| spans.count(u64::MAX, Some(3_000)));
        spans.count(2_001, Some(u64::MAX));
        assert_eq!(spans.text(), ">?12]12_}");
        let mut read = Spans::default();
        read.read(&spans.text());
        assert_eq!(read, spans);
        read.read(&spans.text());
        read.read("5>");
        spans.merge(&spans.clone());
        (0..5).for_each(|_| spans.count(0, None));
        assert_eq!(read, spans);
        assert_eq!(read.text(), "7>2?24]24_2}");
    }

    #[test]
    fn a_text_end_to_end_says_the_sum_and_nonsense_says_nothing() {
        let read = |text: &str| {
            let mut spans = Spans::default();
            spans.read(text);
            spans.text()
        };
        assert_eq!(read(">>3>_"), "5>_");
        assert_eq!(read("é~ \u{0}-7"), "");
        assert_eq!(read("99999999999999999999>>"), format!("{}>", u64::MAX));
    }

    #[test]
    fn the_longest_text_is_no_longer_than_what_is_kept() {
        let most = [1 << 40; SPANS];
        let text = Spans { total: most, first_byte: most }.text();
        assert!(text.len() <= TEXT_BYTES_MAX, "{}", text.len());
    }
}

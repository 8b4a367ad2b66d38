//! The one reader of content: how many tokens an answer took, and how sure that is.

use trunkline_route::Report;
use trunkline_wire::Operation;
use trunkline_wire::ir::{Quality, Usage};
use trunkline_wire::relay::Facts;

/// Bytes of JSON that make about one token of English, where nobody counted.
const BYTES_PER_TOKEN: u64 = 4;

/// Whether the answer came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It did.
    Whole,
    /// It broke off, or the client left.
    Cut,
}

/// The tokens of an answer, and how sure they are; `None` for work whose tokens nobody could guess.
pub(crate) fn measure(report: &Report, facts: &Facts, end: End) -> Option<(Usage, Quality)> {
    let (usage, sure) = match facts.usage {
        // What one that broke off had taken is known only as far as it said so.
        Some(usage) if report.continued > 0 => (usage, Quality::Estimated),
        Some(usage) => (usage, Quality::Exact),
        None => (guess(report, facts)?, Quality::Estimated),
    };
    Some((usage, if end == End::Cut { Quality::Partial } else { sure }))
}

/// From sizes alone; `None` for work whose tokens nobody could guess.
fn guess(report: &Report, facts: &Facts) -> Option<Usage> {
    let input = report.bytes_in / BYTES_PER_TOKEN;
    let output = match report.operation {
        Operation::Chat | Operation::Completion if report.stream => facts.content_events,
        Operation::Chat | Operation::Completion => report.bytes_out / BYTES_PER_TOKEN,
        Operation::Embedding => 0,
        // Counting costs nothing.
        Operation::CountTokens => return None,
        Operation::Other => return None,
    };
    Some(Usage { input, output, ..Usage::default() })
}

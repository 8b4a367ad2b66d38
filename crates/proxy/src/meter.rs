//! The one reader of content: how many tokens an answer took, and how sure that is.

use trunkline_route::Report;
use trunkline_wire::Operation;
use trunkline_wire::ir::{Quality, Usage};
use trunkline_wire::relay::Facts;

use crate::owed::Question;

/// Bytes of an answer that make about one token, where it is one object that is too long or too odd to be read.
const BYTES_PER_TOKEN: u64 = 4;

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It was whole.
    Whole,
    /// It broke off, through no fault of the client's.
    Broken,
    /// The client left.
    Left,
}

/// The tokens of an answer, and how sure they are; `None` for work whose tokens nobody could guess, and for what broke off
/// before anything was said.
pub(crate) fn measure(report: &Report, facts: &Facts, end: End, asked: &Question) -> Option<(Usage, Quality)> {
    let guess = match report.operation {
        Operation::Chat | Operation::Completion => Guess { asked, output: output(report, facts) },
        Operation::Embedding => Guess { asked, output: 0 },
        // Counting costs nothing, and of the rest nobody knows.
        Operation::CountTokens | Operation::Other => {
            let quality = if end == End::Whole { Quality::Exact } else { Quality::Partial };
            return facts.usage.map(|usage| (usage, quality));
        }
    };
    match (facts.usage, end) {
        (Some(said), End::Whole) if !facts.is_outdated() && said.prompt() > 0 => Some((said, Quality::Exact)),
        (Some(said), End::Whole) if !facts.is_outdated() => {
            let usage = guess.beside(said);
            let quality = if usage.input == 0 { Quality::Exact } else { Quality::Estimated };
            Some((usage, quality))
        }
        (said, End::Whole) => Some((guess.instead(said.unwrap_or_default()), Quality::Estimated)),
        (None, End::Broken) if guess.output == 0 => None,
        (said, End::Broken | End::Left) => Some((guess.instead(said.unwrap_or_default()), Quality::Partial)),
    }
}

/// What is likely, where it is not known.
struct Guess<'a> {
    asked: &'a Question,
    output: u64,
}

impl Guess<'_> {
    /// Fills in the prompt, where a provider has not counted it.
    fn beside(&self, said: Usage) -> Usage {
        // Only now is it worth the work.
        if said.prompt() > 0 { said } else { Usage { input: self.asked.tokens(), ..said } }
    }

    /// The same, and the answer.
    fn instead(&self, said: Usage) -> Usage {
        Usage { output: self.output.max(said.output), ..self.beside(said) }
    }
}

fn output(report: &Report, facts: &Facts) -> u64 {
    match facts.output_so_far() {
        0 if !report.stream => report.bytes_out / BYTES_PER_TOKEN,
        tokens => tokens,
    }
}

//! What a request cost: its usage at the price of whoever answered.

use trunkline_providers::price::Extent;
use trunkline_providers::{Price, Usd};
use trunkline_route::{Outcome, Report};
use trunkline_wire::Operation;

/// Writes into its report what a request cost that is over.
pub(crate) fn settle(report: &mut Report, price: Option<&Price>, took_us: u64) {
    let extent = Extent { at_ms: report.at_ms, took_us, images: report.images };
    (report.cost, report.saved) = match report.quality {
        Some(_) => (
            price.and_then(|price| price.cost(&report.usage, extent)),
            price.and_then(|p| p.saved(&report.usage, extent)),
        ),
        None if is_free(report) => (Some(Usd::ZERO), Some(Usd::ZERO)),
        None => {
            let cost = price.and_then(|price| price.cost_uncounted(extent));
            (cost, cost.map(|_| Usd::ZERO))
        }
    };
}

/// Whether nothing is owed: nothing was produced, or only counted.
fn is_free(report: &Report) -> bool {
    report.outcome != Outcome::Served || report.operation == Operation::CountTokens
}

#[cfg(test)]
mod tests {
    use trunkline_providers::price::{Tariff, TokenPrices, UnitPrice};
    use trunkline_wire::FaultKind;
    use trunkline_wire::ir::{Quality, Usage};

    use super::*;

    fn settled(report: Report, price: Option<&Price>) -> (Option<String>, Option<String>) {
        let mut report = report;
        settle(&mut report, price, 0);
        let text = |usd: Option<Usd>| usd.map(|usd| usd.to_string());
        (text(report.cost), text(report.saved))
    }

    fn answered() -> Report {
        let usage = Usage { input: 1_000, cache_read: 1_000, output: 100, ..Usage::default() };
        let outcome = Outcome::Served;
        Report { usage, outcome, quality: Some(Quality::Exact), ..Report::begin(1, 0, Operation::Chat) }
    }

    fn price(input: u64, cached_input: u64, request: u64) -> Price {
        let [input, cached_input, request] = [input, cached_input, request].map(UnitPrice::from_pico);
        let tokens = TokenPrices { input, cached_input, ..TokenPrices::default() };
        Price::always(Tariff { tokens, request, ..Tariff::default() })
    }

    fn both(cost: &str, saved: &str) -> (Option<String>, Option<String>) {
        (Some(cost.to_owned()), Some(saved.to_owned()))
    }

    #[test]
    fn an_answer_costs_its_tokens_and_what_is_not_known_is_not_nothing() {
        assert_eq!(settled(answered(), Some(&price(3_000_000, 300_000, 0))), both("0.0033", "0.0027"));
        assert_eq!(settled(answered(), None), (None, None));
    }

    #[test]
    fn pictures_cost_where_they_have_a_price() {
        let image = UnitPrice::from_pico(5_000_000_000);
        let pictured = Price::always(Tariff { image, ..Tariff::default() });
        assert_eq!(settled(Report { images: 3, ..answered() }, Some(&pictured)), both("0.015", "0.00"));
    }

    #[test]
    fn what_produced_nothing_costs_nothing() {
        let dear = price(3_000_000, 0, 5_000_000_000);
        let none = Report { quality: None, usage: Usage::default(), ..answered() };
        let failed = Report { outcome: Outcome::Failed(FaultKind::RateLimited), ..none.clone() };
        assert_eq!(settled(failed, Some(&dear)), both("0.00", "0.00"));
        let counted = Report { operation: Operation::CountTokens, ..none };
        assert_eq!(settled(counted, None), both("0.00", "0.00"));
    }

    #[test]
    fn an_answer_without_tokens_costs_what_a_request_costs() {
        let other = Report { operation: Operation::Other, quality: None, usage: Usage::default(), ..answered() };
        assert_eq!(settled(other.clone(), Some(&price(0, 0, 5_000_000_000))), both("0.005", "0.00"));
        assert_eq!(settled(other.clone(), Some(&price(3_000_000, 0, 5_000_000_000))), (None, None));
        assert_eq!(settled(other, None), (None, None));
    }
}

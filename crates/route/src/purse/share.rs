//! What one of several replicas lets in while it cannot ask the others.

use trunkline_config::{Allowance, Budget};
use trunkline_providers::price::Usd;

use super::Refused;
use crate::budget::Short;

/// The part of what a key may ask for that falls to one of so many replicas, and of each budget what is told by `limit`. At
/// least one request a minute and at once: a limit that is smaller than the number of replicas would keep out everybody.
pub fn of(allowance: &Allowance, replicas: u32, limit: impl Fn(&Budget) -> Usd) -> Allowance {
    let replicas = replicas.max(1);
    let mut share = allowance.clone();
    share.requests_per_minute = allowance.requests_per_minute.map(|most| (most / replicas).max(1));
    share.tokens_per_minute = allowance.tokens_per_minute.map(|most| (most / u64::from(replicas)).max(1));
    share.parallel_requests = allowance.parallel_requests.map(|most| (most / replicas).max(1));
    share.budgets = allowance.budgets.iter().map(|budget| Budget { limit: limit(budget), ..*budget }).collect();
    share
}

/// The part of what is left of a budget.
pub fn part(left: Usd, replicas: u32) -> Usd {
    Usd::from_nano(left.max(Usd::ZERO).nano() / i64::from(replicas.max(1)))
}

/// A refusal by a share of a budget, in the words of the whole.
pub fn in_full(refused: Refused, allowance: &Allowance) -> Refused {
    match refused {
        Refused::Short(short) => {
            let whole = allowance.budgets.iter().find(|budget| budget.hard && budget.period == short.budget.period);
            Refused::Short(Short { budget: whole.copied().unwrap_or(short.budget), ..short })
        }
        Refused::Over(..) => refused,
    }
}

#[cfg(test)]
mod tests {
    use trunkline_config::file::{AllowanceSection, BudgetPeriod};

    use super::*;

    #[test]
    fn the_parts_of_all_replicas_are_never_more_than_the_whole() {
        let section: AllowanceSection = serde_json::from_str(
            r#"{"requests_per_minute":10,"tokens_per_minute":1000,"parallel_requests":2,"budgets":[{"usd":"1","period":"day"},
                {"usd":"5","hard":false}]}"#,
        )
        .expect("an allowance");
        let whole = Allowance::of(&section).expect("some limit");
        let left = |budget: &Budget| super::part(budget.limit.minus(Usd::from_nano(100)), 3);
        let part = of(&whole, 3, left);
        assert_eq!(part.requests_per_minute, Some(3));
        assert_eq!(part.tokens_per_minute, Some(333));
        assert_eq!(part.parallel_requests, Some(1), "somebody gets in");
        let hard = part.budgets.iter().find(|budget| budget.period == BudgetPeriod::Day).expect("it is there");
        assert_eq!(hard.limit, Usd::from_nano(333_333_300));
        assert_eq!(of(&whole, 0, left).requests_per_minute, Some(10), "there is at least this one");
        assert_eq!(super::part(Usd::from_nano(-1), 2), Usd::ZERO);
    }
}

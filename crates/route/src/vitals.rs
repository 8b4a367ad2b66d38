//! Whether a provider that is asked again and again counts as well.

use trunkline_config::HealthCheck;

use crate::live::Moment;

/// One provider's answers so far. It counts as well until it has failed often enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vitals {
    /// Answers in a row that say the other thing.
    against: u32,
    sick_since: Option<Moment>,
}

impl Vitals {
    /// Whether the provider counts as not well.
    pub fn is_sick(&self) -> bool {
        self.sick_since.is_some()
    }

    /// Takes in one more answer. Gives since when the provider is not well; `None` while it is.
    pub fn push(&mut self, well: bool, check: &HealthCheck, now: Moment) -> Option<Moment> {
        if well == self.sick_since.is_none() {
            self.against = 0;
            return self.sick_since;
        }
        self.against += 1;
        let enough = if well { check.healthy_after } else { check.unhealthy_after };
        if self.against >= enough {
            *self = Self { against: 0, sick_since: (!well).then_some(now) };
        }
        self.sick_since
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_takes_several_answers_in_a_row_to_change_what_is_thought_of_it() {
        let check = HealthCheck {
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(5),
            path: None,
            statuses: Vec::new(),
            contains: None,
            cold_is_well: true,
            unhealthy_after: 3,
            healthy_after: 2,
        };
        let mut vitals = Vitals::default();
        let answers = "+--+--+---+-++--";
        let seen: String = answers
            .chars()
            .zip(0..)
            .map(|(answer, at)| vitals.push(answer == '+', &check, Moment(at)))
            .map(|sick| sick.map_or('.', |Moment(at)| if at == 9 { 'x' } else { '?' }))
            .collect();
        assert_eq!(seen, ".........xxxx...");
    }
}

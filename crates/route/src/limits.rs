//! How much a client key asks for: requests and tokens within a sliding minute, and requests open at once.

use std::time::Duration;

use trunkline_config::{Allowance, KeyLimits};
use trunkline_wire::limits::{Figure, Remaining};

use crate::live::Moment;
use crate::minute::{Minute, Used};

/// What one client key asks for.
#[derive(Debug, Default)]
pub struct Asking {
    minute: Minute,
    open: u32,
}

/// A request that counts, until [`Asking::leave`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entered {
    /// When.
    pub at: Moment,
    /// What was reckoned it takes.
    pub tokens: u64,
}

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// So many requests a minute are allowed; there is room for one more after this time.
    Requests(u32, Duration),
    /// So many tokens a minute are allowed; there is room for those of this request after this time.
    Tokens(u64, Duration),
    /// So many requests may be open.
    Parallel(u32),
}

impl Asking {
    /// Lets in a request whose prompt is reckoned to be so many tokens.
    ///
    /// # Errors
    /// When that is more than the key may ask for. A prompt that is larger than the limit is let in when nothing else
    /// counts: it could never be otherwise.
    pub fn enter(&mut self, allowance: &Allowance, tokens: u64, now: Moment) -> Result<Entered, Over> {
        if let Some(most) = allowance.parallel_requests.filter(|most| self.open >= *most) {
            return Err(Over::Parallel(most));
        }
        let more = Used { requests: 1, tokens };
        self.keeps_within(allowance, more, now)?;
        self.open += 1;
        self.minute.add(now, more);
        Ok(Entered { at: now, tokens })
    }

    fn keeps_within(&mut self, allowance: &Allowance, more: Used, now: Moment) -> Result<(), Over> {
        let Allowance { requests_per_minute, tokens_per_minute, .. } = *allowance;
        if self.minute.free_at(KeyLimits { requests_per_minute, tokens_per_minute }, more, now).is_none() {
            return Ok(());
        }
        let of_requests = KeyLimits { requests_per_minute, tokens_per_minute: None };
        if let (Some(most), Some(free)) = (requests_per_minute, self.minute.free_at(of_requests, more, now)) {
            return Err(Over::Requests(most, free.since(now)));
        }
        let of_tokens = KeyLimits { requests_per_minute: None, tokens_per_minute };
        match (tokens_per_minute, self.minute.free_at(of_tokens, more, now)) {
            (Some(most), Some(free)) => Err(Over::Tokens(most, free.since(now))),
            _ => Ok(()),
        }
    }

    /// The request is over, and took so many tokens.
    pub fn leave(&mut self, Entered { at, tokens: reckoned }: Entered, took: u64, now: Moment) {
        self.open = self.open.saturating_sub(1);
        match took.checked_sub(reckoned) {
            Some(more) => self.minute.add(now, Used { requests: 0, tokens: more }),
            None => self.minute.take_back(at, Used { requests: 0, tokens: reckoned - took }),
        }
    }

    /// Requests that are open.
    pub fn open(&self) -> u32 {
        self.open
    }

    /// What is left, as its caller is told.
    pub fn remaining(&mut self, allowance: &Allowance, now: Moment) -> Remaining {
        let (used, empty_at) = self.minute.used(now);
        remaining(allowance, used.requests, used.tokens, empty_at.since(now))
    }
}

/// What is left of a minute in which so many requests were made and tokens used, and which is empty after this time.
pub fn remaining(allowance: &Allowance, requests: u64, tokens: u64, reset: Duration) -> Remaining {
    let figure = |limit: u64, used: u64| Figure { limit, remaining: limit.saturating_sub(used), reset };
    Remaining {
        requests: allowance.requests_per_minute.map(|limit| figure(u64::from(limit), requests)),
        tokens: allowance.tokens_per_minute.map(|limit| figure(limit, tokens)),
    }
}

#[cfg(test)]
mod tests;

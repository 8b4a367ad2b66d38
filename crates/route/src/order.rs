//! The order of a model's targets, and of a provider's keys.

use trunkline_config::{Key, KeyStrategy, Strategy, Target};

/// What orders a request among others.
#[derive(Clone, Copy, Debug)]
pub struct Lot {
    /// Grows by one a request.
    pub turn: usize,
    /// Anything at random.
    pub chance: u64,
}

impl Lot {
    /// The turn of a provider's keys. Where targets take turns, one of them has every second or third alone: its keys
    /// would not all come round if they went by the same count.
    pub(crate) fn of_keys(self, targets: &[Target], strategy: Strategy) -> usize {
        let first = targets.chunk_by(|a, b| a.priority == b.priority).next().map_or(1, <[Target]>::len);
        if strategy == Strategy::RoundRobin { self.turn / first.max(1) } else { self.turn }
    }
}

/// Orders targets that are sorted by priority: those of the same priority as the strategy says.
pub(crate) fn order(targets: &mut [Target], strategy: Strategy, lot: Lot) {
    for tier in targets.chunk_by_mut(|a, b| a.priority == b.priority) {
        if tier.len() > 1 {
            match strategy {
                Strategy::Weighted => shuffle(tier, lot.chance),
                Strategy::RoundRobin => rotate(tier, lot.turn),
                Strategy::Backup => {}
            }
        }
    }
}

/// Draws one after the other, each with a chance in proportion to its weight among those left.
fn shuffle(tier: &mut [Target], chance: u64) {
    let mut chance = chance;
    let mut left = tier;
    while left.len() > 1 {
        let total: u64 = left.iter().map(|target| u64::from(target.weight)).sum();
        chance = mixed(chance);
        let mut drawn = chance % total.max(1);
        let first = left.iter().position(|target| {
            let weight = u64::from(target.weight);
            let here = drawn < weight;
            drawn = drawn.saturating_sub(weight);
            here
        });
        left.swap(0, first.unwrap_or_default());
        left = left.split_first_mut().map(|(_, rest)| rest).unwrap_or_default();
    }
}

/// Begins with the one whose turn it is, and goes on in the order written. With weights each begins as often as its own
/// says, and no two turns of one are further apart than they need be.
fn rotate(tier: &mut [Target], turn: usize) {
    let even = tier.windows(2).all(|pair| matches!(pair, [a, b] if a.weight == b.weight));
    let first = if even { turn % tier.len() } else { weighted_turn(tier, turn as u64) };
    tier.rotate_left(first);
}

/// Multiples of the golden ratio fall evenly into a circle, however many there are: here, into shares of it.
fn weighted_turn(tier: &[Target], turn: u64) -> usize {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let total: u128 = tier.iter().map(|target| u128::from(target.weight)).sum();
    let mut place = (u128::from(turn.wrapping_mul(GOLDEN)) * total) >> 64;
    let found = tier.iter().position(|target| {
        let weight = u128::from(target.weight);
        let here = place < weight;
        place = place.saturating_sub(weight);
        here
    });
    found.unwrap_or_default()
}

/// The keys of a provider in the order in which they are to be used.
pub(crate) fn keys(keys: &[Key], strategy: KeyStrategy, turn: usize) -> impl Iterator<Item = &Key> {
    let first = match strategy {
        KeyStrategy::RoundRobin => turn % keys.len().max(1),
        KeyStrategy::FillFirst => 0,
    };
    keys.iter().cycle().skip(first).take(keys.len())
}

/// A number that looks like chance, from one that may not (SplitMix64).
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

#[cfg(test)]
mod tests;

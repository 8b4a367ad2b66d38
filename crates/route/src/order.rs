//! The order of a model's targets, and of a provider's keys.

use std::cmp::{Ordering, Reverse};
use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use trunkline_config::{Key, KeyStrategy, Provider, Strategy, Target};

use crate::plan::Now;

/// How many times its share of the open requests a target may have, and one more, before others are asked for prompts
/// that it knows.
const CROWDED: f64 = 1.5;

/// Different for each thing that is drawn for one request: what the targets drew must not decide what the keys do.
const EASE_IN: u64 = 0x6561_7365;
const KEYS: u64 = 0x6b65_7973;

/// Whose request it is, for whoever asks: finding out may mean reading the body.
pub trait Session: Debug {
    /// The same number for all requests of one session; `None` when it belongs to none.
    fn id(&self) -> Option<u64>;

    /// The [beginnings](crate::prefix::beginnings) of its prompt; none when they are not known.
    fn beginnings(&self) -> &[u64] {
        &[]
    }
}

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
    pub(crate) fn of_keys(self, targets: &[Arc<Target>], strategy: Strategy) -> usize {
        let first = targets.chunk_by(|a, b| a.priority == b.priority).next().map_or(1, <[Arc<Target>]>::len);
        if strategy.takes_turns() { self.turn / first.max(1) } else { self.turn }
    }
}

/// Orders targets that are sorted by priority: those of the same priority as the strategy says.
pub(crate) fn order(targets: &mut [Arc<Target>], strategy: Strategy, now: Now<'_>) {
    let lot = now.lot;
    for tier in targets.chunk_by_mut(|a, b| a.priority == b.priority) {
        if tier.len() > 1 {
            match strategy {
                Strategy::Weighted => draw(tier, lot.chance),
                Strategy::RoundRobin | Strategy::Rotational => rotate(tier, lot.turn),
                Strategy::Backup | Strategy::Duplicate => {}
                Strategy::LeastBusy => by_load(tier, now),
                Strategy::TwoChoices => better_of_two(tier, now),
                Strategy::Sticky => match now.session.id() {
                    Some(session) => by_session(tier, session),
                    None => draw(tier, lot.chance),
                },
                Strategy::Prefix => by_prefix(tier, now),
            }
            if shares(strategy) {
                ease_in(tier, now);
            }
        }
    }
}

/// Whether a strategy gives each target its share of the requests, whatever they are.
fn shares(strategy: Strategy) -> bool {
    match strategy {
        Strategy::Weighted
        | Strategy::RoundRobin
        | Strategy::Rotational
        | Strategy::LeastBusy
        | Strategy::TwoChoices => true,
        Strategy::Backup | Strategy::Duplicate | Strategy::Sticky | Strategy::Prefix => false,
    }
}

/// Lets those who are not long back pass, but for the share that they are to have, behind the others.
fn ease_in(tier: &mut [Arc<Target>], now: Now<'_>) {
    if now.live.is_calm() {
        return;
    }
    let mut chance = mixed(now.lot.chance ^ EASE_IN);
    tier.sort_by_cached_key(|target| {
        chance = mixed(chance);
        // In [0, 1).
        (chance >> 11) as f64 / (1_u64 << 53) as f64 >= now.live.share(target, now.at)
    });
}

fn draw(tier: &mut [Arc<Target>], chance: u64) {
    shuffle(tier, |target| target.weight, chance);
}

/// Draws one after the other, each with a chance in proportion to its weight among those left.
fn shuffle<T>(list: &mut [T], weight: impl Fn(&T) -> u32, chance: u64) {
    let mut chance = chance;
    let mut left = list;
    while left.len() > 1 {
        let total: u64 = left.iter().map(|one| u64::from(weight(one))).sum();
        chance = mixed(chance);
        let mut drawn = chance % total.max(1);
        let first = left.iter().position(|one| {
            let weight = u64::from(weight(one));
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
fn rotate(tier: &mut [Arc<Target>], turn: usize) {
    let even = tier.windows(2).all(|pair| matches!(pair, [a, b] if a.weight == b.weight));
    let first = if even { turn % tier.len() } else { weighted_turn(tier, turn as u64) };
    tier.rotate_left(first);
}

/// Multiples of the golden ratio fall evenly into a circle, however many there are: here, into shares of it.
fn weighted_turn(tier: &[Arc<Target>], turn: u64) -> usize {
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
pub(crate) fn keys<'p>(provider: &'p Provider, turn: usize, now: Now<'_>) -> Vec<&'p Arc<Key>> {
    let (keys, strategy) = (&provider.keys, provider.key_strategy);
    let first = match strategy {
        KeyStrategy::RoundRobin | KeyStrategy::LeastUsed => turn % keys.len().max(1),
        KeyStrategy::FillFirst | KeyStrategy::Weighted => 0,
    };
    let mut keys: Vec<&Arc<Key>> = keys.iter().cycle().skip(first).take(keys.len()).collect();
    match strategy {
        KeyStrategy::RoundRobin | KeyStrategy::FillFirst => {}
        KeyStrategy::LeastUsed => keys.sort_by_cached_key(|key| now.live.rates.requests(key, now.at)),
        KeyStrategy::Weighted => shuffle(&mut keys, |key| key.weight, now.lot.chance ^ KEYS),
    }
    keys
}

/// The least busy for its weight first, and by chance among equals.
fn by_load(tier: &mut [Arc<Target>], now: Now<'_>) {
    draw(tier, now.lot.chance);
    tier.sort_by_cached_key(|target| Ordered(busy(target, now)));
}

/// Open requests, for its weight.
fn busy(target: &Target, now: Now<'_>) -> f64 {
    f64::from(now.live.loads.of(target).open()) / f64::from(target.weight.max(1))
}

/// Those first that were asked for more of the prompt, the less busy before the others; behind them all who are too busy
/// for it to be worth the wait.
fn by_prefix(tier: &mut [Arc<Target>], now: Now<'_>) {
    by_load(tier, now);
    let beginnings = now.session.beginnings();
    if beginnings.is_empty() {
        return;
    }
    let weights: u32 = tier.iter().map(|target| target.weight).fold(0, u32::saturating_add);
    let open: u32 = tier.iter().map(|target| now.live.loads.of(target).open()).sum();
    let mean = f64::from(open) / f64::from(weights.max(1));
    let is_crowded = |target: &Target| busy(target, now) > CROWDED * mean + 1.0 / f64::from(target.weight.max(1));
    let known = now.live.prefixes.known(beginnings);
    tier.sort_by_cached_key(|target| (is_crowded(target), Reverse(known.of(target))));
}

/// Of the first two that were drawn, the one that is likely to answer first.
fn better_of_two(tier: &mut [Arc<Target>], now: Now<'_>) {
    draw(tier, now.lot.chance);
    let [first, second, ..] = tier else { return };
    // Whoever never answered is tried before those of whom it is known how long they take.
    let wait = |target: &Target| {
        let load = now.live.loads.of(target);
        load.first_byte().unwrap_or_default() * (load.open() + 1)
    };
    if wait(second) < wait(first) {
        std::mem::swap(first, second);
    }
}

/// Each session has an order of its own among the targets, which does not change for those that are left when one is gone
/// or resting (rendezvous hashing), and in which each comes first in proportion to its weight.
fn by_session(tier: &mut [Arc<Target>], session: u64) {
    let score = |target: &Target| {
        let mut hasher = DefaultHasher::new();
        (session, &target.provider.name, &target.model.name).hash(&mut hasher);
        // In (0, 1): never a logarithm of zero.
        let share = (hasher.finish() >> 11) as f64 / (1_u64 << 53) as f64 + f64::EPSILON;
        -share.ln() / f64::from(target.weight.max(1))
    };
    tier.sort_by_cached_key(|target| Ordered(score(target)));
}

/// A number that can be sorted by: none of ours is missing.
#[derive(PartialEq)]
struct Ordered(f64);

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
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

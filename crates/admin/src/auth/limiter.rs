//! How often somebody may try to sign in: a few times at once, then ever more slowly; and all together, so that many
//! addresses get no further than one.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Tries of one address before it has to wait.
const FREE_TRIES: u32 = 5;
/// The wait after those; each further try doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait; after so long without a try all is forgotten.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// Tries of all addresses together before these have to wait, and how often one more is free then.
const TRIES_TOGETHER: u32 = 60;
const TOGETHER_EVERY: Duration = Duration::from_secs(2);
/// Addresses that are remembered. Guards memory; the one that was quiet longest goes first.
const ADDRESSES_MAX: usize = 4096;

/// Who has tried how often.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    addresses: HashMap<IpAddr, Tries>,
    /// Until when the tries of all are used up, one for each step of time.
    used_until: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Tries {
    count: u32,
    last: Instant,
}

impl Limiter {
    /// Takes a try, which counts as a failure until [`Limiter::succeeded`] says otherwise.
    ///
    /// # Errors
    /// With how long to wait. A try that is refused makes nothing worse.
    pub(super) fn take(&mut self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let address = network(address);
        let before = self.addresses.get(&address).filter(|tries| now.duration_since(tries.last) < LONGEST_WAIT);
        if let Some(tries) = before {
            let left = wait(tries.count).saturating_sub(now.duration_since(tries.last));
            if !left.is_zero() {
                return Err(left);
            }
        }
        let used_until = self.used_until.map_or(now, |until| until.max(now)) + TOGETHER_EVERY;
        let ahead = used_until.duration_since(now);
        if ahead > TOGETHER_EVERY * TRIES_TOGETHER {
            return Err(ahead - TOGETHER_EVERY * TRIES_TOGETHER);
        }
        let count = before.map_or(0, |tries| tries.count).saturating_add(1);
        self.used_until = Some(used_until);
        self.make_room(&address);
        self.addresses.insert(address, Tries { count, last: now });
        Ok(())
    }

    /// Forgets the tries of an address that turned out to know the password.
    pub(super) fn succeeded(&mut self, address: IpAddr) {
        self.addresses.remove(&network(address));
        self.used_until = self.used_until.and_then(|until| until.checked_sub(TOGETHER_EVERY));
    }

    fn make_room(&mut self, address: &IpAddr) {
        if self.addresses.len() < ADDRESSES_MAX || self.addresses.contains_key(address) {
            return;
        }
        let quietest = self.addresses.iter().min_by_key(|(_, tries)| tries.last).map(|(address, _)| *address);
        quietest.map(|address| self.addresses.remove(&address));
    }
}

/// How long after the last of so many tries the next one may come.
fn wait(count: u32) -> Duration {
    match count.checked_sub(FREE_TRIES) {
        None => Duration::ZERO,
        Some(more) => FIRST_WAIT.saturating_mul(1_u32.checked_shl(more).unwrap_or(u32::MAX)).min(LONGEST_WAIT),
    }
}

/// Whoever has one address of version 6 has the network around it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn at(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn tries_become_slower_and_refused_ones_make_nothing_worse() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        for _ in 0..FREE_TRIES {
            assert_eq!(limiter.take(HERE, start), Ok(()));
        }
        for _ in 0..100 {
            assert_eq!(limiter.take(HERE, start), Err(Duration::from_secs(1)));
        }
        assert_eq!(limiter.take(HERE, at(start, 1)), Ok(()));
        assert_eq!(limiter.take(HERE, at(start, 1)), Err(Duration::from_secs(2)));
        assert_eq!(limiter.take(HERE, at(start, 3)), Ok(()));
        assert_eq!(limiter.take(HERE, at(start, 4)), Err(Duration::from_secs(3)));
        let mut now = at(start, 3);
        for _ in 0..200 {
            now += LONGEST_WAIT - Duration::from_millis(1);
            let waited = limiter.take(HERE, now);
            assert!(waited.is_ok() || waited == Err(Duration::from_millis(1)), "{waited:?}");
        }
        assert_eq!(limiter.take(HERE, now + LONGEST_WAIT), Ok(()));
        assert_eq!(limiter.take(HERE, now + LONGEST_WAIT), Ok(()), "all is forgotten after so long");
    }

    #[test]
    fn success_forgets_and_others_have_tries_of_their_own() {
        let (mut limiter, now) = (Limiter::default(), Instant::now());
        for _ in 0..FREE_TRIES {
            limiter.take(HERE, now).unwrap();
        }
        limiter.take("192.0.2.2".parse().unwrap(), now).unwrap();
        limiter.succeeded(HERE);
        assert_eq!(limiter.take(HERE, now), Ok(()));
        for last in 0..FREE_TRIES {
            limiter.take(format!("2001:db8::{last}").parse().unwrap(), now).unwrap();
        }
        assert!(limiter.take("2001:db8::ffff".parse().unwrap(), now).is_err(), "one network");
        assert!(limiter.take("2001:db8:0:1::1".parse().unwrap(), now).is_ok(), "another");
    }

    #[test]
    fn many_addresses_get_no_further_than_a_few_tries_together() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        let address = |number: u32| IpAddr::from(number.to_be_bytes());
        let taken = (0..10_000).filter(|number| limiter.take(address(*number), start).is_ok()).count();
        assert_eq!(taken, TRIES_TOGETHER as usize);
        assert_eq!(limiter.take(HERE, start), Err(TOGETHER_EVERY));
        assert_eq!(limiter.take(HERE, start + TOGETHER_EVERY), Ok(()));
        assert!(limiter.take(HERE, start + TOGETHER_EVERY).is_err());
    }

    #[test]
    fn memory_is_bounded() {
        let (mut limiter, start) = (Limiter::default(), Instant::now());
        for number in 0..2 * ADDRESSES_MAX as u32 {
            limiter.take(IpAddr::from(number.to_be_bytes()), start + TOGETHER_EVERY * number).unwrap();
        }
        assert_eq!(limiter.addresses.len(), ADDRESSES_MAX);
    }
}

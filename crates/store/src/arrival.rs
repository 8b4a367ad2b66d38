//! A report's id taken apart: the key of its row, and the two numbers that make the id whole again.
//!
//! An id is 48 bits of milliseconds (those of `at_ms`), 40 of the process and 40 that count; see [`Report::id`].

use trunkline_route::Report;

/// 2020-01-01, in milliseconds since the Unix epoch: keys count from here.
const EPOCH_MS: i64 = 1_577_836_800_000;

/// Bits of a key that tell the requests of one millisecond apart.
const SLOT_BITS: u32 = 22;

const SLOT_MASK: i64 = (1 << SLOT_BITS) - 1;

/// The last instant that a key has bits for, in the year 2089. Rows of a clock beyond it say that instant.
const AT_MS_MAX: i64 = EPOCH_MS + (i64::MAX >> SLOT_BITS);

/// Bits of an id that count, and as many before them for the process.
const PART_BITS: u32 = 40;

const PART_MASK: u128 = (1 << PART_BITS) - 1;

/// The key a report's row has unless another process's row is there already. Rises with time and, within a
/// millisecond, with the count.
pub(crate) fn key(report: &Report) -> i64 {
    // Two processes that started together count alike; adding the process keeps them out of each other's way.
    let slot = process(report.id).wrapping_add(number(report.id)) & SLOT_MASK;
    first_at(report.at_ms) | slot
}

/// The first key of a millisecond.
pub(crate) fn first_at(at_ms: u64) -> i64 {
    let at_ms = i64::try_from(at_ms).map_or(AT_MS_MAX, |at_ms| at_ms.min(AT_MS_MAX));
    (at_ms - EPOCH_MS) << SLOT_BITS
}

/// The next key of the same millisecond.
pub(crate) fn next(key: i64) -> i64 {
    key & !SLOT_MASK | key.wrapping_add(1) & SLOT_MASK
}

/// When the request of an id arrived, in milliseconds since the Unix epoch.
pub(crate) fn at_ms(id: u128) -> u64 {
    // 48 bits are left.
    (id >> (2 * PART_BITS)) as u64
}

/// What all ids of one process share.
pub(crate) fn process(id: u128) -> i64 {
    part(id >> PART_BITS)
}

/// What tells the ids of one process apart.
pub(crate) fn number(id: u128) -> i64 {
    part(id)
}

fn part(bits: u128) -> i64 {
    // 40 bits always fit.
    i64::try_from(bits & PART_MASK).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use trunkline_wire::Operation;

    use super::*;

    fn at(at_ms: u64, process: u128, number: u128) -> i64 {
        let id = u128::from(at_ms) << (2 * PART_BITS) | process << PART_BITS | number;
        key(&Report::begin(id, at_ms, Operation::Chat))
    }

    #[test]
    fn keys_are_ordered_by_time_whatever_the_clock_says() {
        let epoch = EPOCH_MS as u64;
        let keys = [at(0, 7, 9), at(epoch - 1, 7, 8), at(epoch, 7, 1), at(epoch, 7, 2), at(epoch + 1, 7, 0)];
        assert!(keys.is_sorted(), "{keys:?}");
        assert_eq!(keys[2..], [8, 9, (1 << 22) + 7]);
        let last = [at(AT_MS_MAX as u64, 0, 1), at(AT_MS_MAX as u64 + 1, 0, 1), at(u64::MAX, 0, 1)];
        assert_eq!(last, [(i64::MAX >> 22 << 22) + 1; 3]);
    }

    #[test]
    fn the_next_key_stays_within_the_millisecond() {
        let epoch = EPOCH_MS as u64;
        assert_eq!(next(at(epoch + 5, 0, 3)), at(epoch + 5, 0, 4));
        assert_eq!(next(at(epoch + 5, 0, (1 << 22) - 1)), at(epoch + 5, 0, 0));
        assert_eq!(next(at(3, 0, (1 << 22) - 1)), at(3, 0, 0));
    }

    #[test]
    fn an_id_comes_apart_into_its_process_and_number() {
        let id = 0x0123_4567_89ab_u128 << 80 | 0xfe_dcba_9876 << 40 | 0xff_ffff_ffff;
        assert_eq!((process(id), number(id)), (0xfe_dcba_9876, 0xff_ffff_ffff));
    }
}

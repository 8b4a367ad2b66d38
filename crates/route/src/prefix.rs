//! Who was last asked for which beginnings of prompts: a server that has read a beginning need not read it again.
//!
//! A prompt is cut into chunks, and each chunk stands for itself and all before it. What is kept of one is a number and
//! those who were asked; when there is no more room, what nobody asked for lately goes.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use trunkline_config::Target;

/// Bytes of one chunk: about eight of the blocks of 16 tokens in which servers keep what they have read.
const CHUNK_BYTES: usize = 512;
/// Chunks of one prompt. Bounds the work for a long one: what is the same for so long is the same conversation.
const CHUNKS_MAX: usize = 256;
/// Beginnings that are kept, of all prompts. Guards memory: two tables of 2^17 places, as full as they get, are 7 MiB.
const BEGINNINGS_MAX: usize = 2 * (1 << 17) / 8 * 7;
/// Targets that are kept of each beginning; the last that were asked. Guards the same.
const TARGETS_MAX: usize = 4;

/// The beginnings of a prompt, shortest first: a number for each whole chunk and all that is before it.
pub fn beginnings<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u64> {
    let mut beginnings = Vec::new();
    let mut hasher = DefaultHasher::new();
    let mut room = CHUNK_BYTES;
    for piece in pieces {
        let mut piece = piece;
        while piece.len() >= room {
            let (chunk, rest) = piece.split_at(room);
            hasher.write(chunk);
            beginnings.push(hasher.finish());
            if beginnings.len() == CHUNKS_MAX {
                return beginnings;
            }
            (piece, room) = (rest, CHUNK_BYTES);
        }
        hasher.write(piece);
        room -= piece.len();
    }
    beginnings
}

/// Who was asked for which beginnings.
#[derive(Debug, Default)]
pub struct Prefixes(Mutex<Generations>);

/// The young are asked for first; when they are many, they are the old, and the old are gone.
#[derive(Debug, Default)]
struct Generations {
    young: HashMap<u64, Asked>,
    old: HashMap<u64, Asked>,
}

/// The targets that were asked, the last one first; zero is nobody.
type Asked = [u32; TARGETS_MAX];

/// How much of one prompt targets were asked for before.
#[derive(Debug, Default)]
pub struct Known(Vec<(u32, usize)>);

impl Prefixes {
    /// Who was asked for beginnings of this prompt.
    pub fn known(&self, beginnings: &[u64]) -> Known {
        let generations = self.lock();
        let mut known = Known::default();
        for (chunks, beginning) in (1..).zip(beginnings) {
            // Whoever was asked for a longer one was asked for this one, too.
            let Some(asked) = generations.get(*beginning) else { break };
            asked.iter().filter(|id| **id != 0).for_each(|id| known.note(*id, chunks));
        }
        known
    }

    /// Remembers that this target was asked.
    pub fn learn(&self, beginnings: &[u64], target: &Target) {
        let id = id(target);
        let mut generations = self.lock();
        for beginning in beginnings {
            generations.put_first(*beginning, id);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        // Nothing that runs under this lock can leave it half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// The chunks of the longest beginning that this target was asked for.
    pub fn of(&self, target: &Target) -> usize {
        let id = id(target);
        self.0.iter().find(|(known, _)| *known == id).map_or(0, |(_, chunks)| *chunks)
    }

    fn note(&mut self, id: u32, chunks: usize) {
        match self.0.iter_mut().find(|(known, _)| *known == id) {
            Some((_, longest)) => *longest = chunks,
            None => self.0.push((id, chunks)),
        }
    }
}

impl Generations {
    fn get(&self, beginning: u64) -> Option<&Asked> {
        self.young.get(&beginning).or_else(|| self.old.get(&beginning))
    }

    fn put_first(&mut self, beginning: u64, id: u32) {
        if self.young.len() >= BEGINNINGS_MAX / 2 {
            self.old = mem::take(&mut self.young);
        }
        let old = &mut self.old;
        let asked = self.young.entry(beginning).or_insert_with(|| old.remove(&beginning).unwrap_or_default());
        let place = asked.iter().position(|known| *known == id).unwrap_or(TARGETS_MAX - 1);
        if let Some(before) = asked.get_mut(..=place) {
            before.rotate_right(1);
        }
        asked[0] = id;
    }
}

/// A target as it is kept. That two of one model have the same is next to impossible, and would only mean a worse choice.
fn id(target: &Target) -> u32 {
    let mut hasher = DefaultHasher::new();
    (&target.provider.name, &target.model.name).hash(&mut hasher);
    ((hasher.finish() >> 32) as u32).max(1)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use trunkline_config::{Env, Overrides, load};

    use super::*;

    fn targets() -> [Arc<Target>; 2] {
        let document = "[models.m]\ntargets = [{ provider = \"dummy\", model = \"a\" }, { provider = \"dummy\", model = \"b\" }]\n";
        let loaded = load(Some(("t.toml", document)), &Env::default(), &Overrides::default(), &[]);
        loaded.expect("a right document").snapshot.models["m"].targets.clone().try_into().unwrap()
    }

    fn prompt(chunks: usize, tail: &str) -> Vec<u64> {
        let text = "x".repeat(chunks * CHUNK_BYTES) + tail;
        beginnings([text.as_bytes()])
    }

    #[test]
    fn prompts_share_the_beginnings_that_are_the_same() {
        let (short, long) = (prompt(2, "and so"), prompt(2, &"y".repeat(CHUNK_BYTES)));
        assert_eq!((short.len(), long.len()), (2, 3));
        assert_eq!(short[..], long[..2]);
        assert_ne!(short[0], short[1]);
        assert!(prompt(0, "short").is_empty());
        assert_eq!(prompt(CHUNKS_MAX + 9, "").len(), CHUNKS_MAX);
        let text = "x".repeat(2 * CHUNK_BYTES);
        let (before, after) = text.as_bytes().split_at(CHUNK_BYTES / 2);
        assert_eq!(beginnings([before, after]), short, "however it is cut");
    }

    #[test]
    fn whoever_was_asked_for_the_longest_beginning_is_known() {
        let ([a, b], prefixes) = (targets(), Prefixes::default());
        prefixes.learn(&prompt(2, ""), &a);
        prefixes.learn(&prompt(5, ""), &b);
        let known = |chunks| {
            let known = prefixes.known(&prompt(chunks, ""));
            (known.of(&a), known.of(&b))
        };
        assert_eq!([known(1), known(4), known(9)], [(1, 1), (2, 4), (2, 5)]);
        assert_eq!(prefixes.known(&beginnings([&[0; CHUNK_BYTES][..]])).of(&a), 0);
    }

    #[test]
    fn what_is_kept_is_bounded_and_what_is_asked_for_stays() {
        let ([a, _], prefixes) = (targets(), Prefixes::default());
        for number in 0..2 * BEGINNINGS_MAX as u64 {
            prefixes.learn(&[u64::MAX - number % 2], &a);
            prefixes.learn(&[number], &a);
        }
        let generations = prefixes.lock();
        assert!(generations.young.len() + generations.old.len() <= BEGINNINGS_MAX);
        assert!(generations.get(u64::MAX).is_some() && generations.get(1).is_none());
    }
}

//! Bytes on their way through: handed on as they are while nothing changes, copied from the first change on.

use std::ops::Range;

use bytes::Bytes;

/// One buffer's way through a relay.
#[derive(Debug, Default)]
pub(super) struct Pass {
    /// What goes out, up to `done`; unused until the first change.
    out: Vec<u8>,
    /// How far the buffer was copied.
    done: usize,
    changed: bool,
}

impl Pass {
    /// Puts `with` in the place of `range` of `buffer`. Ranges come in order.
    pub(super) fn replace(&mut self, buffer: &[u8], range: Range<usize>, with: &[u8]) {
        if !self.changed {
            self.changed = true;
            self.out.reserve(buffer.len() + ROOM);
        }
        self.out.extend_from_slice(buffer.get(self.done..range.start).unwrap_or_default());
        self.out.extend_from_slice(with);
        self.done = range.end;
    }

    /// Drops what stands behind `at`; gives the end of the buffer.
    pub(super) fn end(&mut self, buffer: &[u8], at: usize) -> usize {
        if at < buffer.len() {
            self.replace(buffer, at..buffer.len(), b"");
        }
        buffer.len()
    }

    /// The first `end` bytes of `buffer` with the changes made; the very same bytes when there were none.
    pub(super) fn finish(mut self, buffer: Bytes, end: usize) -> Bytes {
        if !self.changed {
            return if end >= buffer.len() { buffer } else { buffer.slice(..end) };
        }
        self.out.extend_from_slice(buffer.get(self.done..end.min(buffer.len())).unwrap_or_default());
        Bytes::from(self.out)
    }
}

/// What is reserved beyond the buffer's own length for names that are longer than those they replace.
const ROOM: usize = 1024;

/// The beginning of a frame that is held back until the rest has come.
#[derive(Debug, Default)]
pub(super) struct Held(Vec<u8>);

impl Held {
    /// What to send on now that `chunk` has come. `walk` passes the whole frames of what it is given and says where the
    /// one to hold begins.
    #[inline]
    pub(super) fn push(&mut self, chunk: Bytes, walk: impl FnOnce(&[u8], &mut Pass) -> usize) -> Bytes {
        let mut pass = Pass::default();
        if self.0.is_empty() {
            let end = walk(&chunk, &mut pass);
            self.0.extend_from_slice(chunk.get(end..).unwrap_or_default());
            return pass.finish(chunk, end);
        }
        let mut joined = std::mem::take(&mut self.0);
        joined.extend_from_slice(&chunk);
        let end = walk(&joined, &mut pass);
        if end == 0 {
            self.0 = joined;
            return Bytes::new();
        }
        self.0.extend_from_slice(joined.get(end..).unwrap_or_default());
        pass.finish(Bytes::from(joined), end)
    }

    /// What was held; nothing is then.
    pub(super) fn take(&mut self) -> Bytes {
        Bytes::from(std::mem::take(&mut self.0))
    }
}

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

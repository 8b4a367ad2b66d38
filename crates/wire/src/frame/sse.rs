//! Server-sent events, as <https://html.spec.whatwg.org/multipage/server-sent-events.html> has them.
//!
//! Lines end with LF, CRLF or CR; a blank line ends an event.

use std::borrow::Cow;

use bytes::Bytes;

use super::FrameTooLong;

/// One event with all its lines. Guards memory against an upstream that never sends a blank line.
pub const EVENT_BYTES_MAX: usize = 4 << 20;

/// What may stand before the first event.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SseEvent {
    /// The value of its last `event` line; empty when there was none.
    pub event: Bytes,
    /// The values of its `data` lines, joined with LF.
    pub data: Bytes,
}

/// One event where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SseFrame<'a> {
    /// All its lines, the blank one included.
    pub(crate) whole: &'a [u8],
    /// The value of its last `event` line; empty when there was none.
    pub(crate) event: &'a [u8],
    /// The values of its `data` lines, joined with LF; borrowed when there is only one.
    pub(crate) data: Cow<'a, [u8]>,
}

/// Takes the events of a stream one by one, where they stand.
pub(crate) trait SseSink {
    /// Takes the event that `bytes` begin with, when it is whole and known without reading it; gives its length.
    fn recognise(&mut self, bytes: &[u8]) -> Option<usize>;
    /// Takes any other event that has data.
    fn take(&mut self, frame: &SseFrame<'_>);
}

/// Keeps copies.
impl SseSink for Vec<SseEvent> {
    fn recognise(&mut self, _: &[u8]) -> Option<usize> {
        None
    }
    fn take(&mut self, frame: &SseFrame<'_>) {
        self.push(SseEvent { event: Bytes::copy_from_slice(frame.event), data: Bytes::copy_from_slice(&frame.data) });
    }
}

/// Takes events out of a stream of bytes; any cutting of the bytes gives the same events.
#[derive(Debug, Default)]
pub struct SseReader {
    held: Vec<u8>,
    search: Search,
    started: bool,
    /// The last event ended with a CR; an LF that follows belongs to it.
    after_cr: bool,
}

impl SseReader {
    /// A reader at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads on; events without data are left out, as the standard says.
    ///
    /// # Errors
    /// When an event is longer than [`EVENT_BYTES_MAX`]; the stream cannot be read further then.
    pub fn push(&mut self, bytes: &[u8], events: &mut Vec<SseEvent>) -> Result<(), FrameTooLong> {
        self.read(bytes, events)
    }

    /// The same without copies: `sink` takes the events where they stand.
    ///
    /// # Errors
    /// As [`SseReader::push`].
    pub(crate) fn read(&mut self, bytes: &[u8], sink: &mut impl SseSink) -> Result<(), FrameTooLong> {
        let mut rest = bytes;
        if self.after_cr && !rest.is_empty() {
            self.after_cr = false;
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        // Only the first event can have bytes held; the later ones are read where they stand.
        if !self.held.is_empty() {
            self.held.extend_from_slice(rest);
            let mut held = std::mem::take(&mut self.held);
            let end = self.read_all(&held, sink)?;
            held.drain(..end);
            self.held = held;
        } else {
            let end = self.read_all(rest, sink)?;
            self.held.extend_from_slice(rest.get(end..).unwrap_or_default());
        }
        Ok(())
    }

    /// Ends the stream: an event whose blank line is missing counts all the same, for servers forget it. A second call
    /// gives nothing.
    pub fn finish(&mut self) -> Option<SseEvent> {
        let mut events = Vec::new();
        self.read_rest(&mut events);
        events.pop()
    }

    /// The same without a copy.
    pub(crate) fn read_rest(&mut self, sink: &mut impl SseSink) {
        let held = std::mem::take(&mut self.held);
        self.search = Search::default();
        self.read_one(&held, sink);
    }

    /// Reads the complete events of `bytes`; gives where the incomplete one begins.
    fn read_all(&mut self, bytes: &[u8], sink: &mut impl SseSink) -> Result<usize, FrameTooLong> {
        let mut start = 0;
        loop {
            let rest = bytes.get(start..).unwrap_or_default();
            if self.search.is_fresh()
                && let Some(len) = sink.recognise(rest.get(..EVENT_BYTES_MAX).unwrap_or(rest))
            {
                start += len;
                continue;
            }
            let Some(end) = self.search.event_end(rest) else {
                return if rest.len() < EVENT_BYTES_MAX { Ok(start) } else { Err(TOO_LONG) };
            };
            if end.at > EVENT_BYTES_MAX {
                return Err(TOO_LONG);
            }
            let line_feed_after = end.line_feed_after(rest);
            self.read_one(rest.get(..end.at + line_feed_after).unwrap_or_default(), sink);
            start += end.at + line_feed_after;
            self.after_cr = end.after_cr && start == bytes.len() && line_feed_after == 0;
        }
    }

    fn read_one(&mut self, whole: &[u8], sink: &mut impl SseSink) {
        let whole = if self.started { whole } else { without_bom(whole) };
        self.started = true;
        let mut event: &[u8] = b"";
        let mut data: Option<Cow<'_, [u8]>> = None;
        for (_, line) in lines(whole) {
            if let Some(value) = field(line, b"data") {
                match &mut data {
                    None => data = Some(Cow::Borrowed(value)),
                    Some(data) => {
                        let data = data.to_mut();
                        data.push(b'\n');
                        data.extend_from_slice(value);
                    }
                }
            } else if let Some(value) = field(line, b"event") {
                event = value;
            }
        }
        if let Some(data) = data {
            sink.take(&SseFrame { whole, event, data });
        }
    }
}

const TOO_LONG: FrameTooLong = FrameTooLong { bytes_max: EVENT_BYTES_MAX };

/// The event without the mark that may stand before the first one.
pub(crate) fn without_bom(event: &[u8]) -> &[u8] {
    event.strip_prefix(BOM).unwrap_or(event)
}

/// The value of `line` when its field is `name`; one space after the colon is not part of it.
pub(crate) fn field<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let rest = line.strip_prefix(name)?;
    if rest.is_empty() {
        return Some(rest);
    }
    let value = rest.strip_prefix(b":")?;
    Some(value.strip_prefix(b" ").unwrap_or(value))
}

/// The lines of `text` without their ends, each with its offset.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let (line, after) = rest.split_at_checked(end)?;
        let start = at;
        at += end + if after.starts_with(b"\r\n") { 2 } else { 1 };
        Some((start, line))
    })
}

/// Looks for the blank line that ends an event; remembers how far it got, so that no byte is looked at twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Search {
    line_start: usize,
    from: usize,
}

/// Where an event ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventEnd {
    /// Behind the first byte of its blank line's end.
    pub(crate) at: usize,
    /// That byte is a CR: an LF that follows belongs to the event.
    pub(crate) after_cr: bool,
}

impl EventEnd {
    /// How many bytes after `at` in `event` still belong to it.
    pub(crate) fn line_feed_after(self, event: &[u8]) -> usize {
        usize::from(self.after_cr && event.get(self.at) == Some(&b'\n'))
    }
}

impl Search {
    /// The end of the event that `text` begins with; `None` when it is not there yet. The next call continues with the
    /// same event and more text, or after an end with the next event.
    pub(crate) fn event_end(&mut self, text: &[u8]) -> Option<EventEnd> {
        while let Some(offset) = memchr::memchr2(b'\n', b'\r', text.get(self.from..)?) {
            let at = self.from + offset;
            let carriage_return = text.get(at) == Some(&b'\r');
            if at == self.line_start {
                *self = Self::default();
                return Some(EventEnd { at: at + 1, after_cr: carriage_return });
            }
            if carriage_return && at + 1 == text.len() {
                // Whether an LF belongs to this line end is not known yet.
                self.from = at;
                return None;
            }
            let pair = carriage_return && text.get(at + 1) == Some(&b'\n');
            self.line_start = at + 1 + usize::from(pair);
            self.from = self.line_start;
        }
        self.from = text.len();
        None
    }

    /// Continues in a text that begins where this search stopped; gives how much of the old text that leaves behind.
    pub(crate) fn rebase(&mut self) -> usize {
        let behind = self.from;
        // A line that began in the old text is not blank, so its start is at no offset of the new one.
        *self = Self { line_start: if self.line_start == behind { 0 } else { usize::MAX }, from: 0 };
        behind
    }

    /// Whether the search is at the beginning of an event.
    pub(crate) fn is_fresh(self) -> bool {
        self == Self::default()
    }
}

#[cfg(test)]
mod tests;

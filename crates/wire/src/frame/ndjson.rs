//! One JSON value a line, as Ollama streams.

use bytes::Bytes;

use super::FrameTooLong;

/// One line. Guards memory against an upstream that never ends one.
pub const LINE_BYTES_MAX: usize = 4 << 20;

/// Takes lines out of a stream of bytes; any cutting of the bytes gives the same lines. Empty ones are left out.
#[derive(Debug, Default)]
pub struct LineReader {
    held: Vec<u8>,
}

impl LineReader {
    /// A reader at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads on.
    ///
    /// # Errors
    /// When a line is longer than [`LINE_BYTES_MAX`]; the stream cannot be read further then.
    pub fn push(&mut self, bytes: &[u8], lines: &mut Vec<Bytes>) -> Result<(), FrameTooLong> {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, behind) = rest.split_at(end);
            self.hold(line)?;
            lines.extend(self.finish());
            rest = behind.get(1..).unwrap_or_default();
        }
        self.hold(rest)
    }

    /// Ends the stream: a line whose end is missing counts all the same. A second call gives nothing.
    pub fn finish(&mut self) -> Option<Bytes> {
        let line = std::mem::take(&mut self.held);
        let text = line.trim_ascii();
        (!text.is_empty()).then(|| Bytes::copy_from_slice(text))
    }

    fn hold(&mut self, more: &[u8]) -> Result<(), FrameTooLong> {
        if self.held.len() + more.len() > LINE_BYTES_MAX {
            return Err(FrameTooLong { bytes_max: LINE_BYTES_MAX });
        }
        self.held.extend_from_slice(more);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<Bytes> {
        let mut reader = LineReader::new();
        let mut lines = Vec::new();
        pieces.iter().try_for_each(|piece| reader.push(piece, &mut lines)).expect("short lines");
        lines.extend(reader.finish());
        assert_eq!(reader.finish(), None);
        lines
    }

    #[test]
    fn any_cut_gives_the_same_lines() {
        let text = b"{\"a\":1}\r\n\n  \n{\"b\":\"\xc3\xa9\"}\n{\"c\":3}";
        let expected: &[&[u8]] = &[b"{\"a\":1}", b"{\"b\":\"\xc3\xa9\"}", b"{\"c\":3}"];
        for cut in 0..=text.len() {
            let (front, back) = text.split_at(cut);
            assert_eq!(lines(&[front, back]), expected, "cut at {cut}");
        }
    }

    #[test]
    fn a_line_without_an_end_is_refused() {
        let mut reader = LineReader::new();
        let block = vec![b'x'; LINE_BYTES_MAX];
        assert_eq!(reader.push(&block, &mut Vec::new()), Ok(()));
        assert!(reader.push(b"x", &mut Vec::new()).is_err());
    }
}

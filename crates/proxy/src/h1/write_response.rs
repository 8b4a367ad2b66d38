//! An answer's head as bytes, and the framing of its body.

use std::io::Write as _;

use http::StatusCode;
use http::header::{self, HeaderMap};

/// What is said about the length of an answer's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// So many bytes follow.
    Exact(u64),
    /// Chunks follow.
    Chunked,
    /// It ends with the connection.
    Close,
    /// Nothing follows; a length among the headers says what would, for another method.
    Bodiless,
}

/// Memory for the lines that most answers have that have some.
const LINES_BYTES: usize = 256;
/// What ends each chunk.
pub const CHUNK_END: &[u8] = b"\r\n";
/// What ends a body that is sent in chunks.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
/// Both.
pub const LAST_DATA_CHUNK_END: &[u8] = b"\r\n0\r\n\r\n";

/// Lines of an answer's head that are written already: among an answer's extensions, they go out behind its headers. For
/// those that each answer has and nobody looks up, which a map of headers makes dear.
#[derive(Clone, Debug, Default)]
pub struct Lines(Vec<u8>);

impl Lines {
    /// Adds a line. Neither part may hold what ends one.
    pub fn push(&mut self, name: &str, value: &str) {
        debug_assert!(!name.contains(['\r', '\n', ':']) && !value.contains(['\r', '\n']), "a line is one line");
        if self.0.is_empty() {
            self.0.reserve(LINES_BYTES);
        }
        line_into(&mut self.0, name.as_bytes(), value.as_bytes());
    }

    /// All of them, each with its end.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Writes an answer's head up to its blank line, which is the caller's to write: a date or other lines of the server's
/// own may come first. What the headers say about the length gives way to `length`.
pub fn head_into(out: &mut Vec<u8>, status: StatusCode, headers: &HeaderMap, length: Length) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    out.extend_from_slice(b"\r\n");
    for (name, value) in headers {
        let ours = *name == header::TRANSFER_ENCODING || *name == header::CONTENT_LENGTH && length != Length::Bodiless;
        if !ours {
            line_into(out, name.as_str().as_bytes(), value.as_bytes());
        }
    }
    match length {
        Length::Exact(bytes) => {
            line_into(out, b"content-length", itoa::Buffer::new().format(bytes).as_bytes());
        }
        Length::Chunked => line_into(out, b"transfer-encoding", b"chunked"),
        Length::Close | Length::Bodiless => {}
    }
}

/// Writes one header line.
pub fn line_into(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// Writes the line before a chunk of so many bytes.
pub fn chunk_size_into(out: &mut Vec<u8>, bytes: usize) {
    write!(out, "{bytes:x}\r\n").expect("memory takes all that is written to it");
}

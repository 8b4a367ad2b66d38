//! An answer's head from bytes.

use std::mem::MaybeUninit;

use bytes::{Buf as _, Bytes, BytesMut};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use smallvec::SmallVec;

use super::Framing;
use crate::upstream::hop;

/// One head. Guards memory against an upstream that never ends its headers.
pub const HEAD_BYTES_MAX: usize = 64 << 10;
/// Header lines of one head. Guards the parser's table, which lives on the stack.
pub const HEADERS_MAX: usize = 128;
/// Room for what is added to an answer on its way to the client: without it the first addition moves all headers.
const HEADERS_ADDED: usize = 4;
/// Interim answers (1xx) before the real one. Guards the wait against an upstream that sends nothing else.
pub const INTERIM_HEADS_MAX: u8 = 16;

/// What every head begins with. Checked byte by byte, so that a server that speaks something else is found out at once
/// and not when its "head" grows too large or a deadline passes.
const PREFIX: &[u8] = b"HTTP/1.";

/// What an answer's head says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The final status, 200 and up.
    pub status: StatusCode,
    /// End-to-end headers only; `content-length` at most once.
    pub headers: HeaderMap,
    /// How the body ends.
    pub framing: Framing,
    /// Whether the connection may be used again once the body has ended.
    pub keep_alive: bool,
}

/// Why a head was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// Another protocol, or bytes left over from an earlier answer.
    #[error("the answer does not begin with an HTTP/1.x status line")]
    NotHttp,
    /// The status line goes wrong after its version, or the status is under 100.
    #[error("the status line is malformed")]
    StatusLine,
    /// Includes folded lines and blanks before the colon.
    #[error("a header name is malformed")]
    HeaderName,
    /// Control characters in a value.
    #[error("a header value is malformed")]
    HeaderValue,
    /// A carriage return without its line feed.
    #[error("a line of the head ends in a bare carriage return")]
    BareCarriageReturn,
    /// A line feed without its carriage return.
    #[error("a line of the head ends in a bare line feed")]
    BareLineFeed,
    /// Over [`HEAD_BYTES_MAX`].
    #[error("the head is over {HEAD_BYTES_MAX} bytes")]
    TooLarge,
    /// Over [`HEADERS_MAX`].
    #[error("the head has over {HEADERS_MAX} headers")]
    TooManyHeaders,
    /// Over [`INTERIM_HEADS_MAX`].
    #[error("over {INTERIM_HEADS_MAX} interim answers came before a final one")]
    TooManyInterim,
    /// 101, which nobody asked for.
    #[error("the server switched protocols without being asked")]
    SwitchedProtocols,
    /// Both ways of saying where the body ends.
    #[error("both `content-length` and `transfer-encoding` are given")]
    BothLengths,
    /// Two lengths that contradict each other.
    #[error("`content-length` is given twice with different values")]
    LengthsDiffer,
    /// Anything but digits, a list included, or a number that does not fit 64 bits.
    #[error("`content-length` is not a number")]
    LengthNotDigits,
    /// Anything but exactly one `chunked`.
    #[error("`transfer-encoding` is something else than `chunked`")]
    TransferCoding,
    /// HTTP/1.0 knows no chunks.
    #[error("`transfer-encoding` in an HTTP/1.0 answer")]
    ChunkedInHttp10,
}

/// Reads one request's answer head, interim answers skipped.
#[derive(Debug)]
pub struct HeadReader {
    to_head: bool,
    /// Bytes at the front of the buffer in which no end of head was found.
    scanned: usize,
    interim: u8,
    headers: HeaderMap,
}

impl HeadReader {
    /// A reader for the answer to a request of this method: `HEAD` is answered without a body. `headers` is an empty map
    /// to fill.
    pub fn new(method: &Method, headers: HeaderMap) -> Self {
        Self { to_head: *method == Method::HEAD, scanned: 0, interim: 0, headers }
    }

    /// Takes the head off the front of `buf`, once it is there whole. `None` asks for more bytes behind those of `buf`.
    ///
    /// After an error the connection is of no further use.
    pub fn read(&mut self, buf: &mut BytesMut) -> Result<Option<Head>, HeadError> {
        while let Some(end) = self.find_end(buf)? {
            // One exact copy: the header values share it, and the read buffer is free for the next read.
            let bytes = Bytes::copy_from_slice(buf.get(..end).unwrap_or_default());
            buf.advance(end);
            self.scanned = 0;
            if let Some(head) = parse(&bytes, self.to_head, &mut self.headers)? {
                return Ok(Some(head));
            }
            self.interim += 1;
            if self.interim > INTERIM_HEADS_MAX {
                return Err(HeadError::TooManyInterim);
            }
        }
        Ok(None)
    }

    /// Whether an interim answer has come.
    pub fn has_begun(&self) -> bool {
        self.interim > 0
    }

    /// Where the head ends, blank line included.
    fn find_end(&mut self, buf: &[u8]) -> Result<Option<usize>, HeadError> {
        let window = buf.get(..HEAD_BYTES_MAX).unwrap_or(buf);
        if !window.iter().zip(PREFIX).all(|(have, want)| have == want) {
            return Err(HeadError::NotHttp);
        }
        for feed in memchr::memchr_iter(b'\n', window.get(self.scanned..).unwrap_or_default()) {
            let line = window.get(..self.scanned + feed).unwrap_or_default();
            if !line.ends_with(b"\r") {
                return Err(HeadError::BareLineFeed);
            }
            if line.ends_with(b"\r\n\r") {
                return Ok(Some(line.len() + 1));
            }
        }
        self.scanned = window.len();
        if window.len() == HEAD_BYTES_MAX { Err(HeadError::TooLarge) } else { Ok(None) }
    }
}

/// One complete head, its headers in the memory of `room`; `None` when it is an interim one.
fn parse(bytes: &Bytes, to_head: bool, room: &mut HeaderMap) -> Result<Option<Head>, HeadError> {
    let mut table = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut parsed = httparse::Response::new(&mut []);
    let status = httparse::ParserConfig::default()
        .parse_response_with_uninit_headers(&mut parsed, bytes, &mut table)
        .map_err(HeadError::from)?;
    // The blank line is there, so anything but "the whole of it" means that the parser sees other lines than we do.
    if status != httparse::Status::Complete(bytes.len()) {
        return Err(HeadError::StatusLine);
    }
    let code = parsed.code.ok_or(HeadError::StatusLine)?;
    let status = StatusCode::from_u16(code).map_err(|_| HeadError::StatusLine)?;
    if status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(HeadError::SwitchedProtocols);
    }
    if status.is_informational() {
        return Ok(None);
    }
    let facts = Facts::of(parsed.headers, parsed.version == Some(1))?;
    let bodiless = to_head || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED;
    let framing = if bodiless { Framing::Exact(0) } else { facts.framing };
    let headers = end_to_end(bytes, parsed.headers, &facts, std::mem::take(room))?;
    Ok(Some(Head { status, headers, framing, keep_alive: facts.keep_alive && framing != Framing::Close }))
}

/// What the headers say about the connection and the body.
struct Facts<'a> {
    framing: Framing,
    keep_alive: bool,
    /// Headers that `Connection` calls its own.
    nominated: SmallVec<[&'a [u8]; 4]>,
}

impl<'a> Facts<'a> {
    fn of(headers: &[httparse::Header<'a>], http11: bool) -> Result<Self, HeadError> {
        let mut length = None;
        let mut codings = 0_u32;
        let (mut close, mut keep) = (false, false);
        let mut nominated = SmallVec::new();
        for header in headers {
            if header.name.eq_ignore_ascii_case("content-length") {
                let this = parse_length(header.value)?;
                if length.is_some_and(|earlier| earlier != this) {
                    return Err(HeadError::LengthsDiffer);
                }
                length = Some(this);
            } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
                codings += 1;
                if codings > 1 || !header.value.trim_ascii().eq_ignore_ascii_case(b"chunked") {
                    return Err(HeadError::TransferCoding);
                }
            } else if header.name.eq_ignore_ascii_case("connection") {
                for word in hop::words(header.value) {
                    close |= word.eq_ignore_ascii_case(b"close");
                    keep |= word.eq_ignore_ascii_case(b"keep-alive");
                    nominated.push(word);
                }
            }
        }
        let framing = match (codings > 0, length) {
            (true, Some(_)) => return Err(HeadError::BothLengths),
            (true, None) if !http11 => return Err(HeadError::ChunkedInHttp10),
            (true, None) => Framing::Chunked,
            (false, Some(length)) => Framing::Exact(length),
            (false, None) => Framing::Close,
        };
        Ok(Self { framing, keep_alive: !close && (http11 || keep), nominated })
    }
}

/// Digits and nothing else: `+5`, `0x5`, `5, 5` and the empty value mean different things to different readers.
fn parse_length(value: &[u8]) -> Result<u64, HeadError> {
    let value = value.trim_ascii();
    let digits = str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits.and_then(|text| text.parse().ok()).ok_or(HeadError::LengthNotDigits)
}

fn end_to_end(
    bytes: &Bytes,
    parsed: &[httparse::Header<'_>],
    facts: &Facts<'_>,
    mut headers: HeaderMap,
) -> Result<HeaderMap, HeadError> {
    headers.reserve(parsed.len() + HEADERS_ADDED);
    for header in parsed {
        let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| HeadError::HeaderName)?;
        let named = || facts.nominated.iter().any(|word| word.eq_ignore_ascii_case(header.name.as_bytes()));
        if hop::is_hop_by_hop(&name) || named() {
            continue;
        }
        let value =
            HeaderValue::from_maybe_shared(bytes.slice_ref(header.value)).map_err(|_| HeadError::HeaderValue)?;
        if name == header::CONTENT_LENGTH {
            headers.insert(name, value);
        } else {
            headers.append(name, value);
        }
    }
    Ok(headers)
}

impl From<httparse::Error> for HeadError {
    fn from(error: httparse::Error) -> Self {
        match error {
            httparse::Error::HeaderName => Self::HeaderName,
            httparse::Error::HeaderValue => Self::HeaderValue,
            httparse::Error::NewLine => Self::BareCarriageReturn,
            httparse::Error::Status | httparse::Error::Token => Self::StatusLine,
            httparse::Error::TooManyHeaders => Self::TooManyHeaders,
            httparse::Error::Version => Self::NotHttp,
        }
    }
}

#[cfg(test)]
mod tests;

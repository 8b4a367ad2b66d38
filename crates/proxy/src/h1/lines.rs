//! What the heads of requests and of answers have in common: lines, and the headers that say where a message ends.

use smallvec::SmallVec;

use super::Framing;
use super::hop;
use super::read_response::INTERIM_HEADS_MAX;

/// One head. Guards memory against a peer that never ends its headers.
pub const HEAD_BYTES_MAX: usize = 64 << 10;
/// Header lines of one head. Guards the parser's table, which lives on the stack.
pub const HEADERS_MAX: usize = 128;

/// Why a head was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// Another protocol, or bytes left over from an earlier message.
    #[error("this is not HTTP/1.1")]
    NotHttp,
    /// The status line goes wrong after its version or has a status under 100; the request line has no method or no target,
    /// or characters that neither may have.
    #[error("the first line is malformed")]
    FirstLine,
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
    /// Two hosts, of which two readers may believe different ones.
    #[error("`host` is given twice")]
    RepeatedHost,
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
    #[error("`transfer-encoding` in an HTTP/1.0 message")]
    ChunkedInHttp10,
}

/// Looks for a head's end while it arrives.
#[derive(Debug, Default)]
pub(super) struct EndFinder {
    /// Bytes at the front of the buffer in which there is none.
    scanned: usize,
}

impl EndFinder {
    /// Where the head at the front of `buf` ends, blank line included. `None` asks for more bytes behind those of `buf`;
    /// the next head may be looked for once this one was found and taken away.
    pub(super) fn find(&mut self, buf: &[u8]) -> Result<Option<usize>, HeadError> {
        let window = buf.get(..HEAD_BYTES_MAX).unwrap_or(buf);
        for feed in memchr::memchr_iter(b'\n', window.get(self.scanned..).unwrap_or_default()) {
            let line = window.get(..self.scanned + feed).unwrap_or_default();
            if !line.ends_with(b"\r") {
                return Err(HeadError::BareLineFeed);
            }
            if line.ends_with(b"\r\n\r") {
                self.scanned = 0;
                return Ok(Some(line.len() + 1));
            }
        }
        self.scanned = window.len();
        if window.len() == HEAD_BYTES_MAX { Err(HeadError::TooLarge) } else { Ok(None) }
    }
}

/// What the headers say about the connection and the body.
pub(super) struct Facts<'a> {
    /// How the body ends, where they say so.
    pub(super) framing: Option<Framing>,
    /// Whether the connection may be used again.
    pub(super) keep_alive: bool,
    /// Headers that `Connection` calls its own.
    pub(super) nominated: SmallVec<[&'a [u8]; 4]>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(headers: &[httparse::Header<'a>], http11: bool) -> Result<Self, HeadError> {
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
            (true, None) => Some(Framing::Chunked),
            (false, Some(length)) => Some(Framing::Exact(length)),
            (false, None) => None,
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

impl From<httparse::Error> for HeadError {
    fn from(error: httparse::Error) -> Self {
        match error {
            httparse::Error::HeaderName => Self::HeaderName,
            httparse::Error::HeaderValue => Self::HeaderValue,
            httparse::Error::NewLine => Self::BareCarriageReturn,
            httparse::Error::Status | httparse::Error::Token => Self::FirstLine,
            httparse::Error::TooManyHeaders => Self::TooManyHeaders,
            httparse::Error::Version => Self::NotHttp,
        }
    }
}

//! A body without its framing.

use bytes::{Buf as _, BytesMut};

use super::Framing;

/// Hex digits of a chunk size: as many as fit 64 bits. Guards the number against overflow.
pub const CHUNK_SIZE_DIGITS_MAX: u8 = 16;
/// Digits of a size that is read in one go: chunks up to 256 MiB.
const STRIDE_DIGITS_MAX: usize = 7;
/// Extension bytes of one chunk. Guards against an upstream that keeps the connection busy with nothing.
pub const EXTENSION_BYTES_MAX: u16 = 256;
/// All trailer lines of one body together, in bytes. Guards the wait for the body's end.
pub const TRAILER_BYTES_MAX: u16 = 16 << 10;
/// Trailer lines of one body. Guards the same.
pub const TRAILERS_MAX: u8 = 64;

/// What a body decoder made of the bytes so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// All data that the buffer held; never empty.
    Data(BytesMut),
    /// The buffer holds no more data; read on.
    NeedMore,
    /// The body is complete. Bytes that are still in the buffer do not belong to it.
    End,
}

/// Why a body's framing was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// No digits, or something else than digits; blanks included.
    #[error("a chunk size is not a hexadecimal number")]
    ChunkSize,
    /// Over [`CHUNK_SIZE_DIGITS_MAX`].
    #[error("a chunk size has over {CHUNK_SIZE_DIGITS_MAX} digits")]
    ChunkSizeTooLong,
    /// Control characters, bare line ends included.
    #[error("a chunk extension is malformed")]
    Extension,
    /// Over [`EXTENSION_BYTES_MAX`].
    #[error("a chunk extension is over {EXTENSION_BYTES_MAX} bytes")]
    ExtensionTooLong,
    /// Something else than CR LF where only that may be.
    #[error("a chunk does not end where its size says, or a line does not end in CR LF")]
    LineEnd,
    /// Not a header line.
    #[error("a trailer is malformed")]
    Trailer,
    /// Over [`TRAILER_BYTES_MAX`] or [`TRAILERS_MAX`].
    #[error("the trailers are over {TRAILER_BYTES_MAX} bytes or {TRAILERS_MAX} lines")]
    TrailersTooLong,
    /// The connection closed before the body's end.
    #[error("the connection closed before the end of the body")]
    Cut,
}

/// Removes the framing from one body.
#[derive(Clone, Debug)]
pub struct Decoder {
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Exact(u64),
    Chunked(Step, Trailers),
    Close,
    Failed(FramingError),
    Done,
}

/// Where in the chunk grammar the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Size { value: u64, digits: u8 },
    Extension { value: u64, bytes: u16 },
    SizeLf { value: u64 },
    Data { left: u64 },
    DataCr,
    DataLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    End,
}

#[derive(Clone, Copy, Debug, Default)]
struct Trailers {
    bytes: u16,
    lines: u8,
}

impl Decoder {
    /// A decoder for one body.
    pub fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::Exact(0) => State::Done,
            Framing::Exact(left) => State::Exact(left),
            Framing::Chunked => State::Chunked(Step::Size { value: 0, digits: 0 }, Trailers::default()),
            Framing::Close => State::Close,
        };
        Self { state }
    }

    /// Whether the body is complete.
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Bytes of data still to come, where that is known.
    pub fn remaining_bytes(&self) -> Option<u64> {
        match self.state {
            State::Exact(left) => Some(left),
            State::Done => Some(0),
            State::Chunked(..) | State::Close | State::Failed(_) => None,
        }
    }

    /// Takes all that belongs to the body off the front of `buf`, and hands out the data in it in one piece: without a
    /// copy when it is in one chunk, else moved together inside the buffer.
    ///
    /// Data before a framing error is handed out first; the call after that, and every later one, errs.
    pub fn take(&mut self, buf: &mut BytesMut) -> Result<Progress, FramingError> {
        match &mut self.state {
            State::Done => Ok(Progress::End),
            State::Failed(error) => Err(*error),
            State::Close if buf.is_empty() => Ok(Progress::NeedMore),
            State::Close => Ok(Progress::Data(buf.split())),
            State::Exact(_) if buf.is_empty() => Ok(Progress::NeedMore),
            State::Exact(left) => {
                let taken = usize::try_from(*left).map_or(buf.len(), |left| left.min(buf.len()));
                *left -= taken as u64;
                if *left == 0 {
                    self.state = State::Done;
                }
                Ok(Progress::Data(buf.split_to(taken)))
            }
            State::Chunked(..) => self.take_chunks(buf),
        }
    }

    /// The connection closed: fine where that is how the body ends, else an error.
    pub fn finish(&mut self) -> Result<(), FramingError> {
        match self.state {
            State::Done => Ok(()),
            State::Close => {
                self.state = State::Done;
                Ok(())
            }
            State::Failed(error) => Err(error),
            State::Exact(_) | State::Chunked(..) => {
                self.state = State::Failed(FramingError::Cut);
                Err(FramingError::Cut)
            }
        }
    }

    fn take_chunks(&mut self, buf: &mut BytesMut) -> Result<Progress, FramingError> {
        let State::Chunked(mut step, mut trailers) = self.state else { return Ok(Progress::NeedMore) };
        // `buf[..at]` has been read; `buf[start..end]` is the data found in it, moved together.
        let (mut at, mut start, mut end) = (0, 0, 0);
        let mut failed = None;
        while let Some(&byte) = buf.get(at) {
            if let Step::Data { left } = step {
                let here = buf.len() - at;
                let taken = usize::try_from(left).map_or(here, |left| left.min(here));
                if end == 0 {
                    (start, end) = (at, at + taken);
                } else {
                    buf.copy_within(at..at + taken, end);
                    end += taken;
                }
                at += taken;
                let left = left - taken as u64;
                step = if left == 0 { Step::DataCr } else { Step::Data { left } };
                continue;
            }
            if let Some((next, read)) = step.stride(buf.get(at..).unwrap_or_default()) {
                (step, at) = (next, at + read);
                continue;
            }
            match step.next(byte, &mut trailers) {
                Ok(next) => (step, at) = (next, at + 1),
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
            if step == Step::End {
                break;
            }
        }
        self.state = match failed {
            Some(error) => State::Failed(error),
            None if step == Step::End => State::Done,
            None => State::Chunked(step, trailers),
        };
        buf.advance(start);
        let data = buf.split_to(end - start);
        buf.advance(at - end);
        match (data.is_empty(), failed) {
            (false, _) => Ok(Progress::Data(data)),
            (true, Some(error)) => Err(error),
            (true, None) if step == Step::End => Ok(Progress::End),
            (true, None) => Ok(Progress::NeedMore),
        }
    }
}

impl Step {
    /// Several steps at once, where all the bytes of the usual case are here: a chunk's end, and a size line without an
    /// extension. That takes a third of the time; everything else goes byte by byte.
    #[inline]
    fn stride(self, bytes: &[u8]) -> Option<(Self, usize)> {
        match self {
            Self::DataCr if bytes.starts_with(b"\r\n") => Some((Self::Size { value: 0, digits: 0 }, 2)),
            Self::Size { digits: 0, .. } => {
                let digits = bytes.iter().take(STRIDE_DIGITS_MAX).take_while(|byte| byte.is_ascii_hexdigit()).count();
                let (digits, rest) = bytes.split_at_checked(digits)?;
                if digits.is_empty() || !rest.starts_with(b"\r\n") {
                    return None;
                }
                let add = |value, digit: &u8| (value << 4) | u64::from(char::from(*digit).to_digit(16).unwrap_or(0));
                let step = match digits.iter().fold(0, add) {
                    0 => Self::TrailerStart,
                    left => Self::Data { left },
                };
                Some((step, digits.len() + 2))
            }
            Self::Size { .. }
            | Self::Extension { .. }
            | Self::SizeLf { .. }
            | Self::Data { .. }
            | Self::DataCr
            | Self::DataLf
            | Self::TrailerStart
            | Self::TrailerName
            | Self::TrailerValue
            | Self::TrailerLf
            | Self::EndLf
            | Self::End => None,
        }
    }

    /// The step after `byte`, which is anything but data.
    #[inline]
    fn next(self, byte: u8, trailers: &mut Trailers) -> Result<Self, FramingError> {
        match (self, byte) {
            (Self::Size { digits: 0, .. }, b'\r' | b';') => Err(FramingError::ChunkSize),
            (Self::Size { value, .. }, b'\r') => Ok(Self::SizeLf { value }),
            (Self::Size { value, .. }, b';') => Ok(Self::Extension { value, bytes: 0 }),
            (Self::Size { value, digits }, _) => add_digit(value, digits, byte),
            (Self::Extension { value, .. }, b'\r') => Ok(Self::SizeLf { value }),
            (Self::Extension { .. }, _) if !is_text(byte) => Err(FramingError::Extension),
            (Self::Extension { bytes: EXTENSION_BYTES_MAX, .. }, _) => Err(FramingError::ExtensionTooLong),
            (Self::Extension { value, bytes }, _) => Ok(Self::Extension { value, bytes: bytes + 1 }),
            (Self::SizeLf { value: 0 }, b'\n') => Ok(Self::TrailerStart),
            (Self::SizeLf { value }, b'\n') => Ok(Self::Data { left: value }),
            (Self::DataCr, b'\r') => Ok(Self::DataLf),
            (Self::DataLf, b'\n') => Ok(Self::Size { value: 0, digits: 0 }),
            (Self::TrailerStart, b'\r') => Ok(Self::EndLf),
            (Self::EndLf, b'\n') => Ok(Self::End),
            (Self::TrailerLf, b'\n') => Ok(Self::TrailerStart),
            (Self::TrailerStart | Self::TrailerName | Self::TrailerValue, _) => self.trailer(byte, trailers),
            (Self::SizeLf { .. } | Self::DataCr | Self::DataLf | Self::TrailerLf | Self::EndLf, _) => {
                Err(FramingError::LineEnd)
            }
            // Data never comes here, and nothing is read after the end.
            (Self::Data { .. } | Self::End, _) => Ok(self),
        }
    }

    /// Trailers are dropped, but a body whose trailers are not header lines does not end where it seems to.
    fn trailer(self, byte: u8, seen: &mut Trailers) -> Result<Self, FramingError> {
        seen.bytes += 1;
        if self == Self::TrailerStart {
            seen.lines += 1;
        }
        if seen.bytes > TRAILER_BYTES_MAX || seen.lines > TRAILERS_MAX {
            return Err(FramingError::TrailersTooLong);
        }
        match (self, byte) {
            (Self::TrailerValue, b'\r') => Ok(Self::TrailerLf),
            (Self::TrailerValue, _) if is_text(byte) => Ok(Self::TrailerValue),
            (Self::TrailerName, b':') => Ok(Self::TrailerValue),
            (Self::TrailerStart | Self::TrailerName, _) if is_token(byte) => Ok(Self::TrailerName),
            _ => Err(FramingError::Trailer),
        }
    }
}

fn add_digit(value: u64, digits: u8, byte: u8) -> Result<Step, FramingError> {
    let digit = char::from(byte).to_digit(16).ok_or(FramingError::ChunkSize)?;
    if digits == CHUNK_SIZE_DIGITS_MAX {
        return Err(FramingError::ChunkSizeTooLong);
    }
    Ok(Step::Size { value: (value << 4) | u64::from(digit), digits: digits + 1 })
}

/// What a header value or an extension may hold.
fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

/// What a header name may hold (RFC 9110, section 5.6.2).
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests;

//! An answer's head from bytes.

use std::mem::MaybeUninit;

use bytes::{Buf as _, Bytes, BytesMut};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

use super::Framing;
use super::hop;
use super::lines::{EndFinder, Facts, HEADERS_MAX, HeadError};

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

/// Reads one request's answer head, interim answers skipped.
#[derive(Debug)]
pub struct HeadReader {
    to_head: bool,
    end: EndFinder,
    interim: u8,
    headers: HeaderMap,
}

impl HeadReader {
    /// A reader for the answer to a request of this method: `HEAD` is answered without a body. `headers` is an empty map
    /// to fill.
    pub fn new(method: &Method, headers: HeaderMap) -> Self {
        Self { to_head: *method == Method::HEAD, end: EndFinder::default(), interim: 0, headers }
    }

    /// Takes the head off the front of `buf`, once it is there whole. `None` asks for more bytes behind those of `buf`.
    ///
    /// After an error the connection is of no further use.
    pub fn read(&mut self, buf: &mut BytesMut) -> Result<Option<Head>, HeadError> {
        loop {
            if !buf.iter().zip(PREFIX).all(|(have, want)| have == want) {
                return Err(HeadError::NotHttp);
            }
            let Some(end) = self.end.find(buf)? else { return Ok(None) };
            // One exact copy: the header values share it, and the read buffer is free for the next read.
            let bytes = Bytes::copy_from_slice(buf.get(..end).unwrap_or_default());
            buf.advance(end);
            if let Some(head) = parse(&bytes, self.to_head, &mut self.headers)? {
                return Ok(Some(head));
            }
            self.interim += 1;
            if self.interim > INTERIM_HEADS_MAX {
                return Err(HeadError::TooManyInterim);
            }
        }
    }

    /// Whether an interim answer has come.
    pub fn has_begun(&self) -> bool {
        self.interim > 0
    }
}

/// One complete head, its headers in the memory of `room`; `None` when it is an interim one.
fn parse(bytes: &Bytes, to_head: bool, room: &mut HeaderMap) -> Result<Option<Head>, HeadError> {
    let mut table = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut parsed = httparse::Response::new(&mut []);
    let status =
        httparse::ParserConfig::default().parse_response_with_uninit_headers(&mut parsed, bytes, &mut table)?;
    // The blank line is there, so anything but "the whole of it" means that the parser sees other lines than we do.
    if status != httparse::Status::Complete(bytes.len()) {
        return Err(HeadError::FirstLine);
    }
    let code = parsed.code.ok_or(HeadError::FirstLine)?;
    let status = StatusCode::from_u16(code).map_err(|_| HeadError::FirstLine)?;
    if status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(HeadError::SwitchedProtocols);
    }
    if status.is_informational() {
        return Ok(None);
    }
    let facts = Facts::of(parsed.headers, parsed.version == Some(1))?;
    let bodiless = to_head || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED;
    let framing = if bodiless { Framing::Exact(0) } else { facts.framing.unwrap_or(Framing::Close) };
    let headers = end_to_end(bytes, parsed.headers, &facts, std::mem::take(room))?;
    Ok(Some(Head { status, headers, framing, keep_alive: facts.keep_alive && framing != Framing::Close }))
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

#[cfg(test)]
mod tests;

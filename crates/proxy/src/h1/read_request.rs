//! A request's head from bytes.

use std::mem::MaybeUninit;

use bytes::{Buf as _, Bytes, BytesMut};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Uri, Version};

use super::Framing;
use super::body::is_token;
use super::lines::{EndFinder, Facts, HEADERS_MAX, HeadError};

/// Longer than any method there is. Guards the wait for a first line when the client speaks something else.
const METHOD_BYTES_MAX: usize = 32;
/// Blank lines before a request. Some old clients end a body with one that its length does not count.
const BLANK_LINES_MAX: u8 = 4;

/// A request's head.
#[derive(Debug)]
pub struct Received {
    /// Method, target, version and headers; all headers, those about the connection included.
    pub parts: Parts,
    /// How the body ends; never with the connection.
    pub framing: Framing,
    /// Whether the client means to use the connection again.
    pub keep_alive: bool,
    /// Whether the client waits for a word before it sends the body.
    pub waits: bool,
}

/// Reads the heads of one connection's requests.
#[derive(Debug, Default)]
pub struct RequestReader {
    end: EndFinder,
    blank_lines: u8,
}

impl RequestReader {
    /// Takes the next head off the front of `buf`, once it is there whole. `None` asks for more bytes behind those of
    /// `buf`. `room` gives an empty map to fill.
    ///
    /// After an error the connection is of no further use.
    pub fn read(
        &mut self,
        buf: &mut BytesMut,
        room: impl FnOnce() -> HeaderMap,
    ) -> Result<Option<Received>, HeadError> {
        while buf.starts_with(b"\r\n") {
            if self.blank_lines == BLANK_LINES_MAX {
                return Err(HeadError::FirstLine);
            }
            self.blank_lines += 1;
            buf.advance(2);
        }
        if **buf != *b"\r" {
            check_method(buf)?;
        }
        let Some(end) = self.end.find(buf)? else { return Ok(None) };
        self.blank_lines = 0;
        parse(&buf.split_to(end).freeze(), room()).map(Some)
    }
}

/// Finds out a client that speaks something else (TLS, for one) at once, and not when a deadline passes.
fn check_method(buf: &[u8]) -> Result<(), HeadError> {
    let method = buf.iter().take(METHOD_BYTES_MAX).take_while(|byte| is_token(**byte)).count();
    match buf.get(method) {
        Some(b' ') if method > 0 => Ok(()),
        None => Ok(()),
        _ => Err(HeadError::NotHttp),
    }
}

/// One complete head, its headers in the memory of `room`.
fn parse(bytes: &Bytes, room: HeaderMap) -> Result<Received, HeadError> {
    let mut table = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut parsed = httparse::Request::new(&mut []);
    let status = httparse::ParserConfig::default().parse_request_with_uninit_headers(&mut parsed, bytes, &mut table)?;
    // The blank line is there, so anything but "the whole of it" means that the parser sees other lines than we do.
    if status != httparse::Status::Complete(bytes.len()) {
        return Err(HeadError::FirstLine);
    }
    let http11 = parsed.version == Some(1);
    let facts = Facts::of(parsed.headers, http11)?;
    let target = parsed.path.ok_or(HeadError::FirstLine)?;
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method =
        Method::from_bytes(parsed.method.unwrap_or_default().as_bytes()).map_err(|_| HeadError::FirstLine)?;
    parts.uri = Uri::from_maybe_shared(bytes.slice_ref(target.as_bytes())).map_err(|_| HeadError::FirstLine)?;
    parts.version = if http11 { Version::HTTP_11 } else { Version::HTTP_10 };
    parts.headers = room;
    let waits = fill(&mut parts.headers, bytes, parsed.headers)? && http11;
    let framing = facts.framing.unwrap_or(Framing::Exact(0));
    Ok(Received { parts, framing, keep_alive: facts.keep_alive, waits })
}

/// Fills `headers`; says whether the client waits for a word before it sends the body.
fn fill(headers: &mut HeaderMap, bytes: &Bytes, parsed: &[httparse::Header<'_>]) -> Result<bool, HeadError> {
    let mut waits = false;
    headers.reserve(parsed.len());
    for line in parsed {
        let name = HeaderName::from_bytes(line.name.as_bytes()).map_err(|_| HeadError::HeaderName)?;
        let value = HeaderValue::from_maybe_shared(bytes.slice_ref(line.value)).map_err(|_| HeadError::HeaderValue)?;
        waits |= name == header::EXPECT && value.as_bytes().eq_ignore_ascii_case(b"100-continue");
        if name == header::CONTENT_LENGTH {
            headers.insert(name, value);
        } else if name == header::HOST {
            if headers.insert(name, value).is_some() {
                return Err(HeadError::RepeatedHost);
            }
        } else {
            headers.append(name, value);
        }
    }
    Ok(waits)
}

#[cfg(test)]
mod tests;

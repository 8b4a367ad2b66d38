//! A request's head as bytes.

use std::io::Write as _;

use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Uri};

use super::hop;

/// A request head before it is bytes.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// Any method but `CONNECT`.
    pub method: &'a Method,
    /// Path and query as they go on the wire; begins with a slash.
    pub path: &'a str,
    /// What [`host_value`] made.
    pub host: &'a [u8],
    /// Everything else. What the client writes itself (host, length) or what is hop-by-hop is left out.
    pub headers: &'a [(&'a HeaderName, &'a HeaderValue)],
    /// Length of the body that follows, in bytes.
    pub body_bytes: u64,
}

/// Why a request cannot be written without changing its meaning. The texts do not repeat the input: it may hold secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The path does not begin with a slash, or holds blanks, control characters or raw non-ASCII bytes.
    #[error("the path must begin with `/` and hold only printable ASCII without blanks")]
    Path,
    /// The host is empty or holds characters that no host has.
    #[error("the host must be a name or an address without blanks, slashes or control characters")]
    Host,
    /// `CONNECT` asks for a tunnel, which this client does not speak.
    #[error("the method `CONNECT` cannot be forwarded")]
    Method,
}

/// Enough for a usual head (request line, host, key, content type, some tracing headers) to be written without growing.
const HEAD_BYTES_USUAL: usize = 512;

impl RequestHead<'_> {
    /// The head's bytes, blank line included.
    ///
    /// Errs when the method or the path could be read as something else than one request.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        check_method(self.method)?;
        check_path(self.path)?;
        let mut out = Vec::with_capacity(HEAD_BYTES_USUAL + self.path.len());
        out.extend_from_slice(self.method.as_str().as_bytes());
        out.push(b' ');
        out.extend_from_slice(self.path.as_bytes());
        out.extend_from_slice(b" HTTP/1.1\r\nhost: ");
        out.extend_from_slice(self.host);
        out.extend_from_slice(b"\r\n");
        for (name, value) in self.headers {
            if is_ours(name) {
                continue;
            }
            out.extend_from_slice(name.as_str().as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        if self.body_bytes > 0 || expects_body(self.method) {
            write!(out, "content-length: {}\r\n", self.body_bytes).expect("writing to a Vec does not fail");
        }
        out.extend_from_slice(b"\r\n");
        Ok(out)
    }
}

/// The value of `Host`: the port is left out where it is `default_port`, an IPv6 address gets its brackets.
///
/// Errs on what could not be a host.
pub fn host_value(host: &str, port: u16, default_port: u16) -> Result<Vec<u8>, EncodeError> {
    let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'?' | b'#' | b'@' | b'\\' | b'[' | b']');
    if host.is_empty() || !host.bytes().all(fits) {
        return Err(EncodeError::Host);
    }
    let mut out = Vec::with_capacity(host.len() + 8);
    if host.contains(':') {
        out.push(b'[');
        out.extend_from_slice(host.as_bytes());
        out.push(b']');
    } else {
        out.extend_from_slice(host.as_bytes());
    }
    if port != default_port {
        write!(out, ":{port}").expect("writing to a Vec does not fail");
    }
    Ok(out)
}

/// Errs on `CONNECT`.
pub(crate) fn check_method(method: &Method) -> Result<(), EncodeError> {
    if *method == Method::CONNECT { Err(EncodeError::Method) } else { Ok(()) }
}

/// A blank or a line end inside the path would end the request line early and start a second request.
pub(crate) fn check_path(path: &str) -> Result<(), EncodeError> {
    let sound = path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic());
    if sound { Ok(()) } else { Err(EncodeError::Path) }
}

/// Whether the client decides about this header itself. `Expect` too: the body is sent without waiting.
pub(crate) fn is_ours(name: &HeaderName) -> bool {
    *name == header::HOST || *name == header::CONTENT_LENGTH || *name == header::EXPECT || hop::is_hop_by_hop(name)
}

/// Whether a server may wait for a body unless it is told that there is none (RFC 9110, section 8.6).
fn expects_body(method: &Method) -> bool {
    *method == Method::POST || *method == Method::PUT || *method == Method::PATCH
}

/// The same request's address for a client that wants it whole.
pub(crate) fn https_uri(host_value: &[u8], path: &str) -> Result<Uri, EncodeError> {
    check_path(path)?;
    Uri::builder().scheme("https").authority(host_value).path_and_query(path).build().map_err(|_| EncodeError::Path)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue, Method};

    use super::{EncodeError, RequestHead, host_value};

    fn encode(method: &Method, path: &str, headers: &[(&'static str, &'static str)], body: u64) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let headers: Vec<_> = map.iter().collect();
        let head = RequestHead { method, path, host: b"models.local:8000", headers: &headers, body_bytes: body };
        String::from_utf8(head.encode().unwrap()).unwrap()
    }

    #[test]
    fn writes_request_line_host_headers_and_length() {
        assert_eq!(
            encode(&Method::POST, "/v1/chat?a=b", &[("accept", "*/*"), ("x-two", "1"), ("x-two", "2")], 17),
            "POST /v1/chat?a=b HTTP/1.1\r\nhost: models.local:8000\r\naccept: */*\r\nx-two: 1\r\nx-two: 2\r\n\
             content-length: 17\r\n\r\n"
        );
    }

    #[test]
    fn says_length_zero_only_where_a_body_is_expected() {
        assert_eq!(
            encode(&Method::POST, "/", &[], 0),
            "POST / HTTP/1.1\r\nhost: models.local:8000\r\ncontent-length: 0\r\n\r\n"
        );
        assert_eq!(encode(&Method::GET, "/", &[], 0), "GET / HTTP/1.1\r\nhost: models.local:8000\r\n\r\n");
    }

    #[test]
    fn leaves_out_headers_that_would_contradict_its_own() {
        let headers = [
            ("host", "evil"),
            ("content-length", "9"),
            ("transfer-encoding", "chunked"),
            ("connection", "close"),
            ("keep-alive", "1"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("expect", "100-continue"),
        ];
        assert_eq!(encode(&Method::GET, "/", &headers, 0), "GET / HTTP/1.1\r\nhost: models.local:8000\r\n\r\n");
    }

    #[test]
    fn refuses_paths_that_could_start_a_second_request() {
        for path in ["", "v1", "/a b", "/a\r\nx: y", "/a\n", "/\u{7f}", "/ä", "/a\0"] {
            let head = RequestHead { method: &Method::GET, path, host: b"h", headers: &[], body_bytes: 0 };
            assert_eq!(head.encode(), Err(EncodeError::Path), "{path:?}");
        }
        let head = RequestHead { method: &Method::CONNECT, path: "/", host: b"h", headers: &[], body_bytes: 0 };
        assert_eq!(head.encode(), Err(EncodeError::Method));
    }

    #[test]
    fn host_values_follow_port_and_kind_of_address() {
        let check = |host, port, expected: Result<&str, EncodeError>| {
            assert_eq!(host_value(host, port, 80), expected.map(|text| text.as_bytes().to_vec()), "{host:?} {port}");
        };
        check("models.local", 80, Ok("models.local"));
        check("models.local", 8000, Ok("models.local:8000"));
        check("::1", 80, Ok("[::1]"));
        check("::1", 8000, Ok("[::1]:8000"));
        for host in ["", "a b", "a\r\nb", "a/b", "u@h", "[::1]", "a?b", "a#b", "\u{e4}"] {
            check(host, 80, Err(EncodeError::Host));
        }
    }
}

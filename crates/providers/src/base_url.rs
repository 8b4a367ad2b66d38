//! Where a provider is, taken apart once.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use thiserror::Error;
use trunkline_wire::DialectId;

use crate::Vendor;

/// A checked base URL. Shown without credentials: it has none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BaseUrl {
    /// Whether TLS is spoken.
    pub tls: bool,
    /// Host name or address in lower case, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// What every path begins with, version included, such as `/openai/v1`; no slash at the end, may be empty.
    pub path: String,
}

/// What is wrong with a base URL. Never repeats the text itself, which may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BaseUrlError {
    /// Over [`URL_BYTES_MAX`].
    #[error("is longer than {URL_BYTES_MAX} bytes")]
    TooLong,
    /// White space, a control character, a backslash or the like.
    #[error("holds a character that a URL cannot have; write host names and paths in ASCII")]
    BadCharacter,
    /// Neither of the two schemes.
    #[error("must begin with `http://` or `https://`")]
    Scheme,
    /// A user name or password.
    #[error("must not hold credentials; put the key into `keys`")]
    Credentials,
    /// A query or a fragment.
    #[error("must not hold a query or a fragment (`?` or `#`); put a key into `keys`")]
    QueryOrFragment,
    /// No host, or one that is neither a name nor an address.
    #[error("must name a host after `://`, such as `api.example.com`, `127.0.0.1` or `[::1]`")]
    Host,
    /// Not a number from 1 to 65535.
    #[error("must have a port from 1 to 65535 after the colon")]
    Port,
    /// A `.` or `..` between slashes.
    #[error("must not hold `.` or `..` in its path")]
    DotSegment,
}

/// Longest base URL. Guards every later request head, which repeats it.
pub const URL_BYTES_MAX: usize = 2048;

/// Longest host name (RFC 1035, section 2.3.4).
const HOST_BYTES_MAX: usize = 253;

/// What people paste behind the base, longest first where one ends with another.
const API_PATHS: &[&str] = &[
    "/chat/completions",
    "/completions",
    "/embeddings",
    "/models",
    "/responses/input_tokens",
    "/responses",
    "/messages/count_tokens",
    "/messages",
    "/rerank",
    "/moderations",
    "/audio/transcriptions",
    "/audio/translations",
    "/audio/speech",
    "/images/generations",
];

/// What people paste of Ollama's own paths.
const OLLAMA_PATHS: &[&str] =
    &["/api/chat", "/api/generate", "/api/embed", "/api/tags", "/api/version", "/api/show", "/api/ps", "/api"];

/// What Gemini's own paths have behind the version; a model and a method follow.
const GEMINI_PATHS: &str = "/models";

impl BaseUrl {
    /// Reads a base URL as people paste it: with or without the vendor's version path, a slash at the end, or a whole
    /// API path behind it. A pasted API path says exactly where the API is, so the version path is then not added; nor
    /// is it when the path has a version of its own, such as `/v4`. A path of Ollama's or Gemini's own API is cut off,
    /// too, and then the version path is added: it is where their OpenAI-compatible paths are, and leads to the own ones.
    ///
    /// # Errors
    /// When the text is not an absolute http or https URL of ASCII, or holds credentials, a query or a fragment.
    pub fn parse(text: &str, vendor: &Vendor) -> Result<Self, BaseUrlError> {
        let text = text.trim();
        if text.len() > URL_BYTES_MAX {
            return Err(BaseUrlError::TooLong);
        }
        let (tls, rest) = scheme(text).ok_or(BaseUrlError::Scheme)?;
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(BaseUrlError::Credentials);
        }
        if path.contains(['?', '#']) {
            return Err(BaseUrlError::QueryOrFragment);
        }
        if !rest.bytes().all(|byte| byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&byte)) {
            return Err(BaseUrlError::BadCharacter);
        }
        let (host, port) = host_and_port(authority)?;
        let port = port.unwrap_or(default_port(tls));
        Ok(Self { tls, host, port, path: complete(&tidy(path)?, vendor) })
    }

    /// The request path for an API path that begins with a slash, such as `/chat/completions`.
    pub fn join(&self, api_path: &str) -> String {
        debug_assert!(api_path.starts_with('/'), "an API path begins with a slash");
        [&self.path, api_path].concat()
    }

    /// The value of the `Host` header: an IPv6 address in brackets, the port left out when the scheme implies it.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == default_port(self.tls) { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority(), self.path)
    }
}

fn default_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

fn scheme(text: &str) -> Option<(bool, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    if scheme.eq_ignore_ascii_case("https") {
        Some((true, rest))
    } else if scheme.eq_ignore_ascii_case("http") {
        Some((false, rest))
    } else {
        None
    }
}

fn host_and_port(authority: &str) -> Result<(String, Option<u16>), BaseUrlError> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => {
            let (address, port) = bracketed.split_once(']').ok_or(BaseUrlError::Host)?;
            let address: Ipv6Addr = address.parse().map_err(|_| BaseUrlError::Host)?;
            (address.to_string(), port)
        }
        None => {
            let (name, port) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
            (host_name(name)?, port)
        }
    };
    let port = match port.strip_prefix(':') {
        Some(digits) => Some(port_number(digits)?),
        None if port.is_empty() => None,
        None => return Err(BaseUrlError::Host),
    };
    Ok((host, port))
}

fn host_name(name: &str) -> Result<String, BaseUrlError> {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    let labels = name.strip_suffix('.').unwrap_or(name).split('.').all(|label| !label.is_empty());
    // `127.1` and `0x7f.1` are addresses to some resolvers and names to others.
    let ambiguous = name.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()))
        && name.parse::<Ipv4Addr>().is_err();
    if plain && labels && !ambiguous && name.len() <= HOST_BYTES_MAX {
        Ok(name.to_ascii_lowercase())
    } else {
        Err(BaseUrlError::Host)
    }
}

fn port_number(digits: &str) -> Result<u16, BaseUrlError> {
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    number.filter(|port| *port != 0).ok_or(BaseUrlError::Port)
}

/// The path without empty segments and without a slash at the end.
fn tidy(path: &str) -> Result<String, BaseUrlError> {
    let mut tidy = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        if matches!(segment, "." | "..") {
            return Err(BaseUrlError::DotSegment);
        }
        tidy.push('/');
        tidy.push_str(segment);
    }
    Ok(tidy)
}

/// The path with the version path added where it is missing, in whole or in part.
fn complete(path: &str, vendor: &Vendor) -> String {
    let path = vendor.dialects.iter().fold(path, |path, dialect| without_own_path(path, *dialect));
    let version_path = vendor.version_path;
    if let Some(exact) = API_PATHS.iter().find_map(|api_path| path.strip_suffix(api_path)) {
        return exact.to_owned();
    }
    if path.ends_with(version_path) {
        return path.to_owned();
    }
    // `https://api.groq.com/openai` lacks only the end of `/openai/v1`.
    let missing = version_path.rmatch_indices('/').filter(|(at, _)| *at > 0).find_map(|(at, _)| {
        let (begun, missing) = version_path.split_at(at);
        path.ends_with(begun).then_some(missing)
    });
    match missing {
        Some(missing) => format!("{path}{missing}"),
        None if path.split('/').any(is_version) => path.to_owned(),
        None => format!("{path}{version_path}"),
    }
}

/// The path without a path of a dialect that does not live behind the version path.
fn without_own_path(path: &str, dialect: DialectId) -> &str {
    match dialect {
        DialectId::Ollama => OLLAMA_PATHS.iter().find_map(|own| path.strip_suffix(own)).unwrap_or(path),
        DialectId::Gemini => {
            let mut places = path.match_indices(GEMINI_PATHS);
            let whole = |rest: &str| rest.is_empty() || rest.starts_with('/');
            let place = places.find(|(at, own)| path.get(at + own.len()..).is_some_and(whole));
            place.and_then(|(at, _)| path.get(..at)).unwrap_or(path)
        }
        DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::OpenaiResponses | DialectId::Anthropic => {
            path
        }
    }
}

/// Whether a segment is a version such as `v1` or `v1beta`.
fn is_version(segment: &str) -> bool {
    let Some(rest) = segment.strip_prefix('v') else { return false };
    let word = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    word.len() < rest.len() && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests;

//! Cookies: read from a request, written for a browser.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

/// Holds a session's token.
pub(crate) const SESSION: &str = "trunkline_session";

/// Which pages make a browser send a cookie along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SameSite {
    /// Pages of this site alone.
    Strict,
    /// Any page that leads here.
    Lax,
}

/// A cookie for a browser. No script may read it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cookie<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    pub(super) path: &'a str,
    pub(super) same_site: SameSite,
    pub(super) lasts: Duration,
    /// Whether it may go over TLS alone.
    pub(super) secure: bool,
}

impl Cookie<'_> {
    pub(super) fn header(&self) -> HeaderValue {
        let Self { name, value, path, lasts, .. } = self;
        let same_site = match self.same_site {
            SameSite::Strict => "Strict",
            SameSite::Lax => "Lax",
        };
        let secure = if self.secure { "; Secure" } else { "" };
        let text =
            format!("{name}={value}; Path={path}; Max-Age={}; HttpOnly; SameSite={same_site}{secure}", lasts.as_secs());
        let mut header = HeaderValue::try_from(text).expect("names, tokens and numbers are ASCII");
        header.set_sensitive(true);
        header
    }
}

/// The value of the first cookie of that name.
pub(super) fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find_map(|(found, value)| (found == name).then_some(value)).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_by_their_names() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; xsession=no; session=yes=; b="));
        headers.append(header::COOKIE, HeaderValue::from_static("c=3"));
        for (name, expected) in
            [("a", Some("1")), ("session", Some("yes=")), ("b", None), ("c", Some("3")), ("d", None)]
        {
            assert_eq!(value(&headers, name), expected, "{name}");
        }
    }

    #[test]
    fn cookies_say_what_browsers_may_do_with_them() {
        let cookie = Cookie {
            name: SESSION,
            value: "x",
            path: "/",
            same_site: SameSite::Strict,
            lasts: Duration::from_secs(60),
            secure: false,
        };
        assert_eq!(cookie.header(), "trunkline_session=x; Path=/; Max-Age=60; HttpOnly; SameSite=Strict");
        let secure = Cookie { secure: true, same_site: SameSite::Lax, ..cookie };
        assert_eq!(secure.header(), "trunkline_session=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        assert!(!format!("{:?}", cookie.header()).contains("=x"));
    }
}

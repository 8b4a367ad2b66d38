//! Whose page a request comes from: browsers say it, and nobody else needs to.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, Method, header};
use trunkline_config::AdminAccess;

use crate::problem::{Kind, Problem};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses requests for names that are not ours, as pages send them whose name was made to point here.
pub(super) fn check_host(access: &AdminAccess, headers: &HeaderMap) -> Result<(), Problem> {
    let host = host(headers);
    if !is_ours(access, &host) {
        let how = format!(
            "`{host}` is not known as a name of this server; add it to `hosts` in `[admin]`, or its URL as `public_url`"
        );
        return Err(Problem::new(Kind::WrongHost, how));
    }
    Ok(())
}

/// Refuses changes that come from pages of others.
pub(super) fn check_change(access: &AdminAccess, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if method.is_safe() {
        return Ok(());
    }
    let own = match text(headers, &header::ORIGIN) {
        Some(origin) => is_own_origin(access, &host(headers), &origin.to_ascii_lowercase()),
        None => text(headers, &SEC_FETCH_SITE).is_none_or(|site| matches!(site, "same-origin" | "none")),
    };
    if own {
        return Ok(());
    }
    let how = "only pages of this server may change anything; behind a reverse proxy, set `public_url` in `[admin]`";
    Err(Problem::new(Kind::WrongOrigin, how))
}

fn host(headers: &HeaderMap) -> String {
    text(headers, &header::HOST).unwrap_or_default().to_ascii_lowercase()
}

/// The value of a header that is there once; none else is a browser's.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    // Two would be a trick, and what is no text matches nothing.
    if values.next().is_some() { Some("") } else { Some(first.to_str().unwrap_or_default()) }
}

/// Whether a browser that says this `Host` was meant to come here. A name that is an address cannot be made to point
/// elsewhere.
fn is_ours(access: &AdminAccess, host: &str) -> bool {
    let name = without_port(host);
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    bare.parse::<IpAddr>().is_ok()
        || name == "localhost"
        || name.ends_with(".localhost")
        || access.hosts.iter().any(|known| known == name)
        || access.public_url.as_ref().is_some_and(|url| without_port(&url.authority) == name)
}

/// Whether that is the origin of a page of ours, as the request's `Host` or the operator says.
fn is_own_origin(access: &AdminAccess, host: &str, origin: &str) -> bool {
    if access.public_url.as_ref().is_some_and(|url| url.origin == origin) {
        return true;
    }
    // Whether TLS ends before us is not known; that the host is ours, is.
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    !host.is_empty() && authority.is_some_and(|authority| authority == host)
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::HeaderValue;
    use trunkline_config::{Env, Overrides, load};

    use super::*;

    fn access() -> Arc<AdminAccess> {
        let document = "[admin]\npublic_url = \"https://Gateway.example.com:443\"\nhosts = [\"inner\"]\n";
        let loaded = load(Some(("t.toml", document)), &Env::default(), &Overrides::default(), &[]);
        Arc::clone(&loaded.expect("a right document").snapshot.admin)
    }

    fn refused(method: &Method, stated: &[(&'static str, &'static str)]) -> Option<Kind> {
        let headers =
            stated.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let (access, headers) = (access(), headers.collect());
        let checked = check_host(&access, &headers).and_then(|()| check_change(&access, method, &headers));
        checked.err().map(|problem| problem.kind)
    }

    #[test]
    fn names_that_may_be_anybodys_are_refused() {
        for (host, ours) in [
            ("127.0.0.1:8700", true),
            ("[::1]:8700", true),
            ("[2001:db8::1]", true),
            ("192.0.2.7", true),
            ("localhost", true),
            ("LocalHost:8700", true),
            ("app.localhost:8700", true),
            ("inner:8700", true),
            ("gateway.example.com", true),
            ("gateway.example.com:8443", true),
            ("", false),
            ("evil.example.com", false),
            ("gateway.example.com.evil.net", false),
            ("127.0.0.1.evil.net:8700", false),
            ("localhost.evil.net", false),
            ("evil.net:localhost", false),
            ("127.0.0.1:8700:1", false),
        ] {
            let expected = (!ours).then_some(Kind::WrongHost);
            assert_eq!(refused(&Method::GET, &[("host", host)]), expected, "{host}");
        }
        assert_eq!(refused(&Method::GET, &[]), Some(Kind::WrongHost));
    }

    #[test]
    fn changes_come_from_pages_of_ours() {
        const HOST: (&str, &str) = ("host", "127.0.0.1:8700");
        for (stated, ours) in [
            (vec![HOST], true),
            (vec![HOST, ("origin", "http://127.0.0.1:8700")], true),
            (vec![HOST, ("origin", "https://127.0.0.1:8700")], true),
            (vec![HOST, ("origin", "https://gateway.example.com")], true),
            (vec![HOST, ("origin", "http://gateway.example.com")], false),
            (vec![HOST, ("origin", "http://127.0.0.1:8701")], false),
            (vec![HOST, ("origin", "http://127.0.0.1")], false),
            (vec![HOST, ("origin", "http://evil.example.com")], false),
            (vec![HOST, ("origin", "null")], false),
            (vec![HOST, ("origin", "")], false),
            (vec![HOST, ("origin", "http://evil.example.com"), ("authorization", "Bearer x")], false),
            (vec![HOST, ("sec-fetch-site", "same-origin")], true),
            (vec![HOST, ("sec-fetch-site", "none")], true),
            (vec![HOST, ("sec-fetch-site", "same-site")], false),
            (vec![HOST, ("sec-fetch-site", "cross-site")], false),
        ] {
            let expected = (!ours).then_some(Kind::WrongOrigin);
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                assert_eq!(refused(&method, &stated), expected, "{method} {stated:?}");
            }
            assert_eq!(refused(&Method::GET, &stated), None, "{stated:?}");
        }
    }

    proptest::proptest! {
        /// A name that is none of ours is refused, however it is written; and nothing makes the check panic.
        #[test]
        fn what_is_no_name_of_ours_is_refused(name in "[a-z0-9.:@%\\[\\]-]{0,30}", end in "(evil\\.net|example|com:80|\\])") {
            let host = format!("{name}.{end}");
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::try_from(&host).expect("ASCII"));
            let bare = without_port(&host).trim_start_matches('[').trim_end_matches(']').to_owned();
            if bare.parse::<IpAddr>().is_err() {
                proptest::prop_assert!(check_host(&access(), &headers).is_err(), "{}", host);
            }
        }
    }
}

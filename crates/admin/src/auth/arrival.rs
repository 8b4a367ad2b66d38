//! From where a request comes, and over what.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, header};
use trunkline_config::AdminAccess;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Who is at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Whence a request comes, as far as that can be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    /// Its sender.
    pub(super) address: IpAddr,
    /// Whether its sender spoke TLS.
    pub(super) tls: bool,
    /// Scheme, host and port under which its sender knows us.
    pub(super) origin: String,
}

/// Whence this one comes.
pub(super) fn arrival(access: &AdminAccess, Peer(peer): Peer, headers: &HeaderMap) -> Arrival {
    let trusted = |address: IpAddr| access.trusted_proxies.iter().any(|network| network.holds(address));
    let (mut address, mut tls) = (peer.ip().to_canonical(), false);
    if trusted(address) {
        // Each proxy adds whom it heard from at the end; what stands before the first stranger is the stranger's word.
        let stated = values(headers, &X_FORWARDED_FOR).into_iter().rev();
        for hop in stated.map_while(|hop| hop.parse::<IpAddr>().ok()) {
            address = hop.to_canonical();
            if !trusted(address) {
                break;
            }
        }
        tls = values(headers, &X_FORWARDED_PROTO).last().is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"));
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    match &access.public_url {
        Some(url) if url.authority == host || trusted(peer.ip()) => {
            Arrival { address, tls: tls || url.tls, origin: url.origin.clone() }
        }
        Some(_) | None => {
            let scheme = if tls { "https" } else { "http" };
            Arrival { address, tls, origin: format!("{scheme}://{host}") }
        }
    }
}

/// What stands between the commas of all lines of a header.
fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let lines = headers.get_all(name).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use trunkline_config::{Env, Overrides, load};

    use super::*;

    fn check(document: &str, peer: &str, stated: &[(&'static str, &'static str)], expected: (&str, bool, &str)) {
        let loaded = load(Some(("t.toml", document)), &Env::default(), &Overrides::default(), &[]);
        let access = &loaded.expect("a right document").snapshot.admin;
        let headers =
            stated.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let found = arrival(access, Peer(peer.parse().expect("an address")), &headers.collect());
        let found = (found.address.to_string(), found.tls, found.origin);
        assert_eq!((found.0.as_str(), found.1, found.2.as_str()), expected, "{stated:?}");
    }

    #[test]
    fn only_the_word_of_trusted_proxies_counts() {
        const HOST: (&str, &str) = ("host", "gw:8700");
        const FOR: (&str, &str) = ("x-forwarded-for", "198.51.100.9, 203.0.113.5, 10.0.0.2");
        const PROTO: (&str, &str) = ("x-forwarded-proto", "https");
        let trusting = "[admin]\ntrusted_proxies = [\"10.0.0.0/8\"]\n";
        check("", "10.0.0.1:9", &[HOST, FOR, PROTO], ("10.0.0.1", false, "http://gw:8700"));
        check(trusting, "192.0.2.1:9", &[HOST, FOR, PROTO], ("192.0.2.1", false, "http://gw:8700"));
        check(trusting, "10.0.0.1:9", &[HOST, FOR, PROTO], ("203.0.113.5", true, "https://gw:8700"));
        check(trusting, "10.0.0.1:9", &[HOST, ("x-forwarded-for", "nonsense")], ("10.0.0.1", false, "http://gw:8700"));
        let public = "[admin]\npublic_url = \"https://gw.example.com\"\n";
        check(public, "192.0.2.1:9", &[("host", "gw.example.com")], ("192.0.2.1", true, "https://gw.example.com"));
        check(public, "192.0.2.1:9", &[HOST], ("192.0.2.1", false, "http://gw:8700"));
    }
}

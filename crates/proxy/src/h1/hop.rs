//! Headers that concern one connection and must not travel past it.

use http::header::{self, HeaderMap, HeaderName};

/// Whether `name` speaks about the connection rather than the message (RFC 9110, section 7.6.1).
pub(crate) fn is_hop_by_hop(name: &HeaderName) -> bool {
    *name == header::CONNECTION
        || *name == header::TRANSFER_ENCODING
        || *name == header::TE
        || *name == header::TRAILER
        || *name == header::UPGRADE
        || *name == "keep-alive"
        || *name == "proxy-connection"
}

/// The comma-separated words of a header value, without blanks around them and without empty ones.
pub(crate) fn words(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|word| !word.is_empty())
}

/// Removes what is hop-by-hop by definition, and what `Connection` names.
pub(crate) fn strip(headers: &mut HeaderMap) {
    let mut doomed: Vec<HeaderName> = headers.keys().filter(|name| is_hop_by_hop(name)).cloned().collect();
    for value in headers.get_all(header::CONNECTION) {
        doomed.extend(words(value.as_bytes()).filter_map(|word| HeaderName::from_bytes(word).ok()));
    }
    for name in doomed {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::strip;

    #[test]
    fn strips_what_is_hop_by_hop_and_what_connection_names() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "X-Private , close"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("transfer-encoding", "chunked"),
            ("te", "trailers"),
            ("trailer", "x-sum"),
            ("upgrade", "h2c"),
            ("x-private", "1"),
            ("x-public", "2"),
        ] {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        strip(&mut headers);
        let mut expected = HeaderMap::new();
        expected.append("x-public", HeaderValue::from_static("2"));
        assert_eq!(headers, expected);
    }
}

//! Header names and values, checked once.

use http::{HeaderName, HeaderValue};
use indexmap::IndexMap;

use super::Resolver;
use crate::Secret;
use crate::path::Path;

/// What frames a message or belongs to one connection: said by Trunkline itself, for each request anew.
const OWN: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What may carry a client key.
const CREDENTIALS: &[&str] = &["api-key", "authorization", "cookie", "x-api-key", "x-goog-api-key"];

impl Resolver<'_, '_> {
    /// Headers to add. `key_header` is the one that the provider's keys already fill.
    pub(super) fn headers(
        &mut self,
        stated: &IndexMap<String, Secret>,
        key_header: Option<&HeaderName>,
        at: &Path,
    ) -> Vec<(HeaderName, HeaderValue)> {
        let mut headers: Vec<(HeaderName, HeaderValue)> = Vec::new();
        for (text, value) in stated {
            let at = at.key(text);
            let Some(name) = self.header_name(text, |found, message, hint| found.at_key(&at, message, hint)) else {
                continue;
            };
            if key_header == Some(&name) {
                self.findings.at_key(
                    &at,
                    "the provider's keys fill this header",
                    Some("drop one of the two".to_owned()),
                );
            }
            if headers.iter().any(|(other, _)| *other == name) {
                self.findings.at_key(&at, format!("the header `{name}` is stated twice"), None);
            }
            match HeaderValue::from_str(value.expose()) {
                Ok(mut value) => {
                    // It may well be a credential.
                    value.set_sensitive(true);
                    headers.push((name, value));
                }
                Err(_) => self.findings.at(&at, "the value holds a character that a header cannot carry", None),
            }
        }
        headers
    }

    /// Headers of the client to hand on.
    pub(super) fn forward_headers(&mut self, stated: &[String], at: &Path) -> Vec<HeaderName> {
        let mut names = Vec::new();
        for (index, text) in stated.iter().enumerate() {
            let at = at.index(index);
            let Some(name) = self.header_name(text, |found, message, hint| found.at(&at, message, hint)) else {
                continue;
            };
            if CREDENTIALS.contains(&name.as_str()) {
                let message =
                    format!("`{name}` may carry a client key of Trunkline, which is none of the provider's business");
                let hint = "to send the client's own credentials upstream, say `auth = \"passthrough\"`".to_owned();
                self.findings.at(&at, message, Some(hint));
            }
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    fn header_name(
        &mut self,
        text: &str,
        report: impl FnOnce(&mut crate::findings::Findings<'_>, String, Option<String>),
    ) -> Option<HeaderName> {
        name_of(text).map_err(|(message, hint)| report(self.findings, message, hint.map(str::to_owned))).ok()
    }
}

/// The name of a header that may be set; else what is wrong and what to do.
pub(crate) fn name_of(text: &str) -> Result<HeaderName, (String, Option<&'static str>)> {
    match HeaderName::from_bytes(text.as_bytes()) {
        Ok(name) if OWN.contains(&name.as_str()) => Err((format!("`{name}` is set by Trunkline itself"), None)),
        Ok(name) => Ok(name),
        Err(_) => Err((format!("{text:?} is not the name of a header"), Some("use letters, digits and `-`"))),
    }
}

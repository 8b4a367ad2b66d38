//! How a request wants to use kept answers: its `Cache-Control`, and `cache` of its body.

use std::time::Duration;

use http::{HeaderMap, header};

use crate::prepare::Taken;

/// What a request wants, the stricter of what its header and its body say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Control<'a> {
    /// It wants no kept answer.
    pub(super) no_cache: bool,
    /// Neither a kept answer is wanted nor its own to be kept.
    pub(super) no_store: bool,
    /// How long its own may be kept.
    pub(super) ttl: Option<Duration>,
    /// How old a kept one may be.
    pub(super) age_max: Option<Duration>,
    /// Answers of other namespaces are not for it.
    pub(super) namespace: Option<&'a str>,
}

impl<'a> Control<'a> {
    pub(super) fn of(taken: &'a Taken<'_>) -> Self {
        let mut control = Self::default();
        if let Some(said) = taken.wishes.as_deref().map(|wishes| &wishes.cache) {
            control = Self {
                no_cache: said.no_cache,
                no_store: said.no_store,
                ttl: said.ttl,
                age_max: said.age_max,
                namespace: said.namespace.as_deref(),
            };
        }
        control.read(taken.headers);
        control
    }

    /// Directives that say nothing here are passed over, as RFC 9111, section 5.2.3, wants it.
    fn read(&mut self, headers: &HeaderMap) {
        let values = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
        for directive in values.flat_map(|value| value.split(',')) {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "no-store" => self.no_store = true,
                "no-cache" => self.no_cache = true,
                "max-age" => {
                    if let Ok(seconds) = value.trim().trim_matches('"').parse() {
                        let age_max = Duration::from_secs(seconds);
                        self.age_max = Some(self.age_max.map_or(age_max, |other| other.min(age_max)));
                    }
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(values: &[&'static str]) -> Control<'static> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::CACHE_CONTROL, HeaderValue::from_static(value));
        }
        let mut control = Control::default();
        control.read(&headers);
        control
    }

    #[test]
    fn directives_are_read_from_all_headers_in_any_case() {
        let age_max = Some(Duration::from_secs(60));
        let expected = Control { no_cache: true, no_store: true, age_max, ..Control::default() };
        assert_eq!(read(&["No-Cache, max-age=\"60\"", "no-store,max-age=90"]), expected);
        assert_eq!(read(&["max-age=0"]).age_max, Some(Duration::ZERO));
    }

    #[test]
    fn what_says_nothing_here_is_passed_over() {
        assert_eq!(read(&["max-stale, max-age=soon, no-transform, ,=", "="]), Control::default());
    }
}

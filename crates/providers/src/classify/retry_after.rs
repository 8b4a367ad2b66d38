//! How long a provider asked to be left alone.

use std::time::{Duration, SystemTime};

use http::HeaderMap;

/// Longest wait that is believed. Guards against a provider (or its clock) that would put a key aside for years.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The wait, from the first of `retry-after-ms`, `retry-after` and Google's `retryDelay` that can be read; this is the
/// order in which OpenAI's own clients look.
pub(super) fn read(headers: &HeaderMap, retry_delay: Option<&str>, now: SystemTime) -> Option<Duration> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    header("retry-after-ms")
        .and_then(|text| seconds(text, 1000.0))
        .or_else(|| header("retry-after").and_then(|text| seconds(text, 1.0).or_else(|| until(text, now))))
        .or_else(|| retry_delay.and_then(|text| seconds(text.strip_suffix('s')?, 1.0)))
}

/// A number of seconds, or of the part of a second that `per_second` says.
fn seconds(text: &str, per_second: f64) -> Option<Duration> {
    let number: f64 = text.parse().ok()?;
    if number.is_nan() || number < 0.0 {
        return None;
    }
    Duration::try_from_secs_f64((number / per_second).min(RETRY_AFTER_MAX.as_secs_f64())).ok()
}

/// An HTTP date; one that has passed means at once.
fn until(text: &str, now: SystemTime) -> Option<Duration> {
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default().min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn every_form_of_a_wait_is_read() {
        // Sun, 06 Nov 1994 08:49:37 GMT
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let ms = |ms| Some(Duration::from_millis(ms));
        for (headers, retry_delay, expected) in [
            (&[][..], None, None),
            (&[("retry-after", "7")], None, ms(7_000)),
            (&[("retry-after", " 1.5 ")], None, ms(1_500)),
            (&[("retry-after", "0")], None, ms(0)),
            (&[("retry-after-ms", "250.5"), ("retry-after", "7")], None, Some(Duration::from_micros(250_500))),
            (&[("retry-after-ms", "soon"), ("retry-after", "7")], None, ms(7_000)),
            (&[("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")], None, ms(30_000)),
            (&[("retry-after", "Sunday, 06-Nov-94 08:50:07 GMT")], None, ms(30_000)),
            (&[("retry-after", "Sun, 06 Nov 1994 08:00:00 GMT")], None, ms(0)),
            (&[("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT")], None, Some(RETRY_AFTER_MAX)),
            (&[("retry-after", "1e300")], None, Some(RETRY_AFTER_MAX)),
            (&[("retry-after", "inf")], None, Some(RETRY_AFTER_MAX)),
            (&[("retry-after", "NaN")], None, None),
            (&[("retry-after", "-1")], Some("27s"), ms(27_000)),
            (&[], Some("0.847655010s"), Some(Duration::from_nanos(847_655_010))),
            (&[], Some("27"), None),
        ] {
            let map: HeaderMap = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .collect();
            assert_eq!(read(&map, retry_delay, now), expected, "{headers:?} {retry_delay:?}");
        }
    }
}

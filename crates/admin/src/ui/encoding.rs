//! In which form a client takes a file.

use http::{HeaderMap, HeaderValue, header};

/// A form in which a file may be built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
    Plain,
}

/// Smallest first.
const ALL: [Encoding; 3] = [Encoding::Brotli, Encoding::Gzip, Encoding::Plain];

impl Encoding {
    /// Those that the client takes, best first. As it is, everybody takes it.
    pub(super) fn accepted(headers: &HeaderMap) -> impl Iterator<Item = Self> {
        ALL.into_iter().filter(|encoding| encoding.token().is_none_or(|token| takes(headers, token)))
    }

    /// What the file's name ends with.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
            Self::Plain => "",
        }
    }

    /// What the answer calls it.
    pub(super) fn name(self) -> Option<HeaderValue> {
        self.token().map(HeaderValue::from_static)
    }

    fn token(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Plain => None,
        }
    }
}

/// Whether that is the name of a file in a form that is not its own.
pub(super) fn is_encoded(name: &str) -> bool {
    ALL.iter().any(|encoding| !encoding.suffix().is_empty() && name.ends_with(encoding.suffix()))
}

/// Whether a client names the encoding, and does not refuse it by a weight of nothing.
fn takes(headers: &HeaderMap, token: &str) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        let weight = weight.trim().strip_prefix("q=").map(|weight| weight.trim().parse::<f32>().unwrap_or(0.0));
        name.trim().eq_ignore_ascii_case(token) && weight.is_none_or(|weight| weight > 0.0)
    })
}

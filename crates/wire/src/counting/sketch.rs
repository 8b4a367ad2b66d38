//! As much of a request as tells later how long its prompt was, if nobody else does.

use bytes::Bytes;

use super::estimate;
use crate::tokens::Tally;
use crate::{DialectId, dialect};

/// Bytes kept of a request, for as long as it is open. Guards memory; what is shorter is kept whole.
const KEPT_BYTES_MAX: usize = 4 << 10;

/// Places from which a longer one is kept. More of them make the estimate better, and each a little more work.
const SAMPLES: usize = 32;

/// Bytes kept from each.
const SAMPLE_BYTES: usize = KEPT_BYTES_MAX / SAMPLES;

/// Bytes of base64 for one token: a picture of 300 KB is some 1,500 tokens, a page of a PDF somewhat more.
pub(super) const BASE64_BYTES_A_TOKEN: u64 = 200;

/// What is kept of one request. Cheap to make; it costs something only when somebody wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch {
    dialect: DialectId,
    /// The length of the body.
    bytes: usize,
    kept: Vec<u8>,
}

impl Sketch {
    /// Of a body, in pieces, that is a request in this dialect.
    pub fn of(dialect: DialectId, body: &[Bytes]) -> Self {
        let bytes = body.iter().map(Bytes::len).sum();
        let kept = if bytes <= KEPT_BYTES_MAX { body.concat() } else { samples(body, bytes) };
        Self { dialect, bytes, kept }
    }

    /// About how many tokens its prompt is.
    pub fn tokens(&self) -> u64 {
        if self.kept.len() == self.bytes {
            return match dialect::of(self.dialect).decode_request(&self.kept) {
                Ok(request) => estimate(&request),
                Err(_) => of_json(&self.kept),
            };
        }
        let (media, texts): (Vec<_>, Vec<_>) = self.kept.chunks(SAMPLE_BYTES).partition(|sample| is_base64(sample));
        let media: usize = media.into_iter().map(<[u8]>::len).sum();
        let tokens = texts.into_iter().map(of_json).sum::<u64>() + media as u64 / BASE64_BYTES_A_TOKEN;
        let scaled = u128::from(tokens) * self.bytes as u128 / self.kept.len().max(1) as u128;
        u64::try_from(scaled).unwrap_or(u64::MAX)
    }
}

/// Pieces of equal length from places at equal distances.
fn samples(body: &[Bytes], bytes: usize) -> Vec<u8> {
    let mut kept = Vec::with_capacity(KEPT_BYTES_MAX);
    let distance = bytes / SAMPLES;
    let (mut at, mut next, mut missing) = (0, distance / 2, 0);
    for piece in body {
        // A sample may go on in the next piece.
        let rest = piece.get(..missing.min(piece.len())).unwrap_or_default();
        kept.extend_from_slice(rest);
        missing -= rest.len();
        while next < at + piece.len() && kept.len() < KEPT_BYTES_MAX {
            let sample = piece.get(next - at..).unwrap_or_default();
            let sample = sample.get(..SAMPLE_BYTES).unwrap_or(sample);
            kept.extend_from_slice(sample);
            missing = SAMPLE_BYTES - sample.len();
            next += distance;
        }
        at += piece.len();
    }
    kept
}

/// Whether it is nothing but that; texts have spaces.
pub(super) fn is_base64(sample: &[u8]) -> bool {
    sample.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
}

/// About how many tokens a piece of JSON is to whom its texts matter and its marks do not.
fn of_json(json: &[u8]) -> u64 {
    let mut tally = Tally::default();
    tally.push_json(json);
    tally.tokens()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(text: &str) -> Vec<Bytes> {
        let text = serde_json::to_string(text).expect("text");
        let begin = r#"{"model":"m","messages":[{"role":"user","content":"#;
        [begin, &text, "}]}"].map(|piece| Bytes::copy_from_slice(piece.as_bytes())).to_vec()
    }

    fn tokens(body: &[Bytes]) -> u64 {
        Sketch::of(DialectId::OpenaiChat, body).tokens()
    }

    #[track_caller]
    fn check_near(found: u64, expected: u64) {
        assert!(found.abs_diff(expected) * 10 <= expected, "{found} is not within a tenth of {expected}");
    }

    #[test]
    fn a_short_request_is_read_as_what_it_is() {
        assert_eq!(tokens(&chat("How are you?")), 4 + crate::tokens::count("How are you?"));
    }

    #[test]
    fn of_a_long_one_a_few_kilobytes_are_kept_and_tell_as_much() {
        let text = include_str!("../tokens/samples/english.txt").repeat(60);
        let body = chat(&text);
        let sketch = Sketch::of(DialectId::OpenaiChat, &body);
        assert!(sketch.kept.len() <= KEPT_BYTES_MAX && sketch.bytes > 10 * KEPT_BYTES_MAX);
        check_near(sketch.tokens(), crate::tokens::count(&text));
        let in_one = [Bytes::from(body.concat())];
        assert_eq!(Sketch::of(DialectId::OpenaiChat, &in_one), sketch, "however it is cut");
    }

    #[test]
    fn a_picture_is_no_text() {
        let picture = "iVBORw0KGgoAAAANSUhEUgAA".repeat(40_000);
        let body = [Bytes::from(format!(
            r#"{{"model":"m","messages":[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{picture}"}}}}]}}]}}"#
        ))];
        check_near(tokens(&body), picture.len() as u64 / BASE64_BYTES_A_TOKEN);
    }

    #[test]
    fn what_is_no_chat_counts_as_it_stands() {
        let body = [Bytes::from_static(br#"{"model":"m","input":"one two three"}"#)];
        assert_eq!(tokens(&body), 11);
    }
}

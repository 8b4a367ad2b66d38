//! How many tokens a prompt may be, by the size of the body that it is in: for what is set aside before anybody has counted.

use super::sketch::{BASE64_BYTES_A_TOKEN, is_base64};

/// Bytes of JSON for one token. Prose has four and more; letters of three bytes are about a token each; the frame of a body is
/// no part of the prompt. Lists of numbers have fewer.
const BYTES_A_TOKEN: u64 = 3;

/// Bodies up to this size are taken for text.
const TEXT_BYTES_MAX: usize = 4 << 10;

/// Places of a larger one that are looked at, and bytes of each: words are shorter, and pictures have no spaces.
const PLACES: usize = 32;
const PLACE_BYTES: usize = 32;

/// About as many tokens as a prompt in so large a body can be, rather too many than too few. Takes no time to speak of.
pub fn by_size(body: &[u8]) -> u64 {
    let bytes = body.len() as u64;
    if body.len() <= TEXT_BYTES_MAX {
        return bytes.div_ceil(BYTES_A_TOKEN);
    }
    let places = body.chunks(body.len().div_ceil(PLACES)).filter_map(|part| part.get(..PLACE_BYTES));
    let media = places.filter(|place| is_base64(place)).count() as u64;
    let media = bytes / PLACES as u64 * media;
    bytes.saturating_sub(media).div_ceil(BYTES_A_TOKEN) + media / BASE64_BYTES_A_TOKEN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DialectId;
    use crate::counting::estimate;
    use crate::dialect;

    fn chat(content: &str) -> String {
        let content = serde_json::to_string(content).expect("text");
        format!(r#"{{"model":"m","messages":[{{"role":"user","content":{content}}}]}}"#)
    }

    #[test]
    fn it_is_more_than_the_estimate_and_not_much_more() {
        let prose = "The gateway reads the request, finds its model's name, and forwards it to whoever serves it. ";
        let code = "fn main() {\n    let total: u64 = rows.iter().map(|row| row.tokens).sum();\n}\n";
        let chinese = "网关读取请求，找到模型的名称，然后转发给提供者。";
        for text in [prose, code, chinese] {
            for times in [1, 30, 2_000] {
                let body = chat(&text.repeat(times));
                let request = dialect::of(DialectId::OpenaiChat).decode_request(body.as_bytes()).expect("a request");
                let (ample, estimate) = (by_size(body.as_bytes()), estimate(&request));
                assert!((estimate..=estimate * 2 + 20).contains(&ample), "{ample}, not {estimate}: {times} x {text}");
            }
        }
    }

    #[test]
    fn a_picture_is_not_taken_for_text() {
        let picture = chat(&format!("data:image/png;base64,{}", "iVBORw0KGgo8".repeat(50_000)));
        assert!((3_000..20_000).contains(&by_size(picture.as_bytes())), "{}", by_size(picture.as_bytes()));
        assert_eq!(by_size(b""), 0);
    }
}

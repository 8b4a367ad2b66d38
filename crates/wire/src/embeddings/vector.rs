//! Vectors as numbers and as base64 of little-endian 32-bit floats.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

use super::Encoding;
use crate::fields::{parse, starts_with};
use crate::write::Object;

/// Reads a vector however it is written. `None` when it is none, or holds what is no finite number.
pub(super) fn read(raw: &RawValue) -> Option<Vec<f32>> {
    let numbers = if starts_with(raw, '"') { from_base64(&parse::<String>(raw)?)? } else { parse::<Vec<f32>>(raw)? };
    numbers.iter().all(|number| number.is_finite()).then_some(numbers)
}

/// Writes a vector as the member `embedding`.
pub(super) fn write(object: &mut Object<'_>, vector: &[f32], encoding: Encoding) {
    match encoding {
        Encoding::Float => numbers(object, "embedding", vector),
        Encoding::Base64 => object.put("embedding", &to_base64(vector)),
    }
}

/// Writes a vector as a member of numbers.
pub(crate) fn numbers(object: &mut Object<'_>, name: &str, vector: &[f32]) {
    debug_assert!(vector.iter().all(|number| number.is_finite()), "vectors are checked as they are read");
    object.put(name, vector);
}

fn from_base64(text: &str) -> Option<Vec<f32>> {
    let bytes = STANDARD.decode(text).ok()?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    rest.is_empty().then(|| numbers.iter().map(|number| f32::from_le_bytes(*number)).collect())
}

fn to_base64(vector: &[f32]) -> String {
    STANDARD.encode(vector.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(vector: &[f32], encoding: Encoding) -> String {
        let bytes = crate::write::object(|object| write(object, vector, encoding));
        String::from_utf8(bytes).expect("text")
    }

    fn reread(text: &str) -> Option<Vec<f32>> {
        read(&RawValue::from_string(text.to_owned()).expect("JSON"))
    }

    #[test]
    fn both_ways_of_writing_say_the_same() {
        assert_eq!(written(&[0.1, -2.0], Encoding::Float), r#"{"embedding":[0.1,-2.0]}"#);
        assert_eq!(written(&[0.1, -2.0], Encoding::Base64), r#"{"embedding":"zczMPQAAAMA="}"#);
        assert_eq!(reread(r#""zczMPQAAAMA=""#), Some(vec![0.1, -2.0]));
        assert_eq!(reread("[0.1, -2]"), Some(vec![0.1, -2.0]));
    }

    #[test]
    fn what_is_no_vector_is_none() {
        // The last two: not a multiple of four bytes, and not a number.
        for text in ["null", "7", "[1,\"2\"]", "[1e99]", r#""é""#, r#""AAA=""#, r#""AADAfw==""#] {
            assert_eq!(reread(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(vector in prop::collection::vec(prop::num::f32::NORMAL | prop::num::f32::ZERO, 0..20)) {
            for encoding in [Encoding::Float, Encoding::Base64] {
                let text = written(&vector, encoding);
                let text = text.strip_prefix("{\"embedding\":").and_then(|text| text.strip_suffix('}')).expect("a member");
                prop_assert_eq!(reread(text), Some(vector.clone()));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[A-Za-z0-9+/=]{0,40}") {
            let _ = from_base64(&text);
        }
    }
}

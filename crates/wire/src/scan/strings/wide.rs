//! The search by blocks for processors with AVX2, which take half the time for it. Binaries are built for those without,
//! too, so it is found out at run time.

#[cfg(target_arch = "x86_64")]
pub(super) fn string_end(json: &[u8]) -> Option<Result<usize, usize>> {
    // Looked up once a process, then remembered.
    let known =
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("bmi2");
    #[expect(unsafe_code, reason = "the compiler cannot know what the line above has found out")]
    // SAFETY: the processor has all that the function is compiled for.
    known.then(|| unsafe { x86::string_end(json) })
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn string_end(_json: &[u8]) -> Option<Result<usize, usize>> {
    None
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        _mm256_cmpeq_epi8, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set_epi64x, _mm256_set1_epi8,
    };

    use super::super::{BLOCK, string_end_by};

    #[target_feature(enable = "avx2,bmi1,bmi2")]
    pub(super) fn string_end(json: &[u8]) -> Result<usize, usize> {
        string_end_by(json, |block| stops_in(block))
    }

    /// One bit for each byte of the block that ends a run of plain text; the first byte is the lowest bit.
    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2")]
    fn stops_in(block: &[u8; BLOCK]) -> u32 {
        let (words, _) = block.as_chunks::<8>();
        let &[a, b, c, d] = words else { return 0 };
        let [a, b, c, d] = [a, b, c, d].map(i64::from_le_bytes);
        let bytes = _mm256_set_epi64x(d, c, b, a);
        let quotes = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'"' as i8));
        let backslashes = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(b'\\' as i8));
        let controls = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1f)), bytes);
        _mm256_movemask_epi8(_mm256_or_si256(_mm256_or_si256(quotes, backslashes), controls)).cast_unsigned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{stops_in, string_end_by};
    use super::string_end;

    proptest! {
        #[test]
        fn finds_what_the_search_for_all_processors_finds(
            pieces in prop::collection::vec(
                prop_oneof!["[a-z ]{0,70}", Just("\\\"".to_owned()), Just("\\\\".to_owned()), Just("\\u12aF".to_owned()),
                    Just("\\u12".to_owned()), Just("\\x".to_owned()), Just("\n".to_owned()), Just("\"".to_owned()), Just("\u{e9}\u{7f}".to_owned())],
                0..12,
            ),
        ) {
            let text = pieces.concat();
            // Nothing to compare on other processors.
            if let Some(found) = string_end(text.as_bytes()) {
                prop_assert_eq!(found, string_end_by(text.as_bytes(), stops_in));
            }
        }
    }
}

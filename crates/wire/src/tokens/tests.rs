use proptest::prelude::*;

use super::*;

/// Texts, and what tokenisers make of them: tiktoken's `o200k_base` and `cl100k_base`, Qwen 2.5's and Mistral's Tekken
/// (`tekken_240911`), all of November 2026.
const SAMPLES: [(&str, &str, [u64; 4]); 7] = [
    ("english", include_str!("samples/english.txt"), [197, 202, 203, 203]),
    ("rust", include_str!("samples/rust.txt"), [185, 183, 186, 199]),
    ("python", include_str!("samples/python.txt"), [189, 190, 190, 197]),
    ("json", include_str!("samples/json.txt"), [246, 244, 263, 271]),
    ("chinese", include_str!("samples/chinese.txt"), [142, 213, 112, 176]),
    ("japanese", include_str!("samples/japanese.txt"), [160, 240, 138, 165]),
    ("korean", include_str!("samples/korean.txt"), [134, 225, 155, 120]),
];

/// The most that an estimate may be off from the mean of them, in percent.
const OFF_PERCENT_MAX: u64 = 10;

#[test]
fn texts_of_many_kinds_are_estimated_to_a_tenth() {
    for (name, text, counts) in SAMPLES {
        let (found, mean) = (count(text), counts.iter().sum::<u64>() / 4);
        assert!(found.abs_diff(mean) * 100 <= mean * OFF_PERCENT_MAX, "{name}: {found}, and {counts:?} are counted");
    }
}

#[track_caller]
fn check(text: &str, tokens: u64) {
    assert_eq!(count(text), tokens, "{text:?}");
}

#[test]
fn words_are_a_token_and_long_ones_more() {
    check("", 0);
    check("a", 1);
    check("hello world, how are you?", 6);
    check("readFramesFromConnection", 4);
    check("   ", 1);
    check("a\n\n\n", 2);
    check("😀", 1);
}

#[test]
fn what_a_document_escapes_weighs_what_it_stands_for() {
    for text in SAMPLES.map(|(_, text, _)| text) {
        for json in [serde_json::to_string(text).expect("text"), escaped_to_ascii(text)] {
            let mut tally = Tally::default();
            tally.push_json(json.trim_matches('"').as_bytes());
            assert_eq!(tally.tokens(), count(text), "{json}");
        }
    }
}

/// As Python's `json.dumps` writes it.
fn escaped_to_ascii(text: &str) -> String {
    let json = serde_json::to_string(text).expect("text");
    json.chars().map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) }).collect()
}

#[test]
fn pieces_are_the_count_unless_the_text_speaks_against_them() {
    let english = SAMPLES[0].1;
    let produced = |size: usize| {
        let mut produced = Produced::default();
        let letters: Vec<char> = english.chars().collect();
        letters.chunks(size).for_each(|piece| produced.push(&piece.iter().collect::<String>()));
        (produced.tokens(), letters.len().div_ceil(size) as u64)
    };
    let (tokens, pieces) = produced(5);
    assert_eq!(tokens, pieces, "a token is about as long");
    for size in [1, 20, 400] {
        assert_eq!(produced(size).0, count(english), "in pieces of {size}");
    }
}

proptest! {
    #[test]
    fn it_weighs_the_same_however_it_is_cut(text: String, at: usize) {
        let at = text.char_indices().map(|(at, _)| at).nth(at % 16).unwrap_or(0);
        let mut tally = Tally::default();
        tally.push(&text[..at]);
        tally.push(&text[at..]);
        prop_assert_eq!(tally.tokens(), count(&text));
    }

    #[test]
    fn anything_may_be_weighed(bytes: Vec<u8>) {
        let mut tally = Tally::default();
        tally.push_json(&bytes);
        prop_assert!(tally.tokens() <= 2 * bytes.len() as u64);
    }
}

//! About how many tokens a text is, where nobody has counted who knows.
//!
//! Tokenisers differ, but not by much: they cut a text into words, digits, marks and space first, in much the same way, and
//! have whole tokens for the usual ones. So a text is weighed by what its letters are and how long their words get. The
//! weights were fitted, by least squares, to what OpenAI's `o200k_base` and `cl100k_base`, Qwen 2.5's and Mistral's Tekken
//! make of documents, code and JSON, and of programs' messages in seventeen other languages (November 2026). English, code
//! and JSON come out within 7 % of each of the four, Chinese, Japanese and Korean within 12 % of those that are not the
//! oldest.

mod class;
mod produced;

use class::Class;
pub use produced::Produced;

/// Weights are in these parts of a token.
const PARTS: u64 = 64;

/// Weighs a text as it passes, however it is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    parts: u64,
    last: Class,
    /// How many of its kind stand in a row, the last one included: letters of a word, marks, digits.
    run: u32,
}

/// About how many tokens `text` is.
pub fn count(text: &str) -> u64 {
    let mut tally = Tally::default();
    tally.push(text);
    tally.tokens()
}

impl Tally {
    fn about(tokens: u64) -> Self {
        Self { parts: tokens.saturating_mul(PARTS), ..Self::default() }
    }

    /// Takes in more of the text.
    pub fn push(&mut self, text: &str) {
        text.chars().for_each(|letter| self.weigh(Class::of(letter)));
    }

    /// The same for text as it stands in a JSON document, escapes and all. What is no UTF-8 weighs nothing.
    pub fn push_json(&mut self, text: &[u8]) {
        let mut rest = text;
        while let Some(first) = rest.first() {
            let len = match first {
                b'\\' => {
                    let (class, len) = escaped(rest);
                    if let Some(class) = class {
                        self.weigh(class);
                    }
                    len
                }
                ascii @ ..0x80 => {
                    self.weigh(Class::of(char::from(*ascii)));
                    1
                }
                _ => {
                    let len = rest.iter().position(u8::is_ascii).unwrap_or(rest.len());
                    rest.get(..len).unwrap_or_default().utf8_chunks().for_each(|chunk| self.push(chunk.valid()));
                    len
                }
            };
            rest = rest.get(len..).unwrap_or_default();
        }
    }

    /// So many tokens; one at least where there is anything.
    pub fn tokens(&self) -> u64 {
        ((self.parts + PARTS / 2) / PARTS).max(u64::from(self.parts > 0))
    }

    #[inline]
    fn weigh(&mut self, class: Class) {
        let (last, in_word) = (self.last, class.is_letter() && self.last.is_letter());
        // `camelCase` is two words.
        let hump = last == Class::Lower && class == Class::Upper;
        self.run = if class == last || in_word && !hump { self.run.saturating_add(1) } else { 1 };
        self.last = class;
        let first = self.run == 1;
        self.parts += match class {
            Class::Upper if hump => 15,
            Class::Upper if last == Class::Upper => {
                if self.run == 2 {
                    40
                } else {
                    2
                }
            }
            Class::Lower | Class::Upper => of_letter(self.run),
            Class::Accented => 44 + of_letter(self.run),
            Class::Digit => {
                if first {
                    76
                } else {
                    46
                }
            }
            Class::Mark => match self.run {
                1 => 49,
                2 => 19,
                _ => 4,
            },
            // One goes with the word behind it, and any number more are one token.
            Class::Space => {
                if self.run == 2 {
                    62
                } else {
                    0
                }
            }
            Class::Line if last == Class::Line => 0,
            Class::Line if last == Class::Mark => 9,
            Class::Line => 85,
            Class::Cyrillic => {
                if first {
                    100
                } else {
                    9
                }
            }
            Class::Semitic => {
                if first {
                    51
                } else {
                    23
                }
            }
            Class::Indic => 39,
            Class::Kana => 43,
            Class::WideMark => 60,
            Class::Hangul => {
                if first {
                    88
                } else {
                    32
                }
            }
            Class::Han => 48,
            Class::Other => 66,
        };
    }
}

/// What the n-th letter of a word adds: words of everyday are one token, longer ones are put together.
fn of_letter(number: u32) -> u64 {
    match number {
        0 | 1 => 43,
        2 | 3 => 0,
        4..=7 => 11,
        _ => 28,
    }
}

/// What the escape is that `text` begins with, and its length; the second half of a pair is nothing by itself.
fn escaped(text: &[u8]) -> (Option<Class>, usize) {
    match text.get(1) {
        Some(b'n' | b'r') => (Some(Class::Line), 2),
        Some(b't') => (Some(Class::Space), 2),
        Some(b'u') => {
            let digits = text.get(2..6).and_then(|digits| std::str::from_utf8(digits).ok());
            match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
                Some(0xdc00..=0xdfff) => (None, 6),
                Some(code) => (Some(char::from_u32(code).map_or(Class::Other, Class::of)), 6),
                None => (None, 2),
            }
        }
        Some(_) => (Some(Class::Mark), 2),
        None => (None, 1),
    }
}

#[cfg(test)]
mod tests;

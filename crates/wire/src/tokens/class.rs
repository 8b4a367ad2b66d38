//! What a letter is to a tokeniser.

/// Letters that tokenisers treat alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Class {
    Lower,
    Upper,
    /// Latin letters beyond ASCII.
    Accented,
    Digit,
    /// Whatever else is in ASCII.
    Mark,
    Space,
    #[default]
    Line,
    /// Cyrillic, Greek and Armenian letters.
    Cyrillic,
    /// Hebrew and Arabic letters.
    Semitic,
    /// The scripts of India and of Southeast Asia.
    Indic,
    Kana,
    /// Marks and letters as wide as Han.
    WideMark,
    Hangul,
    Han,
    /// Symbols, emoji, rare scripts.
    Other,
}

/// The classes of ASCII.
static ASCII: [Class; 128] = ascii();

impl Class {
    #[inline]
    pub(super) fn of(letter: char) -> Self {
        let code = u32::from(letter);
        match ASCII.get(code as usize) {
            Some(class) => *class,
            None => Self::beyond_ascii(letter, code),
        }
    }

    /// Whether words are made of such.
    #[inline]
    pub(super) fn is_letter(self) -> bool {
        matches!(self, Self::Lower | Self::Upper | Self::Accented)
    }

    fn beyond_ascii(letter: char, code: u32) -> Self {
        match code {
            ..0x250 | 0x1e00..0x1f00 if letter.is_alphabetic() => Self::Accented,
            0x370..0x590 | 0x1f00..0x2000 => Self::Cyrillic,
            0x590..0x900 => Self::Semitic,
            0x900..0x1100 => Self::Indic,
            0x1100..0x1200 | 0xac00..0xd7b0 => Self::Hangul,
            0x3000..0x3040 | 0xff00..0xfff0 => Self::WideMark,
            0x3040..0x3100 => Self::Kana,
            0x3400..0xa000 | 0xf900..0xfb00 | 0x2_0000..0x3_0000 => Self::Han,
            _ => Self::Other,
        }
    }
}

#[expect(clippy::indexing_slicing, reason = "the table is made when the crate is compiled")]
const fn ascii() -> [Class; 128] {
    let mut classes = [Class::Mark; 128];
    let mut at = 0;
    while at < 128 {
        classes[at] = match at as u8 {
            b'a'..=b'z' => Class::Lower,
            b'A'..=b'Z' => Class::Upper,
            b'0'..=b'9' => Class::Digit,
            b' ' | b'\t' => Class::Space,
            b'\n' | b'\r' => Class::Line,
            _ => Class::Mark,
        };
        at += 1;
    }
    classes
}

//! Long texts are searched piece by piece.

/// Bytes that are searched at a time. Bounds how much is moved when a few of them are taken away.
const SLICE_BYTES_MAX: usize = 4 << 10;

/// A text in pieces that are not moved around for long when something is taken from their beginning.
pub(crate) fn slices(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (slice, behind) = rest.split_at(rest.floor_char_boundary(SLICE_BYTES_MAX));
        rest = behind;
        (!slice.is_empty()).then_some(slice)
    })
}

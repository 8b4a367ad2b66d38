//! Cuts a body into pieces around its edits, so that no byte is copied.

use std::ops::Range;

use bytes::Bytes;
use smallvec::SmallVec;

/// One replaced range; an empty range inserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What goes.
    pub range: Range<usize>,
    /// What comes in its place.
    pub with: Bytes,
}

/// A body in pieces, to be written one after the other.
pub type Pieces = SmallVec<[Bytes; 5]>;

/// The body with the edits made; edits may come in any order but must not overlap or reach past the body. Such an edit
/// is left out. Insertions at the same place keep their order.
pub fn splice(body: &Bytes, mut edits: SmallVec<[Edit; 4]>) -> Pieces {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut pieces = Pieces::new();
    let mut done = 0;
    for Edit { range, with } in edits {
        let fits = done <= range.start && range.start <= range.end && range.end <= body.len();
        debug_assert!(fits, "edit {range:?} overlaps another or reaches past {} bytes", body.len());
        if !fits {
            continue;
        }
        put(&mut pieces, body.slice(done..range.start));
        put(&mut pieces, with);
        done = range.end;
    }
    put(&mut pieces, body.slice(done..));
    pieces
}

fn put(pieces: &mut Pieces, piece: Bytes) {
    if !piece.is_empty() {
        pieces.push(piece);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use smallvec::smallvec;

    use super::*;
    use crate::peek::peek;

    fn check(body: &str, edits: SmallVec<[Edit; 4]>, expected: &[&str]) {
        let pieces = splice(&Bytes::copy_from_slice(body.as_bytes()), edits);
        assert_eq!(
            pieces.iter().map(|piece| piece.as_ref()).collect::<Vec<_>>(),
            expected.iter().map(|text| text.as_bytes()).collect::<Vec<_>>()
        );
    }

    fn edit(range: Range<usize>, with: &'static str) -> Edit {
        Edit { range, with: Bytes::from_static(with.as_bytes()) }
    }

    #[test]
    fn pieces_are_the_body_around_its_edits() {
        check("abcdef", smallvec![], &["abcdef"]);
        check("abcdef", smallvec![edit(4..5, "X"), edit(1..2, "YY")], &["a", "YY", "cd", "X", "f"]);
        check("abcdef", smallvec![edit(0..6, "")], &[]);
    }

    #[test]
    fn insertions_at_one_place_keep_their_order_and_come_before_a_replacement() {
        check("ab", smallvec![edit(1..2, "z"), edit(1..1, "x"), edit(1..1, "y")], &["a", "x", "y", "z"]);
    }

    #[test]
    fn untouched_bytes_are_shared_not_copied() {
        let body = Bytes::from_static(b"{\"model\":\"a\"}");
        let pieces = splice(&body, smallvec![edit(9..12, "\"b\"")]);
        assert_eq!(pieces.first().map(|piece| piece.as_ptr()), Some(body.as_ptr()));
    }

    proptest! {
        #[test]
        fn a_renamed_body_differs_in_its_model_alone(
            members in proptest::collection::vec(("[a-z\"\\\\é]{0,6}", crate::scan::tests::any_json()), 0..5),
            position in 0..5_usize,
            old in "[a-z/\"\\\\é]{1,8}",
            new in "[a-z/\"\\\\é]{1,8}",
        ) {
            let mut members: Vec<(String, serde_json::Value)> =
                members.into_iter().filter(|(key, _)| !matches!(key.as_str(), "model" | "stream")).collect();
            members.insert(position.min(members.len()), ("model".into(), old.into()));
            let text = crate::scan::tests::object_text(&members);
            let mut edits = SmallVec::new();
            peek(text.as_bytes()).expect("a body of ours").rename(&crate::quoted(&new), &mut edits);
            let range = edits.first().expect("one edit").range.clone();
            let pieces = splice(&Bytes::from(text.clone()), edits);
            let spliced = String::from_utf8(pieces.concat()).expect("text");
            let mut expected: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            expected["model"] = new.into();
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&spliced).expect("JSON"), expected);
            prop_assert_eq!(&spliced[..range.start], &text[..range.start]);
            prop_assert!(spliced.ends_with(&text[range.end..]));
        }
    }
}

//! Finds the texts that may begin a tool call, in one pass over a stream: each byte is looked at once, and what must be
//! held back is the depth of the automaton's state.

use std::collections::BTreeMap;

/// Where a marker counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Anywhere.
    Anywhere,
    /// Behind nothing but spaces on its line.
    Line,
}

/// A compiled set of markers.
#[derive(Debug)]
pub(crate) struct Markers {
    /// Bytes that no marker tells apart share a class.
    class: [u8; 256],
    classes: usize,
    /// `states * classes` successors.
    next: Vec<State>,
    /// Bytes of a marker that each state has seen.
    depth: Vec<u8>,
    /// The marker that ends at each state.
    found: Vec<Option<u16>>,
}

/// Where a search stands.
pub(crate) type State = u16;

/// At the beginning of a line.
pub(crate) const LINE: State = 0;
/// Within a line.
pub(crate) const MID: State = 1;

#[derive(Default)]
struct Node {
    children: BTreeMap<u8, State>,
    depth: u8,
    found: Option<u16>,
}

impl Markers {
    /// An automaton for these texts, each named by its place in the list. The lists are our own and short: states are
    /// counted in 16 bits, and a text is shorter than 256 bytes.
    pub(crate) fn new<'a>(texts: impl Iterator<Item = (&'a str, Place)> + Clone) -> Self {
        let (class, classes) = classes(texts.clone());
        let mut nodes = vec![Node::default(), Node::default()];
        for ((text, place), index) in texts.zip(0u16..) {
            insert(&mut nodes, LINE, text, index);
            if place == Place::Anywhere {
                insert(&mut nodes, MID, text, index);
            }
        }
        let mut markers = Self {
            class,
            classes,
            next: vec![MID; nodes.len() * classes],
            depth: nodes.iter().map(|node| node.depth).collect(),
            found: nodes.iter().map(|node| node.found).collect(),
        };
        markers.link(&nodes);
        markers
    }

    /// Goes on from `state` until a marker ends: the offset behind it, and which it is.
    #[inline]
    pub(crate) fn find(&self, state: &mut State, text: &[u8]) -> Option<(usize, u16)> {
        for (offset, byte) in text.iter().enumerate() {
            *state = self.after(*state, *byte);
            if let Some(Some(marker)) = self.found.get(usize::from(*state)) {
                return Some((offset + 1, *marker));
            }
        }
        None
    }

    /// Bytes at the end of what was searched that may still become a marker.
    #[inline]
    pub(crate) fn held(&self, state: State) -> usize {
        self.depth.get(usize::from(state)).copied().unwrap_or_default().into()
    }

    #[inline]
    fn after(&self, state: State, byte: u8) -> State {
        let class = self.class.get(usize::from(byte)).copied().unwrap_or_default();
        self.next.get(usize::from(state) * self.classes + usize::from(class)).copied().unwrap_or(MID)
    }

    /// Fills in the successors, shallow states first: where a state has no child, it goes on as its longest suffix would.
    fn link(&mut self, nodes: &[Node]) {
        let mut order: Vec<(State, State)> = vec![(MID, MID), (LINE, MID)];
        let mut done = 0;
        while let Some(&(state, suffix)) = order.get(done) {
            done += 1;
            let Some(node) = nodes.get(usize::from(state)) else { continue };
            for byte in 0..=u8::MAX {
                let otherwise = match (state, byte) {
                    (LINE, b' ' | b'\t' | b'\r') | (LINE | MID, b'\n') => LINE,
                    (LINE | MID, _) => MID,
                    _ => self.after(suffix, byte),
                };
                let child = node.children.get(&byte).copied();
                self.set(state, byte, child.unwrap_or(otherwise));
                if let Some(child) = child {
                    self.inherit(child, otherwise);
                    order.push((child, otherwise));
                }
            }
        }
    }

    fn set(&mut self, state: State, byte: u8, to: State) {
        let class = self.class.get(usize::from(byte)).copied().unwrap_or_default();
        if let Some(next) = self.next.get_mut(usize::from(state) * self.classes + usize::from(class)) {
            *next = to;
        }
    }

    /// A marker that ends where another's prefix does is found there too.
    fn inherit(&mut self, state: State, suffix: State) {
        let found = self.found.get(usize::from(suffix)).copied().flatten();
        if let Some(own @ None) = self.found.get_mut(usize::from(state)) {
            *own = found;
        }
    }
}

/// A class for each byte that stands in a text, and for those that begin or fill a line; one for all others.
fn classes<'a>(texts: impl Iterator<Item = (&'a str, Place)>) -> ([u8; 256], usize) {
    let mut known = [false; 256];
    for byte in texts.flat_map(|(text, _)| text.bytes()).chain(*b"\n\r\t ") {
        if let Some(known) = known.get_mut(usize::from(byte)) {
            *known = true;
        }
    }
    let mut class = [0; 256];
    let mut count = 1;
    for (class, known) in class.iter_mut().zip(known) {
        if known {
            *class = u8::try_from(count).unwrap_or_default();
            count += 1;
        }
    }
    (class, count)
}

fn insert(nodes: &mut Vec<Node>, root: State, text: &str, index: u16) {
    let mut state = root;
    for byte in text.bytes() {
        let fresh = State::try_from(nodes.len()).unwrap_or(MID);
        let Some(node) = nodes.get_mut(usize::from(state)) else { return };
        let depth = node.depth.saturating_add(1);
        let child = *node.children.entry(byte).or_insert(fresh);
        if child == fresh {
            nodes.push(Node { depth, ..Node::default() });
        }
        state = child;
    }
    if let Some(node) = nodes.get_mut(usize::from(state)) {
        node.found = Some(index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [(&str, Place); 4] = [
        ("<call>", Place::Anywhere),
        ("<calls>", Place::Anywhere),
        ("Action:", Place::Line),
        ("[{\"name\"", Place::Anywhere),
    ];

    /// What is found in `text` from the beginning of a line: the offset behind it and which.
    #[track_caller]
    fn check(text: &str, expected: Option<(usize, u16)>, held: usize) {
        let markers = Markers::new(TEXTS.into_iter());
        let mut state = LINE;
        assert_eq!(markers.find(&mut state, text.as_bytes()), expected);
        if expected.is_none() {
            assert_eq!(markers.held(state), held);
        }
    }

    #[test]
    fn finds_markers_and_holds_no_more_than_their_beginnings() {
        check("a <call>", Some((8, 0)), 0);
        check("<<calls>", Some((8, 1)), 0);
        check("a <ca", None, 3);
        check("a <ca<", None, 1);
        check("a <cax", None, 0);
        check("<call", None, 5);
    }

    #[test]
    fn some_count_only_at_the_beginning_of_a_line() {
        check("Action:", Some((7, 2)), 0);
        check("x\n  Action:", Some((11, 2)), 0);
        check("x Action:", None, 0);
        check("Actor", None, 0);
        check("Act", None, 3);
        check("Act\nA", None, 1);
    }
}

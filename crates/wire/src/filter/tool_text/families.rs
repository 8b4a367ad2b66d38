//! Every family of formats, and the sets of them that are searched for together.

use serde_json::Value;

use super::FENCE;
use super::balance::Syntax;
use super::cursor::{Stop, is_name};
use super::ends::{Ends, Shape};
use super::family::{Family, Head, Opening, Raw, Trust};
use super::markers::Place::{Anywhere, Line};
use super::markers::{Markers, Place};
use super::{json, python, xml};
use crate::filter::arguments::Given;

mod bare;
mod deepseek;
mod element;
mod fenced;
mod functionary;
mod gemma;
mod glm;
mod harmony;
mod hermes;
mod invoke;
mod kimi;
mod llama;
mod mistral;
mod pythonic;
mod qwen;
mod react;
mod rendered;
mod tagged;

/// All of them. Of those with the same marker, the first that a beginning fits is chosen.
pub(crate) static ALL: &[&Family] = &[
    &hermes::ONE,
    &hermes::MANY,
    &qwen::FAMILY,
    &glm::FAMILY,
    &invoke::FAMILY,
    &element::FAMILY,
    &mistral::FAMILY,
    &llama::FAMILY,
    &pythonic::TAGGED,
    &pythonic::CODE,
    &pythonic::BARE,
    &deepseek::FAMILY,
    &kimi::K2,
    &kimi::K3,
    &harmony::FAMILY,
    &gemma::FAMILY,
    &tagged::GRANITE,
    &tagged::PHI,
    &tagged::INTERNLM,
    &tagged::COHERE,
    &tagged::APERTUS,
    &tagged::GIGACHAT,
    &tagged::BRACKET,
    &functionary::FAMILY,
    &rendered::BRACKET,
    &rendered::CALLING,
    &rendered::FLOWERS,
    &react::FAMILY,
    &fenced::FAMILY,
    &bare::WHOLE,
    &bare::LAST,
];

/// A set of families, ready to be searched for.
#[derive(Debug)]
pub(crate) struct Families {
    markers: Markers,
    /// Each marker's text, and whose it is.
    known: Vec<(&'static str, Vec<&'static Family>)>,
    /// Those that an answer's first bracket may begin.
    first: Vec<&'static Family>,
    /// What they are called, each once, in the order in which they are tried.
    names: Vec<&'static str>,
}

impl Families {
    /// Those for which `wanted` holds, by name.
    pub(crate) fn new(wanted: impl Fn(&str) -> bool) -> Self {
        let mut known: Vec<(&'static str, Vec<&'static Family>)> = vec![(FENCE, Vec::new())];
        let mut places = vec![Line];
        let (mut first, mut names) = (Vec::new(), Vec::new());
        for family in ALL.iter().filter(|family| wanted(family.name)) {
            names.push(family.name);
            for (text, place) in family.markers {
                if text.is_empty() {
                    first.push(*family);
                    continue;
                }
                match known.iter_mut().find(|(known, _)| known == text) {
                    Some((_, families)) => families.push(family),
                    None => {
                        known.push((text, vec![family]));
                        places.push(*place);
                    }
                }
            }
        }
        let texts = known.iter().map(|(text, _)| *text).zip(places.iter().copied());
        names.dedup();
        Self { markers: Markers::new(texts), known, first, names }
    }

    /// What they are called.
    pub(crate) fn names(&self) -> &[&'static str] {
        &self.names
    }

    pub(crate) fn markers(&self) -> &Markers {
        &self.markers
    }

    /// A marker's text.
    pub(crate) fn text(&self, marker: u16) -> &'static str {
        self.known.get(usize::from(marker)).map_or("", |(text, _)| text)
    }

    /// Whose calls a marker may begin, or the answer's first bracket.
    pub(crate) fn of(&self, marker: Option<u16>) -> &[&'static Family] {
        match marker {
            Some(marker) => self.known.get(usize::from(marker)).map_or(&[], |(_, families)| families),
            None => &self.first,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_marker_begins_within_another_unless_it_ends_with_it() {
        let texts: Vec<&str> = ALL.iter().flat_map(|family| family.markers).map(|(text, _)| *text).collect();
        for (outer, inner) in texts.iter().flat_map(|outer| texts.iter().map(move |inner| (outer, inner))) {
            let within = outer.get(..outer.len().saturating_sub(1)).unwrap_or_default();
            assert!(inner.is_empty() || outer == inner || !within.contains(inner), "{inner} is in {outer}");
        }
    }
}

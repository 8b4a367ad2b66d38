//! What an operator puts into the bodies that one target is sent, takes out of them, and what is not for its eyes:
//! edits of the members of an object, made without reading what they say.

use bytes::Bytes;
use serde_json::{Map, Value};
use smallvec::SmallVec;

use crate::scan::{Member, Members};
use crate::splice::{Edit, splice};

/// What is changed in a body, in the words of the dialect that it is in. A table is laid over the object that stands there,
/// member by member; everything else takes the place of what stands there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters {
    /// Said whatever the client says.
    pub set: Map<String, Value>,
    /// Said when the client does not: what is missing, or `null`.
    pub default: Map<String, Value>,
    /// Not said whatever the client says.
    pub drop: Vec<String>,
}

type Edits = SmallVec<[Edit; 4]>;

impl Parameters {
    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.default.is_empty() && self.drop.is_empty()
    }

    /// A whole body with the changes made, and what is no longer in it.
    pub fn applied(&self, body: Bytes) -> (Bytes, Vec<String>) {
        let mut edits = Edits::new();
        let dropped = self.edits(&body, &[], &mut edits);
        if edits.is_empty() {
            return (body, dropped);
        }
        (Bytes::from(splice(&body, edits).concat()), dropped)
    }

    /// The edits of a body, which must be one JSON object, that make the changes and take out the members `hidden` as
    /// well. Returns which of `drop` stood there.
    pub fn edits(&self, body: &[u8], hidden: &[&str], edits: &mut Edits) -> Vec<String> {
        let mut dropped = Vec::new();
        let goes = |name: &str, dropped: &mut Vec<String>| {
            let drops = self.drop.iter().any(|drop| drop == name);
            if drops && !dropped.iter().any(|known| known == name) {
                dropped.push(name.to_owned());
            }
            drops || hidden.contains(&name)
        };
        let layers = Layers { set: Some(&self.set), default: Some(&self.default) };
        layers.over(body, 0, |name| goes(name, &mut dropped), edits);
        dropped
    }
}

/// What is laid over one object.
#[derive(Clone, Copy)]
struct Layers<'a> {
    set: Option<&'a Map<String, Value>>,
    default: Option<&'a Map<String, Value>>,
}

impl<'a> Layers<'a> {
    /// The edits of the object that `json` is, which stands at `offset` of the body.
    fn over(self, json: &[u8], offset: usize, mut goes: impl FnMut(&str) -> bool, edits: &mut Edits) {
        let Some(mut members) = Members::open(json) else { return };
        let mut seen = Vec::new();
        let mut gap = Gap::default();
        while let Ok(Some(member)) = members.next() {
            let name = member.name();
            let Ok(name) = str::from_utf8(&name) else { continue };
            let gone = goes(name);
            if gone && self.set_to(name).is_none() {
                gap.widen(&member);
                continue;
            }
            gap.close(&member, offset, edits);
            if let Some(stated) = self.keys().find(|key| *key == name) {
                seen.push(stated);
                self.over_member(name, &member, gone, offset, edits);
            }
        }
        gap.end(offset, edits);
        let mut text = Vec::new();
        for name in self.keys().filter(|name| !seen.contains(name)) {
            if !text.is_empty() {
                text.push(b',');
            }
            write_member(name, &self.value_of(name), &mut text);
        }
        if !text.is_empty() {
            if gap.kept_end.is_some() {
                text.push(b',');
            }
            let at = offset + members.inside();
            edits.push(Edit { range: at..at, with: text.into() });
        }
    }

    /// The edits of a member that is stated and stands there.
    fn over_member(self, name: &str, member: &Member<'_>, gone: bool, offset: usize, edits: &mut Edits) {
        let object = |layer: Option<&'a Map<String, Value>>| layer.and_then(|layer| layer.get(name)?.as_object());
        let inner = Layers { set: object(self.set), default: object(self.default) };
        let replaced = match self.set_to(name) {
            Some(Value::Object(_)) => gone || !member.starts_with(b'{'),
            Some(_) => true,
            None => member.is_null(),
        };
        let place = offset + member.place().start..offset + member.place().end;
        if replaced {
            edits.push(Edit { range: place, with: text_of(&self.value_of(name)) });
        } else if member.starts_with(b'{') {
            inner.over(member.value, place.start, |_| false, edits);
        }
    }

    fn set_to(self, name: &str) -> Option<&'a Value> {
        self.set?.get(name)
    }

    /// The names of all that is stated, each once.
    fn keys(self) -> impl Iterator<Item = &'a str> {
        let set = self.set.into_iter().flat_map(|layer| layer.keys().map(String::as_str));
        let default = self.default.into_iter().flat_map(|layer| layer.keys().map(String::as_str));
        set.chain(default.filter(move |name| self.set_to(name).is_none()))
    }

    /// What is said where nothing of the client's is left.
    fn value_of(self, name: &str) -> Value {
        let default = self.default.and_then(|layer| layer.get(name)).cloned();
        match (self.set_to(name).cloned(), default) {
            (Some(Value::Object(set)), Some(Value::Object(default))) => Value::Object(merged(set, default)),
            (Some(value), _) | (None, Some(value)) => value,
            (None, None) => Value::Null,
        }
    }
}

/// Both objects, the first one's members before the second's.
fn merged(over: Map<String, Value>, under: Map<String, Value>) -> Map<String, Value> {
    let mut out = under;
    for (name, value) in over {
        let value = match (value, out.remove(&name)) {
            (Value::Object(over), Some(Value::Object(under))) => Value::Object(merged(over, under)),
            (value, _) => value,
        };
        out.insert(name, value);
    }
    out
}

/// Members that go, one behind the other, with the commas that go with them.
#[derive(Default)]
struct Gap {
    /// Where the first of them begins, and where the last one ends.
    open: Option<(usize, usize)>,
    /// Where the last member ends that stays.
    kept_end: Option<usize>,
}

impl Gap {
    fn widen(&mut self, member: &Member<'_>) {
        let place = member.whole_place();
        self.open = Some((self.open.map_or(place.start, |(start, _)| start), place.end));
    }

    /// A member stays: what goes before it goes with the comma behind it.
    fn close(&mut self, member: &Member<'_>, offset: usize, edits: &mut Edits) {
        let place = member.whole_place();
        if let Some((start, _)) = self.open.take() {
            edits.push(Edit { range: offset + start..offset + place.start, with: Bytes::new() });
        }
        self.kept_end = Some(place.end);
    }

    /// The object ends: what goes at its end goes with the comma before it.
    fn end(&mut self, offset: usize, edits: &mut Edits) {
        if let Some((start, end)) = self.open.take() {
            let start = self.kept_end.unwrap_or(start);
            edits.push(Edit { range: offset + start..offset + end, with: Bytes::new() });
        }
    }
}

fn write_member(name: &str, value: &Value, out: &mut Vec<u8>) {
    out.extend_from_slice(&crate::quoted(name));
    out.push(b':');
    out.extend_from_slice(&text_of(value));
}

fn text_of(value: &Value) -> Bytes {
    serde_json::to_vec(value).expect("JSON always serialises").into()
}

#[cfg(test)]
mod tests;

//! Writes JSON piece by piece, without a tree.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::ir::Extra;
use crate::scan::string_stop;

/// An object on its way into a buffer. Members come in the order of the calls; nobody checks that a name comes once.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> Object<'a> {
    /// Begins an object at the end of `out`.
    pub(crate) fn begin(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, empty: true }
    }

    /// Goes on with an object whose beginning, one member at least, stands at the end of `out`.
    pub(crate) fn resume(out: &'a mut Vec<u8>) -> Self {
        Self { out, empty: false }
    }

    /// A member of any kind.
    pub(crate) fn put<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        value_into(value, self.name(name));
    }

    /// A member that is text: what [`Object::put`] writes, in less time.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        quote_into(value, self.name(name));
    }

    /// A member, where there is one.
    pub(crate) fn put_some<T: Serialize>(&mut self, name: &str, value: Option<T>) {
        if let Some(value) = value {
            self.put(name, &value);
        }
    }

    /// A member that is JSON already.
    pub(crate) fn raw(&mut self, name: &str, value: &RawValue) {
        self.name(name).extend_from_slice(value.get().as_bytes());
    }

    /// A member that is an object, written by `write`.
    pub(crate) fn object(&mut self, name: &str, write: impl FnOnce(&mut Object<'_>)) {
        let mut inner = Object::begin(self.name(name));
        write(&mut inner);
        inner.end();
    }

    /// A member that is an array, written by `write`.
    pub(crate) fn array(&mut self, name: &str, write: impl FnOnce(&mut Array<'_>)) {
        let mut inner = Array::begin(self.name(name));
        write(&mut inner);
        inner.end();
    }

    /// Members word for word, such as what their own dialect gets back.
    pub(crate) fn extras(&mut self, extras: &[Extra]) {
        extras.iter().for_each(|extra| self.raw(&extra.name, &extra.raw));
    }

    /// Ends the object.
    pub(crate) fn end(self) {
        self.out.push(b'}');
    }

    fn name(&mut self, name: &str) -> &mut Vec<u8> {
        if !std::mem::replace(&mut self.empty, false) {
            self.out.push(b',');
        }
        quote_into(name, self.out);
        self.out.push(b':');
        self.out
    }
}

/// An array on its way into a buffer.
#[derive(Debug)]
pub(crate) struct Array<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> Array<'a> {
    /// Begins an array at the end of `out`.
    pub(crate) fn begin(out: &'a mut Vec<u8>) -> Self {
        out.push(b'[');
        Self { out, empty: true }
    }

    /// An element of any kind.
    pub(crate) fn put<T: Serialize + ?Sized>(&mut self, value: &T) {
        value_into(value, self.next());
    }

    /// An element that is JSON already.
    pub(crate) fn raw(&mut self, value: &RawValue) {
        self.next().extend_from_slice(value.get().as_bytes());
    }

    /// An element that is an object, written by `write`.
    pub(crate) fn object(&mut self, write: impl FnOnce(&mut Object<'_>)) {
        let mut inner = Object::begin(self.next());
        write(&mut inner);
        inner.end();
    }

    /// Ends the array.
    pub(crate) fn end(self) {
        self.out.push(b']');
    }

    fn next(&mut self) -> &mut Vec<u8> {
        if !std::mem::replace(&mut self.empty, false) {
            self.out.push(b',');
        }
        self.out
    }
}

/// An object as a whole, written by `write`.
pub(crate) fn object(write: impl FnOnce(&mut Object<'_>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    let mut object = Object::begin(&mut out);
    write(&mut object);
    object.end();
    out
}

/// A JSON string, with no escape that is not needed.
pub(crate) fn quote_into(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, stop) = rest.split_at_checked(string_stop(rest, 0)).unwrap_or((rest, b""));
        out.extend_from_slice(plain);
        let Some((byte, behind)) = stop.split_first() else { break };
        escape_into(*byte, out);
        rest = behind;
    }
    out.push(b'"');
}

/// A byte that a string cannot hold as it is.
fn escape_into(byte: u8, out: &mut Vec<u8>) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\t' => b't',
        b'\r' => b'r',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
            return out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 0xf)]);
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

fn value_into<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("text, numbers and lists of them always serialise into memory");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn quotes_as_serde_does(text in "([a-z\"\\\\\\x00-\\x20\\x7f]|\\PC){0,70}") {
            let mut out = Vec::new();
            quote_into(&text, &mut out);
            prop_assert_eq!(String::from_utf8(out).ok(), serde_json::to_string(&text).ok());
        }
    }

    #[test]
    fn writes_members_and_elements_with_their_commas() {
        let raw = RawValue::from_string("{ \"x\" : 1 }".to_owned()).expect("JSON");
        let bytes = object(|object| {
            object.put("a", "q\"");
            object.put_some("none", None::<u8>);
            object.put_some("b", Some(2));
            object.raw("c", &raw);
            object.object("d", |inner| inner.put("e", &[1, 2]));
            object.array("f", |list| {
                list.put(&true);
                list.raw(&raw);
                list.object(|inner| inner.put("g", &None::<u8>));
            });
            object.object("h", |_| {});
            object.array("i", |_| {});
            object.extras(&[Extra { name: "j".to_owned(), raw }]);
        });
        assert_eq!(
            String::from_utf8(bytes).expect("text"),
            r#"{"a":"q\"","b":2,"c":{ "x" : 1 },"d":{"e":[1,2]},"f":[true,{ "x" : 1 },{"g":null}],"h":{},"i":[],"j":{ "x" : 1 }}"#
        );
    }
}

//! The request, both ways.
//!
//! What stood deeper than the top level and has no place in the neutral model is an extra under its whole path, such as
//! `generationConfig.speechConfig`; [`home`] says where it goes back to.

mod decode;
mod encode;

use std::borrow::Cow;

use crate::fields::Fields;
use crate::ir::Extra;

pub(super) use decode::{decode, decode_fields};
pub(super) use encode::{Plan, encode};

/// The objects that extras can come from, the deepest first.
const HOMES: [&str; 4] =
    ["generationConfig.thinkingConfig.", "generationConfig.", "toolConfig.functionCallingConfig.", "toolConfig."];

/// Where an extra of a request stood: the object with its dot (empty at the top), and its name there.
fn home(name: &str) -> (&'static str, &str) {
    HOMES.into_iter().find_map(|home| Some((home, name.strip_prefix(home)?))).unwrap_or(("", name))
}

/// What nobody took of the object that stands at `prefix`.
fn leftovers<'a>(prefix: &'a str, fields: Fields<'_>) -> impl Iterator<Item = Extra> + 'a {
    fields.rest().into_iter().map(move |extra| Extra { name: format!("{prefix}{}", extra.name), raw: extra.raw })
}

/// The name under which a member stands: as in the API's description, or with underscores, which protocol buffers take
/// as well. When it is not there at all, the first.
fn spelling(fields: &Fields<'_>, camel: &'static str) -> Cow<'static, str> {
    if fields.has(camel) {
        return Cow::Borrowed(camel);
    }
    let snake = snake(camel);
    if fields.has(&snake) { Cow::Owned(snake) } else { Cow::Borrowed(camel) }
}

fn snake(camel: &str) -> String {
    let mut snake = String::with_capacity(camel.len() + 4);
    for letter in camel.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests;

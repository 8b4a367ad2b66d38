//! Extras that stood inside an object whose other members the neutral model has fields for.
//!
//! They are kept under their path, such as `output_config.task_budget`: that is their name in a loss, and where the
//! encoder puts them back.

use serde_json::value::RawValue;

use crate::fields::Fields;
use crate::ir::Extra;

/// The objects that are taken apart.
const OBJECTS: [&str; 6] = ["cache_control", "metadata", "output_config", "source", "thinking", "tool_choice"];

/// Keeps what nobody took of the object `name`.
pub(super) fn keep(fields: Fields<'_>, name: &str, into: &mut Vec<Extra>) {
    let inner = fields.rest().into_iter();
    into.extend(inner.map(|extra| Extra { name: format!("{name}.{}", extra.name), raw: extra.raw }));
}

/// Those that stood in the object `name`, by their names there.
pub(super) fn within<'a>(extras: &'a [Extra], name: &'a str) -> impl Iterator<Item = (&'a str, &'a RawValue)> {
    extras.iter().filter_map(move |extra| {
        let inner = extra.name.strip_prefix(name)?.strip_prefix('.')?;
        Some((inner, &*extra.raw))
    })
}

/// Those that stood in no such object.
pub(super) fn outside(extras: &[Extra]) -> impl Iterator<Item = &Extra> {
    extras.iter().filter(|extra| {
        let object = extra.name.split_once('.').map(|(object, _)| object);
        !object.is_some_and(|object| OBJECTS.contains(&object))
    })
}

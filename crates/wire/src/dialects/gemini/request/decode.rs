//! Reads a request into the neutral model.

mod calls;
mod contents;
mod joined;
mod settings;
mod tools;

use crate::fields::Fields;
use crate::ir::{Handling, Message, Request, Role, ServiceTier};
use crate::{DialectId, WireError};

use super::spelling;
use calls::Calls;

pub(in super::super) use calls::minted;

/// Reads a body; every error names the path of the field to blame.
pub(in super::super) fn decode(body: &[u8]) -> Result<Request, WireError> {
    decode_fields(Fields::of_body(body)?)
}

/// Reads the members of a request, wherever they stand.
pub(in super::super) fn decode_fields(mut fields: Fields<'_>) -> Result<Request, WireError> {
    let mut request = Request::new(DialectId::Gemini, "");
    // Every answer ends with its usage.
    request.include_usage = true;
    let mut calls = Calls::default();
    request.messages.extend(decode_system(&mut fields, &mut calls)?);
    let contents = fields.list("contents", "an array")?.ok_or_else(|| fields.missing("contents"))?;
    if contents.is_empty() {
        return Err(fields.wrong("contents", "a non-empty array"));
    }
    for (index, raw) in contents.into_iter().enumerate() {
        let path = fields.path(&format!("contents[{index}]"));
        joined::add(contents::decode(Fields::of_value(raw, path)?, &mut calls)?, &mut request.messages);
    }
    for message in &mut request.messages {
        message.blocks = joined::with_whole_thoughts(std::mem::take(&mut message.blocks));
    }
    tools::decode(&mut fields, &mut request)?;
    settings::decode(&mut fields, &mut request)?;
    request.handling = decode_handling(&mut fields)?;
    request.extras.extend(fields.rest());
    Ok(request)
}

/// What is written again as it came: `unspecified` and the like stay the words they are.
fn decode_handling(fields: &mut Fields<'_>) -> Result<Handling, WireError> {
    let tier: Option<String> = fields.optional(&spelling(fields, "serviceTier"), "a string")?;
    let tier = tier.map(|word| match word.as_str() {
        "standard" => ServiceTier::Standard,
        "flex" => ServiceTier::Flex,
        "priority" => ServiceTier::Priority,
        _ => ServiceTier::Other(word),
    });
    Ok(Handling { tier, store: fields.optional("store", "a boolean")?, ..Handling::default() })
}

fn decode_system(fields: &mut Fields<'_>, calls: &mut Calls) -> Result<Option<Message>, WireError> {
    let name = spelling(fields, "systemInstruction");
    let Some(mut system) = fields.object(&name)? else { return Ok(None) };
    // It says nothing here, but it came.
    let role = system.take("role").map(ToOwned::to_owned);
    let blocks = contents::decode_parts(&mut system, calls)?;
    let at = system.at();
    let mut extras = system.rest();
    extras.extend(role.map(|raw| crate::ir::Extra { name: "role".to_owned(), raw }));
    Ok(Some(Message { role: Role::System, blocks, extras, at }))
}

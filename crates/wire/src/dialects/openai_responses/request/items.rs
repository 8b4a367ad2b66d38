//! Items of `input` and of `output` as messages and blocks.

use serde_json::value::RawValue;

use super::super::form;
use super::super::machine::Machine;
use super::part::{self, opaque};
use super::tools;
use crate::fields::{Fields, parse, parse_list, starts_with};
use crate::ir::{At, Block, Content, Extra, Message, Reasoning, Role, Seal, SealOrigin, Tool, ToolCall, ToolResult};
use crate::{DialectId, WireError};

/// What an item is in the neutral model.
#[derive(Debug)]
pub(in super::super) enum Item {
    /// A message of its own.
    Message(Message),
    /// What the model said, thought or called: blocks of the assistant's message, and where the item stood.
    Said(Vec<Block>, At),
    /// More tools, and the item as it stood.
    Tools(Vec<Tool>, Extra),
}

/// Messages on their way from items.
#[derive(Debug, Default)]
pub(in super::super) struct Conversation {
    /// Oldest first.
    pub(in super::super) messages: Vec<Message>,
    /// What `additional_tools` items brought.
    pub(in super::super) tools: Vec<Tool>,
    /// Those items.
    pub(in super::super) additional: Vec<Extra>,
}

impl Conversation {
    /// Appends an item; what the model said is one message until somebody else speaks.
    pub(in super::super) fn push(&mut self, item: Item) {
        match item {
            Item::Message(message) => self.messages.push(message),
            Item::Said(blocks, at) => match self.messages.last_mut() {
                Some(last) if last.role == Role::Assistant && last.extras.is_empty() => last.blocks.extend(blocks),
                Some(_) | None => self.messages.push(Message::new(Role::Assistant, blocks).at(at)),
            },
            Item::Tools(tools, item) => {
                self.tools.extend(tools);
                self.additional.push(item);
            }
        }
    }
}

/// Reads the item at `path`; one of an unknown type is opaque.
pub(in super::super) fn decode_item(raw: &RawValue, path: String) -> Result<Item, WireError> {
    let mut fields = Fields::of_value(raw, path)?;
    let kind: Option<String> = fields.optional("type", "a string")?;
    let block = match kind.as_deref() {
        None if fields.has("role") => return message(fields, vec![form::flag(form::EASY)]),
        // As the API itself has it: an item without a type is a reference.
        None if fields.has("id") => opaque("item_reference".to_owned(), raw).at(fields.at()),
        None => return Err(fields.missing("type")),
        Some("message") => return message(fields, Vec::new()),
        Some("function_call") => call(fields, false)?,
        Some("custom_tool_call") => call(fields, true)?,
        Some("function_call_output") => return result(fields, false),
        Some("custom_tool_call_output") => return result(fields, true),
        Some("reasoning") => reasoning(fields)?,
        Some("local_shell_call") => machine_call(&fields, raw, Machine::LocalShell)?,
        Some("shell_call") => machine_call(&fields, raw, Machine::Shell)?,
        Some("apply_patch_call") => machine_call(&fields, raw, Machine::ApplyPatch)?,
        Some("local_shell_call_output") => return machine_result(&fields, raw, Machine::LocalShell),
        Some("shell_call_output") => return machine_result(&fields, raw, Machine::Shell),
        Some("apply_patch_call_output") => return machine_result(&fields, raw, Machine::ApplyPatch),
        Some("additional_tools") => return additional_tools(fields, raw),
        Some(kind) => opaque(kind.to_owned(), raw).at(fields.at()),
    };
    let at = block.at.clone();
    Ok(Item::Said(vec![block], at))
}

/// The marks of what says nothing to anybody else.
fn quiet(fields: &mut Fields<'_>) -> Vec<Extra> {
    [("id", form::ID), ("status", form::STATUS)]
        .into_iter()
        .filter_map(|(name, mark)| fields.take(name).map(|raw| form::mark(mark, raw)))
        .collect()
}

fn message(mut fields: Fields<'_>, mut extras: Vec<Extra>) -> Result<Item, WireError> {
    const EXPECTED: &str = "a string or an array of parts";
    let role: String = fields.required("role", "a string")?;
    let role = match role.as_str() {
        "system" => Role::System,
        "developer" => Role::Developer,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        _ => return Err(fields.wrong("role", "one of user, assistant, system and developer")),
    };
    extras.extend(quiet(&mut fields));
    let content = fields.take("content").ok_or_else(|| fields.missing("content"))?;
    let blocks = if starts_with(content, '"') {
        extras.push(form::flag(form::STRING));
        let text: String = parse(content).ok_or_else(|| fields.wrong("content", EXPECTED))?;
        vec![Block::text(text).at(fields.at_member("content"))]
    } else {
        let parts = parse_list(content).ok_or_else(|| fields.wrong("content", EXPECTED))?;
        let path = fields.path("content");
        let part = |(index, raw)| part::decode(raw, format!("{path}[{index}]"));
        parts.into_iter().enumerate().map(part).collect::<Result<_, _>>()?
    };
    if role == Role::Assistant && !blocks.is_empty() {
        let at = fields.at();
        return Ok(Item::Said(assistant_message(blocks, extras, fields.rest()), at));
    }
    let at = fields.at();
    extras.extend(fields.rest());
    Ok(Item::Message(Message { role, blocks, extras, at }))
}

/// The parts of an assistant's message; the first one carries what belongs to the message.
fn assistant_message(mut blocks: Vec<Block>, marks: Vec<Extra>, rest: Vec<Extra>) -> Vec<Block> {
    for block in &mut blocks {
        if let Content::Opaque { .. } = block.content {
            block.extras.push(form::flag(form::PART));
        }
    }
    if let Some(first) = blocks.first_mut() {
        first.extras.push(form::flag(form::MESSAGE));
        first.extras.extend(marks);
        let named = |extra: Extra| Extra { name: format!("{}{}", form::OF_MESSAGE, extra.name), raw: extra.raw };
        first.extras.extend(rest.into_iter().map(named));
    }
    blocks
}

fn call(mut fields: Fields<'_>, custom: bool) -> Result<Block, WireError> {
    const EXPECTED: &str = "a non-empty string";
    let id: String = fields.required("call_id", EXPECTED)?;
    let mut name: String = fields.required("name", EXPECTED)?;
    for (field, value) in [("call_id", &id), ("name", &name)] {
        if value.is_empty() {
            return Err(fields.wrong(field, EXPECTED));
        }
    }
    let arguments = fields.required(if custom { "input" } else { "arguments" }, "a string")?;
    let mut extras = quiet(&mut fields);
    if let Some(raw) = fields.take("namespace") {
        let namespace: String = parse(raw).ok_or_else(|| fields.wrong("namespace", "a string"))?;
        name = format!("{namespace}{}{name}", form::NAMESPACE_END);
        extras.push(form::mark(form::NAMESPACE, raw));
    }
    let at = fields.at();
    extras.extend(fields.rest());
    let call = ToolCall { id, name, arguments, custom, seal: None };
    Ok(Block { extras, at, ..Block::from(Content::ToolCall(call)) })
}

fn result(mut fields: Fields<'_>, custom: bool) -> Result<Item, WireError> {
    const EXPECTED: &str = "a string or an array of parts";
    let call_id = fields.required("call_id", "a string")?;
    let name = fields.optional("name", "a string")?;
    let mut extras = quiet(&mut fields);
    let output = fields.take("output").ok_or_else(|| fields.missing("output"))?;
    let blocks = if starts_with(output, '"') {
        let text: String = parse(output).ok_or_else(|| fields.wrong("output", EXPECTED))?;
        vec![Block::text(text).at(fields.at_member("output"))]
    } else {
        let parts = parse_list(output).ok_or_else(|| fields.wrong("output", EXPECTED))?;
        extras.push(form::flag(form::PARTS));
        let path = fields.path("output");
        let part = |(index, raw)| part::decode(raw, format!("{path}[{index}]"));
        parts.into_iter().enumerate().map(part).collect::<Result<_, _>>()?
    };
    let at = fields.at();
    extras.extend(fields.rest());
    Ok(answered(ToolResult { call_id, name, blocks, is_error: None, custom }, extras, at))
}

fn answered(result: ToolResult, extras: Vec<Extra>, at: At) -> Item {
    let block = Block { extras, at: at.clone(), ..Block::from(Content::ToolResult(result)) };
    Item::Message(Message::new(Role::Tool, vec![block]).at(at))
}

fn reasoning(mut fields: Fields<'_>) -> Result<Block, WireError> {
    let id = fields.optional("id", "a string")?;
    let mut extras: Vec<Extra> = fields.take("status").map(|raw| form::mark(form::STATUS, raw)).into_iter().collect();
    let (summary, summary_mark) = thoughts(&mut fields, "summary", form::SUMMARY)?;
    let mut reasoning = Reasoning { summary: true, text: summary, id, ..Reasoning::default() };
    extras.extend(summary_mark);
    if reasoning.text.is_empty() {
        let (content, content_mark) = thoughts(&mut fields, "content", form::CONTENT)?;
        reasoning.summary = content.is_empty();
        reasoning.text = content;
        extras.extend(content_mark);
    }
    if let Some(raw) = fields.take("encrypted_content") {
        let text: String = parse(raw).ok_or_else(|| fields.wrong("encrypted_content", "a string"))?;
        match read_seal(&text) {
            Some((seal, redacted)) => {
                reasoning.redacted = redacted || (reasoning.text.is_empty() && seal.origin == SealOrigin::Openai);
                reasoning.seal = Some(seal);
            }
            // An envelope that nobody made: kept, and refused by whoever writes it.
            None => extras.push(Extra { name: "encrypted_content".to_owned(), raw: raw.to_owned() }),
        }
    }
    let at = fields.at();
    extras.extend(fields.rest());
    Ok(Block { extras, at, ..Block::from(Content::Reasoning(reasoning)) })
}

/// The texts of a list of parts, apart by a blank line; with a mark when that does not say all of it.
fn thoughts(fields: &mut Fields<'_>, name: &str, mark: &str) -> Result<(String, Option<Extra>), WireError> {
    const EXPECTED: &str = "an array of parts";
    let Some(raw) = fields.take(name) else { return Ok((String::new(), None)) };
    let parts = parse_list(raw).ok_or_else(|| fields.wrong(name, EXPECTED))?;
    let path = fields.path(name);
    let mut text = String::new();
    let mut plain = parts.len() < 2;
    for (index, raw) in parts.into_iter().enumerate() {
        let block = part::decode(raw, format!("{path}[{index}]"))?;
        plain &= block.extras.is_empty() && block.as_text().is_some_and(|text| !text.is_empty());
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(block.as_text().unwrap_or_default());
    }
    Ok((text, (!plain).then(|| form::mark(mark, raw))))
}

/// What the data of thoughts begins with that their maker hid, where a seal of another vendor's stands in
/// `encrypted_content`. No vendor's data has a colon.
const REDACTED: &str = "redacted:";

/// A seal as `encrypted_content`, and whether the thoughts are hidden.
pub(in super::super) fn write_seal(seal: &Seal, redacted: bool) -> String {
    if redacted && seal.origin != SealOrigin::Openai {
        let data = format!("{REDACTED}{}", seal.data);
        return Seal { origin: seal.origin, data }.write(SealOrigin::Openai);
    }
    seal.write(SealOrigin::Openai)
}

/// What stands in `encrypted_content`, and whether its maker hid the thoughts.
pub(in super::super) fn read_seal(text: &str) -> Option<(Seal, bool)> {
    let seal = Seal::read(text, SealOrigin::Openai)?;
    match seal.data.strip_prefix(REDACTED) {
        Some(data) => Some((Seal { origin: seal.origin, data: data.to_owned() }, true)),
        None => Some((seal, false)),
    }
}

/// A call of a tool that only this dialect has, as a call of a function of that name.
fn machine_call(fields: &Fields<'_>, raw: &RawValue, machine: Machine) -> Result<Block, WireError> {
    let id: Option<String> = fields.look("call_id").and_then(parse).filter(|id: &String| !id.is_empty());
    let Some(id) = id else { return Err(fields.missing("call_id")) };
    let argument = machine.member();
    let arguments = fields.look(argument).ok_or_else(|| fields.missing(argument))?.get().to_owned();
    let call = ToolCall { id, name: machine.name().to_owned(), arguments, custom: false, seal: None };
    let extras = vec![form::mark(form::WHOLE, raw)];
    Ok(Block { extras, at: fields.at(), ..Block::from(Content::ToolCall(call)) })
}

/// The result of such a call. A local shell's names its call by `id`.
fn machine_result(fields: &Fields<'_>, raw: &RawValue, machine: Machine) -> Result<Item, WireError> {
    let call_id = ["call_id", "id"].into_iter().find_map(|field| fields.look(field).and_then(parse::<String>));
    let Some(call_id) = call_id else { return Err(fields.missing("call_id")) };
    let output = fields.look("output");
    let text = output.map(|output| parse::<String>(output).unwrap_or_else(|| output.get().to_owned()));
    let blocks = vec![Block::text(text.unwrap_or_default()).at(fields.at_member("output"))];
    // Of a patch, whether it could be applied is said beside the output.
    let failed = fields.look("status").and_then(parse::<String>).is_some_and(|status| status == "failed");
    let is_error = failed.then_some(true);
    let result = ToolResult { call_id, name: Some(machine.name().to_owned()), blocks, is_error, custom: false };
    Ok(answered(result, vec![form::mark(form::WHOLE, raw)], fields.at()))
}

fn additional_tools(mut fields: Fields<'_>, raw: &RawValue) -> Result<Item, WireError> {
    let list = fields.list("tools", "an array")?.ok_or_else(|| fields.missing("tools"))?;
    let mut tools = tools::decode_list(list, &fields.path("tools"))?;
    tools.iter_mut().for_each(|tool| tool.extras.push(form::flag(form::ADDITIONAL)));
    Ok(Item::Tools(tools, form::mark(form::ADDITIONAL, raw)))
}

/// The block as an item of an answer: a part of nothing.
pub(in super::super) fn is_own_opaque(content: &Content) -> bool {
    matches!(content, Content::Opaque { origin: DialectId::OpenaiResponses, .. })
}

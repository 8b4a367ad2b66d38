//! Tools and the choice among them, both ways.

use serde_json::value::RawValue;

use super::super::form;
use super::super::machine::Machine;
use crate::fields::{Fields, parse, parse_list, starts_with};
use crate::ir::{Extra, Lost, Request, Tool, ToolChoice, ToolKind};
use crate::write::{Array, Object};
use crate::{DialectId, WireError};

/// Reads the tools that stand at `path`; those of a namespace one by one, under names that begin with it.
pub(super) fn decode_list(list: Vec<&RawValue>, path: &str) -> Result<Vec<Tool>, WireError> {
    let mut tools = Vec::with_capacity(list.len());
    for (index, raw) in list.into_iter().enumerate() {
        decode_tool(raw, format!("{path}[{index}]"), &mut tools)?;
    }
    Ok(tools)
}

fn decode_tool(raw: &RawValue, path: String, tools: &mut Vec<Tool>) -> Result<(), WireError> {
    let mut fields = Fields::of_value(raw, path.clone())?;
    let at = fields.at();
    let kind: String = fields.required("type", "a string")?;
    if let Some(machine) = Machine::from_name(&kind)
        && let Some(tool) = machine.declared(Fields::of_value(raw, path)?, raw)?
    {
        tools.push(tool);
        return Ok(());
    }
    let kind = match kind.as_str() {
        "function" => ToolKind::Function {
            name: name(&mut fields)?,
            description: fields.optional("description", "a string")?,
            parameters: fields.take("parameters").map(ToOwned::to_owned),
            strict: fields.optional("strict", "a boolean")?,
        },
        "custom" => ToolKind::Custom {
            name: name(&mut fields)?,
            description: fields.optional("description", "a string")?,
            format: fields.take("format").map(ToOwned::to_owned),
        },
        "namespace" if has_tools(&fields) => return decode_namespace(fields, tools),
        _ => {
            let hosted = ToolKind::Hosted { origin: DialectId::OpenaiResponses, kind, raw: raw.to_owned() };
            tools.push(Tool::new(hosted).at(at));
            return Ok(());
        }
    };
    tools.push(Tool { kind, cache: None, extras: fields.rest(), at });
    Ok(())
}

fn name(fields: &mut Fields<'_>) -> Result<String, WireError> {
    const EXPECTED: &str = "a non-empty string";
    let name: String = fields.required("name", EXPECTED)?;
    if name.is_empty() { Err(fields.wrong("name", EXPECTED)) } else { Ok(name) }
}

fn has_tools(fields: &Fields<'_>) -> bool {
    fields.look("tools").and_then(parse_list).is_some_and(|list| !list.is_empty())
}

fn decode_namespace(mut fields: Fields<'_>, tools: &mut Vec<Tool>) -> Result<(), WireError> {
    let namespace = name(&mut fields)?;
    let list = fields.list("tools", "an array")?.unwrap_or_default();
    let mut inner = decode_list(list, &fields.path("tools"))?;
    let raw = form::text(&namespace);
    for tool in &mut inner {
        match &mut tool.kind {
            ToolKind::Function { name, .. } | ToolKind::Custom { name, .. } => {
                *name = format!("{namespace}{}{name}", form::NAMESPACE_END);
            }
            ToolKind::Hosted { .. } => {}
        }
        tool.extras.push(form::mark(form::NAMESPACE, &raw));
    }
    if let Some(first) = inner.first_mut() {
        let named = |extra: Extra| Extra { name: format!("{}{}", form::OF_NAMESPACE, extra.name), raw: extra.raw };
        first.extras.extend(fields.rest().into_iter().map(named));
    }
    tools.extend(inner);
    Ok(())
}

/// Reads `tool_choice`; a form that the neutral model has no word for is an extra.
pub(super) fn decode_choice(
    fields: &mut Fields<'_>,
    tools: &[Tool],
    extras: &mut Vec<Extra>,
) -> Result<Option<ToolChoice>, WireError> {
    const EXPECTED: &str = "`auto`, `none`, `required` or an object";
    let Some(raw) = fields.take("tool_choice") else { return Ok(None) };
    if starts_with(raw, '"') {
        return match parse::<String>(raw).as_deref() {
            Some("auto") => Ok(Some(ToolChoice::Auto)),
            Some("none") => Ok(Some(ToolChoice::None)),
            Some("required") => Ok(Some(ToolChoice::Required)),
            Some(_) | None => Err(fields.wrong("tool_choice", EXPECTED)),
        };
    }
    if !starts_with(raw, '{') {
        return Err(fields.wrong("tool_choice", EXPECTED));
    }
    let mut choice = Fields::of_value(raw, fields.path("tool_choice"))?;
    let kind: String = choice.required("type", "a string")?;
    let read = match kind.as_str() {
        "function" | "custom" => {
            let name = name(&mut choice)?;
            choice.is_empty().then_some(ToolChoice::Named { name, custom: kind == "custom" })
        }
        "allowed_tools" => decode_allowed(&mut choice, tools)?,
        _ => machine_named(tools, &kind)
            .filter(|_| choice.is_empty())
            .map(|_| ToolChoice::Named { name: kind, custom: false }),
    };
    if read.is_none() {
        extras.push(Extra { name: "tool_choice".to_owned(), raw: raw.to_owned() });
    }
    Ok(read)
}

/// `None` when tools are allowed that have no name of their own.
fn decode_allowed(choice: &mut Fields<'_>, tools: &[Tool]) -> Result<Option<ToolChoice>, WireError> {
    let mode: String = choice.required("mode", "a string")?;
    let list = choice.list("tools", "an array")?.ok_or_else(|| choice.missing("tools"))?;
    let mut names = Vec::with_capacity(list.len());
    for (index, raw) in list.into_iter().enumerate() {
        let mut tool = Fields::of_value(raw, choice.path(&format!("tools[{index}]")))?;
        let kind: String = tool.required("type", "a string")?;
        let name: Option<String> = tool.optional("name", "a string")?;
        match name {
            Some(name) if tool.is_empty() && (kind == "function" || kind == "custom") => names.push(name),
            None if tool.is_empty() && machine_named(tools, &kind).is_some() => names.push(kind),
            Some(_) | None => return Ok(None),
        }
    }
    let known = choice.is_empty() && (mode == "auto" || mode == "required");
    Ok(known.then_some(ToolChoice::Allowed { required: mode == "required", names }))
}

/// The tool of the client's machine that is declared under this name.
fn machine_named(tools: &[Tool], name: &str) -> Option<Machine> {
    tools.iter().find(|tool| tool.name() == Some(name)).and_then(Machine::of_tool)
}

/// Who reads tools that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Reader {
    /// A provider.
    Provider,
    /// The client, who gets them back in the answer: whether each is strict is always said.
    Client,
}

/// Writes the tools; those of a namespace together again.
pub(in super::super) fn put_tools(array: &mut Array<'_>, request: &Request, reader: Reader, lost: &mut Lost<'_>) {
    let own = request.origin == DialectId::OpenaiResponses;
    let tools: Vec<&Tool> = request.tools.iter().filter(|tool| !form::has(&tool.extras, form::ADDITIONAL)).collect();
    let same = |one: &&Tool, other: &&Tool| {
        let begins = other.extras.iter().any(|extra| extra.name.starts_with(form::OF_NAMESPACE));
        namespace(one).is_some() && namespace(one) == namespace(other) && !begins
    };
    for group in tools.chunk_by(same) {
        let first = group.first().copied();
        match first.and_then(namespace) {
            Some(namespace) if own => array.object(|object| {
                object.put("type", "namespace");
                object.put("name", &namespace);
                for extra in first.map(|tool| tool.extras.as_slice()).unwrap_or_default() {
                    if let Some(name) = extra.name.strip_prefix(form::OF_NAMESPACE) {
                        object.raw(name, &extra.raw);
                    }
                }
                object.array("tools", |list| {
                    group.iter().for_each(|tool| put_tool(list, tool, own, reader, lost));
                });
            }),
            Some(_) | None => {
                group.iter().for_each(|tool| put_tool(array, tool, own, reader, lost));
            }
        }
    }
}

/// Whether there is a word for this tool.
pub(super) fn is_sayable(tool: &Tool) -> bool {
    match &tool.kind {
        ToolKind::Function { .. } | ToolKind::Custom { .. } => true,
        ToolKind::Hosted { origin, .. } => *origin == DialectId::OpenaiResponses,
    }
}

fn namespace(tool: &Tool) -> Option<String> {
    form::find(&tool.extras, form::NAMESPACE).and_then(parse)
}

fn put_tool(array: &mut Array<'_>, tool: &Tool, own: bool, reader: Reader, lost: &mut Lost<'_>) {
    if let Some(whole) = form::find(&tool.extras, form::WHOLE).filter(|_| own) {
        return array.raw(whole);
    }
    match &tool.kind {
        ToolKind::Function { name, description, parameters, strict } => array.object(|object| {
            object.put("type", "function");
            object.put("name", short_name(tool, name).as_str());
            object.put_some("description", description.as_deref());
            match parameters {
                Some(parameters) => object.raw("parameters", parameters),
                None if own => object.put("parameters", &None::<()>),
                // Null is within the API, but not within all servers that have it.
                None => object.object("parameters", |schema| {
                    schema.put("type", "object");
                    schema.object("properties", |_| {});
                }),
            }
            // Left out it means "strict where possible" here, and "not strict" everywhere else.
            let quiet = own && reader == Reader::Provider;
            object.put_some("strict", strict.or_else(|| (!quiet).then_some(false)));
            put_extras(object, tool, own);
        }),
        ToolKind::Custom { name, description, format } => array.object(|object| {
            object.put("type", "custom");
            object.put("name", short_name(tool, name).as_str());
            object.put_some("description", description.as_deref());
            if let Some(format) = format {
                put_format(object, format);
            }
            put_extras(object, tool, own);
        }),
        ToolKind::Hosted { origin: DialectId::OpenaiResponses, raw, .. } => array.raw(raw),
        ToolKind::Hosted { .. } => lost.tool(tool),
    }
    if !own {
        lost.tool_extras(tool);
    }
    if let Some(mark) = &tool.cache {
        lost.mark(mark);
    }
}

fn short_name(tool: &Tool, name: &str) -> String {
    let prefix = namespace(tool).map(|namespace| namespace + form::NAMESPACE_END);
    prefix.and_then(|prefix| name.strip_prefix(&prefix)).unwrap_or(name).to_owned()
}

/// A grammar is flat here; where it stands one deeper, it is taken out.
fn put_format(object: &mut Object<'_>, format: &RawValue) {
    let nested = Fields::of_value(format, String::new()).ok().and_then(|mut fields| fields.object("grammar").ok()?);
    match nested {
        Some(grammar) => object.object("format", |object| {
            object.put("type", "grammar");
            object.extras(&grammar.rest());
        }),
        None => object.raw("format", format),
    }
}

fn put_extras(object: &mut Object<'_>, tool: &Tool, own: bool) {
    let said = |extra: &&Extra| own && !extra.is_form() && !extra.name.starts_with(form::OF_NAMESPACE);
    tool.extras.iter().filter(said).for_each(|extra| object.raw(&extra.name, &extra.raw));
}

/// Writes `tool_choice`.
pub(in super::super) fn put_tool_choice(object: &mut Object<'_>, choice: &ToolChoice, tools: &[Tool]) {
    match choice {
        ToolChoice::Auto => object.put("tool_choice", "auto"),
        ToolChoice::None => object.put("tool_choice", "none"),
        ToolChoice::Required => object.put("tool_choice", "required"),
        ToolChoice::Named { name, .. } if machine_named(tools, name).is_some() => {
            object.object("tool_choice", |choice| choice.put("type", name));
        }
        ToolChoice::Named { name, custom } => object.object("tool_choice", |choice| {
            choice.put("type", if *custom { "custom" } else { "function" });
            choice.put("name", name);
        }),
        ToolChoice::Allowed { required, names } => object.object("tool_choice", |choice| {
            choice.put("type", "allowed_tools");
            choice.put("mode", if *required { "required" } else { "auto" });
            choice.array("tools", |list| {
                for name in names {
                    list.object(|tool| {
                        if machine_named(tools, name).is_some() {
                            return tool.put("type", name);
                        }
                        tool.put("type", if is_custom(tools, name) { "custom" } else { "function" });
                        tool.put("name", name);
                    });
                }
            });
        }),
    }
}

fn is_custom(tools: &[Tool], name: &str) -> bool {
    let named = tools.iter().find(|tool| tool.name() == Some(name));
    named.is_some_and(|tool| matches!(tool.kind, ToolKind::Custom { .. }))
}

/// How a call of a tool is told to the client that declared it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Shape {
    /// The name within its namespace.
    pub(in super::super) name: String,
    /// Its namespace, where it was declared in one.
    pub(in super::super) namespace: Option<String>,
    /// Whether the client wants plain text.
    pub(in super::super) custom: bool,
    /// What its call is in the client's own words, where only this dialect has such tools.
    pub(in super::super) machine: Option<Machine>,
}

impl Shape {
    /// What the client declared under this name; a plain tool when it declared none.
    pub(in super::super) fn of(request: Option<&Request>, name: &str, custom: bool) -> Self {
        let declared = request.and_then(|request| request.tools.iter().find(|tool| tool.name() == Some(name)));
        match declared {
            Some(tool) => Self {
                name: short_name(tool, name),
                namespace: namespace(tool),
                custom: custom || matches!(tool.kind, ToolKind::Custom { .. }),
                machine: Machine::of_tool(tool),
            },
            None => Self { name: name.to_owned(), namespace: None, custom, machine: None },
        }
    }
}

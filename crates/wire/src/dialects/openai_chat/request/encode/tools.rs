//! Writes tools and the choice among them.

use serde_json::value::RawValue;

use super::super::{marks, options::is_openai_own};
use super::{is_own, nested, outer};
use crate::fields::Fields;
use crate::ir::{Field, Lost, Request, Tool, ToolChoice, ToolKind, custom_in_words};
use crate::write::{Array, Object};
use crate::{Capabilities, DialectId};

/// Writes them. Without tools neither the choice nor the number at once may be said.
pub(super) fn write(object: &mut Object<'_>, request: &Request, to: &Capabilities, lost: &mut Lost<'_>) {
    let tools = takeable(request, to, lost);
    let Some((choice, parallel)) = (!tools.is_empty()).then_some((&request.tool_choice, request.parallel_tool_calls))
    else {
        if request.tool_choice.is_some() {
            lost.field(Field::ToolChoice);
        }
        if request.parallel_tool_calls.is_some() {
            lost.field(Field::ParallelToolCalls);
        }
        return;
    };
    object.array("tools", |list| {
        for tool in &tools {
            write_tool(list, tool, request, to, lost);
        }
    });
    if let Some(choice) = choice {
        write_choice(object, choice, request, to);
    }
    match parallel {
        Some(parallel) if to.parallel_tools => object.put("parallel_tool_calls", &parallel),
        Some(_) => lost.field(Field::ParallelToolCalls),
        None => {}
    }
}

/// The tools that can be said. Where the dialect's allowed tools are unknown, only these are shown.
fn takeable<'a>(request: &'a Request, to: &Capabilities, lost: &mut Lost<'_>) -> Vec<&'a Tool> {
    if !to.tools {
        lost.tools();
        return Vec::new();
    }
    let allowed = match &request.tool_choice {
        Some(ToolChoice::Allowed { names, .. }) if !says_allowed(request, to) => Some(names),
        Some(
            ToolChoice::Allowed { .. }
            | ToolChoice::Auto
            | ToolChoice::None
            | ToolChoice::Required
            | ToolChoice::Named { .. },
        )
        | None => None,
    };
    let mut tools = Vec::with_capacity(request.tools.len());
    for tool in &request.tools {
        let named = tool.name().is_some_and(|name| allowed.is_none_or(|names| names.iter().any(|other| other == name)));
        match &tool.kind {
            ToolKind::Function { .. } | ToolKind::Custom { .. } if named => tools.push(tool),
            ToolKind::Function { .. } | ToolKind::Custom { .. } => {}
            ToolKind::Hosted { origin: DialectId::OpenaiChat, .. } => tools.push(tool),
            ToolKind::Hosted { .. } => lost.tool(tool),
        }
    }
    tools
}

/// Whether the provider may know `allowed_tools`.
fn says_allowed(request: &Request, to: &Capabilities) -> bool {
    is_own(request) || is_openai_own(to)
}

/// Whether the provider may know tools that take plain text. Others get a function of one string, `input`.
pub(super) fn says_custom(request: &Request, to: &Capabilities) -> bool {
    is_own(request) || is_openai_own(to)
}

fn write_tool(list: &mut Array<'_>, tool: &Tool, request: &Request, to: &Capabilities, lost: &mut Lost<'_>) {
    let own = is_own(request);
    if !own {
        lost.tool_extras(tool);
    }
    if let Some(mark) = tool.cache.as_ref().filter(|_| !to.cache_marks || is_openai_own(to)) {
        lost.mark(mark);
    }
    let extras = if own { tool.extras.as_slice() } else { &[] };
    let rest = |object: &mut Object<'_>, member: &str| {
        outer(extras, member).for_each(|(name, raw)| object.raw(name, raw));
        // OpenAI marks parts of messages, not tools.
        if let (Some(mark), true) = (&tool.cache, to.cache_marks && !is_openai_own(to)) {
            marks::write(object, mark, to);
        }
    };
    match &tool.kind {
        ToolKind::Function { name, description, parameters, strict } => list.object(|object| {
            object.put("type", "function");
            object.object("function", |inner| {
                inner.put("name", name);
                inner.put_some("description", description.as_ref());
                inner.put_some("parameters", parameters.as_ref());
                inner.put_some("strict", *strict);
                nested(extras, "function").for_each(|(name, raw)| inner.raw(name, raw));
            });
            rest(object, "function");
        }),
        ToolKind::Custom { name, description, format } if says_custom(request, to) => list.object(|object| {
            object.put("type", "custom");
            object.object("custom", |inner| {
                inner.put("name", name);
                inner.put_some("description", description.as_ref());
                write_format(inner, format.as_deref());
                nested(extras, "custom").for_each(|(name, raw)| inner.raw(name, raw));
            });
            rest(object, "custom");
        }),
        ToolKind::Custom { name, description, format } => list.object(|object| {
            write_custom_as_function(object, name, description.as_deref(), format.as_deref());
            rest(object, "custom");
        }),
        ToolKind::Hosted { raw, .. } => list.raw(raw),
    }
}

/// A grammar, nested as this dialect has it; Responses has the same members flat.
fn write_format(object: &mut Object<'_>, format: Option<&RawValue>) {
    let Some(raw) = format else { return };
    let flat = Fields::of_value(raw, String::new()).ok().filter(|fields| fields.has("definition"));
    let Some(mut flat) = flat else { return object.raw("format", raw) };
    object.object("format", |inner| {
        inner.put_some("type", flat.take("type"));
        inner.object("grammar", |grammar| grammar.extras(&flat.rest()));
    });
}

fn write_custom_as_function(object: &mut Object<'_>, name: &str, description: Option<&str>, format: Option<&RawValue>) {
    object.put("type", "function");
    object.object("function", |inner| {
        inner.put("name", name);
        inner.put("description", &custom_in_words(description, format).unwrap_or_default());
        inner.object("parameters", |schema| {
            schema.put("type", "object");
            schema.object("properties", |properties| {
                properties.object("input", |input| input.put("type", "string"));
            });
            schema.put("required", &["input"]);
        });
    });
}

fn write_choice(object: &mut Object<'_>, choice: &ToolChoice, request: &Request, to: &Capabilities) {
    const NAME: &str = "tool_choice";
    let custom = |name: &str| {
        let kind = request.tools.iter().find(|tool| tool.name() == Some(name)).map(|tool| &tool.kind);
        says_custom(request, to) && matches!(kind, Some(ToolKind::Custom { .. }))
    };
    let named = |object: &mut Object<'_>, name: &str, custom: bool| {
        let kind = if custom { "custom" } else { "function" };
        object.put("type", kind);
        object.object(kind, |inner| inner.put("name", name));
    };
    match choice {
        ToolChoice::Auto => object.put(NAME, "auto"),
        ToolChoice::None => object.put(NAME, "none"),
        ToolChoice::Required => object.put(NAME, "required"),
        ToolChoice::Named { name, custom: said } => object.object(NAME, |inner| {
            named(inner, name, (*said && says_custom(request, to)) || custom(name));
        }),
        ToolChoice::Allowed { required, .. } if !says_allowed(request, to) => {
            object.put(NAME, if *required { "required" } else { "auto" });
        }
        ToolChoice::Allowed { required, names } => object.object(NAME, |inner| {
            inner.put("type", "allowed_tools");
            inner.object("allowed_tools", |allowed| {
                allowed.put("mode", if *required { "required" } else { "auto" });
                allowed.array("tools", |list| {
                    names.iter().for_each(|name| list.object(|tool| named(tool, name, custom(name))));
                });
            });
        }),
    }
}

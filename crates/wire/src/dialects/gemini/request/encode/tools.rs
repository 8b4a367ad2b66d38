//! `tools` and `toolConfig`.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{at_home, object_unless_empty};
use crate::ir::{Extra, Field, Lost, Request, Tool, ToolChoice, ToolKind, ToolMember, custom_in_words};
use crate::write::{Array, Object};
use crate::{Capabilities, DialectId};

/// What plain text for a custom tool is wrapped into, and what its schema says.
const TEXT_SCHEMA: &str =
    r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#;

/// What the model may call.
#[derive(Debug)]
pub(super) struct Tools<'a> {
    entries: Vec<Entry<'a>>,
    choice: Option<Choice<'a>>,
}

/// One element of `tools`: neighbouring functions share one.
#[derive(Debug)]
enum Entry<'a> {
    Functions(Vec<Declaration<'a>>),
    Hosted(&'a RawValue),
}

#[derive(Debug)]
struct Declaration<'a> {
    name: &'a str,
    description: Option<Cow<'a, str>>,
    parameters: Option<&'a RawValue>,
    custom: bool,
    extras: &'a [Extra],
}

/// `functionCallingConfig`.
#[derive(Debug)]
struct Choice<'a> {
    mode: &'static str,
    names: &'a [String],
    name: Option<&'a str>,
}

impl<'a> Tools<'a> {
    pub(super) fn plan(request: &'a Request, to: &Capabilities, lost: &mut Lost<'_>) -> Self {
        lost.field_if(request.parallel_tool_calls == Some(false), Field::ParallelToolCalls);
        let mut tools = Self { entries: Vec::new(), choice: None };
        if to.tools {
            for tool in &request.tools {
                tools.plan_one(tool, request.origin, lost);
            }
        } else {
            lost.tools();
        }
        tools.plan_choice(request, lost);
        tools
    }

    fn plan_one(&mut self, tool: &'a Tool, origin: DialectId, lost: &mut Lost<'_>) {
        if let Some(mark) = &tool.cache {
            lost.mark(mark);
        }
        let own = origin == DialectId::Gemini;
        if !own {
            lost.tool_extras(tool);
        }
        let extras: &[Extra] = if own { &tool.extras } else { &[] };
        let declaration = match &tool.kind {
            ToolKind::Function { name, description, parameters, strict: _ } => Declaration {
                name,
                description: description.as_deref().map(Cow::Borrowed),
                parameters: parameters.as_deref(),
                custom: false,
                extras,
            },
            ToolKind::Custom { name, description, format } => {
                let description = custom_in_words(description.as_deref(), format.as_deref()).map(Cow::Owned);
                Declaration { name, description, parameters: None, custom: true, extras }
            }
            ToolKind::Hosted { origin: DialectId::Gemini, raw, .. } => {
                self.entries.push(Entry::Hosted(raw));
                return;
            }
            ToolKind::Hosted { .. } => {
                lost.tool(tool);
                return;
            }
        };
        if let Some(Entry::Functions(functions)) = self.entries.last_mut() {
            functions.push(declaration);
        } else {
            self.entries.push(Entry::Functions(vec![declaration]));
        }
    }

    /// The mode. Functions that are all strict make a free choice a `VALIDATED` one; where the model must call, its
    /// arguments fit anyhow.
    fn plan_choice(&mut self, request: &'a Request, lost: &mut Lost<'_>) {
        let functions = self.entries.iter().any(|entry| matches!(entry, Entry::Functions(_)));
        if !functions {
            let forced = !matches!(request.tool_choice, None | Some(ToolChoice::Auto | ToolChoice::None));
            lost.field_if(forced, Field::ToolChoice);
            // A client of Gemini's own may say a mode all the same.
            if request.origin != DialectId::Gemini || forced {
                return;
            }
        }
        let strict = functions && request.tools.iter().all(is_strict);
        let choice = |mode, names, name| Some(Choice { mode, names, name });
        self.choice = match &request.tool_choice {
            None | Some(ToolChoice::Auto) if strict => choice("VALIDATED", &[], None),
            None => None,
            Some(ToolChoice::Auto) => choice("AUTO", &[], None),
            Some(ToolChoice::None) => choice("NONE", &[], None),
            Some(ToolChoice::Required) => choice("ANY", &[], None),
            Some(ToolChoice::Named { name, custom: _ }) => choice("ANY", &[], Some(name.as_str())),
            Some(ToolChoice::Allowed { required: true, names }) => choice("ANY", names, None),
            Some(ToolChoice::Allowed { required: false, names }) => choice("VALIDATED", names, None),
        };
        let free = self.choice.as_ref().is_none_or(|choice| choice.mode == "AUTO");
        for tool in &request.tools {
            if free && wants_strict(tool) {
                lost.of_tool(tool, ToolMember::Strict);
            }
        }
    }

    /// Writes `tools` and `toolConfig`.
    pub(super) fn write(&self, extras: &[Extra], body: &mut Object<'_>) {
        if !self.entries.is_empty() {
            body.array("tools", |list| self.entries.iter().for_each(|entry| entry.write(list)));
        }
        object_unless_empty("toolConfig", body, |config| {
            object_unless_empty("functionCallingConfig", config, |calling| {
                if let Some(Choice { mode, names, name }) = &self.choice {
                    calling.put("mode", mode);
                    calling.put_some("allowedFunctionNames", name.map(|name| [name]));
                    if !names.is_empty() {
                        calling.put("allowedFunctionNames", names);
                    }
                }
                at_home(extras, "toolConfig.functionCallingConfig.").for_each(|(name, raw)| calling.raw(name, raw));
            });
            at_home(extras, "toolConfig.").for_each(|(name, raw)| config.raw(name, raw));
        });
    }
}

/// Hosted tools have no arguments of the model's making, custom ones no schema to fit.
fn is_strict(tool: &Tool) -> bool {
    match &tool.kind {
        ToolKind::Function { strict, .. } => *strict == Some(true),
        ToolKind::Custom { .. } | ToolKind::Hosted { .. } => true,
    }
}

fn wants_strict(tool: &Tool) -> bool {
    matches!(tool.kind, ToolKind::Function { strict: Some(true), .. })
}

impl Entry<'_> {
    fn write(&self, list: &mut Array<'_>) {
        match self {
            Self::Hosted(raw) => list.raw(raw),
            Self::Functions(functions) => list.object(|entry| {
                entry.array("functionDeclarations", |list| {
                    functions.iter().for_each(|function| list.object(|object| function.write(object)));
                });
            }),
        }
    }
}

impl Declaration<'_> {
    fn write(&self, object: &mut Object<'_>) {
        object.put("name", self.name);
        object.put_some("description", self.description.as_deref());
        if self.custom {
            let schema: &RawValue = serde_json::from_str(TEXT_SCHEMA).expect("the constant is JSON");
            object.raw("parametersJsonSchema", schema);
        } else if let Some(parameters) = self.parameters {
            object.raw("parametersJsonSchema", parameters);
        }
        object.extras(self.extras);
    }
}

//! Tools, and the choice among them.

use super::thinking::Plan;
use super::{Writer, schema};
use crate::DialectId;
use crate::ir::{Field, Tool, ToolChoice, ToolKind, ToolMember, custom_in_words};
use crate::write::{Array, Object};

/// What a custom tool takes here: its plain text as the only argument.
const CUSTOM_SCHEMA: &str = r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"#;

impl<'a> Writer<'a> {
    /// Writes the tools and what is said of choosing among them; without tools, neither is.
    pub(super) fn put_tools(&mut self, plan: &Plan, to: &mut Object<'_>) {
        let tools = self.sayable_tools();
        if tools.is_empty() {
            let insisted = match self.request.tool_choice {
                Some(ToolChoice::Auto | ToolChoice::None) | None => false,
                Some(ToolChoice::Required | ToolChoice::Named { .. } | ToolChoice::Allowed { .. }) => true,
            };
            self.lost.field_if(insisted, Field::ToolChoice);
            return;
        }
        to.array("tools", |list| tools.iter().for_each(|tool| self.put_tool(tool, list)));
        self.put_choice(plan, to);
    }

    /// The tools that can be offered.
    fn sayable_tools(&mut self) -> Vec<&'a Tool> {
        if !self.to.tools {
            self.lost.tools();
            return Vec::new();
        }
        let mut sayable = Vec::with_capacity(self.request.tools.len());
        for tool in &self.request.tools {
            let foreign = match &tool.kind {
                ToolKind::Hosted { origin, .. } => *origin != DialectId::Anthropic,
                ToolKind::Function { .. } | ToolKind::Custom { .. } => false,
            };
            if foreign {
                self.lost.tool(tool);
            } else if self.is_allowed(tool) {
                sayable.push(tool);
            }
        }
        sayable
    }

    /// Messages cannot forbid single tools: those that may not be called are not offered.
    fn is_allowed(&self, tool: &Tool) -> bool {
        match &self.request.tool_choice {
            Some(ToolChoice::Allowed { names, .. }) => {
                tool.name().is_none_or(|name| names.iter().any(|allowed| allowed == name))
            }
            Some(ToolChoice::Auto | ToolChoice::None | ToolChoice::Required | ToolChoice::Named { .. }) | None => true,
        }
    }

    fn put_tool(&mut self, tool: &Tool, list: &mut Array<'_>) {
        if let ToolKind::Hosted { raw, .. } = &tool.kind {
            list.raw(raw);
            return;
        }
        list.object(|to| {
            match &tool.kind {
                ToolKind::Function { name, description, parameters, strict } => {
                    self.put_name(tool, name, description.as_deref(), to);
                    let schema = match parameters {
                        Some(schema) if self.own => schema.clone(),
                        Some(schema) => {
                            let (schema, lost) = schema::of_tool(schema);
                            lost.iter().for_each(|word| self.lost.within_tool(tool, ToolMember::Parameters, word));
                            schema
                        }
                        None => schema::of_nothing(),
                    };
                    to.raw("input_schema", &schema);
                    to.put_some("strict", *strict);
                }
                ToolKind::Custom { name, description, format } => {
                    let told = custom_in_words(description.as_deref(), format.as_deref());
                    self.put_name(tool, name, told.as_deref(), to);
                    to.raw("input_schema", &schema::fixed(CUSTOM_SCHEMA));
                }
                ToolKind::Hosted { .. } => {}
            }
            self.put_cache(tool.cache.as_ref(), &tool.extras, &tool.at, to);
            self.put_extras(&tool.extras, to);
            if !self.own {
                self.lost.tool_extras(tool);
            }
        });
    }

    fn put_name(&mut self, tool: &Tool, name: &str, description: Option<&str>, to: &mut Object<'_>) {
        to.put("name", self.names.sent(name));
        to.put_some("description", description);
        if !self.names.is_reversible(name) {
            self.lost.of_tool(tool, ToolMember::Name);
        }
    }

    fn put_choice(&mut self, plan: &Plan, to: &mut Object<'_>) {
        let nested = self.nested(&self.request.extras, "tool_choice");
        let one_at_a_time = self.request.parallel_tool_calls.map(|several| !several);
        self.lost.field_if(one_at_a_time == Some(true) && !self.to.parallel_tools, Field::ParallelToolCalls);
        let one_at_a_time = one_at_a_time.filter(|one| !one || self.to.parallel_tools);
        let (kind, name) = match &self.request.tool_choice {
            Some(ToolChoice::Auto | ToolChoice::Allowed { required: false, .. }) => (Some("auto"), None),
            Some(ToolChoice::None) => (Some("none"), None),
            Some(ToolChoice::Required | ToolChoice::Allowed { required: true, .. }) => (Some("any"), None),
            Some(ToolChoice::Named { name, .. }) => (Some("tool"), Some(name.as_str())),
            // A word of its own that the neutral model has none for.
            None if nested.iter().any(|(name, _)| *name == "type") => (None, None),
            None if one_at_a_time == Some(true) => (Some("auto"), None),
            None => return,
        };
        let forced = matches!(kind, Some("any" | "tool"));
        self.lost.field_if(forced && plan.has_budget(), Field::ToolChoice);
        let (kind, name) = if forced && plan.has_budget() { (Some("auto"), None) } else { (kind, name) };
        to.object("tool_choice", |choice| {
            choice.put_some("type", kind);
            choice.put_some("name", name.map(|name| self.names.sent(name)));
            choice.put_some("disable_parallel_tool_use", one_at_a_time.filter(|_| kind != Some("none")));
            nested.iter().for_each(|(name, raw)| choice.raw(name, raw));
        });
    }
}

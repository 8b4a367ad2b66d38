//! What Responses calls the things of the neutral model.

use super::form;
use crate::ir::{Content, Field, Member, Names, ToolKind, ToolMember};

/// The names of Responses.
#[derive(Debug)]
pub(super) struct Places;

impl Names for Places {
    fn fields(&self) -> &'static [(Field, &'static str)] {
        &[
            (Field::OutputTokensMax, "max_output_tokens"),
            (Field::OutputFormat, "text.format"),
            (Field::SchemaName, "text.format.name"),
            (Field::SchemaDescription, "text.format.description"),
            (Field::SchemaStrict, "text.format.strict"),
            (Field::Schema, "text.format.schema"),
            (Field::Thinking, "reasoning.effort"),
            (Field::Effort, "reasoning.effort"),
            (Field::ThoughtsShown, "reasoning.summary"),
            (Field::Verbosity, "text.verbosity"),
            (Field::Logprobs, "include"),
        ]
    }

    fn of_block(&self, content: &Content, member: Member) -> &'static str {
        match member {
            Member::Citations => "annotations",
            Member::MediaName => "filename",
            Member::MediaDetail => "detail",
            Member::Seal => "encrypted_content",
            Member::Arguments if matches!(content, Content::ToolCall(call) if call.custom) => "input",
            Member::Arguments => "arguments",
            Member::IsError => "status",
        }
    }

    fn of_tool(&self, _kind: &ToolKind, member: ToolMember) -> &'static str {
        match member {
            ToolMember::Name => "name",
            ToolMember::Parameters => "parameters",
            ToolMember::Strict => "strict",
        }
    }

    /// The first part of a message carries what is the message's, and the first tool of a namespace what is that one's.
    fn join(&self, at: &str, name: &str) -> String {
        for (prefix, list) in [(form::OF_MESSAGE, ".content["), (form::OF_NAMESPACE, ".tools[")] {
            if let Some(name) = name.strip_prefix(prefix) {
                let outer = at.rfind(list).and_then(|end| at.get(..end)).unwrap_or(at);
                let outer = outer.strip_suffix(".content").unwrap_or(outer);
                return format!("{outer}.{name}");
            }
        }
        format!("{at}.{name}")
    }
}

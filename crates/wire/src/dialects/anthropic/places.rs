//! What Messages calls the things of the neutral model.

use crate::ir::{Content, Field, Member, Names, Reasoning, ToolKind, ToolMember};

/// The names of Messages.
#[derive(Debug)]
pub(super) struct Places;

impl Names for Places {
    fn fields(&self) -> &'static [(Field, &'static str)] {
        &[
            (Field::Stop, "stop_sequences"),
            (Field::User, "metadata.user_id"),
            (Field::ParallelToolCalls, "tool_choice.disable_parallel_tool_use"),
            (Field::OutputFormat, "output_config.format"),
            (Field::Schema, "output_config.format.schema"),
            (Field::Thinking, "thinking"),
            (Field::Effort, "output_config.effort"),
            (Field::ThinkingBudget, "thinking.budget_tokens"),
            (Field::ThoughtsShown, "thinking.display"),
        ]
    }

    fn of_block(&self, content: &Content, member: Member) -> &'static str {
        match member {
            Member::Citations => "citations",
            Member::MediaName => "title",
            Member::MediaDetail => "detail",
            Member::Seal if matches!(content, Content::Reasoning(Reasoning { redacted: true, .. })) => "data",
            Member::Seal => "signature",
            Member::Arguments => "input",
            Member::IsError => "is_error",
        }
    }

    fn of_tool(&self, _kind: &ToolKind, member: ToolMember) -> &'static str {
        match member {
            ToolMember::Name => "name",
            ToolMember::Parameters => "input_schema",
            ToolMember::Strict => "strict",
        }
    }
}

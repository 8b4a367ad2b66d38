//! What Ollama calls the things of the neutral model.

use crate::ir::{Content, Field, Member, Names, ToolKind, ToolMember};

/// The names of Ollama.
#[derive(Debug)]
pub(super) struct Places;

impl Names for Places {
    fn fields(&self) -> &'static [(Field, &'static str)] {
        &[
            (Field::Temperature, "options.temperature"),
            (Field::TopP, "options.top_p"),
            (Field::TopK, "options.top_k"),
            (Field::MinP, "options.min_p"),
            (Field::Seed, "options.seed"),
            (Field::PresencePenalty, "options.presence_penalty"),
            (Field::FrequencyPenalty, "options.frequency_penalty"),
            (Field::RepetitionPenalty, "options.repeat_penalty"),
            (Field::OutputTokensMax, "options.num_predict"),
            (Field::Stop, "options.stop"),
            (Field::OutputFormat, "format"),
            (Field::Schema, "format"),
            (Field::Thinking, "think"),
            (Field::Effort, "think"),
        ]
    }

    fn of_block(&self, _content: &Content, member: Member) -> &'static str {
        match member {
            // Its messages have none of these.
            Member::Citations => "citations",
            Member::MediaName => "name",
            Member::MediaDetail => "detail",
            Member::Seal => "signature",
            Member::IsError => "is_error",
            Member::Arguments => "function.arguments",
        }
    }

    fn of_tool(&self, _kind: &ToolKind, member: ToolMember) -> &'static str {
        match member {
            ToolMember::Name => "function.name",
            ToolMember::Parameters => "function.parameters",
            ToolMember::Strict => "function.strict",
        }
    }
}

//! What Gemini calls the things of the neutral model.

use crate::ir::{Content, Field, Media, MediaSource, Member, Names, ToolKind, ToolMember};

/// The names of Gemini.
#[derive(Debug)]
pub(super) struct Places;

impl Names for Places {
    fn fields(&self) -> &'static [(Field, &'static str)] {
        &[
            (Field::Temperature, "generationConfig.temperature"),
            (Field::TopP, "generationConfig.topP"),
            (Field::TopK, "generationConfig.topK"),
            (Field::Seed, "generationConfig.seed"),
            (Field::PresencePenalty, "generationConfig.presencePenalty"),
            (Field::FrequencyPenalty, "generationConfig.frequencyPenalty"),
            (Field::OutputTokensMax, "generationConfig.maxOutputTokens"),
            (Field::Stop, "generationConfig.stopSequences"),
            (Field::ToolChoice, "toolConfig.functionCallingConfig"),
            (Field::OutputFormat, "generationConfig.responseJsonSchema"),
            (Field::Schema, "generationConfig.responseJsonSchema"),
            (Field::Thinking, "generationConfig.thinkingConfig.thinkingBudget"),
            (Field::ThinkingBudget, "generationConfig.thinkingConfig.thinkingBudget"),
            (Field::Effort, "generationConfig.thinkingConfig.thinkingLevel"),
            (Field::ThoughtsShown, "generationConfig.thinkingConfig.includeThoughts"),
            (Field::ServiceTier, "serviceTier"),
        ]
    }

    fn of_block(&self, content: &Content, member: Member) -> &'static str {
        match member {
            Member::Citations => "citationMetadata",
            Member::MediaName if is_inline(content) => "inlineData.displayName",
            Member::MediaName => "fileData.displayName",
            Member::MediaDetail => "mediaResolution",
            Member::Seal => "thoughtSignature",
            Member::Arguments => "functionCall.args",
            Member::IsError => "functionResponse.response",
        }
    }

    fn of_tool(&self, _kind: &ToolKind, member: ToolMember) -> &'static str {
        match member {
            ToolMember::Name => "name",
            ToolMember::Parameters => "parametersJsonSchema",
            ToolMember::Strict => "strict",
        }
    }
}

fn is_inline(content: &Content) -> bool {
    matches!(content, Content::Media(Media { source: MediaSource::Base64(_), .. }))
}

//! Where things stood in the body they came in, and what their dialect calls them: losses are named by that.

use std::fmt::Debug;

use super::{Content, ToolKind};

/// The path of something in the body it came in, such as `messages[2].content[0]`; empty for what the gateway made.
///
/// Decoders note it, for they alone know which of a client's fields became what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct At(Box<str>);

impl At {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for At {
    fn from(path: String) -> Self {
        Self(path.into_boxed_str())
    }
}

impl From<&str> for At {
    fn from(path: &str) -> Self {
        Self(path.into())
    }
}

/// What a request says once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// [`super::Sampling::temperature`].
    Temperature,
    /// [`super::Sampling::top_p`].
    TopP,
    /// [`super::Sampling::top_k`].
    TopK,
    /// [`super::Sampling::min_p`].
    MinP,
    /// [`super::Sampling::seed`].
    Seed,
    /// [`super::Sampling::presence_penalty`].
    PresencePenalty,
    /// [`super::Sampling::frequency_penalty`].
    FrequencyPenalty,
    /// [`super::Sampling::repetition_penalty`].
    RepetitionPenalty,
    /// [`super::Sampling::output_tokens_max`].
    OutputTokensMax,
    /// [`super::Request::stop`].
    Stop,
    /// [`super::Request::user`].
    User,
    /// [`super::Request::tools`].
    Tools,
    /// [`super::Request::tool_choice`].
    ToolChoice,
    /// [`super::Request::parallel_tool_calls`].
    ParallelToolCalls,
    /// [`super::Request::output_format`].
    OutputFormat,
    /// The name of its schema.
    SchemaName,
    /// The description of its schema.
    SchemaDescription,
    /// Whether its schema is enforced.
    SchemaStrict,
    /// Its schema.
    Schema,
    /// [`super::Thinking::enabled`].
    Thinking,
    /// [`super::Thinking::effort`].
    Effort,
    /// [`super::Thinking::budget_tokens`].
    ThinkingBudget,
    /// [`super::Thinking::shown`].
    ThoughtsShown,
    /// [`super::Caching::key`].
    CacheKey,
    /// [`super::Caching::retention`].
    CacheRetention,
    /// [`super::Handling::tier`].
    ServiceTier,
    /// [`super::Handling::metadata`].
    Metadata,
    /// [`super::Handling::store`].
    Store,
    /// [`super::Handling::safety_identifier`].
    SafetyIdentifier,
    /// [`super::Handling::verbosity`].
    Verbosity,
    /// [`super::Handling::moderation`].
    Moderation,
    /// [`super::Handling::cache_options`].
    CacheOptions,
    /// [`super::Handling::obfuscation`].
    Obfuscation,
    /// [`super::Handling::logprobs`].
    Logprobs,
    /// [`super::Handling::top_logprobs`].
    TopLogprobs,
}

impl Field {
    /// The name that most dialects know it by: that of Chat Completions.
    pub fn usual(self) -> &'static str {
        match self {
            Self::Temperature => "temperature",
            Self::TopP => "top_p",
            Self::TopK => "top_k",
            Self::MinP => "min_p",
            Self::Seed => "seed",
            Self::PresencePenalty => "presence_penalty",
            Self::FrequencyPenalty => "frequency_penalty",
            Self::RepetitionPenalty => "repetition_penalty",
            Self::OutputTokensMax => "max_tokens",
            Self::Stop => "stop",
            Self::User => "user",
            Self::Tools => "tools",
            Self::ToolChoice => "tool_choice",
            Self::ParallelToolCalls => "parallel_tool_calls",
            Self::OutputFormat => "response_format",
            Self::SchemaName => "response_format.json_schema.name",
            Self::SchemaDescription => "response_format.json_schema.description",
            Self::SchemaStrict => "response_format.json_schema.strict",
            Self::Schema => "response_format.json_schema.schema",
            Self::Thinking | Self::Effort => "reasoning_effort",
            Self::ThinkingBudget => "reasoning.max_tokens",
            Self::ThoughtsShown => "reasoning.exclude",
            Self::CacheKey => "prompt_cache_key",
            Self::CacheRetention => "prompt_cache_retention",
            Self::ServiceTier => "service_tier",
            Self::Metadata => "metadata",
            Self::Store => "store",
            Self::SafetyIdentifier => "safety_identifier",
            Self::Verbosity => "verbosity",
            Self::Moderation => "moderation",
            Self::CacheOptions => "prompt_cache_options",
            Self::Obfuscation => "stream_options.include_obfuscation",
            Self::Logprobs => "logprobs",
            Self::TopLogprobs => "top_logprobs",
        }
    }
}

/// What a block has beside what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member {
    /// [`super::Block::citations`].
    Citations,
    /// [`super::Media::name`].
    MediaName,
    /// [`super::Media::detail`].
    MediaDetail,
    /// [`super::Reasoning::seal`] and [`super::ToolCall::seal`].
    Seal,
    /// [`super::ToolCall::arguments`].
    Arguments,
    /// [`super::ToolResult::is_error`].
    IsError,
}

/// What a tool has beside what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolMember {
    /// Its name.
    Name,
    /// A function's `parameters`.
    Parameters,
    /// A function's `strict`.
    Strict,
}

/// What one dialect calls the things of the neutral model.
pub trait Names: Debug + Sync {
    /// Fields that it calls otherwise than [`Field::usual`].
    fn fields(&self) -> &'static [(Field, &'static str)];

    /// The name of a block's member, from where the block stands.
    fn of_block(&self, content: &Content, member: Member) -> &'static str;

    /// The name of a tool's member, from where the tool stands.
    fn of_tool(&self, kind: &ToolKind, member: ToolMember) -> &'static str;

    /// The path of what is called `name` and belongs to what stands at `at`.
    fn join(&self, at: &str, name: &str) -> String {
        format!("{at}.{name}")
    }

    /// The path of a field.
    fn field(&self, field: Field) -> &'static str {
        let own = self.fields().iter().find(|(own, _)| *own == field);
        own.map_or(field.usual(), |(_, name)| name)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::ir::{Block, CacheMark, Request};

    /// A request that no decoder read, as if it had stood in the neutral model's own words.
    pub(crate) fn placed(request: &Request) -> Request {
        let mut request = request.clone();
        for (index, message) in request.messages.iter_mut().enumerate() {
            fill(&mut message.at, format!("messages[{index}]"));
            place(&mut message.blocks, message.at.as_str());
        }
        for (index, tool) in request.tools.iter_mut().enumerate() {
            fill(&mut tool.at, format!("tools[{index}]"));
            mark(tool.cache.as_mut(), tool.at.as_str());
        }
        request.caching.mark.iter_mut().for_each(|mark| fill(&mut mark.at, "cache_control".to_owned()));
        request
    }

    fn place(blocks: &mut [Block], at: &str) {
        for (index, block) in blocks.iter_mut().enumerate() {
            fill(&mut block.at, format!("{at}.content[{index}]"));
            mark(block.cache.as_mut(), block.at.as_str());
            if let Content::ToolResult(result) = &mut block.content {
                place(&mut result.blocks, block.at.as_str());
            }
        }
    }

    fn mark(mark: Option<&mut CacheMark>, at: &str) {
        mark.into_iter().for_each(|mark| fill(&mut mark.at, format!("{at}.cache_control")));
    }

    fn fill(at: &mut At, path: String) {
        if at.as_str().is_empty() {
            *at = path.into();
        }
    }
}

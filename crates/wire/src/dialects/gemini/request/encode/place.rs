//! Where things stood in the dialect they came in: losses are named by that.

use crate::DialectId;
use crate::ir::{Losses, Request, Role};

/// The names of one request's places.
#[derive(Debug)]
pub(super) struct Place {
    origin: DialectId,
    /// Messages at the front that the origin keeps in a field of their own.
    before: usize,
}

/// A field of the neutral model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Temperature,
    TopP,
    TopK,
    MinP,
    Seed,
    RepetitionPenalty,
    OutputTokensMax,
    Stop,
    User,
    ParallelToolCalls,
    ToolChoice,
    OutputFormat,
    ThinkingOn,
    Effort,
    Budget,
    ThoughtsShown,
    CacheKey,
    CacheRetention,
    CacheMark,
}

impl Place {
    pub(super) fn new(request: &Request) -> Self {
        let before = match request.origin {
            DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::Ollama => 0,
            DialectId::OpenaiResponses | DialectId::Anthropic | DialectId::Gemini => {
                request.messages.iter().take_while(|message| message.role == Role::System).count()
            }
        };
        Self { origin: request.origin, before }
    }

    /// The path of a message. Responses has no messages but items, which are not counted here.
    pub(super) fn message(&self, index: usize) -> String {
        let (system, list) = match self.origin {
            DialectId::OpenaiChat | DialectId::Ollama => ("", "messages"),
            DialectId::OpenaiCompletions => ("", "prompt"),
            DialectId::OpenaiResponses => ("instructions", "input"),
            DialectId::Anthropic => ("system", "messages"),
            DialectId::Gemini => ("systemInstruction", "contents"),
        };
        index.checked_sub(self.before).map_or_else(|| system.to_owned(), |index| format!("{list}[{index}]"))
    }

    /// The path of a block.
    pub(super) fn block(&self, message: usize, block: usize) -> String {
        let list = if self.origin == DialectId::Gemini { "parts" } else { "content" };
        format!("{}.{list}[{block}]", self.message(message))
    }

    /// The name of the member that holds a seal.
    pub(super) fn seal(&self) -> &'static str {
        match self.origin {
            DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::Ollama => "reasoning_details",
            DialectId::OpenaiResponses => "encrypted_content",
            DialectId::Anthropic => "signature",
            DialectId::Gemini => "thoughtSignature",
        }
    }

    /// Notes the loss of a field when it was given.
    pub(super) fn lose_if(&self, given: bool, said: Said, losses: &mut Losses) {
        if given {
            losses.add(self.field(said));
        }
    }

    /// The path of a field. Where the dialect has no such field, nothing is lost of it; then it is the usual name.
    fn field(&self, said: Said) -> &'static str {
        let (chat, responses, anthropic, ollama, gemini) = said.names();
        match self.origin {
            DialectId::OpenaiChat | DialectId::OpenaiCompletions => chat,
            DialectId::OpenaiResponses => responses,
            DialectId::Anthropic => anthropic,
            DialectId::Ollama => ollama,
            DialectId::Gemini => gemini,
        }
    }
}

/// A field's name in Chat, Responses, Messages, Ollama and Gemini.
type Names = (&'static str, &'static str, &'static str, &'static str, &'static str);

impl Said {
    #[rustfmt::skip]
    fn names(self) -> Names {
        match self {
            Self::Temperature => same("temperature", "options.temperature", "generationConfig.temperature"),
            Self::TopP => same("top_p", "options.top_p", "generationConfig.topP"),
            Self::TopK => same("top_k", "options.top_k", "generationConfig.topK"),
            Self::MinP => same("min_p", "options.min_p", "min_p"),
            Self::Seed => same("seed", "options.seed", "generationConfig.seed"),
            Self::RepetitionPenalty => same("repetition_penalty", "options.repeat_penalty", "repetition_penalty"),
            Self::OutputTokensMax => ("max_completion_tokens", "max_output_tokens", "max_tokens", "options.num_predict", "generationConfig.maxOutputTokens"),
            Self::Stop => ("stop", "stop", "stop_sequences", "options.stop", "generationConfig.stopSequences"),
            Self::User => ("user", "user", "metadata.user_id", "user", "user"),
            Self::ParallelToolCalls => ("parallel_tool_calls", "parallel_tool_calls", "tool_choice.disable_parallel_tool_use", "parallel_tool_calls", "parallel_tool_calls"),
            Self::ToolChoice => same("tool_choice", "tool_choice", "toolConfig.functionCallingConfig"),
            Self::OutputFormat => ("response_format", "text.format", "output_config.format", "format", "generationConfig.responseJsonSchema"),
            Self::ThinkingOn => ("reasoning_effort", "reasoning", "thinking", "think", "generationConfig.thinkingConfig.thinkingBudget"),
            Self::Effort => ("reasoning_effort", "reasoning.effort", "output_config.effort", "think", "generationConfig.thinkingConfig.thinkingLevel"),
            Self::Budget => ("reasoning.max_tokens", "reasoning.max_tokens", "thinking.budget_tokens", "think", "generationConfig.thinkingConfig.thinkingBudget"),
            Self::ThoughtsShown => ("include_reasoning", "reasoning.summary", "thinking.display", "think", "generationConfig.thinkingConfig.includeThoughts"),
            Self::CacheKey => same("prompt_cache_key", "prompt_cache_key", "prompt_cache_key"),
            Self::CacheRetention => same("prompt_cache_retention", "prompt_cache_retention", "prompt_cache_retention"),
            Self::CacheMark => same("cache_control", "cache_control", "cache_control"),
        }
    }
}

/// The same name in Chat, Responses and Messages.
fn same(common: &'static str, ollama: &'static str, gemini: &'static str) -> Names {
    (common, common, common, ollama, gemini)
}

//! Where a field stood in the dialect that a request came in: losses are named so that their sender finds them.

use crate::DialectId;
use crate::ir::{Content, Request, Role};

/// A field of the neutral model that may get lost on the way to Ollama.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    ToolChoice,
    ParallelToolCalls,
    User,
    CacheKey,
    CacheRetention,
    CacheMark,
    ThinkingEnabled,
    ThinkingEffort,
    ThinkingBudget,
    ThinkingShown,
    Temperature,
    TopP,
    TopK,
    OutputTokensMax,
    Stop,
    OutputFormat,
    SchemaDescription,
}

impl Field {
    /// Its name in `origin`.
    fn name(self, origin: DialectId) -> &'static str {
        let (chat, responses, anthropic, ollama, gemini) = match self {
            Self::ToolChoice => ("tool_choice", "tool_choice", "tool_choice", "tool_choice", "toolConfig"),
            Self::ParallelToolCalls => {
                let chat = "parallel_tool_calls";
                (chat, chat, "tool_choice.disable_parallel_tool_use", chat, chat)
            }
            Self::User => ("user", "user", "metadata.user_id", "user", "user"),
            Self::CacheKey => {
                let chat = "prompt_cache_key";
                (chat, chat, chat, chat, "cachedContent")
            }
            Self::CacheRetention => {
                let chat = "prompt_cache_retention";
                (chat, chat, chat, chat, chat)
            }
            Self::CacheMark => {
                let chat = "cache_control";
                (chat, chat, chat, chat, chat)
            }
            Self::ThinkingEnabled => ("reasoning_effort", "reasoning", "thinking", "think", THINKING_CONFIG),
            Self::ThinkingEffort => {
                let level = "generationConfig.thinkingConfig.thinkingLevel";
                ("reasoning_effort", "reasoning.effort", "output_config.effort", "think", level)
            }
            Self::ThinkingBudget => {
                let budget = "generationConfig.thinkingConfig.thinkingBudget";
                ("thinking_budget", "reasoning", "thinking.budget_tokens", "think", budget)
            }
            Self::ThinkingShown => {
                let shown = "generationConfig.thinkingConfig.includeThoughts";
                ("include_reasoning", "reasoning.summary", "thinking.display", "think", shown)
            }
            Self::Temperature => {
                let chat = "temperature";
                (chat, chat, chat, "options.temperature", "generationConfig.temperature")
            }
            Self::TopP => ("top_p", "top_p", "top_p", "options.top_p", "generationConfig.topP"),
            Self::TopK => ("top_k", "top_k", "top_k", "options.top_k", "generationConfig.topK"),
            Self::OutputTokensMax => {
                let gemini = "generationConfig.maxOutputTokens";
                ("max_tokens", "max_output_tokens", "max_tokens", "options.num_predict", gemini)
            }
            Self::Stop => ("stop", "stop", "stop_sequences", "options.stop", "generationConfig.stopSequences"),
            Self::OutputFormat => {
                let gemini = "generationConfig.responseJsonSchema";
                ("response_format", "text.format", "output_config.format", "format", gemini)
            }
            Self::SchemaDescription => {
                let responses = "text.format.description";
                ("response_format.json_schema.description", responses, "output_config.format", "format", "format")
            }
        };
        match origin {
            DialectId::OpenaiChat | DialectId::OpenaiCompletions => chat,
            DialectId::OpenaiResponses => responses,
            DialectId::Anthropic => anthropic,
            DialectId::Ollama => ollama,
            DialectId::Gemini => gemini,
        }
    }
}

const THINKING_CONFIG: &str = "generationConfig.thinkingConfig";

/// The places of one request.
#[derive(Debug)]
pub(super) struct Place {
    origin: DialectId,
    /// Messages at the front that other dialects say beside the messages.
    leading: usize,
}

impl Place {
    pub(super) fn new(request: &Request) -> Self {
        let leading = request.messages.iter().take_while(|message| message.role == Role::System).count();
        Self { origin: request.origin, leading }
    }

    /// A field of the request.
    pub(super) fn field(&self, field: Field) -> &'static str {
        field.name(self.origin)
    }

    /// A tool.
    pub(super) fn tool(&self, index: usize) -> String {
        format!("tools[{index}]")
    }

    /// A message.
    pub(super) fn message(&self, index: usize) -> String {
        let list = match self.origin {
            DialectId::OpenaiChat | DialectId::Ollama => return format!("messages[{index}]"),
            DialectId::OpenaiCompletions => return "prompt".to_owned(),
            DialectId::Anthropic => ("system", "messages"),
            DialectId::OpenaiResponses => ("instructions", "input"),
            DialectId::Gemini => ("systemInstruction", "contents"),
        };
        match index.checked_sub(self.leading) {
            None => list.0.to_owned(),
            Some(index) => format!("{}[{index}]", list.1),
        }
    }

    /// A block of a message.
    pub(super) fn block(&self, message: usize, index: usize, content: &Content) -> String {
        let path = self.message(message);
        match self.origin {
            DialectId::OpenaiChat | DialectId::Ollama => format!("{path}.{}", self.member(index, content)),
            DialectId::OpenaiCompletions => path,
            DialectId::OpenaiResponses => match content {
                Content::Text(_) | Content::Refusal(_) | Content::Media(_) => format!("{path}.content[{index}]"),
                Content::Reasoning(_) | Content::ToolCall(_) | Content::ToolResult(_) | Content::Opaque { .. } => path,
            },
            DialectId::Anthropic if message < self.leading => format!("{path}[{index}]"),
            DialectId::Anthropic => format!("{path}.content[{index}]"),
            DialectId::Gemini => format!("{path}.parts[{index}]"),
        }
    }

    /// A block of a tool's result that stands at `path`.
    pub(super) fn inside(&self, path: &str, index: usize) -> String {
        match self.origin {
            DialectId::OpenaiResponses => format!("{path}.output[{index}]"),
            DialectId::Gemini => format!("{path}.functionResponse.parts[{index}]"),
            DialectId::Anthropic => format!("{path}.content[{index}]"),
            DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::Ollama => path.to_owned(),
        }
    }

    /// The seal of a block that stands at `path`.
    pub(super) fn seal(&self, path: &str) -> String {
        let name = match self.origin {
            DialectId::OpenaiResponses => "encrypted_content",
            DialectId::Anthropic => "signature",
            DialectId::Gemini => "thoughtSignature",
            DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::Ollama => "reasoning_details",
        };
        format!("{path}.{name}")
    }

    /// Where a message keeps such a block, in the dialects whose messages have members for them.
    fn member(&self, index: usize, content: &Content) -> String {
        let ollama = self.origin == DialectId::Ollama;
        match content {
            Content::Reasoning(_) if ollama => "thinking".to_owned(),
            Content::Reasoning(_) => "reasoning_content".to_owned(),
            Content::ToolCall(_) => "tool_calls".to_owned(),
            Content::Media(_) if ollama => "images".to_owned(),
            Content::Text(_)
            | Content::Refusal(_)
            | Content::Media(_)
            | Content::ToolResult(_)
            | Content::Opaque { .. } => {
                if ollama {
                    "content".to_owned()
                } else {
                    format!("content[{index}]")
                }
            }
        }
    }
}

//! What the model at the other end takes. A request is encoded within it; what had to be left out is a loss.

/// What one model takes of what its dialect could say. The default takes everything: nobody knows better than a model of
/// which nothing is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Capabilities {
    /// How it is told to think.
    pub thinking: ThinkingMode,
    /// Whether temperature, top_p and top_k may be given.
    pub sampling: bool,
    /// Whether it takes what OpenAI's own server does not know: top_k, min_p, repetition_penalty. Other dialects have words
    /// of their own for these, and do not ask.
    pub extended_sampling: bool,
    /// Whether it takes what OpenAI's own server does and few others know: metadata, service_tier, safety_identifier,
    /// verbosity, store, moderation, prompt_cache_options. Dialects of other vendors do not ask.
    pub openai_options: bool,
    /// Whether temperature and top_p may be given together.
    pub temperature_with_top_p: bool,
    /// Whether the operator may speak between the turns, and not only before the first.
    pub system_in_middle: bool,
    /// Whether it knows the role `developer`.
    pub developer_role: bool,
    /// By which name it is told the most tokens to produce.
    pub max_tokens_field: MaxTokensField,
    /// Most tokens it can produce, where known; more asked for is cut down to it.
    pub output_tokens_max: Option<u64>,
    /// Tokens to ask for where the dialect must say a number and the client gave none.
    pub output_tokens_default: u64,
    /// Tokens in and out, where known.
    pub context_window: Option<u64>,
    /// Whether it sees images.
    pub images: bool,
    /// Whether it reads documents.
    pub documents: bool,
    /// Whether it hears.
    pub audio: bool,
    /// Whether the results of tools may hold images.
    pub tool_images: bool,
    /// Whether it calls tools at all.
    pub tools: bool,
    /// Whether it may be told to call one tool at a time.
    pub parallel_tools: bool,
    /// Whether its answer can be held to a JSON schema.
    pub json_schema: bool,
    /// How earlier thoughts go back to it.
    pub reasoning_replay: ReasoningReplay,
    /// Whether its dialect's cache marks reach it.
    pub cache_marks: bool,
    /// Whether it goes on from its own words where they stand last.
    pub prefill: bool,
    /// Most stop texts, where there is a limit.
    pub stop_texts_max: Option<usize>,
}

impl Capabilities {
    /// A model of which nothing is known; the same as the default, for constants.
    pub const UNKNOWN: Self = Self {
        thinking: ThinkingMode::Any,
        sampling: true,
        extended_sampling: true,
        openai_options: true,
        temperature_with_top_p: true,
        system_in_middle: true,
        developer_role: true,
        max_tokens_field: MaxTokensField::MaxTokens,
        output_tokens_max: None,
        output_tokens_default: 8192,
        context_window: None,
        images: true,
        documents: true,
        audio: true,
        tool_images: false,
        tools: true,
        parallel_tools: true,
        json_schema: true,
        reasoning_replay: ReasoningReplay::ReasoningContent,
        cache_marks: false,
        prefill: true,
        stop_texts_max: None,
    };
}

impl Default for Capabilities {
    fn default() -> Self {
        Self::UNKNOWN
    }
}

/// How a model is told to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThinkingMode {
    /// Nothing is known: what the client asked for is said in the dialect's usual words.
    Any,
    /// It does not think, and refuses to be told to.
    Never,
    /// By a number of tokens (`thinking.type: enabled`, `thinkingBudget`).
    Budget,
    /// By itself, with an effort (`thinking.type: adaptive`); it can be told not to.
    Adaptive,
    /// By itself, always.
    Always,
}

/// The name of the limit on output tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxTokensField {
    /// `max_tokens`.
    MaxTokens,
    /// `max_completion_tokens`, which OpenAI's reasoning models insist on.
    MaxCompletionTokens,
}

/// How earlier thoughts go back to a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasoningReplay {
    /// Not at all: they are left out, which is no loss, since nobody would read them.
    Dropped,
    /// As `reasoning_content` of the assistant's message.
    ReasoningContent,
    /// As `reasoning` of the assistant's message.
    Reasoning,
}

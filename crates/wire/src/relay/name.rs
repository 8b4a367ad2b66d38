//! The top-level members of an answer that matter to a relay.

/// A member, by what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// The model's name.
    Model,
    /// Token counts.
    Usage,
    /// Gemini's.
    UsageMetadata,
    /// Ollama's tokens of the prompt.
    PromptEvalCount,
    /// Ollama's tokens of the answer.
    EvalCount,
    /// Groq's own, with usage in it.
    XGroq,
    Error,
    /// Chat Completions' and Completions' choices.
    Choices,
    /// Gemini's.
    Candidates,
    /// What Gemini thinks of the prompt.
    PromptFeedback,
    /// What kind of event it is.
    Type,
    /// What a message's event adds.
    Delta,
    /// The whole answer inside an event, as it is by then: at the beginning in Messages, also at the end in Responses.
    Wrapped,
    /// Whether it is Ollama's last line.
    Done,
    Other,
}

impl Name {
    /// What `key` holds. Most keys are none of these, so the first letter decides first.
    #[inline]
    pub(super) fn of(key: &[u8]) -> Self {
        let Some((first, rest)) = key.split_first() else { return Self::Other };
        match first {
            b'm' => match rest {
                b"odel" | b"odelVersion" => Self::Model,
                b"essage" => Self::Wrapped,
                _ => Self::Other,
            },
            b'u' => match rest {
                b"sage" => Self::Usage,
                b"sageMetadata" => Self::UsageMetadata,
                _ => Self::Other,
            },
            b'e' => match rest {
                b"rror" => Self::Error,
                b"val_count" => Self::EvalCount,
                _ => Self::Other,
            },
            b'c' => match rest {
                b"hoices" => Self::Choices,
                b"andidates" => Self::Candidates,
                _ => Self::Other,
            },
            b'd' => match rest {
                b"elta" => Self::Delta,
                b"one" => Self::Done,
                _ => Self::Other,
            },
            b'p' => match rest {
                b"romptFeedback" => Self::PromptFeedback,
                b"rompt_eval_count" => Self::PromptEvalCount,
                _ => Self::Other,
            },
            b't' if rest == b"ype" => Self::Type,
            b'r' if rest == b"esponse" => Self::Wrapped,
            b'x' if rest == b"_groq" => Self::XGroq,
            _ => Self::Other,
        }
    }
}

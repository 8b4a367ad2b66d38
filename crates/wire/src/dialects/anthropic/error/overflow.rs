//! The sentence by which clients know that a prompt is too long. Claude Code shortens the conversation on one, and asks
//! for a shorter answer on the other (reference 09, section 1).

/// The sentence Anthropic has for it, made of what another provider said.
pub(super) fn sentence(message: &str) -> String {
    for own in ["prompt is too long", "input length and `max_tokens` exceed context limit"] {
        if let Some((_, rest)) = message.split_once(own) {
            return format!("{own}{rest}");
        }
    }
    let said = without_status(message);
    let Some(numbers) = Numbers::of(said) else { return format!("prompt is too long: {message}") };
    match numbers {
        Numbers::Prompt { tokens, most } => format!("prompt is too long: {tokens} tokens > {most} maximum"),
        Numbers::WithAnswer { prompt, answer, most } => format!(
            "input length and `max_tokens` exceed context limit: {prompt} + {answer} > {most}, decrease input length or \
             `max_tokens` and try again"
        ),
    }
}

/// What we put before a provider's words holds a number of its own.
fn without_status(message: &str) -> &str {
    message.split_once(" answered ").and_then(|(_, rest)| rest.split_once(": ")).map_or(message, |(_, said)| said)
}

/// What a message says of lengths.
enum Numbers {
    /// The prompt alone is too long.
    Prompt { tokens: u64, most: u64 },
    /// It is with the answer that was asked for.
    WithAnswer { prompt: u64, answer: u64, most: u64 },
}

impl Numbers {
    fn of(message: &str) -> Option<Self> {
        let lower = message.to_lowercase();
        let most = LIMITS.iter().find_map(|limit| first_after(&lower, limit))?;
        let mut others: Vec<u64> = numbers(&lower).filter(|number| *number != most).collect();
        others.dedup();
        let told = |words: &[&str]| words.iter().find_map(|words| last_before(&lower, words));
        let prompt = told(&PROMPTS);
        let answer = told(&ANSWERS).or_else(|| first_after(&lower, "is too large: "));
        match (prompt, answer) {
            (Some(prompt), Some(answer)) if prompt <= most && prompt.saturating_add(answer) > most => {
                Some(Self::WithAnswer { prompt, answer, most })
            }
            (Some(prompt), _) if prompt > most => Some(Self::Prompt { tokens: prompt, most }),
            (_, _) => {
                let tokens = others.into_iter().find(|number| *number > most)?;
                Some(Self::Prompt { tokens, most })
            }
        }
    }
}

/// What stands before the limit: OpenAI, vLLM, SGLang, llama.cpp, Gemini and those who talk like them.
const LIMITS: [&str; 9] = [
    "maximum context length",
    "context length of",
    "maximum model length",
    "context length (",
    "context size (",
    "tokens allowed (",
    "context window",
    "context limit",
    "maximum",
];

/// What stands behind the prompt's length.
const PROMPTS: [&str; 4] = [" in the messages", " tokens from the input", " input tokens", " of text input"];

/// What stands behind the answer's length.
const ANSWERS: [&str; 3] = [" in the completion", " tokens for the completion", " output tokens"];

/// The first number behind `words`.
fn first_after(text: &str, words: &str) -> Option<u64> {
    let (_, rest) = text.split_once(words)?;
    numbers(rest).next()
}

/// The number right before `words`.
fn last_before(text: &str, words: &str) -> Option<u64> {
    let (before, _) = text.split_once(words)?;
    let from = before.rfind(|char: char| !(char.is_ascii_digit() || char == ','))?;
    numbers(before.get(from..)?).last()
}

/// Whole numbers that stand by themselves; those in names such as `gpt-4-0613` or `3.5` do not.
fn numbers(text: &str) -> impl Iterator<Item = u64> {
    let parts = text.split(|char: char| char.is_whitespace() || "()[]:;=<>'\"`".contains(char));
    parts.filter_map(|part| {
        let digits: String = part.trim_end_matches(['.', ',']).split(',').collect();
        digits.parse().ok()
    })
}

//! What stands before the slash in LiteLLM's names for models, such as `groq/llama-3.3-70b-versatile`.
//!
//! The names are those of LiteLLM's documentation (October 2026). Addresses and variables of vendors that are no type here
//! are as publicly known; nobody has been asked.

/// What a prefix means.
pub(super) struct Prefix {
    pub(super) name: &'static str,
    /// Trunkline's type.
    pub(super) vendor: &'static str,
    /// Where it is, when the type does not say.
    pub(super) base_url: Option<&'static str>,
    /// The variable that holds its key when the file does not say; `None`: that of the type.
    pub(super) key_variable: Option<&'static str>,
}

const fn own(name: &'static str, vendor: &'static str) -> Prefix {
    Prefix { name, vendor, base_url: None, key_variable: None }
}

const fn look_alike(name: &'static str, base_url: &'static str, key_variable: &'static str) -> Prefix {
    Prefix { name, vendor: "openai", base_url: Some(base_url), key_variable: Some(key_variable) }
}

/// Azure: its keys travel in a header of their own, and the model's name is that of a deployment.
pub(super) const AZURE: &str = "azure";

const ALL: &[Prefix] = &[
    own("anthropic", "anthropic"),
    Prefix { name: AZURE, vendor: "openai", base_url: None, key_variable: Some("AZURE_API_KEY") },
    own("cerebras", "cerebras"),
    own("custom_openai", "openai"),
    own("deepinfra", "deepinfra"),
    look_alike("deepseek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    look_alike("fireworks_ai", "https://api.fireworks.ai/inference/v1", "FIREWORKS_AI_API_KEY"),
    own("gemini", "gemini"),
    own("groq", "groq"),
    own("hosted_vllm", "vllm"),
    own("litellm_proxy", "openai"),
    own("llamafile", "llama_cpp"),
    own("lm_studio", "lm_studio"),
    own("mistral", "mistral"),
    look_alike("moonshot", "https://api.moonshot.ai/v1", "MOONSHOT_API_KEY"),
    look_alike("nvidia_nim", "https://integrate.api.nvidia.com/v1", "NVIDIA_NIM_API_KEY"),
    own("ollama", "ollama"),
    own("ollama_chat", "ollama"),
    own("openai", "openai"),
    own("openai_like", "openai"),
    own("openrouter", "openrouter"),
    look_alike("perplexity", "https://api.perplexity.ai", "PERPLEXITYAI_API_KEY"),
    look_alike("sambanova", "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY"),
    own("text-completion-openai", "openai"),
    own("together_ai", "together"),
    own("vllm", "vllm"),
    look_alike("xai", "https://api.x.ai/v1", "XAI_API_KEY"),
];

/// How names without a prefix begin, and whose they are.
const BARE: &[(&str, &str)] = &[
    ("claude", "anthropic"),
    ("chatgpt", "openai"),
    ("dall-e", "openai"),
    ("gpt-", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("text-embedding-", "openai"),
];

pub(super) fn find(name: &str) -> Option<&'static Prefix> {
    ALL.iter().find(|prefix| prefix.name == name)
}

/// The prefix of a model's name, stated or implied, and the name without it; else the prefix that Trunkline does not
/// have.
pub(super) fn split<'m>(model: &'m str, stated: Option<&str>) -> Result<(&'static Prefix, &'m str), String> {
    if let Some(stated) = stated {
        let rest = model.strip_prefix(stated).and_then(|rest| rest.strip_prefix('/')).unwrap_or(model);
        return find(stated).map(|prefix| (prefix, rest)).ok_or_else(|| stated.to_owned());
    }
    match model.split_once('/') {
        Some((name, rest)) => find(name).map(|prefix| (prefix, rest)).ok_or_else(|| name.to_owned()),
        None => {
            let implied = BARE.iter().find(|(begin, _)| model.starts_with(begin)).and_then(|(_, name)| find(name));
            implied.map(|prefix| (prefix, model)).ok_or_else(|| model.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_sorted_and_their_types_exist() {
        let names: Vec<_> = ALL.iter().map(|prefix| prefix.name).collect();
        assert!(names.is_sorted(), "{names:?}");
        ALL.iter().for_each(|prefix| assert!(trunkline_providers::registry::find(prefix.vendor).is_some()));
        BARE.iter().for_each(|(_, name)| assert!(find(name).is_some(), "{name}"));
    }

    #[test]
    fn a_name_is_split_as_litellm_does() {
        let check = |model, stated| split(model, stated).map(|(prefix, rest)| (prefix.name, rest));
        assert_eq!(check("openrouter/anthropic/claude-x", None), Ok(("openrouter", "anthropic/claude-x")));
        assert_eq!(check("gpt-4o", None), Ok(("openai", "gpt-4o")));
        assert_eq!(check("Qwen/Qwen3", Some("hosted_vllm")), Ok(("hosted_vllm", "Qwen/Qwen3")));
        assert_eq!(check("openai/gpt-4o", Some("openai")), Ok(("openai", "gpt-4o")));
        assert_eq!(check("bedrock/claude", None), Err("bedrock".to_owned()));
        assert_eq!(check("mystery", None), Err("mystery".to_owned()));
    }
}

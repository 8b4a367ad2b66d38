//! `[discovery]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How model servers are found without being declared.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscoverySection {
    /// Whether the usual loopback ports are probed for model servers (Ollama, vLLM, SGLang, llama.cpp, LM Studio).
    #[serde(default = "default_probe")]
    pub probe: bool,
    /// Who serves a name that several providers list and nobody declares.
    #[serde(default)]
    pub same_name: SameName,
}

/// Who serves a name that several providers list and nobody declares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SameName {
    /// All of them: requests are spread evenly.
    #[default]
    Balance,
    /// The last of them, in the order of the document; discovered ones stand behind declared ones.
    LastWins,
}

impl Default for DiscoverySection {
    fn default() -> Self {
        Self { probe: default_probe(), same_name: SameName::default() }
    }
}

fn default_probe() -> bool {
    true
}

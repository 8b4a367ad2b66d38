//! `[discovery]`

use schemars::JsonSchema;
use serde::Deserialize;

/// How model servers are found without being declared.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscoverySection {
    /// Whether the usual loopback ports are probed for model servers (Ollama, vLLM, SGLang, llama.cpp, LM Studio).
    #[serde(default = "default_probe")]
    pub probe: bool,
}

impl Default for DiscoverySection {
    fn default() -> Self {
        Self { probe: default_probe() }
    }
}

fn default_probe() -> bool {
    true
}

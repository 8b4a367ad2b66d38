//! One file a vendor; a look-alike of OpenAI is about fifteen lines of facts.

pub mod anthropic;
pub mod cerebras;
pub mod deepinfra;
pub mod dummy;
pub mod gemini;
pub mod groq;
pub mod llama_cpp;
pub mod lm_studio;
pub mod mistral;
pub mod ollama;
pub mod openai;
pub mod openrouter;
pub mod sglang;
pub mod together;
pub mod vllm;

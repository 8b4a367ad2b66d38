//! What a vendor's model takes, as far as the vendor and the model's name tell.
//!
//! A wrong `false` costs a reported loss, a wrong `true` a refused request; where nothing is known, all is allowed. The
//! operator has the last word (`capabilities` in the config).

mod claude;
mod gemini;
mod open_weights;
mod openai;

use trunkline_wire::Capabilities;

use crate::Vendor;

/// Models of others on somebody's servers. They know little of what OpenAI's own has beside the conversation. The role `system` says what `developer` would, and is understood by all;
/// documents are a part of messages that only the makers of closed models know.
pub const HOSTED: Capabilities =
    Capabilities { openai_options: false, developer_role: false, documents: false, ..Capabilities::UNKNOWN };

/// The same behind the chat template that came with the model: many fail on a system message that is not the first
/// (Qwen, Mistral, Gemma).
pub const LOCAL: Capabilities = Capabilities { system_in_middle: false, ..HOSTED };

/// A family of models whose names say what they take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelLine {
    /// GPT and the o series.
    Openai,
    /// Claude.
    Claude,
    /// Gemini.
    Gemini,
    /// Models with open weights, at the makers' own look-alikes of OpenAI's API: DeepSeek, Kimi, GLM and the like.
    OpenWeights,
}

/// Parts of the names of models that see nothing, wherever they are served.
const TEXT_ONLY: [&str; 9] = [
    "gpt-oss",
    "llama-3.1",
    "llama3.1",
    "llama-3.3",
    "llama3.3",
    "deepseek-chat",
    "deepseek-reasoner",
    "deepseek-r1",
    "qwen3-coder",
];

/// Parts of the names of their relatives that do see.
const SEES: [&str; 4] = ["vision", "vl", "llava", "omni"];

/// What `model` takes: what the vendor's models take in general, and what its name adds. Any name is fine.
pub fn capabilities(vendor: &Vendor, model: &str) -> Capabilities {
    let name = model.to_ascii_lowercase();
    // `anthropic/claude-sonnet-5` at OpenRouter, `models/gemini-3-pro` at Gemini, `ft:gpt-4o:me` at OpenAI.
    let own_name = name.rsplit('/').next().unwrap_or(&name).trim_start_matches("ft:");
    let mut takes = vendor.capabilities.clone();
    for line in vendor.lines {
        match line {
            ModelLine::Openai => openai::narrow(own_name, &mut takes),
            ModelLine::Claude => claude::narrow(own_name, &mut takes),
            ModelLine::Gemini => gemini::narrow(own_name, &mut takes),
            ModelLine::OpenWeights => open_weights::narrow(own_name, &mut takes),
        }
    }
    if holds_any(own_name, &TEXT_ONLY) && !holds_any(own_name, &SEES) {
        takes.images = false;
    }
    takes.tool_images &= takes.images;
    if let Some(most) = takes.output_tokens_max {
        takes.output_tokens_default = takes.output_tokens_default.min(most);
    }
    takes
}

fn holds_any(name: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| name.contains(part))
}

/// The version that `text` begins with, such as 5.2 or 4; what follows it is the second value.
fn leading_version(text: &str) -> Option<((u32, u32), &str)> {
    let (major, rest) = leading_number(text)?;
    match rest.strip_prefix('.').and_then(leading_number) {
        Some((minor, rest)) => Some(((major, minor), rest)),
        None => Some(((major, 0), rest)),
    }
}

fn leading_number(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    Some((number.parse().ok()?, rest))
}

#[cfg(test)]
mod tests;

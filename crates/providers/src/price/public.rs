//! Reads the public price list that LiteLLM keeps: one JSON object, by model.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use thiserror::Error;

use super::{PriceList, Tariff, Tier, TokenPrices, UnitPrice};

/// Bytes of a file. Guards memory against a file that is something else; the real one has 3 MB.
pub const FILE_BYTES_MAX: usize = 64 << 20;

/// Vendors, by their names there.
const VENDORS: [(&str, &str); 9] = [
    ("anthropic", "anthropic"),
    ("cerebras", "cerebras"),
    ("deepinfra", "deepinfra"),
    ("gemini", "gemini"),
    ("groq", "groq"),
    ("mistral", "mistral"),
    ("openai", "openai"),
    ("text-completion-openai", "openai"),
    ("together_ai", "together"),
];

/// What Trunkline asks models for.
const MODES: [&str; 4] = ["chat", "completion", "embedding", "responses"];

/// Vendors whose models stand there without the vendor's name before theirs.
const BARE: [&str; 3] = ["anthropic", "openai", "text-completion-openai"];

/// Why a file is no such list.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PublicListError {
    /// Over [`FILE_BYTES_MAX`].
    #[error("is longer than {FILE_BYTES_MAX} bytes")]
    TooLong,
    /// No JSON object.
    #[error("is no JSON object of models")]
    NotJson,
    /// Nothing in it is a price of a model that can be asked.
    #[error("says no price of a model of a known vendor")]
    Empty,
}

/// Reads a file in the public format.
///
/// # Errors
/// When it is something else.
pub fn read(json: &[u8], as_of: String, source: String) -> Result<PriceList, PublicListError> {
    if json.len() > FILE_BYTES_MAX {
        return Err(PublicListError::TooLong);
    }
    let models: Map<String, Value> = serde_json::from_slice(json).map_err(|_| PublicListError::NotJson)?;
    let mut list = PriceList::new(as_of, source);
    for (name, facts) in &models {
        if let Some((vendor, model)) = asked_as(name, facts)
            && let Some(tariff) = tariff(facts)
        {
            list.insert(vendor, model, tariff);
        }
    }
    if list.is_empty() { Err(PublicListError::Empty) } else { Ok(list) }
}

/// The vendor and its own name for the model.
fn asked_as<'a>(name: &'a str, facts: &Value) -> Option<(&'static str, &'a str)> {
    let theirs = facts["litellm_provider"].as_str()?;
    let (theirs, vendor) = VENDORS.iter().find(|(known, _)| *known == theirs)?;
    if !MODES.contains(&facts["mode"].as_str()?) || name.contains(char::is_control) {
        return None;
    }
    let own = name.strip_prefix(theirs).and_then(|rest| rest.strip_prefix('/'));
    Some((vendor, own.or_else(|| BARE.contains(theirs).then_some(name))?))
}

/// What it costs. Where both prices are nought, or one is missing, it is not known.
fn tariff(facts: &Value) -> Option<Tariff> {
    let tokens = tokens(facts, "")?;
    let free = UnitPrice::ZERO;
    if tokens.input == free && tokens.output == free {
        return None;
    }
    let mut tiers = BTreeMap::new();
    for name in facts.as_object()?.keys() {
        let mark = name.strip_prefix("input_cost_per_token_above_").and_then(|rest| rest.strip_suffix("k_tokens"));
        if let Some(thousands) = mark.and_then(|mark| mark.parse::<u64>().ok()) {
            tiers.insert(thousands, self::tokens(facts, &format!("_above_{thousands}k_tokens"))?);
        }
    }
    let tier = |(thousands, tokens): (u64, TokenPrices)| Tier { above: thousands.saturating_mul(1000), tokens };
    Some(Tariff { tokens, tiers: tiers.into_iter().map(tier).collect(), ..Tariff::default() })
}

fn tokens(facts: &Value, suffix: &str) -> Option<TokenPrices> {
    let stated = |name: &str| unit_price(&facts[format!("{name}{suffix}")]);
    let input = stated("input_cost_per_token")?;
    let makes_vectors = facts["mode"] == "embedding";
    let output = stated("output_cost_per_token").or(makes_vectors.then_some(UnitPrice::ZERO))?;
    Some(TokenPrices {
        input,
        output,
        cached_input: stated("cache_read_input_token_cost").unwrap_or(input),
        cache_write: stated("cache_creation_input_token_cost").unwrap_or(input),
        audio_input: stated("input_cost_per_audio_token").unwrap_or(input),
        audio_output: stated("output_cost_per_audio_token").unwrap_or(output),
    })
}

/// USD a token. Written there as numbers whose last digits are noise.
fn unit_price(value: &Value) -> Option<UnitPrice> {
    UnitPrice::nearest_usd_per_unit(&value.as_f64()?.to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(json: &str) -> Result<String, PublicListError> {
        read(json.as_bytes(), "2026-11-22".to_owned(), "here".to_owned()).map(|list| list.text())
    }

    #[test]
    fn reads_models_of_vendors_that_are_known() {
        let json = r#"{
            "sample_spec": {"litellm_provider": "one of", "mode": "one of", "input_cost_per_token": 0.0},
            "gpt-x": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1.5000000000000002e-07,
                "output_cost_per_token": 6e-07, "cache_read_input_token_cost": 7.5e-08, "input_cost_per_token_batches": 9.0},
            "gemini/Pro": {"litellm_provider": "gemini", "mode": "responses", "input_cost_per_token": 1.25e-06,
                "output_cost_per_token": 1e-05, "input_cost_per_token_above_200k_tokens": 2.5e-06,
                "output_cost_per_token_above_200k_tokens": 1.5e-05, "input_cost_per_token_above_200k_tokens_batches": 1.0},
            "groq/vec": {"litellm_provider": "groq", "mode": "embedding", "input_cost_per_token": 1e-08},
            "groq/free": {"litellm_provider": "groq", "mode": "chat", "input_cost_per_token": 0, "output_cost_per_token": 0},
            "groq/half": {"litellm_provider": "groq", "mode": "chat", "input_cost_per_token": 1},
            "groq/sound": {"litellm_provider": "groq", "mode": "audio_speech", "input_cost_per_token": 1, "output_cost_per_token": 1},
            "other/m": {"litellm_provider": "other", "mode": "chat", "input_cost_per_token": 1, "output_cost_per_token": 1},
            "together-ai-up-to-4b": {"litellm_provider": "together_ai", "mode": "chat", "input_cost_per_token": 1, "output_cost_per_token": 1}
        }"#;
        let expected = "trunkline-prices-1\t2026-11-22\there\n\
            gemini\tpro\t1250000 10000000\t200000\t2500000 15000000\n\
            groq\tvec\t10000 0\n\
            openai\tgpt-x\t150000 600000 75000\n";
        assert_eq!(list(json).as_deref(), Ok(expected));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        assert_eq!(list("[]"), Err(PublicListError::NotJson));
        assert_eq!(list("{}"), Err(PublicListError::Empty));
        assert_eq!(list(r#"{"gpt-x":5,"y":{"litellm_provider":"openai"}}"#), Err(PublicListError::Empty));
    }
}

//! `generationConfig`.

use super::thinking::{self, Told};
use super::{Place, Said, at_home, object_unless_empty};
use crate::ir::{Extra, Losses, OutputFormat, Request, Sampling};
use crate::write::Object;
use crate::{Capabilities, DialectId};

/// Gemini refuses more stop texts, <https://ai.google.dev/api/generate-content> (2026-11-21).
const STOP_TEXTS_MAX: usize = 5;

/// What `generationConfig` says.
#[derive(Debug)]
pub(super) struct Settings<'a> {
    sampling: Sampling,
    stop: &'a [String],
    format: Option<&'a OutputFormat>,
    /// Whether the format's schema is said.
    schema: bool,
    thinking: Told<'a>,
}

impl<'a> Settings<'a> {
    pub(super) fn plan(request: &'a Request, to: &Capabilities, place: &Place, losses: &mut Losses) -> Self {
        let own = request.origin == DialectId::Gemini;
        let limit = to.stop_texts_max.unwrap_or(usize::MAX).min(if own { usize::MAX } else { STOP_TEXTS_MAX });
        place.lose_if(request.stop.len() > limit, Said::Stop, losses);
        let schema = to.json_schema;
        match &request.output_format {
            None | Some(OutputFormat::JsonObject) => {}
            Some(OutputFormat::JsonSchema { name, description, .. }) => {
                let labelled = name.is_some() || description.is_some();
                place.lose_if(!schema || labelled, Said::OutputFormat, losses);
            }
        }
        Self {
            sampling: sampling(&request.sampling, to, place, losses),
            stop: request.stop.get(..limit).unwrap_or(&request.stop),
            format: request.output_format.as_ref(),
            schema,
            thinking: thinking::plan(&request.thinking, to.thinking, own, place, losses),
        }
    }

    /// Writes the members of `generationConfig`.
    pub(super) fn write(&self, extras: &[Extra], config: &mut Object<'_>) {
        let sampling = &self.sampling;
        config.put_some("temperature", sampling.temperature);
        config.put_some("topP", sampling.top_p);
        config.put_some("topK", sampling.top_k);
        config.put_some("maxOutputTokens", sampling.output_tokens_max);
        if !self.stop.is_empty() {
            config.put("stopSequences", self.stop);
        }
        config.put_some("seed", sampling.seed);
        config.put_some("presencePenalty", sampling.presence_penalty);
        config.put_some("frequencyPenalty", sampling.frequency_penalty);
        if let Some(format) = self.format {
            config.put("responseMimeType", "application/json");
            match format {
                OutputFormat::JsonSchema { schema, .. } if self.schema => config.raw("responseJsonSchema", schema),
                OutputFormat::JsonSchema { .. } | OutputFormat::JsonObject => {}
            }
        }
        object_unless_empty("thinkingConfig", config, |thinking| {
            thinking.put_some("thinkingBudget", self.thinking.budget);
            thinking.put_some("thinkingLevel", self.thinking.level.as_deref());
            thinking.put_some("includeThoughts", self.thinking.shown);
            at_home(extras, "generationConfig.thinkingConfig.").for_each(|(name, raw)| thinking.raw(name, raw));
        });
        at_home(extras, "generationConfig.").for_each(|(name, raw)| config.raw(name, raw));
    }
}

fn sampling(given: &Sampling, to: &Capabilities, place: &Place, losses: &mut Losses) -> Sampling {
    let mut sampling = given.clone();
    if !to.sampling {
        place.lose_if(sampling.temperature.take().is_some(), Said::Temperature, losses);
        place.lose_if(sampling.top_p.take().is_some(), Said::TopP, losses);
        place.lose_if(sampling.top_k.take().is_some(), Said::TopK, losses);
    }
    if !to.temperature_with_top_p && sampling.temperature.is_some() {
        place.lose_if(sampling.top_p.take().is_some(), Said::TopP, losses);
    }
    place.lose_if(sampling.min_p.take().is_some(), Said::MinP, losses);
    place.lose_if(sampling.repetition_penalty.take().is_some(), Said::RepetitionPenalty, losses);
    // The field is 32 bits wide.
    if sampling.seed.is_some_and(|seed| i32::try_from(seed).is_err()) {
        sampling.seed = None;
        place.lose_if(true, Said::Seed, losses);
    }
    if let (Some(asked), Some(most)) = (sampling.output_tokens_max, to.output_tokens_max) {
        place.lose_if(asked > most, Said::OutputTokensMax, losses);
        sampling.output_tokens_max = Some(asked.min(most));
    }
    sampling
}

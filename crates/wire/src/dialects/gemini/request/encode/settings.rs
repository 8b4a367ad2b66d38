//! `generationConfig`.

use super::thinking::{self, Told};
use super::{at_home, object_unless_empty};
use crate::ir::{Extra, Field, Lost, OutputFormat, Request, Sampling};
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
    pub(super) fn plan(request: &'a Request, to: &Capabilities, lost: &mut Lost<'_>) -> Self {
        let own = request.origin == DialectId::Gemini;
        let limit = to.stop_texts_max.unwrap_or(usize::MAX).min(if own { usize::MAX } else { STOP_TEXTS_MAX });
        lost.field_if(request.stop.len() > limit, Field::Stop);
        let schema = to.json_schema;
        match &request.output_format {
            None | Some(OutputFormat::JsonObject) => {}
            Some(OutputFormat::JsonSchema { description, .. }) => {
                lost.field_if(!schema, Field::OutputFormat);
                lost.field_if(description.is_some(), Field::SchemaDescription);
            }
        }
        Self {
            sampling: sampling(&request.sampling, to, lost),
            stop: request.stop.get(..limit).unwrap_or(&request.stop),
            format: request.output_format.as_ref(),
            schema,
            thinking: thinking::plan(&request.thinking, to.thinking, own, lost),
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

fn sampling(given: &Sampling, to: &Capabilities, lost: &mut Lost<'_>) -> Sampling {
    let mut sampling = given.clone();
    if !to.sampling {
        lost.field_if(sampling.temperature.take().is_some(), Field::Temperature);
        lost.field_if(sampling.top_p.take().is_some(), Field::TopP);
        lost.field_if(sampling.top_k.take().is_some(), Field::TopK);
    }
    if !to.temperature_with_top_p && sampling.temperature.is_some() {
        lost.field_if(sampling.top_p.take().is_some(), Field::TopP);
    }
    lost.field_if(sampling.min_p.take().is_some(), Field::MinP);
    lost.field_if(sampling.repetition_penalty.take().is_some(), Field::RepetitionPenalty);
    // The field is 32 bits wide.
    if sampling.seed.is_some_and(|seed| i32::try_from(seed).is_err()) {
        sampling.seed = None;
        lost.field(Field::Seed);
    }
    if let (Some(asked), Some(most)) = (sampling.output_tokens_max, to.output_tokens_max) {
        lost.field_if(asked > most, Field::OutputTokensMax);
        sampling.output_tokens_max = Some(asked.min(most));
    }
    sampling
}

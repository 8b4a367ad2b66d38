//! What says how to answer: sampling, stop texts, the answer's form, the user.

use super::thinking::Plan;
use super::{Writer, schema};
use crate::capabilities::ThinkingMode;
use crate::dialects::anthropic::tier;
use crate::ir::{Field, Handling, OutputFormat};
use crate::write::Object;

/// The least `top_p` beside thinking.
const THINKING_TOP_P_MIN: f64 = 0.95;

impl Writer<'_> {
    /// Writes temperature, top_p and top_k where the model takes them.
    pub(super) fn put_sampling(&mut self, plan: &Plan, to: &mut Object<'_>) {
        let sampling = &self.request.sampling;
        // Anthropic's own models refuse, beside thinking, what would change how tokens are drawn. Of a model that nothing
        // is known of, it is its own to refuse.
        let thinks = plan.is_on() && self.to.thinking != ThinkingMode::Any;
        let allowed = self.to.sampling;
        let temperature = sampling.temperature.map(|asked| {
            self.lost.field_if(asked > 1.0, Field::Temperature);
            asked.min(1.0)
        });
        let temperature = self.keep(temperature, Field::Temperature, |value| allowed && !(thinks && value < 1.0));
        let together = temperature.is_none() || self.to.temperature_with_top_p;
        let top_p = self
            .keep(sampling.top_p, Field::TopP, |value| allowed && together && !(thinks && value < THINKING_TOP_P_MIN));
        let top_k = self.keep(sampling.top_k, Field::TopK, |_| allowed && !thinks);
        to.put_some("temperature", temperature);
        to.put_some("top_p", top_p);
        to.put_some("top_k", top_k);
        self.lost.field_if(sampling.min_p.is_some_and(|value| value != 0.0), Field::MinP);
        self.lost.field_if(sampling.seed.is_some(), Field::Seed);
        self.lost.field_if(sampling.presence_penalty.is_some_and(|value| value != 0.0), Field::PresencePenalty);
        self.lost.field_if(sampling.frequency_penalty.is_some_and(|value| value != 0.0), Field::FrequencyPenalty);
        self.lost.field_if(sampling.repetition_penalty.is_some_and(|value| value != 1.0), Field::RepetitionPenalty);
    }

    /// The value when it is `wanted`; else, if there is one, it is a loss.
    fn keep<T: Copy>(&mut self, value: Option<T>, field: Field, wanted: impl Fn(T) -> bool) -> Option<T> {
        let kept = value.filter(|value| wanted(*value));
        self.lost.field_if(value.is_some() && kept.is_none(), field);
        kept
    }

    /// Writes the stop texts; Anthropic refuses those of white space alone.
    pub(super) fn put_stop(&mut self, to: &mut Object<'_>) {
        let all = &self.request.stop;
        let sayable = all.iter().filter(|text| self.own || !text.trim().is_empty());
        let texts: Vec<&String> = sayable.take(self.to.stop_texts_max.unwrap_or(usize::MAX)).collect();
        self.lost.field_if(texts.len() < all.len(), Field::Stop);
        if !texts.is_empty() {
            to.put("stop_sequences", &texts);
        }
    }

    /// Writes how hard to think and what the answer must be.
    pub(super) fn put_output_config(&mut self, plan: &Plan, to: &mut Object<'_>) {
        let schema = match &self.request.output_format {
            Some(OutputFormat::JsonSchema { schema, .. }) if self.to.json_schema && self.own => Some(schema.clone()),
            Some(OutputFormat::JsonSchema { description, schema, .. }) if self.to.json_schema => {
                self.lost.field_if(description.is_some(), Field::SchemaDescription);
                let (schema, lost) = schema::of_output(schema);
                lost.iter().for_each(|word| self.lost.within(Field::Schema, word));
                Some(schema)
            }
            Some(OutputFormat::JsonSchema { .. } | OutputFormat::JsonObject) => {
                self.lost.field(Field::OutputFormat);
                None
            }
            None => None,
        };
        let nested = self.nested(&self.request.extras, "output_config");
        if schema.is_none() && plan.effort.is_none() && nested.is_empty() {
            return;
        }
        to.object("output_config", |config| {
            config.put_some("effort", plan.effort.as_deref());
            if let Some(schema) = &schema {
                config.object("format", |format| {
                    format.put("type", "json_schema");
                    format.raw("schema", schema);
                });
            }
            nested.iter().for_each(|(name, raw)| config.raw(name, raw));
        });
    }

    /// What the model is told in words where its answer cannot be held to a form.
    pub(super) fn format_hint(&self) -> Option<String> {
        const HINT: &str = "Respond with a single JSON object and nothing else";
        match &self.request.output_format {
            Some(OutputFormat::JsonObject) => Some(format!("{HINT}.")),
            Some(OutputFormat::JsonSchema { schema, .. }) if !self.to.json_schema => {
                Some(format!("{HINT}. It must conform to this JSON schema: {}", schema.get()))
            }
            Some(OutputFormat::JsonSchema { .. }) | None => None,
        }
    }

    /// Writes the user's id. Anthropic forbids what tells who a person is.
    pub(super) fn put_metadata(&mut self, unsaid: &mut Handling, to: &mut Object<'_>) {
        let (own, user) = (self.own, self.request.user.as_deref());
        // Of OpenAI's two names for it the newer one wins.
        let newer = unsaid.safety_identifier.take();
        self.lost.field_if(newer.is_some() && user.is_some_and(|user| newer.as_deref() != Some(user)), Field::User);
        let field = if newer.is_some() { Field::SafetyIdentifier } else { Field::User };
        let user = self.keep(newer.as_deref().or(user), field, |user| own || !tells_a_person(user));
        let nested = self.nested(&self.request.extras, "metadata");
        if user.is_none() && nested.is_empty() {
            return;
        }
        to.object("metadata", |metadata| {
            metadata.put_some("user_id", user);
            nested.iter().for_each(|(name, raw)| metadata.raw(name, raw));
        });
    }

    /// Writes with which capacity it is to be served.
    pub(super) fn put_tier(&mut self, unsaid: &mut Handling, to: &mut Object<'_>) {
        let Some(tier) = unsaid.tier.take() else { return };
        let (word, whole) = tier::write_asked(&tier);
        if self.own && word.is_none() {
            return to.put("service_tier", tier.as_str());
        }
        self.lost.field_if(!whole, Field::ServiceTier);
        to.put_some("service_tier", word);
    }
}

/// Whether it looks like a mail address or a telephone number.
fn tells_a_person(user: &str) -> bool {
    let number = user.strip_prefix('+').unwrap_or_default();
    user.contains('@')
        || !number.is_empty() && number.chars().all(|char| char.is_ascii_digit() || " -()".contains(char))
}

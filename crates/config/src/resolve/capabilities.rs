//! What a model takes: what is known of it, and what the document says over it.

use trunkline_wire::{Capabilities, capabilities};

use super::Resolver;
use crate::file::capabilities::{CapabilitiesSection, MaxTokensField, ReasoningReplay, Thinking};
use crate::path::Path;

impl Resolver<'_, '_> {
    /// Notes what contradicts itself in a `capabilities` table at `at`.
    pub(super) fn check_capabilities(&mut self, section: &CapabilitiesSection, at: &Path) {
        if let (Some(usual), Some(most)) = (section.output_tokens_default, section.output_tokens_max)
            && usual > most
        {
            let at = at.key("output_tokens_default");
            self.findings.at(&at, format!("{usual} is more than `output_tokens_max`, {most}"), None);
        }
        if (section.images, section.tool_images) == (Some(false), Some(true)) {
            let message = "results of tools cannot hold images for a model that sees none";
            self.findings.at(&at.key("tool_images"), message, None);
        }
    }
}

/// `known` with what `stated` says in its place.
pub(super) fn overlaid(known: &Capabilities, stated: &CapabilitiesSection) -> Capabilities {
    let output_tokens_max = stated.output_tokens_max.or(known.output_tokens_max);
    let output_tokens_default = stated.output_tokens_default.unwrap_or(known.output_tokens_default);
    let images = stated.images.unwrap_or(known.images);
    Capabilities {
        thinking: stated.thinking.map_or(known.thinking, thinking),
        sampling: stated.sampling.unwrap_or(known.sampling),
        temperature_with_top_p: known.temperature_with_top_p,
        system_in_middle: stated.system_in_middle.unwrap_or(known.system_in_middle),
        developer_role: stated.developer_role.unwrap_or(known.developer_role),
        max_tokens_field: stated.max_tokens_field.map_or(known.max_tokens_field, max_tokens_field),
        output_tokens_max,
        output_tokens_default: output_tokens_max.map_or(output_tokens_default, |most| output_tokens_default.min(most)),
        context_window: known.context_window,
        images,
        documents: stated.documents.unwrap_or(known.documents),
        audio: stated.audio.unwrap_or(known.audio),
        tool_images: images && stated.tool_images.unwrap_or(known.tool_images),
        tools: stated.tools.unwrap_or(known.tools),
        extended_sampling: stated.extended_sampling.unwrap_or(known.extended_sampling),
        openai_options: stated.openai_options.unwrap_or(known.openai_options),
        parallel_tools: stated.parallel_tools.unwrap_or(known.parallel_tools),
        json_schema: stated.json_schema.unwrap_or(known.json_schema),
        reasoning_replay: stated.reasoning_replay.map_or(known.reasoning_replay, reasoning_replay),
        cache_marks: stated.cache_marks.unwrap_or(known.cache_marks),
        prefill: stated.prefill.unwrap_or(known.prefill),
        stop_texts_max: stated
            .stop_texts_max
            .map_or(known.stop_texts_max, |most| Some(usize::try_from(most).unwrap_or(usize::MAX))),
    }
}

fn thinking(stated: Thinking) -> capabilities::ThinkingMode {
    match stated {
        Thinking::Any => capabilities::ThinkingMode::Any,
        Thinking::Never => capabilities::ThinkingMode::Never,
        Thinking::Budget => capabilities::ThinkingMode::Budget,
        Thinking::Adaptive => capabilities::ThinkingMode::Adaptive,
        Thinking::Always => capabilities::ThinkingMode::Always,
    }
}

fn max_tokens_field(stated: MaxTokensField) -> capabilities::MaxTokensField {
    match stated {
        MaxTokensField::MaxTokens => capabilities::MaxTokensField::MaxTokens,
        MaxTokensField::MaxCompletionTokens => capabilities::MaxTokensField::MaxCompletionTokens,
    }
}

fn reasoning_replay(stated: ReasoningReplay) -> capabilities::ReasoningReplay {
    match stated {
        ReasoningReplay::Dropped => capabilities::ReasoningReplay::Dropped,
        ReasoningReplay::ReasoningContent => capabilities::ReasoningReplay::ReasoningContent,
        ReasoningReplay::Reasoning => capabilities::ReasoningReplay::Reasoning,
    }
}

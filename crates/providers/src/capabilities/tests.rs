use expect_test::{Expect, expect};
use proptest::prelude::*;
use trunkline_wire::capabilities::{MaxTokensField, ReasoningReplay, ThinkingMode};

use super::*;
use crate::registry::{ALL, find};

/// What is not as for a model of which nothing is known.
fn shown(takes: &Capabilities) -> String {
    let (all, unknown) = (format!("{takes:?}"), format!("{:?}", Capabilities::UNKNOWN));
    let changed = all.split(", ").zip(unknown.split(", ")).filter(|(field, other)| field != other);
    let changed: Vec<&str> =
        changed.map(|(field, _)| field.trim_start_matches("Capabilities { ").trim_end_matches(" }")).collect();
    changed.join(", ")
}

fn of(vendor: &str, model: &str) -> Capabilities {
    capabilities(find(vendor).expect("a vendor"), model)
}

/// What differs from a model of which nothing is known, a line for each vendor and model.
#[track_caller]
fn check(models: &[(&str, &str)], expected: &Expect) {
    let lines = models.iter().map(|(vendor, model)| format!("{vendor} {model}: {}\n", shown(&of(vendor, model))));
    expected.assert_eq(&lines.collect::<String>());
}

#[test]
fn vendors_say_what_their_models_take() {
    let models: Vec<(&str, &str)> = ALL.iter().map(|vendor| (vendor.id, "anything")).collect();
    check(
        &models,
        &expect![[r#"
            anthropic anything: system_in_middle: false, developer_role: false, audio: false, tool_images: true, cache_marks: true
            cerebras anything: extended_sampling: false, openai_options: false, developer_role: false, documents: false, audio: false, reasoning_replay: Reasoning
            deepinfra anything: openai_options: false, developer_role: false, documents: false
            dummy anything: 
            gemini anything: system_in_middle: false, developer_role: false, tool_images: true, parallel_tools: false, stop_texts_max: Some(5)
            groq anything: extended_sampling: false, openai_options: false, developer_role: false, documents: false, audio: false, reasoning_replay: Reasoning, stop_texts_max: Some(4)
            llama_cpp anything: openai_options: false, system_in_middle: false, developer_role: false, documents: false
            lm_studio anything: openai_options: false, system_in_middle: false, developer_role: false, documents: false
            mistral anything: extended_sampling: false, openai_options: false, system_in_middle: false, developer_role: false, documents: false, reasoning_replay: Dropped, prefill: false
            ollama anything: openai_options: false, system_in_middle: false, developer_role: false, documents: false, parallel_tools: false, reasoning_replay: Reasoning
            openai anything: extended_sampling: false, developer_role: false, reasoning_replay: Dropped, stop_texts_max: Some(4)
            openrouter anything: reasoning_replay: Reasoning, cache_marks: true
            sglang anything: openai_options: false, system_in_middle: false, developer_role: false, documents: false, tool_images: true
            together anything: openai_options: false, developer_role: false, documents: false
            vllm anything: openai_options: false, system_in_middle: false, developer_role: false, documents: false, tool_images: true, reasoning_replay: Reasoning
        "#]],
    );
}

#[test]
fn claudes_are_told_apart_by_tier_and_version() {
    let at_anthropic = |model| ("anthropic", model);
    check(
        &[
            "claude-fable-5",
            "claude-mythos-5-1",
            "claude-opus-5-5",
            "claude-opus-5",
            "claude-sonnet-5",
            "claude-haiku-5-5-20260901",
            "claude-opus-4-8",
            "claude-opus-4-7",
            "claude-opus-4-6",
            "claude-sonnet-4-6",
            "claude-opus-4-5-20251101",
            "claude-haiku-4-5",
            "claude-opus-4-1-20250805",
            "claude-sonnet-4-20250514",
            "claude-3-7-sonnet-latest",
            "claude-3-5-haiku-20241022",
            "claude-3-opus-20240229",
            "claude-2.1",
            "claude-next",
        ]
        .map(at_anthropic),
        &expect![[r#"
            anthropic claude-fable-5: thinking: Always, sampling: false, temperature_with_top_p: false, developer_role: false, output_tokens_max: Some(128000), audio: false, tool_images: true, cache_marks: true, prefill: false
            anthropic claude-mythos-5-1: thinking: Always, sampling: false, temperature_with_top_p: false, developer_role: false, output_tokens_max: Some(128000), audio: false, tool_images: true, cache_marks: true, prefill: false
            anthropic claude-opus-5-5: thinking: Always, sampling: false, temperature_with_top_p: false, developer_role: false, output_tokens_max: Some(128000), audio: false, tool_images: true, cache_marks: true, prefill: false
            anthropic claude-opus-5: thinking: Adaptive, sampling: false, temperature_with_top_p: false, developer_role: false, output_tokens_max: Some(128000), audio: false, tool_images: true, cache_marks: true, prefill: false
            anthropic claude-sonnet-5: thinking: Adaptive, sampling: false, temperature_with_top_p: false, developer_role: false, output_tokens_max: Some(128000), audio: false, tool_images: true, cache_marks: true, prefill: false
            anthropic claude-haiku-5-5-20260901: thinking: Adaptive, sampling: false, temperature_with_top_p: false, developer_role: false, output_tokens_max: Some(128000), audio: false, tool_images: true, cache_marks: true, prefill: false
            anthropic claude-opus-4-8: thinking: Adaptive, sampling: false, temperature_with_top_p: false, developer_role: false, output_tokens_max: Some(128000), audio: false, tool_images: true, cache_marks: true, prefill: false
            anthropic claude-opus-4-7: thinking: Adaptive, sampling: false, temperature_with_top_p: false, system_in_middle: false, developer_role: false, output_tokens_max: Some(128000), audio: false, tool_images: true, cache_marks: true, prefill: false
            anthropic claude-opus-4-6: thinking: Adaptive, temperature_with_top_p: false, system_in_middle: false, developer_role: false, output_tokens_max: Some(128000), audio: false, tool_images: true, cache_marks: true, prefill: false
            anthropic claude-sonnet-4-6: thinking: Adaptive, temperature_with_top_p: false, system_in_middle: false, developer_role: false, output_tokens_max: Some(128000), audio: false, tool_images: true, cache_marks: true, prefill: false
            anthropic claude-opus-4-5-20251101: thinking: Budget, temperature_with_top_p: false, system_in_middle: false, developer_role: false, output_tokens_max: Some(64000), audio: false, tool_images: true, cache_marks: true
            anthropic claude-haiku-4-5: thinking: Budget, temperature_with_top_p: false, system_in_middle: false, developer_role: false, output_tokens_max: Some(64000), audio: false, tool_images: true, cache_marks: true
            anthropic claude-opus-4-1-20250805: thinking: Budget, temperature_with_top_p: false, system_in_middle: false, developer_role: false, output_tokens_max: Some(32000), audio: false, tool_images: true, cache_marks: true
            anthropic claude-sonnet-4-20250514: thinking: Budget, temperature_with_top_p: false, system_in_middle: false, developer_role: false, output_tokens_max: Some(64000), audio: false, tool_images: true, json_schema: false, cache_marks: true
            anthropic claude-3-7-sonnet-latest: thinking: Budget, system_in_middle: false, developer_role: false, output_tokens_max: Some(64000), audio: false, tool_images: true, json_schema: false, cache_marks: true
            anthropic claude-3-5-haiku-20241022: thinking: Never, system_in_middle: false, developer_role: false, output_tokens_max: Some(8192), audio: false, tool_images: true, json_schema: false, cache_marks: true
            anthropic claude-3-opus-20240229: thinking: Never, system_in_middle: false, developer_role: false, output_tokens_max: Some(4096), output_tokens_default: 4096, documents: false, audio: false, tool_images: true, json_schema: false, cache_marks: true
            anthropic claude-2.1: thinking: Never, system_in_middle: false, developer_role: false, output_tokens_max: Some(4096), output_tokens_default: 4096, images: false, documents: false, audio: false, json_schema: false, cache_marks: true
            anthropic claude-next: system_in_middle: false, developer_role: false, audio: false, tool_images: true, cache_marks: true
        "#]],
    );
}

#[test]
fn a_claude_is_known_by_any_spelling() {
    let claude = of("anthropic", "claude-sonnet-4-6");
    for name in ["anthropic/claude-sonnet-4.6", "us.anthropic.claude-sonnet-4-6-20260217-v1:0", "Claude-Sonnet-4-6"] {
        assert_eq!(of("anthropic", name), claude, "{name}");
    }
}

#[test]
fn openais_models_and_their_look_alikes_are_told_apart_by_name() {
    let at_openai = |model| ("openai", model);
    check(
        &[
            "gpt-5",
            "gpt-5-mini-2025-08-07",
            "gpt-5-chat-latest",
            "gpt-5.2",
            "gpt-5.2-pro",
            "gpt-6",
            "codex-mini-latest",
            "o1",
            "o1-mini",
            "o3-mini",
            "o4-mini",
            "gpt-4o",
            "ft:gpt-4o-2024-08-06:me::1",
            "gpt-4o-audio-preview",
            "gpt-4.1-nano",
            "gpt-4",
            "gpt-4-turbo",
            "gpt-35-turbo",
            "gpt-oss-120b",
            "olmo-3",
            "deepseek-chat",
            "kimi-k3",
            "claude-opus-4-6",
            "my-own",
        ]
        .map(at_openai),
        &expect![[r#"
            openai gpt-5: thinking: Always, sampling: false, extended_sampling: false, max_tokens_field: MaxCompletionTokens, audio: false, reasoning_replay: Dropped, stop_texts_max: Some(0)
            openai gpt-5-mini-2025-08-07: thinking: Always, sampling: false, extended_sampling: false, max_tokens_field: MaxCompletionTokens, audio: false, reasoning_replay: Dropped, stop_texts_max: Some(0)
            openai gpt-5-chat-latest: thinking: Never, extended_sampling: false, max_tokens_field: MaxCompletionTokens, audio: false, reasoning_replay: Dropped, stop_texts_max: Some(4)
            openai gpt-5.2: thinking: Adaptive, sampling: false, extended_sampling: false, max_tokens_field: MaxCompletionTokens, audio: false, reasoning_replay: Dropped, stop_texts_max: Some(0)
            openai gpt-5.2-pro: thinking: Always, sampling: false, extended_sampling: false, max_tokens_field: MaxCompletionTokens, audio: false, reasoning_replay: Dropped, stop_texts_max: Some(0)
            openai gpt-6: thinking: Adaptive, sampling: false, extended_sampling: false, max_tokens_field: MaxCompletionTokens, audio: false, reasoning_replay: Dropped, cache_marks: true, stop_texts_max: Some(0)
            openai codex-mini-latest: thinking: Always, sampling: false, extended_sampling: false, max_tokens_field: MaxCompletionTokens, audio: false, reasoning_replay: Dropped, stop_texts_max: Some(0)
            openai o1: thinking: Always, sampling: false, extended_sampling: false, max_tokens_field: MaxCompletionTokens, audio: false, parallel_tools: false, reasoning_replay: Dropped, stop_texts_max: Some(0)
            openai o1-mini: thinking: Always, sampling: false, extended_sampling: false, developer_role: false, max_tokens_field: MaxCompletionTokens, images: false, documents: false, audio: false, parallel_tools: false, json_schema: false, reasoning_replay: Dropped, stop_texts_max: Some(0)
            openai o3-mini: thinking: Always, sampling: false, extended_sampling: false, max_tokens_field: MaxCompletionTokens, images: false, documents: false, audio: false, parallel_tools: false, reasoning_replay: Dropped, stop_texts_max: Some(0)
            openai o4-mini: thinking: Always, sampling: false, extended_sampling: false, max_tokens_field: MaxCompletionTokens, audio: false, parallel_tools: false, reasoning_replay: Dropped, stop_texts_max: Some(0)
            openai gpt-4o: thinking: Never, extended_sampling: false, max_tokens_field: MaxCompletionTokens, audio: false, reasoning_replay: Dropped, stop_texts_max: Some(4)
            openai ft:gpt-4o-2024-08-06:me::1: thinking: Never, extended_sampling: false, max_tokens_field: MaxCompletionTokens, audio: false, reasoning_replay: Dropped, stop_texts_max: Some(4)
            openai gpt-4o-audio-preview: thinking: Never, extended_sampling: false, max_tokens_field: MaxCompletionTokens, reasoning_replay: Dropped, stop_texts_max: Some(4)
            openai gpt-4.1-nano: thinking: Never, extended_sampling: false, max_tokens_field: MaxCompletionTokens, audio: false, reasoning_replay: Dropped, stop_texts_max: Some(4)
            openai gpt-4: thinking: Never, extended_sampling: false, developer_role: false, max_tokens_field: MaxCompletionTokens, images: false, documents: false, audio: false, json_schema: false, reasoning_replay: Dropped, stop_texts_max: Some(4)
            openai gpt-4-turbo: thinking: Never, extended_sampling: false, developer_role: false, max_tokens_field: MaxCompletionTokens, documents: false, audio: false, json_schema: false, reasoning_replay: Dropped, stop_texts_max: Some(4)
            openai gpt-35-turbo: thinking: Never, extended_sampling: false, developer_role: false, max_tokens_field: MaxCompletionTokens, images: false, documents: false, audio: false, json_schema: false, reasoning_replay: Dropped, stop_texts_max: Some(4)
            openai gpt-oss-120b: extended_sampling: false, developer_role: false, images: false, reasoning_replay: Dropped, stop_texts_max: Some(4)
            openai olmo-3: extended_sampling: false, developer_role: false, reasoning_replay: Dropped, stop_texts_max: Some(4)
            openai deepseek-chat: extended_sampling: false, openai_options: false, developer_role: false, images: false, documents: false, json_schema: false, stop_texts_max: Some(4)
            openai kimi-k3: extended_sampling: false, openai_options: false, developer_role: false, documents: false, stop_texts_max: Some(4)
            openai claude-opus-4-6: thinking: Adaptive, extended_sampling: false, temperature_with_top_p: false, system_in_middle: false, developer_role: false, output_tokens_max: Some(128000), reasoning_replay: Dropped, prefill: false, stop_texts_max: Some(4)
            openai my-own: extended_sampling: false, developer_role: false, reasoning_replay: Dropped, stop_texts_max: Some(4)
        "#]],
    );
}

#[test]
fn geminis_think_as_their_version_does() {
    let thinking = |model| of("gemini", model).thinking;
    assert_eq!(thinking("gemini-3-pro"), ThinkingMode::Adaptive);
    assert_eq!(thinking("models/gemini-3.1-flash"), ThinkingMode::Adaptive);
    assert_eq!(thinking("gemini-2.5-flash-lite"), ThinkingMode::Budget);
    assert_eq!(thinking("gemini-2.0-flash"), ThinkingMode::Never);
    assert_eq!(thinking("gemini-flash-latest"), ThinkingMode::Any);
}

#[test]
fn models_that_see_nothing_are_known_by_name_everywhere() {
    for (vendor, model, sees) in [
        ("vllm", "meta-llama/Llama-3.3-70B-Instruct", false),
        ("vllm", "Qwen/Qwen3-Coder-30B", false),
        ("vllm", "Qwen/Qwen3-VL-8B", true),
        ("ollama", "llama3.1:8b", false),
        ("ollama", "llava-llama3.1", true),
        ("groq", "openai/gpt-oss-120b", false),
        ("openrouter", "google/gemma-4", true),
    ] {
        assert_eq!(of(vendor, model).images, sees, "{vendor} {model}");
    }
    assert!(!of("vllm", "openai/gpt-oss-20b").tool_images);
}

#[test]
fn a_server_of_ones_own_may_call_its_model_what_it_likes() {
    let plain = of("vllm", "anything");
    for name in ["claude-opus-5", "gpt-5", "o3", "gemini-2.5-pro"] {
        assert_eq!(of("vllm", name), plain, "{name}");
    }
}

proptest! {
    #[test]
    fn any_name_is_fine(
        vendor in proptest::sample::select(ALL.to_vec()),
        start in proptest::sample::select(vec!["", "claude-", "gpt-", "o", "gemini-", "ft:", "models/"]),
        rest in "\\PC{0,24}|[0-9.:/a-z-]{0,24}",
    ) {
        let takes = capabilities(vendor, &format!("{start}{rest}"));
        prop_assert!(takes.output_tokens_max.is_none_or(|most| takes.output_tokens_default <= most));
        prop_assert!(takes.images || !takes.tool_images);
        prop_assert!(vendor.id != "openai" || takes.max_tokens_field == MaxTokensField::MaxTokens
            || takes.reasoning_replay == ReasoningReplay::Dropped);
    }
}

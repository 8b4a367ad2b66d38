use expect_test::{Expect, expect};

use super::*;
use crate::registry::{ALL, find};

const OPERATIONS: [Operation; 5] =
    [Operation::Chat, Operation::Completion, Operation::Embedding, Operation::CountTokens, Operation::Other];

fn place(vendor: &Vendor) -> BaseUrl {
    BaseUrl::parse(vendor.default_base_url.unwrap_or("http://127.0.0.1:1"), vendor).expect("a base URL")
}

/// Every operation of a dialect at a vendor, by its path.
fn paths(vendor: &Vendor, dialect: DialectId) -> String {
    let path = |operation| {
        let call = Call { dialect, operation, model: "m", stream: false };
        Some(format!(" {}={}", operation.as_str(), vendor.path(&place(vendor), &call)?))
    };
    OPERATIONS.into_iter().filter_map(path).collect()
}

#[test]
fn every_vendor_serves_its_dialects_at_their_paths() {
    let mut table = String::new();
    for vendor in ALL {
        for dialect in vendor.dialects {
            writeln!(table, "{} {}:{}", vendor.id, dialect.as_str(), paths(vendor, *dialect)).expect("a string");
        }
    }
    expect![[r#"
        anthropic anthropic: chat=/v1/messages count_tokens=/v1/messages/count_tokens
        cerebras openai_chat: chat=/v1/chat/completions
        cerebras openai_completions: text_completion=/v1/completions
        deepinfra openai_chat: chat=/v1/openai/chat/completions embeddings=/v1/openai/embeddings
        deepinfra openai_completions: text_completion=/v1/openai/completions
        gemini gemini: chat=/v1beta/models/m:generateContent embeddings=/v1beta/models/m:batchEmbedContents count_tokens=/v1beta/models/m:countTokens
        gemini openai_chat: chat=/v1beta/openai/chat/completions embeddings=/v1beta/openai/embeddings
        groq openai_chat: chat=/openai/v1/chat/completions embeddings=/openai/v1/embeddings
        groq openai_responses: chat=/openai/v1/responses
        llama_cpp openai_chat: chat=/v1/chat/completions embeddings=/v1/embeddings count_tokens=/v1/chat/completions/input_tokens
        llama_cpp openai_completions: text_completion=/v1/completions
        llama_cpp openai_responses: chat=/v1/responses count_tokens=/v1/responses/input_tokens
        llama_cpp anthropic: chat=/v1/messages count_tokens=/v1/messages/count_tokens
        lm_studio openai_chat: chat=/v1/chat/completions embeddings=/v1/embeddings
        lm_studio openai_completions: text_completion=/v1/completions
        lm_studio openai_responses: chat=/v1/responses
        lm_studio anthropic: chat=/v1/messages
        mistral openai_chat: chat=/v1/chat/completions embeddings=/v1/embeddings
        ollama ollama: chat=/api/chat text_completion=/api/generate embeddings=/api/embed
        ollama openai_chat: chat=/v1/chat/completions embeddings=/v1/embeddings
        ollama openai_completions: text_completion=/v1/completions
        ollama openai_responses: chat=/v1/responses
        ollama anthropic: chat=/v1/messages
        openai openai_chat: chat=/v1/chat/completions embeddings=/v1/embeddings
        openai openai_completions: text_completion=/v1/completions
        openai openai_responses: chat=/v1/responses count_tokens=/v1/responses/input_tokens
        openrouter openai_chat: chat=/api/v1/chat/completions embeddings=/api/v1/embeddings
        openrouter openai_completions: text_completion=/api/v1/completions
        openrouter openai_responses: chat=/api/v1/responses
        openrouter anthropic: chat=/api/v1/messages
        sglang openai_chat: chat=/v1/chat/completions embeddings=/v1/embeddings
        sglang openai_completions: text_completion=/v1/completions
        sglang openai_responses: chat=/v1/responses
        sglang anthropic: chat=/v1/messages count_tokens=/v1/messages/count_tokens
        together openai_chat: chat=/v1/chat/completions embeddings=/v1/embeddings
        together openai_completions: text_completion=/v1/completions
        vllm openai_chat: chat=/v1/chat/completions embeddings=/v1/embeddings
        vllm openai_completions: text_completion=/v1/completions
        vllm openai_responses: chat=/v1/responses
        vllm anthropic: chat=/v1/messages count_tokens=/v1/messages/count_tokens
    "#]].assert_eq(&table);
}

#[test]
fn a_dialect_that_only_the_operator_knows_of_has_everybodys_paths() {
    for vendor in ALL.iter().filter(|vendor| vendor.adapter.is_none()) {
        for dialect in DialectId::ALL {
            let path = |operation| {
                let call = Call { dialect, operation, model: "m", stream: false };
                vendor.path(&place(vendor), &call)
            };
            let main = if dialect == DialectId::OpenaiCompletions { Operation::Completion } else { Operation::Chat };
            assert!(path(main).is_some(), "{} {}", vendor.id, dialect.as_str());
            assert_eq!(path(Operation::Other), None, "{} {}", vendor.id, dialect.as_str());
        }
    }
}

#[track_caller]
fn check(vendor: &str, base: &str, call: Call<'_>, expected: &Expect) {
    let vendor = find(vendor).expect("a vendor");
    let base = BaseUrl::parse(base, vendor).expect("a base URL");
    expected.assert_eq(&vendor.path(&base, &call).unwrap_or_default());
}

#[test]
fn gemini_has_model_and_stream_in_the_path() {
    let call = Call { dialect: DialectId::Gemini, operation: Operation::Chat, model: "gemini-3-pro", stream: true };
    let google = "https://generativelanguage.googleapis.com";
    check("gemini", google, call, &expect!["/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse"]);
    let listed = Call { model: "models/gemini-3-pro", stream: false, ..call };
    check("gemini", google, listed, &expect!["/v1beta/models/gemini-3-pro:generateContent"]);
    check("gemini", "http://a/v1beta/models", listed, &expect!["/v1beta/models/gemini-3-pro:generateContent"]);
    let tuned = Call { model: "tunedModels/mine", stream: false, ..call };
    check("gemini", google, tuned, &expect!["/v1beta/tunedModels/mine:generateContent"]);
    let hostile = Call { model: "../x?key=1#ü", stream: false, ..call };
    check("gemini", google, hostile, &expect!["/v1beta/models/..%2Fx%3Fkey%3D1%23%C3%BC:generateContent"]);
}

#[test]
fn ollamas_own_paths_stand_beside_the_version() {
    let call = Call { dialect: DialectId::Ollama, operation: Operation::Chat, model: "m", stream: true };
    check("ollama", "http://127.0.0.1:11434", call, &expect!["/api/chat"]);
    check("ollama", "http://chat.lan/ollama/api", call, &expect!["/ollama/api/chat"]);
    check("ollama", "http://a/v1/chat/completions", call, &expect!["/api/chat"]);
}

#[test]
fn headers_and_keys_travel_as_the_dialect_wants() {
    for vendor in ALL {
        for dialect in DialectId::ALL {
            let headers: Vec<(&str, &str)> = vendor
                .headers(dialect)
                .iter()
                .map(|(name, value)| (name.as_str(), value.to_str().expect("plain text")))
                .collect();
            let expected: &[_] =
                if dialect == DialectId::Anthropic { &[("anthropic-version", "2023-06-01")] } else { &[] };
            assert_eq!(headers, expected);
        }
    }
    let auth = |vendor: &str, dialect| find(vendor).expect("a vendor").auth_of(dialect);
    assert_eq!(auth("gemini", DialectId::Gemini), AuthStyle::Header("x-goog-api-key"));
    assert_eq!(auth("gemini", DialectId::OpenaiChat), AuthStyle::Bearer);
    assert_eq!(auth("anthropic", DialectId::Anthropic), AuthStyle::Header("x-api-key"));
    assert_eq!(auth("openrouter", DialectId::Anthropic), AuthStyle::Bearer);
}

#[test]
fn a_tokeniser_stands_beside_the_version() {
    for (url, path) in
        [("http://h:1", "/tokenize"), ("http://h:1/gpu/v1/", "/gpu/tokenize"), ("http://h:1/v4", "/v4/tokenize")]
    {
        let vendor = find("vllm").expect("a vendor");
        let base = BaseUrl::parse(url, vendor).expect(url);
        assert_eq!(vendor.path_beside(&base, "/tokenize"), path, "{url}");
    }
}

use proptest::prelude::*;

use super::*;

fn check(body: &str, expected: &[(&str, Option<u64>)]) {
    let listed = parse_model_list(body.as_bytes()).expect(body);
    let short: Vec<_> = listed.iter().map(|model| (model.id.as_str(), model.context_window)).collect();
    assert_eq!(short, expected, "{body}");
}

#[test]
fn every_vendors_list_is_read() {
    for (body, expected) in [
        // OpenAI
        (
            r#"{"object":"list","data":[{"id":"gpt-5","object":"model","created":1,"owned_by":"openai"}]}"#,
            [("gpt-5", None)],
        ),
        // vLLM, SGLang
        (
            r#"{"data":[{"id":"Qwen/Qwen3-8B","owned_by":"vllm","max_model_len":40960}]}"#,
            [("Qwen/Qwen3-8B", Some(40_960))],
        ),
        // Together
        (r#"[{"id":"a/b","type":"chat","context_length":131072}]"#, [("a/b", Some(131_072))]),
        // DeepInfra
        (r#"{"data":[{"id":"a/b","metadata":{"context_length":163840}}]}"#, [("a/b", Some(163_840))]),
        // Groq
        (r#"{"data":[{"id":"llama","active":true,"context_window":131072}]}"#, [("llama", Some(131_072))]),
        // OpenRouter
        (
            r#"{"data":[{"id":"a/b","context_length":null,"top_provider":{"context_length":8192}}]}"#,
            [("a/b", Some(8_192))],
        ),
        // llama.cpp
        (
            r#"{"models":[{"name":"x","model":"x"}],"data":[{"id":"models/x.gguf","owned_by":"llamacpp","meta":{"n_ctx_train":4096}}]}"#,
            [("models/x.gguf", Some(4_096))],
        ),
        // Ollama
        (r#"{"models":[{"name":"qwen3:8b","model":"qwen3:8b","digest":"d"}]}"#, [("qwen3:8b", None)]),
        // Gemini, compatible and native
        (
            r#"{"object":"list","data":[{"id":"models/gemini-3-flash","owned_by":"google"}]}"#,
            [("gemini-3-flash", None)],
        ),
        (
            r#"{"models":[{"name":"models/gemini-3-flash","inputTokenLimit":1048576}]}"#,
            [("gemini-3-flash", Some(1_048_576))],
        ),
        // Anthropic
        (
            r#"{"data":[{"type":"model","id":"claude","max_input_tokens":200000}],"has_more":false}"#,
            [("claude", Some(200_000))],
        ),
        // Others
        (r#"{"data":[{"id":"a","context_length":"32768"}]}"#, [("a", Some(32_768))]),
        (r#"{"data":[{"id":"a","limit":{"context":1000.0}}]}"#, [("a", Some(1_000))]),
        (r#"{"data":[{"id":"a","context_length":0,"meta":{"n_ctx":-5}}]}"#, [("a", None)]),
        (r#"{"data":[{"id":"a","context_length":1.5}]}"#, [("a", None)]),
        // Together's second catalogue, Open WebUI, Ollama of late
        (r#"[{"id":"a","contextLength":"8192"}]"#, [("a", Some(8_192))]),
        (r#"{"data":[{"id":"a","openai":{"max_model_len":4096}}]}"#, [("a", Some(4_096))]),
        (r#"{"models":[{"name":"a","details":{"context_length":2048}}]}"#, [("a", Some(2_048))]),
        (r#"["a"]"#, [("a", None)]),
    ] {
        check(body, &expected);
    }
}

#[test]
fn a_server_of_one_model_says_what_a_slot_takes() {
    let props = br#"{"default_generation_settings":{"n_ctx":4096,"params":{}},"total_slots":4}"#;
    assert_eq!(parse_window(props), Some(4_096));
    for body in ["", "[]", "{}", r#"{"default_generation_settings":{"n_ctx":0}}"#] {
        assert_eq!(parse_window(body.as_bytes()), None, "{body}");
    }
}

#[test]
fn an_entry_is_kept_whole() {
    let body = br#"{"data":[{"id":"a","created":1700000000,"owned_by":"me","max_model_len":10,"context_length":20}]}"#;
    let expected = ListedModel {
        id: "a".to_owned(),
        context_window: Some(10),
        created: Some(1_700_000_000),
        owned_by: Some("me".to_owned()),
    };
    assert_eq!(parse_model_list(body), Ok(vec![expected]));
}

#[test]
fn entries_without_a_usable_name_and_repetitions_are_left_out() {
    let long = "x".repeat(ID_BYTES_MAX + 1);
    check(
        &format!(
            r#"{{"data":[{{}},7,null,{{"id":""}},{{"id":"a\n"}},{{"id":"{long}"}},{{"id":"b"}},{{"id":"b"}},"b"]}}"#
        ),
        &[("b", None)],
    );
    check(r#"{"data":[]}"#, &[]);
}

#[test]
fn a_list_without_end_is_cut() {
    let ids: Vec<String> = (0..MODELS_MAX + 5).map(|number| format!("\"m{number}\"")).collect();
    let listed = parse_model_list(format!("[{}]", ids.join(",")).as_bytes()).expect("a list");
    assert_eq!(listed.len(), MODELS_MAX);
}

#[test]
fn what_is_no_list_is_refused() {
    for (body, error) in [
        ("", ModelListError::NotJson),
        ("<html>", ModelListError::NotJson),
        ("{}", ModelListError::NotAList),
        (r#"{"data":{}}"#, ModelListError::NotAList),
        ("7", ModelListError::NotAList),
    ] {
        assert_eq!(parse_model_list(body.as_bytes()), Err(error), "{body}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_model_list(&body);
    }

    #[test]
    fn any_json_like_text_is_read_or_refused(body in r#"\{"(data|models)":\[(\{"(id|name|context_length)":("a"|-?[0-9]{1,25}|1e[0-9]{1,3}|\{\})\},?){0,3}\]\}"#) {
        let _ = parse_model_list(body.as_bytes());
    }
}

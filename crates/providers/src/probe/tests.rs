use super::*;

/// Asks a server that answers these paths, and 404 elsewhere; the id of who was found, or how it ended.
fn ask(answers: &[(&str, u16, &str)]) -> &'static str {
    for step in steps() {
        let (status, body) = answers
            .iter()
            .find(|(path, ..)| *path == step.path)
            .map_or((404, r#"{"detail":"Not Found"}"#), |(_, status, body)| (*status, *body));
        match verdict(step, status, body.as_bytes()) {
            Verdict::Found(vendor) => return vendor.id,
            Verdict::NeedsKey => return "needs key",
            Verdict::Unknown => {}
        }
    }
    "unknown"
}

const VLLM_LIST: &str = r#"{"object":"list","data":[{"id":"q","object":"model","owned_by":"vllm","max_model_len":8}]}"#;
const OLLAMA_LIST: &str = r#"{"object":"list","data":[{"id":"q","object":"model","owned_by":"library"}]}"#;
const OLLAMA_TEXT: (&str, u16, &str) = ("/", 200, "Ollama is running");
const SGLANG_INFO: &str = r#"{"model_path":"Qwen/Qwen3-8B","tokenizer_path":"Qwen/Qwen3-8B","is_generation":true}"#;

#[test]
fn every_server_is_told_by_its_own_answers() {
    assert_eq!(
        ask(&[
            ("/props", 200, r#"{"default_generation_settings":{"n_ctx":4096},"total_slots":1,"model_path":"m"}"#),
            ("/v1/models", 200, r#"{"object":"list","data":[{"id":"m","object":"model","owned_by":"llamacpp"}]}"#),
        ]),
        "llama_cpp"
    );
    assert_eq!(ask(&[("/v1/models", 200, VLLM_LIST)]), "vllm");
    assert_eq!(ask(&[("/model_info", 200, SGLANG_INFO)]), "sglang");
    assert_eq!(ask(&[("/get_model_info", 200, SGLANG_INFO)]), "sglang");
    assert_eq!(ask(&[OLLAMA_TEXT, ("/v1/models", 200, OLLAMA_LIST)]), "ollama");
    assert_eq!(
        ask(&[
            ("/", 200, r#"{"error":"Unexpected endpoint or method. (GET /)"}"#),
            (
                "/v1/models",
                200,
                r#"{"object":"list","data":[{"id":"q","object":"model","owned_by":"organization_owner"}]}"#
            ),
            (
                "/api/v0/models",
                200,
                r#"{"object":"list","data":[{"id":"q","object":"model","type":"llm","state":"loaded","max_context_length":8}]}"#,
            ),
        ]),
        "lm_studio"
    );
    assert_eq!(ask(&[("/v1/models", 200, OLLAMA_LIST)]), "openai");
}

#[test]
fn an_sglang_that_answers_ollamas_paths_is_not_taken_for_ollama() {
    let unnamed = r#"{"object":"list","data":[{"id":"q","object":"model","owned_by":"someone"}]}"#;
    assert_eq!(ask(&[OLLAMA_TEXT, ("/v1/models", 200, unnamed), ("/model_info", 200, SGLANG_INFO)]), "sglang");
    assert_eq!(ask(&[OLLAMA_TEXT, ("/v1/models", 401, "")]), "needs key");
}

#[test]
fn a_stranger_is_left_alone() {
    let everywhere = |status, body| steps().iter().map(|step| (step.path, status, body)).collect::<Vec<_>>();
    for (status, body) in [
        (200, "<!doctype html><title>My app</title>"),
        (200, ""),
        (200, "{}"),
        (200, "[]"),
        (200, "null"),
        (200, r#"{"status":"ok"}"#),
        (200, r#"{"data":[]}"#),
        (200, r#"{"data":[{"id":1,"name":"a user"}]}"#),
        (200, r#"{"version":"0.6.0"}"#),
        (301, ""),
        (500, VLLM_LIST),
        (404, OLLAMA_TEXT.2),
    ] {
        assert_eq!(ask(&everywhere(status, body)), "unknown", "{status} {body}");
    }
    assert_eq!(ask(&everywhere(401, "{}")), "needs key");
    // Open WebUI on 8080: a page on every path, and a version.
    let mut page = everywhere(200, "<!doctype html>");
    page.push(("/api/version", 200, r#"{"version":"0.6.0"}"#));
    assert_eq!(ask(&page), "unknown");
}

#[test]
fn the_ports_are_those_of_local_servers() {
    let mut ports: Vec<_> = ports().map(|(port, vendor)| (port, vendor.id)).collect();
    ports.sort_unstable();
    let expected = [(1234, "lm_studio"), (8000, "vllm"), (8080, "llama_cpp"), (11434, "ollama"), (30000, "sglang")];
    assert_eq!(ports, expected);
}

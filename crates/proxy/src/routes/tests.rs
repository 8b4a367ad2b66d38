use super::*;

#[expect(clippy::needless_pass_by_value, reason = "a table reads better without ampersands")]
fn check(method: Method, path: &str, expected: Route<'_>) {
    assert_eq!(find(&method, path), expected, "{method} {path}");
}

fn model<'a>(dialect: DialectId, operation: Operation, path: &'a str, form: Form<'a>) -> Route<'a> {
    Route::Model(Surface { dialect, operation, path, form })
}

#[test]
fn the_same_paths_work_under_every_prefix() {
    for prefix in ["", "/v1", "/openai/v1", "/v1/v1"] {
        let at = |path: &str| format!("{prefix}{path}");
        let chat = model(DialectId::OpenaiChat, Operation::Chat, "/chat/completions", Form::Plain);
        check(Method::POST, &at("/chat/completions"), chat);
        let forced = model(DialectId::OpenaiChat, Operation::Chat, "/chat/completions", Form::Streamed);
        check(Method::POST, &at("/chat/completions/stream"), forced);
        let completion = model(DialectId::OpenaiCompletions, Operation::Completion, "/completions", Form::Plain);
        check(Method::POST, &at("/completions"), completion);
        let responses = model(DialectId::OpenaiResponses, Operation::Chat, "/responses", Form::Plain);
        check(Method::POST, &at("/responses"), responses);
        let messages = model(DialectId::Anthropic, Operation::Chat, "/messages", Form::Plain);
        check(Method::POST, &at("/messages"), messages);
        check(
            Method::POST,
            &at("/embeddings"),
            model(DialectId::OpenaiChat, Operation::Embedding, "/embeddings", Form::Plain),
        );
        check(Method::POST, &at("/rerank"), model(DialectId::OpenaiChat, Operation::Other, "/rerank", Form::Plain));
        check(Method::GET, &at("/models"), Route::ModelList);
        check(Method::HEAD, &at("/models"), Route::ModelList);
        check(Method::GET, &at("/models/org/name"), Route::ModelEntry("org/name"));
        check(Method::GET, &at("/health/detailed"), Route::Detailed);
    }
}

#[test]
fn a_known_path_with_another_method_says_which_would_do() {
    check(Method::GET, "/v1/chat/completions", Route::WrongMethod("POST, OPTIONS"));
    check(Method::DELETE, "/v1/models", Route::WrongMethod("GET, HEAD, OPTIONS"));
    check(Method::OPTIONS, "/v1/anything", Route::Preflight);
}

#[test]
fn paths_that_could_leave_the_base_are_not_handed_on() {
    for path in ["/v1/../admin", "/v1/a/%2E%2e/b", "/v1/a//b", "/v1/a\\b", "/v1/a%2fb", "/api/pull"] {
        check(Method::POST, path, Route::Nothing);
    }
    check(Method::GET, "/v1/files", Route::Nothing);
    check(Method::POST, "/v1x/chat", model(DialectId::OpenaiChat, Operation::Other, "/v1x/chat", Form::Plain));
}

#[test]
fn the_admin_api_has_its_paths_to_itself() {
    for method in [Method::GET, Method::POST, Method::DELETE, Method::OPTIONS] {
        check(method.clone(), "/api/v1/explain", Route::Admin);
        check(method, "/api/v1", Route::Admin);
    }
    for path in ["/key/generate", "/key/info", "/spend/logs", "/model/info", "/v1/model/info"] {
        check(Method::GET, path, Route::Admin);
    }
    for path in ["/ui", "/ui/", "/ui/assets/a.js", "/ui/../v1/x", "/favicon.ico"] {
        check(Method::GET, path, Route::Admin);
        check(Method::POST, path, Route::Admin);
    }
    check(Method::GET, "/uis", Route::Nothing);
    check(Method::GET, "/keys", Route::Nothing);
    check(Method::POST, "/api/v1x/explain", Route::Nothing);
    check(Method::OPTIONS, "/api/chat", Route::Preflight);
}

#[test]
fn the_playground_has_the_paths_of_models_and_no_others() {
    let chat = Surface {
        dialect: DialectId::OpenaiChat,
        operation: Operation::Chat,
        path: "/chat/completions",
        form: Form::Plain,
    };
    check(Method::POST, "/api/v1/playground/v1/chat/completions", Route::Played(chat));
    check(Method::POST, "/api/v1/playground", Route::Admin);
    let ollama = Surface { dialect: DialectId::Ollama, path: "/api/chat", ..chat };
    check(Method::POST, "/api/v1/playground/api/chat", Route::Played(ollama));
    for path in ["", "/v1/models", "/key/info", "/api/v1/session", "/api/v1/playground/v1/chat/completions", "s"] {
        let path = format!("/api/v1/playground/{}", path.trim_start_matches('/'));
        assert!(!matches!(find(&Method::GET, &path), Route::Played(_) | Route::Model(_)), "{path}");
    }
    check(Method::POST, "/api/v1/playgrounds/v1/chat/completions", Route::Admin);
}

#[test]
fn other_dialects_have_their_own_paths() {
    let generate = model(DialectId::Ollama, Operation::Chat, "/api/generate", Form::Generate);
    check(Method::POST, "/api/generate", generate);
    check(Method::GET, "/api/chat", Route::WrongMethod(POST));
    check(Method::HEAD, "/api/tags", Route::Ollama(OllamaQuestion::Tags));
    check(Method::POST, "/api/show", Route::Ollama(OllamaQuestion::Show));
    let stream = Form::InPath { model: "org%2Fm:tag", stream: true };
    let path = "/org%2Fm:tag:streamGenerateContent";
    check(
        Method::POST,
        "/v1beta/models/org%2Fm:tag:streamGenerateContent",
        model(DialectId::Gemini, Operation::Chat, path, stream),
    );
    check(Method::GET, "/v1beta/models", Route::GeminiModelList);
    check(Method::GET, "/v1beta/models/m", Route::GeminiModelEntry("m"));
    check(Method::POST, "/v1beta/models/m:tune", Route::Nothing);
}

#[test]
fn stored_responses_are_shown_forgotten_and_stopped() {
    let count = "/responses/input_tokens";
    let counted = model(DialectId::OpenaiResponses, Operation::CountTokens, count, Form::Plain);
    check(Method::POST, "/v1/responses/input_tokens", counted);
    check(Method::GET, "/v1/responses/input_tokens", Route::WrongMethod(POST));
    let stored = |what| Route::StoredResponse(StoredResponse { id: "resp_1", what });
    check(Method::GET, "/v1/responses/resp_1", stored(StoredResponseCall::Get));
    check(Method::DELETE, "/v1/responses/resp_1", stored(StoredResponseCall::Delete));
    check(Method::POST, "/v1/responses/resp_1/cancel", stored(StoredResponseCall::Cancel));
    check(Method::GET, "/v1/responses/resp_1/input_items", stored(StoredResponseCall::InputItems));
    check(Method::POST, "/v1/responses/resp_1", Route::WrongMethod("GET, HEAD, DELETE, OPTIONS"));
    check(Method::GET, "/v1/responses", Route::Upgrade);
    check(Method::GET, "/v1/responses/", Route::Nothing);
}

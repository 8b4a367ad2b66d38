//! Models and providers as model-proxy v2's files had them, bundles, and its sign-in.

use expect_test::expect;

use super::*;

#[tokio::test]
async fn models_and_providers_are_written_as_their_files_were() {
    let desk = desk();
    let provider = json!({
        "name": "cerebras",
        "api_keys": {"env_var_patterns": ["SECOND_KEY"]},
        "endpoints": {"base_url": "https://api.cerebras.ai/v1", "completions": "/chat/completions"},
        "authentication": {"type": "bearer"},
        "error_handling": {"429": {"action": "model_key_failure"}},
    });
    let (status, made) = desk.ask(("POST", "/v1/admin/config/providers/cerebras"), provider).await;
    assert_eq!((status, &made["provider"]["api_keys"]), (201, &json!({"env_var_patterns": ["SECOND_KEY"]})), "{made}");
    let model = json!({
        "logical_name": "slow", "timeout_seconds": 60, "default_cooldown_seconds": 30, "context_window": 131072,
        "model_routings": [{"provider": "fast", "model": "m-1"}, {"provider": "cerebras", "model": "zai-glm-4.7"}],
        "fallback_model_routings": ["turbo"],
    });
    let (status, made) = desk.ask(("POST", "/v1/admin/config/models/slow"), model.clone()).await;
    assert_eq!((status, &made["model"]), (201, &model), "{made}");
    assert_eq!(desk.get("/v1/admin/config/models/slow").await["model"], model);
    let changed = desk.done(("PATCH", "/v1/admin/config/models/turbo"), json!({"timeout_seconds": 120})).await;
    assert_eq!(changed["model"]["timeout_seconds"], 120);
    desk.says(&expect![[r##"
        # The office's. Ask Ada.
        [admin]
        token = "canary-4f1d"
        viewer_tokens = ["viewer-4f1d"]

        [providers.fast] # bought in May
        type = "vllm"
        base_url = "http://127.0.0.1:9/v1"
        keys = ["sk-canary-77", "${OTHER}"]
        drain_timeout = "1m"

        [providers.cerebras]
        type = "cerebras"
        base_url = "https://api.cerebras.ai/v1"
        keys = ["${SECOND_KEY}"]
        errors = { 429 = "model_key_failure" }

        [models.turbo]
        targets = [{ provider = "fast", model = "m-1", weight = 3, timeout = "120s" }]

        [models.slow]
        targets = [
          { provider = "fast", model = "m-1", timeout = "60s", cooldown = "30s" },
          { provider = "cerebras", model = "zai-glm-4.7", priority = 1, timeout = "60s", cooldown = "30s" },
        ]
        context_window = 131072
        fallbacks = ["turbo"]
    "##]]);
    desk.done(("DELETE", "/v1/admin/config/models/slow"), Value::Null).await;
    let names = desk.get("/v1/admin/config/models").await["models"].clone();
    assert_eq!(names, json!([{"logical_name": "turbo", "path": "models.turbo", "modified_at": null}]));
    let (_, said) = desk.ask(("GET", "/v1/admin/config/env"), Value::Null).await;
    let named: Vec<&str> =
        said["entries"].as_array().into_iter().flatten().filter_map(|it| it["key"].as_str()).collect();
    assert_eq!(named, ["OTHER", "SECOND_KEY"]);
    assert_eq!(desk.ask(("PUT", "/v1/admin/config/env"), json!({"entries": []})).await.0, 409);
}

#[tokio::test]
async fn a_bundle_is_looked_at_and_taken() {
    let desk = desk();
    let bundle = desk.get("/v1/admin/config/export").await;
    assert_eq!((&bundle["version"], &bundle["metadata"]["total_models"]), (&json!("1.0.0"), &json!(1)));
    assert_eq!(bundle["setup"]["api_keys"], json!({"fast": [{"env_var": "OTHER", "value": ""}]}));
    let (import, dry) = ("/v1/admin/config/import", "/v1/admin/config/import?dry_run=true");
    let same = desk.done(("POST", import), bundle.clone()).await;
    assert_eq!(same["providers"], json!({"add": [], "overwrite": [], "unchanged": ["fast"], "errors": []}), "{same}");
    assert_eq!(
        (&same["applied"], &desk.kept.now().text),
        (&json!({"providers": 0, "models": 0, "env": 0}), &DOCUMENT.to_owned())
    );
    let mut other = bundle;
    other["setup"]["models"][0]["timeout_seconds"] = json!(30);
    let more = json!({"logical_name": "more", "model_routings": [{"provider": "fast", "model": "m"}]});
    other["setup"]["models"].as_array_mut().expect("a list").extend([more, json!({"timeout_seconds": 1})]);
    other["setup"]["environment"] = json!({"GROQ_API_KEY": "sk-canary-77"});
    let seen = desk.done(("POST", dry), other.clone()).await;
    let errors = json!([{"name": "<missing-logical_name>", "error": "`logical_name` is missing"}]);
    let expected = json!({"add": ["more"], "overwrite": ["turbo"], "unchanged": [], "errors": errors});
    assert_eq!((&seen["models"], &seen["env"]["skipped"]), (&expected, &json!(["GROQ_API_KEY"])));
    assert_eq!(desk.kept.now().text, DOCUMENT, "a dry run changes nothing");
    let strict = json!({"bundle": other, "options": {"strict": true}});
    assert_eq!(desk.done(("POST", import), strict).await["aborted"], true);
    let kept = json!({"bundle": other, "options": {"conflict_policy": "skip", "sections": {"providers": false}}});
    let taken = desk.done(("POST", import), kept).await;
    assert_eq!((&taken["models"], &taken["applied"]["models"]), (&expected, &json!(1)));
    desk.says(&expect![[r##"
        # The office's. Ask Ada.
        [admin]
        token = "canary-4f1d"
        viewer_tokens = ["viewer-4f1d"]

        [providers.fast] # bought in May
        type = "vllm"
        base_url = "http://127.0.0.1:9/v1"
        keys = ["sk-canary-77", "${OTHER}"]
        drain_timeout = "1m"

        [models.turbo]
        targets = [{ provider = "fast", model = "m-1", weight = 3, timeout = "20s" }]

        [models.more]
        targets = [{ provider = "fast", model = "m" }]
    "##]]);
}

#[tokio::test]
async fn one_signs_in_with_a_key_as_there() {
    let desk = desk();
    let (status, headers, said) = desk.send(("GET", "/v1/admin/auth/status"), &[], "").await;
    assert_eq!((status, said), (401, json!({"authenticated": false})));
    assert!(headers.contains_key("www-authenticate"));
    let known = [("x-api-key", "canary-4f1d")];
    assert_eq!(desk.send(("GET", "/v1/admin/auth/status"), &known, "").await.2, json!({"authenticated": true}));
    assert_eq!(
        desk.send(("GET", "/api/admin/endpoints"), &known, "").await.0,
        401,
        "the other gateway took none there"
    );
    let login = async |key: &str| {
        desk.send(("POST", "/v1/admin/auth/login"), &[JSON], &json!({"api_key": key}).to_string()).await
    };
    assert_eq!(login("nobody's").await.2, json!({"authenticated": false}));
    let (status, headers, said) = login("viewer-4f1d").await;
    assert_eq!((status, &said["authenticated"]), (200, &json!(true)));
    let cookie = headers["set-cookie"].to_str().expect("text");
    assert!(cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
    let page = [("cookie", cookie.split(';').next().expect("a pair"))];
    assert_eq!(desk.send(("GET", "/v1/admin/config/models"), &page, "").await.0, 200);
    let (status, _, said) = desk.send(("DELETE", "/v1/admin/config/models/turbo"), &page, "").await;
    assert_eq!((status, &said["title"]), (403, &json!("another role is needed")));
    let page = [page[0], JSON];
    assert_eq!(desk.send(("POST", "/v1/admin/auth/logout"), &page, "").await.2, json!({"success": true}));
    assert_eq!(desk.send(("GET", "/v1/admin/auth/status"), &page, "").await.0, 401);
}

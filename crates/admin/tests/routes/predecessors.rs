//! The admin APIs of serverless_proxy and model-proxy v2, over one document of ours.

use expect_test::{Expect, expect};

use super::*;

const DOCUMENT: &str = "# The office's. Ask Ada.\n[admin]\ntoken = \"canary-4f1d\"\nviewer_tokens = [\"viewer-4f1d\"]\n\n\
     [providers.fast] # bought in May\ntype = \"vllm\"\nbase_url = \"http://127.0.0.1:9/v1\"\nkeys = [\"sk-canary-77\", \"${OTHER}\"]\n\
     drain_timeout = \"1m\"\n\n\
     [models.turbo]\ntargets = [{ provider = \"fast\", model = \"m-1\", weight = 3, timeout = \"20s\" }]\n";
const ADMIN: &str = "Bearer canary-4f1d";
const VIEWER: &str = "Bearer viewer-4f1d";

/// An admin API over one document, which is in force as it is.
struct Desk {
    admin: Admin,
    kept: Kept,
}

fn desk() -> Desk {
    let admin = Admin::new(Arc::new(Accounts::default()), Arc::new(accounts::Nobody), Unasked::Never);
    Desk { admin, kept: Kept::new(DOCUMENT) }
}

impl Desk {
    async fn send(&self, line: (&str, &str), headers: &[(&str, &str)], body: &str) -> (u16, http::HeaderMap, Value) {
        let plane = Process(snapshot(&self.kept.now().text), self.kept.clone());
        let response = self.admin.answer(Arc::new(plane), PEER, request(line, headers, body.to_owned())).await;
        let (head, body) = response.into_parts();
        let text = to_bytes(body, 1 << 20).await.expect("a body");
        assert!(!String::from_utf8_lossy(&text).contains("sk-canary-77"), "a key is shown");
        (head.status.as_u16(), head.headers, serde_json::from_slice(&text).unwrap_or_default())
    }

    async fn ask(&self, line: (&str, &str), body: Value) -> (u16, Value) {
        let (status, _, said) = self.send(line, &[("authorization", ADMIN), JSON], &body.to_string()).await;
        (status, said)
    }

    async fn get(&self, path: &str) -> Value {
        let (status, said) = self.ask(("GET", path), Value::Null).await;
        assert_eq!(status, 200, "{path}: {said}");
        said
    }

    async fn done(&self, line: (&str, &str), body: Value) -> Value {
        let (status, said) = self.ask(line, body).await;
        assert!((200..300).contains(&status), "{line:?}: {said}");
        said
    }

    /// What has become of the document.
    fn says(&self, expected: &Expect) {
        expected.assert_eq(&self.kept.now().text);
    }
}

/// The value of a field in the row of a name.
fn of<'a>(rows: &'a Value, name: &str, field: &str) -> &'a Value {
    let rows = rows.as_array().expect("rows");
    let named = |row: &&Value| row["name"] == name || row["pattern_name"] == name;
    &rows.iter().find(named).unwrap_or_else(|| panic!("no {name} in {rows:?}"))[field]
}

#[tokio::test]
async fn endpoints_are_providers() {
    let desk = desk();
    let rows = desk.get("/api/admin/endpoints").await;
    assert_eq!(*of(&rows, "fast", "endpoint_type"), "vllm");
    assert_eq!(*of(&rows, "fast", "api_key"), "••••••••");
    let made =
        json!({"name": "My Ollama", "url": "http://127.0.0.1:11434", "endpoint_type": "ollama", "priority": "5"});
    let made = desk.done(("POST", "/api/admin/endpoints"), made).await;
    assert_eq!(made["status"], "ok");
    let rows = desk.get("/endpoints").await;
    assert_eq!((of(&rows, "My-Ollama", "id"), of(&rows, "My-Ollama", "enabled")), (&made["id"], &json!(1)));
    // A form sends all that it was shown.
    let shown = rows.as_array().expect("rows").iter().find(|row| row["name"] == "fast").expect("it").clone();
    let fast = format!("/endpoints/{}", shown["id"]);
    let before = desk.kept.now().text;
    desk.done(("PUT", &fast), shown.clone()).await;
    assert_eq!(desk.kept.now().text, before, "nothing has changed");
    let mut changed = shown;
    (changed["url"], changed["enabled"]) = (json!("http://127.0.0.1:10/v1"), json!(false));
    desk.done(("PUT", &fast), changed).await;
    desk.says(&expect![[r##"
        # The office's. Ask Ada.
        [admin]
        token = "canary-4f1d"
        viewer_tokens = ["viewer-4f1d"]

        [providers.fast] # bought in May
        type = "vllm"
        base_url = "http://127.0.0.1:10/v1"
        keys = ["sk-canary-77", "${OTHER}"]
        drain_timeout = "1m"
        enabled = false

        [providers.My-Ollama]
        type = "ollama"
        base_url = "http://127.0.0.1:11434"

        [models.turbo]
        targets = [{ provider = "fast", model = "m-1", weight = 3, timeout = "20s" }]
    "##]]);
}

#[tokio::test]
async fn an_endpoint_is_renamed_with_all_that_leads_to_it_and_goes_with_its_models() {
    let desk = desk();
    let id = of(&desk.get("/api/admin/endpoints").await, "fast", "id").clone();
    let renamed = json!({"name": "faster", "api_key": "sk-new"});
    let id = desk.done(("PUT", &format!("/api/admin/endpoints/{id}")), renamed).await["id"].clone();
    desk.says(&expect![[r##"
        # The office's. Ask Ada.
        [admin]
        token = "canary-4f1d"
        viewer_tokens = ["viewer-4f1d"]

        [providers.faster] # bought in May
        type = "vllm"
        base_url = "http://127.0.0.1:9/v1"
        keys = ["sk-new", "${OTHER}"]
        drain_timeout = "1m"

        [models.turbo]
        targets = [{ provider = "faster", model = "m-1", weight = 3, timeout = "20s" }]
    "##]]);
    desk.done(("DELETE", &format!("/endpoints/{id}/delete")), Value::Null).await;
    desk.says(&expect![[r##"
        # The office's. Ask Ada.
        [admin]
        token = "canary-4f1d"
        viewer_tokens = ["viewer-4f1d"]
    "##]]);
}

#[tokio::test]
async fn virtual_models_are_models() {
    let desk = desk();
    let endpoint = of(&desk.get("/api/admin/endpoints").await, "fast", "id").clone();
    let wanted = json!({
        "name": "gpt-4", "endpoint_id": endpoint.to_string(), "actual_model": "llama3:70b", "description": "",
        "cost_per_1m_tokens_in": 0.5, "cost_per_1m_tokens_out": 1.5, "cost_per_1m_tokens_in_cached": 0,
        "disable_streaming": false, "custom_headers": "{\"x-team\": \"a\"}", "enabled": true, "max_tokens": 512,
        "temperature": 0, "top_p": 1.0, "system_prompt": "", "show_reasoning": false,
    });
    let made = desk.done(("POST", "/virtual-models"), wanted).await;
    let rows = desk.get("/api/admin/virtual-models").await;
    assert_eq!(*of(&rows, "gpt-4", "id"), made["id"]);
    assert_eq!(*of(&rows, "gpt-4", "endpoint_name"), "fast-gpt-4");
    assert_eq!(*of(&rows, "gpt-4", "max_tokens"), 512);
    assert_eq!(*of(&rows, "turbo", "endpoint_id"), endpoint);
    let turbo = of(&rows, "turbo", "id");
    let change = json!({"actual_model": "m-2", "enabled": 0, "cost_per_1m_tokens_in": 3, "description": "lost"});
    let told = desk.done(("PUT", &format!("/virtual-models/{turbo}")), change).await;
    assert_eq!(told["notes"], json!(["description: a model has no description"]));
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

        [providers.fast-gpt-4]
        type = "vllm"
        base_url = "http://127.0.0.1:9/v1"
        keys = ["sk-canary-77", "${OTHER}"]
        drain_timeout = "1m"
        headers = { x-team = "a" }

        [models.turbo]
        targets = [{ provider = "fast", model = "m-2", weight = 3, timeout = "20s" }]
        price = { input = 3.0, output = 0.0 }
        enabled = false

        [models.gpt-4]
        targets = [{ provider = "fast-gpt-4", model = "llama3:70b", default = { max_tokens = 512 } }]
        price = { input = 0.5, output = 1.5 }
        show_reasoning = false
    "##]]);
    desk.done(("GET", &format!("/virtual-models/{turbo}/delete")), Value::Null).await;
    assert_eq!(desk.get("/api/admin/virtual-models").await.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn tool_patterns_have_three_ways_in() {
    let desk = desk();
    let wanted = json!({
        "pattern_name": "execute", "pattern_type": "bracket", "regex_pattern": r"\[EXECUTE:(\w+):([^\]]+)\]$",
        "tool_name_group": 1, "tool_name_mapping": "{\"EXECUTE\": \"bash\"}", "parameter_mapping": {"2": "command"},
        "priority": 95, "enabled": true,
    });
    let id = desk.done(("POST", "/api/admin/tool-patterns"), wanted).await["id"].clone();
    let rows = desk.get("/tool-patterns").await;
    assert_eq!((of(&rows, "execute", "id"), of(&rows, "execute", "pattern_type")), (&id, &json!("bracket")));
    assert_eq!(*of(&rows, "execute", "parameter_mapping"), r#"{"2":"command"}"#);
    desk.done(("PUT", &format!("/endpoints/patterns/{id}")), json!({"enabled": false})).await;
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

        [[patterns]]
        name = "execute"
        regex = "\\[EXECUTE:(\\w+):([^\\]]+)\\](?:\\n?\\z)"
        priority = 95
        tool_name_group = 1
        tool_name_mapping = { EXECUTE = "bash" }
        parameter_mapping = { 2 = "command" }
        enabled = false
    "##]]);
    desk.done(("DELETE", &format!("/tool-patterns/{id}")), Value::Null).await;
    assert_eq!(desk.get("/endpoints/patterns").await, json!([]));
}

#[tokio::test]
async fn what_is_wrong_is_told_in_their_words() {
    let desk = desk();
    let nobody = desk.send(("GET", "/api/admin/endpoints"), &[], "").await;
    assert_eq!((nobody.0, &nobody.2["error"]), (401, &json!("Unauthorized")));
    let nobody = desk.send(("GET", "/v1/admin/logs"), &[], "").await;
    assert_eq!((nobody.0, &nobody.2["error"]["type"]), (401, &json!("authentication_error")));
    for (line, body, status, error) in [
        (("POST", "/endpoints"), json!({}), 400, "No data provided"),
        (("POST", "/endpoints"), json!({"name": "x"}), 400, "`url` is missing"),
        (
            ("POST", "/endpoints"),
            json!({"name": "fast", "url": "http://127.0.0.1:1"}),
            409,
            "there is an endpoint \"fast\" already",
        ),
        (
            ("POST", "/endpoints"),
            json!({"name": "x", "url": "http://127.0.0.1:1", "api_key": "••••••••abcd"}),
            400,
            "`providers.x.keys[0]` is a mask, and it is not clear of which secret; write the secret itself",
        ),
        (("PUT", "/endpoints/7"), json!({"name": "x"}), 404, "Endpoint not found"),
        (("DELETE", "/endpoints/x/delete"), json!({}), 404, "Endpoint not found"),
        (
            ("POST", "/virtual-models"),
            json!({"name": "x", "endpoint_id": 7, "actual_model": "m"}),
            404,
            "Endpoint not found",
        ),
        (("PUT", "/virtual-models/7"), json!({"name": "x"}), 404, "Virtual model not found"),
        (("POST", "/tool-patterns"), json!({"pattern_name": "x"}), 400, "`regex_pattern` is missing"),
        (("GET", "/v1/admin/config/models/x"), json!({}), 404, "Model config 'x' not found"),
        (("DELETE", "/v1/admin/config/providers/x"), json!({}), 404, "Not found"),
        (("PATCH", "/v1/admin/config/models/x"), json!({}), 404, "Model config 'x' not found"),
        (
            ("POST", "/v1/admin/config/models/x"),
            json!({"logical_name": "y"}),
            400,
            "logical_name 'y' must match path 'x'",
        ),
        (
            ("POST", "/v1/admin/config/models/x"),
            json!({"logical_name": "x"}),
            400,
            "`model_routings` is missing or empty",
        ),
        (
            ("POST", "/v1/admin/config/models/turbo"),
            json!({"logical_name": "turbo"}),
            400,
            "Model config 'turbo' already exists",
        ),
        (
            ("POST", "/v1/admin/config/providers/broken"),
            json!({"name": "broken"}),
            400,
            "`endpoints.base_url` is missing",
        ),
        (
            ("DELETE", "/v1/admin/config/providers/fast"),
            json!({}),
            400,
            "models.turbo.targets[0].provider: provider \"fast\" is not configured; add `[providers.fast]`",
        ),
        (("POST", "/v1/admin/config/import"), json!({}), 400, "Invalid bundle: `setup` is missing"),
    ] {
        let (found, said) = desk.ask(line, body).await;
        assert_eq!(
            (found, &said["error"], &said["status"]),
            (status, &json!(error), &json!(status)),
            "{line:?}: {said}"
        );
    }
    assert_eq!(desk.kept.now().text, DOCUMENT, "nothing has changed");
}

#[tokio::test]
async fn a_link_that_deletes_is_a_change() {
    let desk = desk();
    let id = of(&desk.get("/api/admin/endpoints").await, "fast", "id").clone();
    let path = format!("/endpoints/{id}/delete");
    let by = |token: &'static str| vec![("authorization", token)];
    assert_eq!(desk.send(("GET", &path), &by(VIEWER), "").await.0, 403);
    for foreign in [("origin", "http://evil.example.com"), ("sec-fetch-site", "cross-site")] {
        let headers = [by(ADMIN), vec![foreign]].concat();
        let (status, _, said) = desk.send(("GET", &path), &headers, "").await;
        assert_eq!((status, &said["title"]), (403, &json!("the request comes from another page")));
    }
    assert_eq!(desk.kept.now().text, DOCUMENT);
    assert_eq!(desk.send(("GET", &path), &by(ADMIN), "").await.0, 200);
}

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

#[tokio::test]
async fn pages_of_theirs_are_ours() {
    let desk = desk();
    for path in ["/setup", "/setup/", "/setup/models/", "/proxy-dashboard"] {
        let (status, headers, _) = desk.send(("GET", path), &[], "").await;
        assert_eq!((status, headers["location"].to_str().ok()), (302, Some("/ui/")), "{path}");
    }
    let page = [("authorization", ADMIN), ("accept", "text/html,*/*")];
    assert_eq!(desk.send(("GET", "/endpoints"), &page, "").await.0, 302);
}

//! Endpoints, virtual models and tool patterns as rows of serverless_proxy's.

use expect_test::expect;

use super::*;

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

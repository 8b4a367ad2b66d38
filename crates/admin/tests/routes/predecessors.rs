//! The admin APIs of serverless_proxy and model-proxy v2, over one document of ours.

mod model_proxy;
mod serverless_proxy;

use expect_test::Expect;

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
    rows.iter().find(named).and_then(|row| row.get(field)).expect("a row of that name")
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
async fn pages_of_theirs_are_ours() {
    let desk = desk();
    for path in ["/setup", "/setup/", "/setup/models/", "/proxy-dashboard"] {
        let (status, headers, _) = desk.send(("GET", path), &[], "").await;
        assert_eq!((status, headers["location"].to_str().ok()), (302, Some("/ui/")), "{path}");
    }
    let page = [("authorization", ADMIN), ("accept", "text/html,*/*")];
    assert_eq!(desk.send(("GET", "/endpoints"), &page, "").await.0, 302);
}

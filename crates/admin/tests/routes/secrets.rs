//! Stored secrets: names go out, values come in.

use serde_json::json;
use trunkline_admin::{Misasked, SecretProblem, SecretRow, SecretValue, Secrets, SecretsTold};

use crate::{JSON, PROBLEM, TOKEN, ask, known, on};

/// Has three, and one of them is in use.
pub(crate) struct Three;

impl Secrets for Three {
    fn list(&self) -> SecretsTold<Vec<SecretRow>> {
        let row = |name: &str, used_by: &[&str]| SecretRow {
            name: name.to_owned(),
            used_by: used_by.iter().map(|path| (*path).to_owned()).collect(),
            set_at: Some("2026-11-22T00:00:00Z".to_owned()),
        };
        let rows = vec![row("a", &[]), row("b", &["providers.groq.key"]), row("c", &[])];
        Box::pin(std::future::ready(Ok(rows)))
    }
    fn set(&self, name: String, SecretValue { value }: SecretValue, who: String) -> SecretsTold<()> {
        assert_eq!((value.as_str(), who.as_str()), (TOKEN, "token"));
        let field = "name".to_owned();
        let wrong = Misasked { field, message: "no name".to_owned() };
        Box::pin(std::future::ready(if name == "no name" { Err(wrong.into()) } else { Ok(()) }))
    }
    fn remove(&self, name: String) -> SecretsTold<()> {
        let used_by = vec!["providers.groq.key".to_owned()];
        let problem = match &*name {
            "a" => return Box::pin(std::future::ready(Ok(()))),
            "b" => SecretProblem::InUse { name, used_by },
            "sealed" => SecretProblem::Sealed("there is no key".to_owned()),
            "down" => SecretProblem::Down,
            _ => SecretProblem::NotFound(name),
        };
        Box::pin(std::future::ready(Err(problem)))
    }
}

#[tokio::test]
async fn names_are_listed_in_pages() {
    let snapshot = on();
    let get = async |path: &str| ask(&snapshot, ("GET", path), &known()[..1], String::new()).await;
    let (status, _, page) = get("/api/v1/secrets?limit=2").await;
    let at = "2026-11-22T00:00:00Z";
    let items = json!([
        {"name": "a", "used_by": [], "set_at": at},
        {"name": "b", "used_by": ["providers.groq.key"], "set_at": at},
    ]);
    assert_eq!((status, page), (200, json!({"items": items, "next_cursor": "b"})));
    let (_, _, page) = get("/api/v1/secrets?cursor=b").await;
    assert_eq!(page, json!({"items": [{"name": "c", "used_by": [], "set_at": at}], "next_cursor": null}));
    for (wrong, field) in [("limit=0", "limit"), ("limit=201", "limit"), ("cursor=x", "cursor"), ("q=a", "q")] {
        let (status, kind, said) = get(&format!("/api/v1/secrets?{wrong}")).await;
        assert_eq!((status, &*kind, &said["field"]), (400, PROBLEM, &json!(field)), "{said}");
    }
}

#[tokio::test]
async fn a_value_goes_in_and_nothing_comes_out() {
    let snapshot = on();
    let put = async |path: &str, body: String| ask(&snapshot, ("PUT", path), &known(), body).await;
    let value = json!({ "value": TOKEN }).to_string();
    let (status, kind, said) = put("/api/v1/secrets/groq", value.clone()).await;
    assert_eq!((status, &*kind, said), (204, "", json!(null)));
    let (status, kind, said) = put("/api/v1/secrets/no%20name", value).await;
    assert_eq!((status, &*kind, &said["field"]), (400, PROBLEM, &json!("name")), "{said}");
    for body in ["", "{", "{}", r#"{"value":7}"#, r#"{"value":null}"#, r#"{"value":"x","name":"y"}"#] {
        let (status, kind, said) = put("/api/v1/secrets/groq", body.to_owned()).await;
        assert_eq!((status, &*kind), (400, PROBLEM), "{body}: {said}");
    }
    // What is wrong with a value is told without it.
    for body in [json!({ "value": [TOKEN] }), json!({ "value": { TOKEN: 1 } }), json!(TOKEN)] {
        assert_eq!(put("/api/v1/secrets/groq", body.to_string()).await.0, 400, "`ask` looks for the token");
    }
    let untyped = ask(&snapshot, ("PUT", "/api/v1/secrets/groq"), &known()[..1], "{}".to_owned()).await;
    assert_eq!((untyped.0, JSON.0), (415, "content-type"));
    let shown = format!("{:?}", SecretValue { value: TOKEN.to_owned() });
    assert!(!shown.contains(TOKEN), "{shown}");
}

#[tokio::test]
async fn what_is_in_use_is_not_forgotten() {
    let snapshot = on();
    for (name, status, kind) in [
        ("a", 204, ""),
        ("b", 409, "conflict"),
        ("sealed", 409, "conflict"),
        ("x", 404, "not_found"),
        ("down", 503, "down"),
    ] {
        let path = format!("/api/v1/secrets/{name}");
        let answer = ask(&snapshot, ("DELETE", &path), &known()[..1], String::new()).await;
        let found = answer.2["type"].as_str().and_then(|kind| kind.rsplit(':').next()).unwrap_or_default();
        assert_eq!((answer.0, found), (status, kind), "{answer:?}");
    }
    let (_, _, said) = ask(&snapshot, ("DELETE", "/api/v1/secrets/b"), &known()[..1], String::new()).await;
    let detail = "the secret \"b\" is named by providers.groq.key; take it out there first";
    assert_eq!(said["detail"], json!(detail));
}

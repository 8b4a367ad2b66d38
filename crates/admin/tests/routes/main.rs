//! Every path of the admin API, to callers who may and who may not.

mod accounts;
mod documents;
mod predecessors;
mod secrets;
mod sign_in;
mod things;
mod watch;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use http::{Request, StatusCode, header};
use serde_json::{Map, Value, json};
use trunkline_admin::{
    Admin, Answer, Asks, Documents, Endpoint, Explained, KeyFields, KeyProblem, KeyRow, Keys, Made, Misasked, Origin,
    Plane, Requests, Secrets, Spending, Sums, Unasked, Upstreams, Watch, all,
};
use trunkline_config::file::AllowanceSection;
use trunkline_config::{Env, Overrides, Snapshot, load};
use trunkline_route::{Catalog, Explanation, Live, Question};

use accounts::Accounts;
use documents::Kept;
use things::{CALM, NoUpstreams};

const TOKEN: &str = "canary-4f1d";
const HOST: &str = "127.0.0.1:8700";
const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 40_000);
const MADE: &str = "sk-tl-made";
const PROBLEM: &str = "application/problem+json";

/// A process with this configuration, and this document.
struct Process(Arc<Snapshot>, Kept);

impl Plane for Process {
    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.0)
    }

    fn keys(&self) -> Arc<dyn Keys> {
        Arc::new(NoKeys)
    }

    fn documents(&self) -> Arc<dyn Documents> {
        Arc::new(self.1.clone())
    }

    fn upstreams(&self) -> Arc<dyn Upstreams> {
        Arc::new(NoUpstreams)
    }

    fn catalog(&self) -> Arc<Catalog> {
        Arc::default()
    }

    fn live(&self) -> &Live {
        &CALM
    }

    fn requests(&self) -> Arc<dyn Requests> {
        Arc::new(watch::NoRequests)
    }

    fn watch(&self) -> Arc<dyn Watch> {
        Arc::new(watch::Nobody)
    }

    fn sums(&self) -> Arc<dyn Sums> {
        Arc::new(watch::NoSums)
    }

    fn secrets(&self) -> Arc<dyn Secrets> {
        Arc::new(secrets::Three)
    }

    fn explain(&self, question: Question) -> Explained {
        let answer = match question.model {
            Some(model) => Ok(Explanation { model, ..Explanation::default() }),
            None => Err(Misasked { field: "model".to_owned(), message: "it is missing".to_owned() }),
        };
        Box::pin(std::future::ready(answer))
    }
}

/// Makes every key it is asked for, and remembers none.
struct NoKeys;

impl NoKeys {
    fn nothing<T: Send + 'static>(key: String) -> Answer<T> {
        Box::pin(std::future::ready(Err(KeyProblem::NotFound(key))))
    }
}

impl Keys for NoKeys {
    fn list(&self) -> Answer<Vec<KeyRow>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }
    fn create(&self, KeyFields { name, owner, tags, allowance }: KeyFields) -> Answer<Made> {
        let row = KeyRow { name, owner, tags, allowance, ..row() };
        Box::pin(std::future::ready(Ok(Made { key: MADE.to_owned(), row })))
    }
    fn change(&self, key: String, _: Map<String, Value>) -> Answer<KeyRow> {
        Self::nothing(key)
    }
    fn rotate(&self, key: String, _: Duration) -> Answer<Made> {
        Self::nothing(key)
    }
    fn revoke(&self, key: String) -> Answer<KeyRow> {
        Self::nothing(key)
    }
    fn spending(&self, _: u32) -> Answer<Vec<Spending>> {
        Box::pin(std::future::ready(Err(KeyProblem::Down)))
    }
}

/// The variables of the process.
fn env() -> Env {
    let variables = [("CANARY", TOKEN), ("OTHER", "sk-other"), ("SECOND_KEY", "sk-second")];
    Env::from_iter(variables.map(|(name, value)| (name.to_owned(), value.to_owned())))
}

fn snapshot(document: &str) -> Arc<Snapshot> {
    Arc::new(load(Some(("t.toml", document)), &env(), &Overrides::default(), &[]).expect("a right document").snapshot)
}

fn on() -> Arc<Snapshot> {
    snapshot("[admin]\ntoken = \"${CANARY}\"\n[server]\nbody_limit = \"1KiB\"\n")
}

fn request(line: (&str, &str), headers: &[(&str, &str)], body: String) -> Request<Body> {
    let mut request = Request::builder().method(line.0).uri(line.1);
    if headers.iter().all(|(name, _)| *name != "host") {
        request = request.header("host", HOST);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body)).expect("a request")
}

/// Status, type of the body, and the body.
async fn ask(
    snapshot: &Arc<Snapshot>,
    line: (&str, &str),
    headers: &[(&str, &str)],
    body: String,
) -> (u16, String, Value) {
    let admin = Admin::new(Arc::new(Accounts::default()), Arc::new(accounts::Nobody), Unasked::Never);
    let request = request(line, headers, body);
    let response = admin.answer(Arc::new(Process(Arc::clone(snapshot), Kept::default())), PEER, request).await;
    let (head, body) = response.into_parts();
    let text = to_bytes(body, 1 << 20).await.expect("a body");
    let said = head.headers.get(header::CONTENT_TYPE).map(|kind| kind.to_str().expect("text").to_owned());
    assert!(!String::from_utf8_lossy(&text).contains(TOKEN) && !format!("{head:?}").contains(TOKEN));
    assert_eq!(head.status == StatusCode::UNAUTHORIZED, head.headers.contains_key(header::WWW_AUTHENTICATE));
    (head.status.as_u16(), said.unwrap_or_default(), serde_json::from_slice(&text).unwrap_or_default())
}

const JSON: (&str, &str) = ("content-type", "application/json");

fn known() -> [(&'static str, &'static str); 2] {
    [("authorization", "Bearer canary-4f1d"), JSON]
}

/// The same, who would change whatever there is.
fn knowing() -> [(&'static str, &'static str); 3] {
    [("authorization", "Bearer canary-4f1d"), ("if-match", "*"), JSON]
}

/// Every path, and two that are none, with what they ask.
fn lines() -> impl Iterator<Item = ((&'static str, &'static str), Asks)> {
    let elsewhere = [("GET", "/api/v1/nothing/here"), ("PUT", "/api/v1/session")].map(|line| (line, Asks::Viewer));
    all().map(|at| ((at.method, at.path), at.asks)).chain(elsewhere)
}

/// The status, and what comes after the last colon of a problem's type.
fn told((status, kind, body): &(u16, String, Value)) -> (u16, &str) {
    let problem =
        body["type"].as_str().and_then(|kind| kind.strip_prefix("urn:trunkline:problem:")).unwrap_or_default();
    assert_eq!(*kind == PROBLEM && body["status"] == json!(status), !problem.is_empty(), "{status} {kind} {body}");
    (*status, problem)
}

fn is_in((status, problem): (u16, &str)) -> bool {
    status != 401 && !matches!(problem, "forbidden" | "wrong_host" | "wrong_origin" | "csrf" | "off")
}

#[tokio::test]
async fn nobody_comes_in_without_saying_who_it_is() {
    let off = snapshot("[admin]\nenabled = false\ntoken = \"${CANARY}\"\n");
    let hashed =
        "[admin]\ntokens = [\"other\", \"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"]\n";
    for (line, asks) in lines() {
        for headers in [known().to_vec(), vec![]] {
            assert_eq!(told(&ask(&off, line, &headers, String::new()).await), (403, "off"), "{line:?} {headers:?}");
        }
        for (snapshot, headers) in [
            (&snapshot(""), vec![]),
            (&snapshot(""), vec![("authorization", "Bearer ")]),
            (&on(), vec![]),
            (&on(), vec![("authorization", "Bearer canary-4f1")]),
            (&on(), vec![("authorization", "Bearer canary-4f1dd")]),
            (&on(), vec![("authorization", "Basic canary-4f1d")]),
            (&on(), vec![("authorization", "b")]),
            (&on(), vec![("x-api-key", TOKEN)]),
            (&on(), vec![("cookie", "trunkline_session=canary-4f1d; session=canary-4f1d")]),
            (&on(), vec![("x-session-token", TOKEN)]),
            (&snapshot(hashed), known().to_vec()),
        ] {
            let answer = ask(snapshot, line, &headers, String::new()).await;
            match asks {
                // Says that nobody is in by its status; and takes a token where its clients send it.
                Asks::Open if line.1 == "/v1/admin/auth/status" => {
                    assert_eq!(answer.0 == 200, headers == [("x-api-key", TOKEN)], "{headers:?} {answer:?}");
                }
                Asks::Viewer | Asks::Admin if line.1.starts_with("/v1/admin/") && headers == [("x-api-key", TOKEN)] => {
                    assert!(is_in(told(&answer)), "{line:?} {answer:?}");
                }
                Asks::Open => assert!(is_in(told(&answer)), "{line:?} {headers:?} {answer:?}"),
                Asks::Viewer | Asks::Admin => {
                    assert_eq!(told(&answer), (401, "unauthenticated"), "{line:?} {headers:?}");
                }
            }
        }
        for token in ["other", "test"] {
            let bearer = format!("bearer  {token}");
            let answer = ask(&snapshot(hashed), line, &[("authorization", &bearer)], String::new()).await;
            assert!(is_in(told(&answer)), "{line:?} {token}");
        }
    }
}

#[tokio::test]
async fn viewers_look_and_change_nothing() {
    let snapshot = snapshot("[admin]\ntoken = \"boss\"\nviewer_tokens = [\"${CANARY}\"]\n");
    for (line, asks) in lines() {
        let answer = ask(&snapshot, line, &known(), String::new()).await;
        match asks {
            Asks::Admin => assert_eq!(told(&answer), (403, "forbidden"), "{line:?}"),
            Asks::Open | Asks::Viewer => assert!(is_in(told(&answer)), "{line:?} {answer:?}"),
        }
    }
    let may: Vec<&str> = all().filter(|at| at.asks != Asks::Admin && at.method != "GET").map(|at| at.path).collect();
    let looks = ["/api/v1/session", "/api/v1/session", "/api/v1/explain", "/api/v1/playground", "/api/v1/patterns/try"];
    let of_others = ["/v1/admin/auth/login", "/v1/admin/auth/logout"];
    assert_eq!(may, [&looks[..], &of_others].concat(), "what viewers may do beside looking");
}

#[tokio::test]
async fn pages_of_others_come_nowhere() {
    for (line, _) in lines() {
        let (host, page) = (("host", "evil.example.com"), ("origin", "http://evil.example.com"));
        for headers in [[host, JSON, ("accept", "*/*")], [host, JSON, ("authorization", "Bearer guess")]] {
            let answer = ask(&on(), line, &headers, "{}".to_owned()).await;
            assert_eq!(told(&answer), (403, "wrong_host"), "{line:?} {headers:?}");
        }
        let program = ask(&on(), line, &[host, JSON, known()[0]], "{}".to_owned()).await;
        assert!(is_in(told(&program)), "programs have their own names for us: {line:?} {program:?}");
        if line.0 == "GET" {
            continue;
        }
        for headers in [[page, JSON, known()[0]], [page, JSON, ("sec-fetch-site", "same-origin")]] {
            let answer = ask(&on(), line, &headers, "{}".to_owned()).await;
            assert_eq!(told(&answer), (403, "wrong_origin"), "{line:?} {headers:?}");
        }
        let own = ("origin", "http://127.0.0.1:8700");
        assert!(is_in(told(&ask(&on(), line, &[own, JSON, known()[0]], "{}".to_owned()).await)), "{line:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_taken_is_told_to_the_field() {
    let snapshot = on();
    for (body, status, field) in [
        ("{", 400, Value::Null),
        ("[]", 400, Value::Null),
        (r#"{"model":"m"} x"#, 400, Value::Null),
        (r#"{"modle":"m"}"#, 400, json!("modle")),
        (r#"{"model":7}"#, 400, json!("model")),
        (r#"{"headers":{"a":7}}"#, 400, json!("headers.a")),
        (r#"{"dialect":"klingon"}"#, 400, json!("dialect")),
        (r#"{}"#, 400, json!("model")),
    ] {
        let (found, kind, said) = ask(&snapshot, ("POST", "/api/v1/explain"), &known(), body.to_owned()).await;
        assert_eq!((found, &*kind, &said["field"]), (status, PROBLEM, &field), "{body}: {said}");
    }
    let long = format!(r#"{{"model":"{}"}}"#, "m".repeat(70 << 10));
    let takes_nothing = |at: &Endpoint| match at.operation {
        Some(operation) => operation.takes.is_none(),
        None => ["/v1/admin/auth/logout", "/endpoints/{id}/test"].contains(&at.path),
    };
    for at in all().filter(|at| ["POST", "PATCH", "PUT"].contains(&at.method) && !takes_nothing(at)) {
        // Databases come in there.
        if at.path != "/api/v1/config/import" {
            let (status, kind, _) = ask(&snapshot, (at.method, at.path), &knowing(), long.clone()).await;
            assert_eq!((status, &*kind), (413, PROBLEM), "{at:?}");
        }
        let untyped = ask(&snapshot, (at.method, at.path), &knowing()[..2], "{}".to_owned()).await;
        assert_eq!((untyped.0, &*untyped.1), (415, PROBLEM), "{at:?}");
        if all().all(|other| (other.method, other.path) != ("PUT", at.path)) {
            let (status, kind, _) = ask(&snapshot, ("PUT", at.path), &known(), String::new()).await;
            assert_eq!((status, &*kind), (405, PROBLEM), "{at:?}");
        }
    }
    let (status, kind, _) = ask(&snapshot, ("GET", "/api/v1"), &known(), String::new()).await;
    assert_eq!((status, &*kind), (404, PROBLEM));
}

#[tokio::test]
async fn a_key_is_shown_when_it_is_made_and_its_mistakes_are_told_to_the_field() {
    const KEYS: &str = "/api/v1/client-keys";
    let snapshot = on();
    let post = async |path, body: &str| ask(&snapshot, ("POST", path), &known(), body.to_owned()).await;
    let (status, _, made) = post(KEYS, r#"{"name":"app","models":["gpt-*"],"budgets":[{"usd":"5"}]}"#).await;
    assert_eq!((status, &made["key"], &made["models"]), (201, &json!(MADE), &json!(["gpt-*"])), "{made}");
    assert_eq!(made["budgets"], json!([{"usd": "5.00", "period": "total", "hard": true}]));
    let (status, _, theirs) = post("/key/generate", r#"{"key_alias":"app","max_budget":5.5,"duration":"30d"}"#).await;
    assert_eq!((status, &theirs["key"], &theirs["max_budget"]), (200, &json!(MADE), &json!(5.5)), "{theirs}");
    for (path, body, field) in [
        (KEYS, "{}", "name"),
        (KEYS, r#"{"name":"a","modles":[]}"#, "modles"),
        (KEYS, r#"{"name":"a","budgets":[{"usd":"5","period":"year"}]}"#, "budgets[0].period"),
        (KEYS, r#"{"name":"a","requests_per_minute":0}"#, "requests_per_minute"),
        ("/key/generate", r#"{"team_id":"t"}"#, "team_id"),
        ("/key/generate", r#"{"budget_duration":"5h","max_budget":1}"#, "budget_duration"),
        ("/key/delete", "{}", "keys"),
        ("/key/update", "{}", "key"),
    ] {
        let (status, kind, said) = post(path, body).await;
        assert_eq!((status, &*kind, &said["field"]), (400, PROBLEM, &json!(field)), "{path} {body}: {said}");
    }
    let missing = ask(&snapshot, ("DELETE", "/api/v1/client-keys/nobody"), &known(), String::new()).await;
    assert_eq!((missing.0, &*missing.1), (404, PROBLEM));
    let leaked = Made { key: MADE.to_owned(), row: row() };
    assert!(!format!("{leaked:?}").contains(MADE));
}

fn row() -> KeyRow {
    KeyRow {
        id: "key_1".to_owned(),
        name: "app".to_owned(),
        hint: Some("wxyz".to_owned()),
        origin: Origin::Made,
        owner: None,
        tags: Vec::new(),
        allowance: AllowanceSection::default(),
        created: None,
        revoked: None,
        open: 0,
        reserved_usd: "0.00".to_owned(),
        spent: Vec::new(),
    }
}

#[tokio::test]
async fn a_question_that_is_one_is_answered() {
    let body = r#"{"model":"m","request":{"model":"m","messages":[]}}"#.to_owned();
    let (status, kind, said) = ask(&on(), ("POST", "/api/v1/explain"), &known(), body).await;
    assert_eq!((status, &*kind, &said["model"]), (200, "application/json", &json!("m")), "{said}");
}

#[test]
fn tokens_are_not_printed() {
    let printed = format!("{:?}", on());
    assert!(!printed.contains(TOKEN) && printed.contains("AdminTokens(1)"), "{printed}");
}

//! Signing in, being signed in, and the end of it.

use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};
use trunkline_admin::{Role, Session, Web};

use super::accounts::{Accounts, Nobody, Service};
use super::*;

const PASSWORD: &str = "canary-password";
const SESSION: &str = "/api/v1/session";
const TOKEN_43: &str = "0123456789abcdefghijABCDEFGHIJ0123456789-_x";

/// A running admin API, and who keeps its sessions.
struct Running {
    admin: Admin,
    accounts: Accounts,
    snapshot: Arc<Snapshot>,
}

/// An answer: its status, its problem, its body, and the cookies it sets.
struct Answer {
    status: u16,
    problem: String,
    body: Value,
    cookies: Vec<String>,
    retry_after: Option<String>,
}

impl Running {
    fn new(document: &str) -> Self {
        Self::with(document, Nobody)
    }

    fn with(document: &str, web: impl Web + 'static) -> Self {
        Self::unasked(Unasked::Never, snapshot(document), web)
    }

    fn unasked(unasked: Unasked, snapshot: Arc<Snapshot>, web: impl Web + 'static) -> Self {
        let accounts = Accounts::with(&[(Role::Admin, PASSWORD), (Role::Viewer, "of the viewers")]);
        let admin = Admin::new(Arc::new(accounts.clone()), Arc::new(web), unasked);
        Self { admin, accounts, snapshot }
    }

    async fn ask(&self, line: (&str, &str), headers: &[(&str, &str)], body: &str) -> Answer {
        let plane = Arc::new(Process(Arc::clone(&self.snapshot), Kept::default()));
        let (head, body) = self.admin.answer(plane, PEER, request(line, headers, body.to_owned())).await.into_parts();
        let text = to_bytes(body, 1 << 20).await.expect("a body");
        assert!(!String::from_utf8_lossy(&text).contains(PASSWORD) && !format!("{head:?}").contains(PASSWORD));
        let value = |name: &str| head.headers.get(name).map(|value| value.to_str().expect("text").to_owned());
        let cookies = head.headers.get_all("set-cookie").iter();
        let cookies = cookies.map(|value| value.to_str().expect("text").to_owned()).collect();
        let (status, kind) = (head.status.as_u16(), value("content-type").unwrap_or_default());
        let body: Value = serde_json::from_slice(&text).unwrap_or_default();
        let problem = told(&(status, kind, body.clone())).1.to_owned();
        assert!(status >= 400 || value("cache-control").as_deref() == Some("no-store"), "{line:?}");
        Answer { status, problem, body, cookies, retry_after: value("retry-after") }
    }

    async fn sign_in(&self, password: &str) -> Answer {
        self.ask(("POST", SESSION), &[JSON], &json!({ "password": password }).to_string()).await
    }

    /// Signs in; the header that says so from then on, and what to show with changes.
    async fn signed_in(&self, password: &str) -> (String, String) {
        let answer = self.sign_in(password).await;
        let cookie = answer.cookies.first().and_then(|cookie| cookie.split(';').next()).expect("a cookie").to_owned();
        let csrf = answer.body.get("csrf").and_then(Value::as_str).expect("text").to_owned();
        (cookie, csrf)
    }
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as u64
}

/// A session whose token is [`TOKEN_43`].
fn session(created_ms: u64, seen_ms: u64, expires_ms: u64) -> Session {
    Session {
        id: "ses_1".to_owned(),
        token_hash: Sha256::digest(TOKEN_43).iter().map(|byte| format!("{byte:02x}")).collect(),
        user: "admin".to_owned(),
        role: Role::Admin,
        created_ms,
        expires_ms,
        seen_ms,
        agent: String::new(),
        address: String::new(),
    }
}

#[tokio::test]
async fn a_password_begins_a_session_and_signing_out_ends_it() {
    let running = Running::new("");
    let ways = running.ask(("GET", "/api/v1/auth"), &[], "").await;
    assert_eq!(ways.body, json!({"enabled": true, "password": true, "oidc": null, "external": null}));
    let answer = running.sign_in(PASSWORD).await;
    assert_eq!((answer.status, &answer.body["role"], &answer.body["user"]), (200, &json!("admin"), &json!("admin")));
    let (cookie, attributes) = answer.cookies[0].split_once("; ").expect("attributes");
    assert_eq!(attributes, "Path=/; Max-Age=604800; HttpOnly; SameSite=Strict");
    let token = cookie.strip_prefix("trunkline_session=").expect("its name");
    let kept = running.accounts.kept(|kept| format!("{:?}", kept.sessions));
    assert!(token.len() == 43 && !kept.contains(token), "only its hash is kept: {kept}");
    let known = ("cookie", cookie);
    let shown = running.ask(("GET", SESSION), &[known], "").await;
    assert_eq!((shown.status, &shown.body), (200, &answer.body), "the same as when signing in");
    let csrf = answer.body["csrf"].as_str().expect("text");
    let out = running.ask(("DELETE", SESSION), &[known, ("x-csrf-token", csrf)], "").await;
    assert_eq!(
        (out.status, &*out.cookies[0]),
        (204, "trunkline_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict")
    );
    assert_eq!(
        running.ask(("GET", SESSION), &[known], "").await.problem,
        "unauthenticated",
        "at once, not after a while"
    );
}

#[tokio::test]
async fn changes_by_cookie_need_what_only_our_pages_know() {
    let running = Running::new("");
    let (cookie, csrf) = running.signed_in(PASSWORD).await;
    let (_, another) = running.signed_in(PASSWORD).await;
    let known = ("cookie", &*cookie);
    for (line, asks) in lines().filter(|(line, asks)| line.0 != "GET" && *asks != Asks::Open) {
        if line == ("DELETE", SESSION) {
            continue;
        }
        for headers in [vec![known], vec![known, ("x-csrf-token", "")], vec![known, ("x-csrf-token", &*another)]] {
            assert_eq!(running.ask(line, &headers, "{}").await.problem, "csrf", "{line:?} {asks:?} {headers:?}");
        }
        let answer = running.ask(line, &[known, ("x-csrf-token", &*csrf)], "{}").await;
        assert!(is_in((answer.status, &answer.problem)), "{line:?} {}", answer.body);
    }
}

#[tokio::test]
async fn who_tries_too_often_waits_and_a_right_password_too() {
    let running = Running::new("");
    for (body, status) in [("{}", 400), (r#"{"password":7}"#, 400), (r#"{"password":"a","user":"b"}"#, 400)] {
        assert_eq!(running.ask(("POST", SESSION), &[JSON], body).await.status, status, "{body}");
    }
    for _ in 0..5 {
        let wrong = running.sign_in("canary-passwor").await;
        assert_eq!((wrong.status, &*wrong.problem, wrong.cookies.len()), (401, "unauthenticated", 0));
    }
    let late = running.sign_in(PASSWORD).await;
    assert_eq!((late.status, &*late.problem, late.retry_after.as_deref()), (429, "too_many_tries", Some("1")));
    let elsewhere = Running::new("");
    for _ in 0..12 {
        assert_eq!(elsewhere.sign_in(PASSWORD).await.status, 200, "whoever knows it may come as often as that");
    }
}

#[tokio::test]
async fn viewers_have_a_password_of_their_own_and_admins_end_sessions() {
    let running = Running::new("");
    let (viewer, viewer_csrf) = running.signed_in("of the viewers").await;
    let (admin, csrf) = running.signed_in(PASSWORD).await;
    let (viewer, admin) = (("cookie", &*viewer), ("cookie", &*admin));
    let listed = running.ask(("GET", "/api/v1/sessions"), &[viewer], "").await;
    let told: Vec<_> =
        listed.body["items"].as_array().expect("a list").iter().map(|row| (&row["role"], &row["current"])).collect();
    assert_eq!(told, [(&json!("viewer"), &json!(true)), (&json!("admin"), &json!(false))]);
    let path = format!("/api/v1/sessions/{}", listed.body["items"][0]["id"].as_str().expect("text"));
    let end = ("DELETE", &*path);
    assert_eq!(running.ask(end, &[viewer, ("x-csrf-token", &viewer_csrf)], "").await.problem, "forbidden");
    assert_eq!(running.ask(end, &[admin, ("x-csrf-token", &csrf)], "").await.status, 204);
    assert_eq!(running.ask(end, &[admin, ("x-csrf-token", &csrf)], "").await.status, 404);
    assert_eq!(running.ask(("GET", SESSION), &[viewer], "").await.status, 401);
}

#[tokio::test]
async fn a_session_lasts_while_it_is_used_and_not_for_ever() {
    let cookie = format!("a=1; trunkline_session={TOKEN_43}");
    let known = ("cookie", &*cookie);
    let now = now_ms();
    let hour = 3_600_000;
    let look = async |document: &str, session: Session| {
        let running = Running::new(document);
        running.accounts.kept(|kept| kept.sessions.push(session));
        let status = running.ask(("GET", SESSION), &[known], "").await.status;
        let again = running.ask(("GET", SESSION), &[known], "").await.status;
        assert_eq!(status, again);
        let (looked_up, session) = running.accounts.kept(|kept| (kept.looked_up, kept.sessions[0].clone()));
        assert_eq!(looked_up, if status == 200 { 1 } else { 2 }, "who was found is known for a moment");
        (status, session)
    };
    let (status, used) = look("", session(now - hour, now - hour, now + hour)).await;
    assert!(status == 200 && used.seen_ms >= now && used.expires_ms >= now + 12 * hour, "{used:?}");
    let fresh = session(now, now, now + hour);
    assert_eq!(look("", fresh.clone()).await, (200, fresh), "not each use is a note");
    let old = session(now - 167 * hour, now - hour, now + hour);
    assert_eq!(look("", old).await.1.expires_ms, now + hour, "a week after its beginning it ends");
    let over = session(now - hour, now - hour, now - 1);
    assert_eq!(look("", over.clone()).await, (401, over));
}

#[tokio::test]
async fn a_cookie_goes_over_tls_alone_where_there_is_tls() {
    let trusting = "[admin]\ntrusted_proxies = [\"127.0.0.1\"]\n";
    let public = "[admin]\npublic_url = \"https://gw.example.com\"\n";
    for (document, headers, secure) in [
        (trusting, vec![JSON, ("x-forwarded-proto", "https")], true),
        (trusting, vec![JSON, ("x-forwarded-proto", "http")], false),
        ("", vec![JSON, ("x-forwarded-proto", "https")], false),
        (public, vec![JSON, ("host", "gw.example.com"), ("origin", "https://gw.example.com")], true),
    ] {
        let running = Running::new(document);
        let body = json!({ "password": PASSWORD }).to_string();
        let answer = running.ask(("POST", SESSION), &headers, &body).await;
        assert_eq!(answer.cookies[0].ends_with("; Secure"), secure, "{document} {headers:?}");
    }
}

#[tokio::test]
async fn sessions_of_another_service_count_while_it_says_so() {
    let document = "[admin]\nsession_service = \"http://menu:5000/\"\n";
    let service = Service::default();
    let running = Running::with(document, service.clone());
    let ways = running.ask(("GET", "/api/v1/auth"), &[], "").await;
    assert_eq!(ways.body["external"], json!({"url": "http://menu:5000"}));
    for bad in ["session=bad", "session=refused", "session=nonsense", "other=good", "session="] {
        assert_eq!(running.ask(("GET", SESSION), &[("cookie", bad)], "").await.status, 401, "{bad}");
    }
    let cookie = ("cookie", "session=good");
    let shown = running.ask(("GET", SESSION), &[cookie], "").await;
    assert_eq!((&shown.body["user"], &shown.body["role"]), (&json!("ada"), &json!("admin")));
    let change = ("DELETE", "/api/v1/sessions/x");
    assert_eq!(running.ask(change, &[cookie], "").await.problem, "csrf");
    let csrf = shown.body["csrf"].as_str().expect("text");
    assert_eq!(running.ask(change, &[cookie, ("x-csrf-token", csrf)], "").await.status, 404);
    let header = ("x-session-token", "good");
    assert_eq!(running.ask(change, &[header], "").await.status, 404, "no page can send it unasked");
    let asked = service.0.lock().expect("no test panics with it").clone();
    let line = |presented: &str| format!("GET http://menu:5000/session/validate {presented}");
    let expected = ["session=bad", "session=refused", "session=nonsense", "session=good", "good"].map(line);
    assert_eq!(asked, expected, "and who was found is known for a moment");
    let down = Running::new(document);
    let refused = down.ask(("GET", SESSION), &[cookie], "").await;
    assert_eq!((refused.status, &*refused.problem), (502, "elsewhere"));
    let bearer = Running::new("[admin]\nsession_service = \"http://menu:5000\"\ntoken = \"boss\"\n");
    assert_eq!(bearer.ask(("GET", SESSION), &[cookie, ("authorization", "Bearer boss")], "").await.status, 200);
}

#[tokio::test]
async fn where_nobody_is_asked_pages_of_others_still_come_nowhere() {
    let env = Env::from_iter([("AUTH_ENABLED", "false")]);
    let loaded = load(None, &env, &Overrides::default(), &[]).expect("loopback");
    let snapshot = Arc::new(loaded.snapshot);
    let later = Running::unasked(Unasked::Never, Arc::clone(&snapshot), Nobody);
    assert_eq!(
        later.ask(("GET", SESSION), &[], "").await.problem,
        "unauthenticated",
        "no reload opens what was not open"
    );
    assert_eq!(later.ask(("GET", "/api/v1/auth"), &[], "").await.body["enabled"], true);
    let running = Running::unasked(Unasked::WhenConfigured, snapshot, Nobody);
    let shown = running.ask(("GET", SESSION), &[], "").await;
    let expected = json!({"role": "admin", "user": "anybody", "expires_at": null, "csrf": null});
    assert_eq!((shown.status, shown.body), (200, expected));
    assert_eq!(running.ask(("DELETE", "/api/v1/sessions/x"), &[], "").await.status, 404);
    let page = ("origin", "http://evil.example.com");
    assert_eq!(running.ask(("DELETE", "/api/v1/sessions/x"), &[page], "").await.problem, "wrong_origin");
    for more in [("accept", "*/*"), ("authorization", "Bearer x"), ("x-session-token", "x")] {
        let rebound = [("host", "evil.example.com"), more];
        assert_eq!(running.ask(("GET", SESSION), &rebound, "").await.problem, "wrong_host", "{more:?}");
    }
}

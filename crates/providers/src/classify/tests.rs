mod families;

use std::time::Duration;

use http::{HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

fn fault(status: u16, headers: &[(&'static str, &'static str)], body: &str, credentials: Credentials<'_>) -> Fault {
    let headers =
        headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect();
    let body = Bytes::copy_from_slice(body.as_bytes());
    classify(&FailedAnswer { provider: "p", status, headers: &headers, body: &body, credentials, added: &[] }, now())
}

/// What a row of the tables expects; the body is handed on or not, nothing between.
struct Row {
    status: u16,
    body: &'static str,
    kind: FaultKind,
    message: &'static str,
    param: Option<&'static str>,
    code: Option<&'static str>,
    handed_on: bool,
}

const ROW: Row = Row {
    status: 400,
    body: "",
    kind: FaultKind::UpstreamRejected,
    message: "",
    param: None,
    code: None,
    handed_on: false,
};

fn check(rows: &[Row]) {
    for row in rows {
        let found = fault(row.status, &[], row.body, Credentials::Ours(None));
        let expected = Fault {
            kind: row.kind,
            message: row.message.to_owned(),
            param: row.param.map(str::to_owned),
            code: row.code.map(Cow::Borrowed),
            retry_after: found.retry_after,
            upstream: Some(Box::new(UpstreamWords {
                status: row.status,
                body: row.handed_on.then(|| Bytes::from_static(row.body.as_bytes())),
                limits: RateLimits::default(),
            })),
        };
        assert_eq!(found, expected, "{}", row.body);
    }
}

#[test]
fn every_shape_of_an_error_body_gives_its_words() {
    check(&[
        // OpenAI
        Row {
            body: r#"{"error":{"message":"Unknown parameter: 'foo'.","type":"invalid_request_error","param":"foo","code":"unknown_parameter"}}"#,
            message: r#"provider "p" answered 400: Unknown parameter: 'foo'."#,
            param: Some("foo"),
            code: Some("unknown_parameter"),
            handed_on: true,
            ..ROW
        },
        // vLLM: the code repeats the status
        Row {
            status: 404,
            body: r#"{"error":{"message":"The model `x` does not exist.","type":"NotFoundError","param":null,"code":404}}"#,
            message: r#"provider "p" answered 404: The model `x` does not exist."#,
            handed_on: true,
            ..ROW
        },
        Row {
            status: 404,
            body: r#"{"error":{"message":"no such model","type":"invalid_request_error","param":null,"code":null}}"#,
            message: r#"provider "p" answered 404: no such model"#,
            handed_on: true,
            ..ROW
        },
        // SGLang and older vLLM: flat
        Row {
            body: r#"{"object":"error","message":"bad sampling","type":"BadRequestError","param":"top_k","code":400}"#,
            message: r#"provider "p" answered 400: bad sampling"#,
            param: Some("top_k"),
            ..ROW
        },
        // FastAPI: a list, a text, an object
        Row {
            status: 422,
            body: r#"{"detail":[{"loc":["body","messages",0,"content"],"msg":"field required","type":"value_error.missing"}]}"#,
            message: r#"provider "p" answered 422: `messages[0].content`: field required"#,
            param: Some("messages[0].content"),
            ..ROW
        },
        Row {
            status: 404,
            body: r#"{"detail":"Model not found"}"#,
            message: r#"provider "p" answered 404: Model not found"#,
            ..ROW
        },
        Row {
            body: r#"{"detail":{"error":{"message":"no such tool","code":"bad_tool"}}}"#,
            message: r#"provider "p" answered 400: no such tool"#,
            code: Some("bad_tool"),
            ..ROW
        },
        // Mistral
        Row {
            status: 422,
            body: r#"{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]},"type":"invalid_request_error","param":null,"code":null}"#,
            message: r#"provider "p" answered 422: `stream_options`: Extra inputs are not permitted"#,
            param: Some("stream_options"),
            ..ROW
        },
        // Ollama
        Row {
            status: 404,
            body: r#"{"error":"model 'x' not found"}"#,
            message: r#"provider "p" answered 404: model 'x' not found"#,
            ..ROW
        },
        // OpenRouter
        Row {
            status: 400,
            body: r#"{"error":{"code":400,"message":"Provider returned error","metadata":{"provider_name":"X","raw":"top_k too big"}}}"#,
            message: r#"provider "p" answered 400: Provider returned error: top_k too big"#,
            handed_on: true,
            ..ROW
        },
        // Gemini, in an array
        Row {
            body: r#"[{"error":{"code":400,"message":"Invalid value at 'messages'","status":"INVALID_ARGUMENT"}}]"#,
            message: r#"provider "p" answered 400: Invalid value at 'messages'"#,
            ..ROW
        },
        // Bedrock
        Row {
            status: 424,
            body: r#"{"message":"The model stream failed"}"#,
            message: r#"provider "p" answered 424: The model stream failed"#,
            ..ROW
        },
        // An unknown shape, a bare string, plain text, nothing
        Row {
            body: r#"{"status":"fail","why":7}"#,
            message: r#"provider "p" answered 400: {"status":"fail","why":7}"#,
            ..ROW
        },
        Row { body: r#""no""#, message: r#"provider "p" answered 400: no"#, ..ROW },
        Row {
            status: 404,
            body: "404 page\r\nnot found\n",
            message: r#"provider "p" answered 404: 404 page not found"#,
            ..ROW
        },
        Row { status: 404, body: "", message: r#"provider "p" answered 404 (Not Found)"#, ..ROW },
        Row { status: 404, body: "null", message: r#"provider "p" answered 404 (Not Found)"#, ..ROW },
        // Pages: with and without a title
        Row {
            status: 502,
            body: "<html><head><TITLE>502 Bad Gateway</TITLE></head><body><h1>nginx</h1></body></html>",
            kind: FaultKind::UpstreamBroken,
            message: r#"provider "p" answered 502: 502 Bad Gateway"#,
            ..ROW
        },
        Row {
            status: 500,
            body: "<!doctype html><style>p{}</style><p>Out &amp; away<script>if(a<b)</script>, back <b>soon",
            kind: FaultKind::UpstreamBroken,
            message: r#"provider "p" answered 500: Out & away , back soon"#,
            ..ROW
        },
    ]);
}

#[test]
fn statuses_and_codes_decide_the_kind() {
    use FaultKind::*;
    let kind = |status, body| fault(status, &[], body, Credentials::Ours(None)).kind;
    for (status, expected) in [
        (301, UpstreamBroken),
        (400, UpstreamRejected),
        (401, UpstreamAuth),
        (402, QuotaExhausted),
        (403, UpstreamAuth),
        (404, UpstreamRejected),
        (408, UpstreamTimeout),
        (409, UpstreamRejected),
        (413, UpstreamRejected),
        (422, UpstreamRejected),
        (429, RateLimited),
        (498, Overloaded),
        (500, UpstreamBroken),
        (502, UpstreamBroken),
        (503, Overloaded),
        (504, UpstreamTimeout),
        (520, UpstreamBroken),
        (521, UpstreamBroken),
        (522, UpstreamTimeout),
        (523, UpstreamBroken),
        (524, UpstreamTimeout),
        (529, Overloaded),
        (600, UpstreamBroken),
    ] {
        assert_eq!(kind(status, ""), expected, "{status}");
    }
    for (status, body, expected) in [
        (429, r#"{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}"#, QuotaExhausted),
        (429, r#"{"error":{"message":"You exceeded your current quota, please check your plan"}}"#, RateLimited),
        (400, r#"{"error":{"message":"Your credit balance is too low to access the API"}}"#, QuotaExhausted),
        (400, r#"{"type":"error","error":{"type":"billing_error","message":"m"}}"#, QuotaExhausted),
        (400, r#"{"error":{"message":"m","code":"context_length_exceeded"}}"#, ContextTooLong),
        (
            400,
            r#"{"error":{"code":400,"type":"exceed_context_size_error","message":"m","n_ctx":4096}}"#,
            ContextTooLong,
        ),
        (400, r#"{"error":{"message":"This model's maximum context length is 8192 tokens."}}"#, ContextTooLong),
        (400, r#"{"error":{"message":"prompt is too long: 9 tokens > 8 maximum"}}"#, ContextTooLong),
        (
            400,
            r#"{"error":{"message":"input length and `max_tokens` exceed context limit: 5 + 5 > 8"}}"#,
            ContextTooLong,
        ),
        (422, r#"{"detail":"Too many tokens in prompt"}"#, ContextTooLong),
        (413, r#"{"error":{"message":"Request too large","code":"rate_limit_exceeded"}}"#, UpstreamRejected),
        (429, r#"{"error":{"message":"too many tokens per minute"}}"#, RateLimited),
        (400, r#"[{"error":{"message":"API key not valid.","details":[{"reason":"API_KEY_INVALID"}]}}]"#, UpstreamAuth),
        (400, r#"{"error":{"message":"m","code":"invalid_api_key"}}"#, UpstreamAuth),
        (403, r#"{"error":{"code":403,"message":"flagged","metadata":{"reasons":["violence"]}}}"#, UpstreamRejected),
        (500, r#"{"error":{"message":"m","type":"overloaded_error"}}"#, Overloaded),
    ] {
        assert_eq!(kind(status, body), expected, "{body}");
    }
}

#[test]
fn a_refused_key_takes_the_providers_words_with_it() {
    let key = HeaderValue::from_static("Bearer sk-proj-0123456789");
    let body = r#"{"error":{"message":"Incorrect API key provided: sk-proj-******6789.","type":"invalid_request_error","param":"key","code":"invalid_api_key"}}"#;
    let found = fault(401, &[], body, Credentials::Ours(Some(&key)));
    let message = "provider \"p\" refused its key with status 401; check the key in the config";
    let mut expected = Fault::new(FaultKind::UpstreamAuth, message);
    expected.upstream = Some(Box::new(UpstreamWords { status: 401, body: None, limits: RateLimits::default() }));
    assert_eq!(found, expected);
}

#[test]
fn a_provider_without_a_key_that_wants_one_is_told_so() {
    let message = "provider \"p\" wants a key (status 401), and the config has none for it";
    assert_eq!(fault(401, &[], r#"{"error":"unauthorized"}"#, Credentials::Ours(None)).message, message);
}

#[test]
fn an_answer_that_repeats_our_key_is_withheld() {
    let key = HeaderValue::from_static("Bearer sk-proj-0123456789");
    let mut expected = Fault::new(FaultKind::UpstreamBroken, "provider \"p\" answered 500 (Internal Server Error)");
    expected.upstream = Some(Box::new(UpstreamWords { status: 500, body: None, limits: RateLimits::default() }));
    let plain = r#"{"error":{"message":"headers: {'Authorization': 'Bearer sk-proj-0123456789'}","code":"c"}}"#;
    assert_eq!(fault(500, &[], plain, Credentials::Ours(Some(&key))), expected);
    let escaped = r#"{"error":{"message":"sk\u002dproj-0123456789"}}"#;
    assert_eq!(fault(500, &[], escaped, Credentials::Ours(Some(&key))), expected);
    // What local servers are given for a key is no secret.
    let none = HeaderValue::from_static("Bearer none");
    let found = fault(500, &[], r#"{"error":{"message":"there is none"}}"#, Credentials::Ours(Some(&none)));
    assert_eq!(found.message, "provider \"p\" answered 500: there is none");
}

#[test]
fn an_answer_that_repeats_a_header_of_the_operators_is_withheld() {
    let added = |value| [(HeaderName::from_static("x-extra"), HeaderValue::from_static(value))];
    let said = |added: &[_], body: &'static str| {
        let (headers, body) = (HeaderMap::new(), Bytes::from_static(body.as_bytes()));
        let credentials = Credentials::Clients;
        let answer = FailedAnswer { provider: "p", status: 400, headers: &headers, body: &body, credentials, added };
        let fault = classify(&answer, now());
        (fault.message.to_string(), fault.upstream.is_some_and(|words| words.body.is_some()))
    };
    let body = r#"{"error":{"message":"no: x-extra: 0123456789abcdef"}}"#;
    let silent = ("provider \"p\" answered 400 (Bad Request)".to_owned(), false);
    assert_eq!(said(&added("0123456789abcdef"), body), silent);
    assert!(said(&added("0123456789abcdee"), body).1);
    // A version is none, and worth knowing.
    assert!(said(&added("2023-06-01"), r#"{"error":{"message":"2023-06-01 is no version"}}"#).1);
}

#[test]
fn with_the_clients_own_credentials_a_refusal_is_handed_on() {
    let body = r#"{"error":{"message":"Incorrect API key provided: sk-me.","code":"invalid_api_key"}}"#;
    for status in [401, 403] {
        let message = format!("provider \"p\" answered {status}: Incorrect API key provided: sk-me.");
        let mut expected = Fault::new(FaultKind::UpstreamRejected, message).with_code("invalid_api_key");
        expected.upstream = Some(Box::new(UpstreamWords {
            status,
            body: Some(Bytes::from_static(body.as_bytes())),
            limits: RateLimits::default(),
        }));
        assert_eq!(fault(status, &[], body, Credentials::Clients), expected);
    }
}

#[test]
fn a_body_is_handed_on_only_under_the_code_that_clients_know() {
    let handed_on = |status, body| fault(status, &[], body, Credentials::Ours(None)).upstream.unwrap().body.is_some();
    assert!(handed_on(400, r#"{"error":{"message":"m","code":"context_length_exceeded"}}"#));
    assert!(!handed_on(400, r#"{"error":{"message":"m","type":"exceed_context_size_error","code":400}}"#));
    assert!(handed_on(429, r#"{"error":{"message":"m","code":"insufficient_quota"}}"#));
    assert!(!handed_on(402, r#"{"error":{"message":"m","code":402}}"#));
    assert!(!handed_on(400, r#"{"error":{"message":7}}"#));
    assert!(!handed_on(400, r#"{"error":{"message":"cut of"#));
}

#[test]
fn a_redirect_points_to_the_base_url() {
    let found = fault(308, &[], "<title>Moved</title>", Credentials::Ours(None));
    assert_eq!(found.message, "provider \"p\" answered 308, a redirect; check its `base_url`");
}

#[test]
fn googles_wait_is_read_from_the_body_when_no_header_says_it() {
    let body = r#"[{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{"@type":"q"},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"27s"}]}}]"#;
    let found = fault(429, &[], body, Credentials::Ours(None));
    assert_eq!((found.kind, found.retry_after), (FaultKind::RateLimited, Some(Duration::from_secs(27))));
    let found = fault(429, &[("retry-after", "3")], body, Credentials::Ours(None));
    assert_eq!(found.retry_after, Some(Duration::from_secs(3)));
}

#[test]
fn long_words_are_cut() {
    let said = |body: String| {
        let message = fault(400, &[], &body, Credentials::Ours(None)).message;
        message.strip_prefix("provider \"p\" answered 400: ").expect("the prefix").to_owned()
    };
    let long = "ü".repeat(MESSAGE_CHARS_MAX + 1);
    assert_eq!(said(long.clone()), format!("{}…", "ü".repeat(MESSAGE_CHARS_MAX)));
    assert_eq!(said("a ".repeat(MESSAGE_CHARS_MAX)).chars().count(), MESSAGE_CHARS_MAX);
    assert_eq!(said(format!("<p>{long}")).chars().count(), 201);
    let code = "c".repeat(200);
    let found = fault(
        400,
        &[],
        &format!(r#"{{"error":{{"message":"m","code":"{code}","param":"a b"}}}}"#),
        Credentials::Ours(None),
    );
    assert_eq!((found.code, found.param), (None, None));
}

proptest! {
    #[test]
    fn any_answer_is_classified(status in 100_u16..1000, body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let headers = HeaderMap::new();
        let body = Bytes::from(body);
        let credentials = Credentials::Ours(None);
        let found = classify(&FailedAnswer { provider: "p", status, headers: &headers, body: &body, credentials, added: &[] }, now());
        prop_assert!(!found.message.is_empty());
    }

    #[test]
    fn any_page_is_classified(page in r#"<(title|script|style|p|[<>/a-z]{0,3}){1}[<>/a-zü& ;]{0,60}"#) {
        prop_assert!(!fault(500, &[], &page, Credentials::Ours(None)).message.contains('\n'));
    }

    #[test]
    fn a_key_of_ours_never_shows(key in "[A-Za-z0-9_-]{8,40}", status in 300_u16..600, before in "\\PC{0,20}") {
        let sent = HeaderValue::try_from(format!("Bearer {key}")).expect("a header");
        for body in [format!("{before}{key}"), format!("<title>{key}</title>"), format!("{{\"error\":\"{key}\"}}")] {
            let found = fault(status, &[], &body, Credentials::Ours(Some(&sent)));
            prop_assert!(!found.message.contains(&key));
        }
    }
}

#[test]
fn a_budget_is_the_callers_only_where_the_key_is_not_ours() {
    let headers = [("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "7s")];
    let said = RateLimits::read(headers.into_iter());
    let key = HeaderValue::from_static("Bearer sk-12345678");
    for (credentials, limits) in [
        (Credentials::Ours(Some(&key)), RateLimits::default()),
        (Credentials::Ours(None), said.clone()),
        (Credentials::Clients, said),
    ] {
        let found = fault(429, &headers, "", credentials);
        assert_eq!(found.retry_after, Some(Duration::from_secs(7)), "how long to wait is anybody's business");
        assert_eq!(found.upstream.map(|words| words.limits), Some(limits));
    }
    let stated = [headers[0], headers[1], ("retry-after", "3")];
    assert_eq!(fault(429, &stated, "", Credentials::Clients).retry_after, Some(Duration::from_secs(3)));
    assert_eq!(fault(500, &headers, "", Credentials::Clients).retry_after, None);
}

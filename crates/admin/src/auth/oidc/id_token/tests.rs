use proptest::prelude::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::json;

use super::*;

const NOW_S: u64 = 1_790_000_000;
const EXPECTED: Expected<'_> =
    Expected { issuer: "https://login.example.com", client_id: "trunkline", nonce: "n-1", now_s: NOW_S };

/// A provider that signs with an elliptic curve.
struct Provider(EcdsaKeyPair);

impl Provider {
    fn new() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap())
    }

    fn keys(&self, kid: &str) -> Keys {
        let point = self.0.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
        let other = json!({"kty": "RSA", "kid": kid, "n": "AQAB", "e": "AQAB"});
        let key = json!({"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "x": x, "y": y});
        Keys::read(json!({"keys": [other, key]}).to_string().as_bytes()).unwrap()
    }

    fn token(&self, head: &Value, body: &Value) -> String {
        let signed = [head, body].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let mark = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mark))
    }
}

fn head() -> Value {
    json!({"alg": "ES256", "kid": "k1"})
}

fn body() -> Value {
    json!({"iss": EXPECTED.issuer, "aud": "trunkline", "sub": "7", "nonce": "n-1", "iat": NOW_S, "exp": NOW_S + 300})
}

/// The usual body with one claim changed, or taken out.
fn with(claim: &str, value: Value) -> Value {
    let mut body = body();
    let claims = body.as_object_mut().unwrap();
    if value.is_null() {
        claims.remove(claim)
    } else {
        claims.insert(claim.to_owned(), value)
    };
    body
}

#[test]
fn a_token_that_says_what_it_must_is_believed() {
    let provider = Provider::new();
    let keys = provider.keys("k1");
    let several = [("aud", json!(["other", "trunkline"])), ("azp", json!("trunkline"))];
    let mut for_several = body();
    several.into_iter().for_each(|(claim, value)| for_several[claim] = value);
    for body in [body(), with("aud", json!(["trunkline"])), for_several, with("exp", json!(NOW_S - 59))] {
        let said = read(&provider.token(&head(), &body), &keys, &EXPECTED);
        assert_eq!(said.map(Value::Object), Ok(body));
    }
    assert!(
        read(&provider.token(&json!({"alg": "ES256"}), &body()), &keys, &EXPECTED).is_ok(),
        "a head without a name"
    );
}

#[test]
fn what_speaks_against_a_token_is_told() {
    let provider = Provider::new();
    let keys = provider.keys("k1");
    for (body, doubt) in [
        (with("iss", json!("https://login.example.com/")), Doubt::Issuer("https://login.example.com/".to_owned())),
        (with("iss", Value::Null), Doubt::Issuer(String::new())),
        (with("aud", json!("other")), Doubt::Audience),
        (with("aud", json!(["other"])), Doubt::Audience),
        (with("aud", json!(["other", "trunkline"])), Doubt::Audience),
        (with("aud", Value::Null), Doubt::Audience),
        (with("azp", json!("other")), Doubt::Audience),
        (with("exp", json!(NOW_S - 60)), Doubt::Time),
        (with("exp", Value::Null), Doubt::Time),
        (with("exp", json!("tomorrow")), Doubt::Time),
        (with("iat", json!(NOW_S + 61)), Doubt::Time),
        (with("nbf", json!(NOW_S + 61)), Doubt::Time),
        (with("sub", Value::Null), Doubt::Malformed),
        (with("nonce", json!("n-2")), Doubt::Nonce),
        (with("nonce", Value::Null), Doubt::Nonce),
    ] {
        assert_eq!(read(&provider.token(&head(), &body), &keys, &EXPECTED), Err(doubt), "{body}");
    }
    for (head, doubt) in [
        (json!({"alg": "none"}), Doubt::Algorithm("none".to_owned())),
        (json!({"alg": "HS256", "kid": "k1"}), Doubt::Algorithm("HS256".to_owned())),
        (json!({"alg": "RS256", "kid": "k1"}), Doubt::Signature),
        (json!({"alg": "ES256", "kid": "k2"}), Doubt::NoKey("k2".to_owned())),
        (json!({"alg": "ES256", "kid": "k1", "crit": ["exp"]}), Doubt::Malformed),
    ] {
        assert_eq!(read(&provider.token(&head, &body()), &keys, &EXPECTED), Err(doubt), "{head}");
    }
    let theirs = Provider::new().token(&head(), &body());
    assert_eq!(read(&theirs, &keys, &EXPECTED), Err(Doubt::Signature));
    let right = provider.token(&head(), &body());
    let (signed, mark) = right.rsplit_once('.').unwrap();
    for wrong in
        ["", ".", "..", "a.b.c", signed, &format!("{signed}."), &format!("{}.{mark}", &signed[..signed.len() - 2])]
    {
        assert!(read(wrong, &keys, &EXPECTED).is_err(), "{wrong}");
    }
}

/// The example of <https://www.rfc-editor.org/rfc/rfc7515#appendix-A.2>, seen 2026-11-22.
#[test]
fn a_signature_of_rsa_is_verified() {
    let n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMs\
        D1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdV\
        MTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    let signed = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let mark = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dn\
        ZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-e\
        OkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let keys =
        Keys::read(json!({"keys": [{"kty": "RSA", "n": format!("AAAA{n}"), "e": "AQAB"}]}).to_string().as_bytes());
    let keys = keys.unwrap_or_else(|| panic!("keys"));
    let told = |token: String| read(&token, &keys, &EXPECTED);
    assert_eq!(told(format!("{signed}.{mark}")), Err(Doubt::Issuer("joe".to_owned())), "all before is right");
    assert_eq!(told(format!("{signed}A.{mark}")), Err(Doubt::Signature));
}

proptest! {
    /// Nothing but what the provider signed is believed, and nothing makes the reader panic.
    #[test]
    fn what_the_provider_has_not_signed_is_not_believed(
        head in prop_oneof![Just(head().to_string()), ".{0,40}"],
        claims in prop_oneof![Just(body().to_string()), ".{0,80}"],
        mark in proptest::collection::vec(any::<u8>(), 0..80),
        n in ".{0,20}",
    ) {
        let parts = [head.as_bytes(), claims.as_bytes(), &mark].map(|part| URL_SAFE_NO_PAD.encode(part));
        let keys = json!({"keys": [
            {"kty": "EC", "crv": "P-256", "x": n, "y": n},
            {"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(&n), "e": "AQAB"},
        ]});
        let keys = Keys::read(keys.to_string().as_bytes()).expect("keys of some kind");
        for token in [parts.join("."), format!("{head}.{claims}.{n}"), claims] {
            prop_assert!(read(&token, &keys, &EXPECTED).is_err(), "{}", token);
        }
    }
}

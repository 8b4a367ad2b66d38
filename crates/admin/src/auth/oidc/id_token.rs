//! ID tokens: read, and believed only when the provider has signed them, for us, for this sign-in, and just now.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

use super::super::secret;

/// How far the provider's clock may be from ours.
const CLOCKS_APART_S: u64 = 60;

/// Why a token is not believed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum Doubt {
    #[error("it is no signed token")]
    Malformed,
    #[error("it is signed by {0:?}; `RS256` and `ES256` are taken")]
    Algorithm(String),
    #[error("the provider has no key of the name {0:?} for it")]
    NoKey(String),
    #[error("its signature is wrong")]
    Signature,
    #[error("its issuer is {0:?}")]
    Issuer(String),
    #[error("it is meant for another client")]
    Audience,
    #[error("it is over, or not yet true: the clocks may differ")]
    Time,
    #[error("it belongs to another sign-in")]
    Nonce,
}

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now_s: u64,
}

/// The keys that a provider signs with.
#[derive(Debug, Deserialize)]
pub(super) struct Keys {
    keys: Vec<Key>,
}

#[derive(Debug, Deserialize)]
struct Key {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, rename = "use")]
    purpose: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    /// What a reader must understand; nothing of it is understood here.
    #[serde(default)]
    crit: Option<Value>,
}

/// The signatures that are taken: those that every provider can make.
#[derive(Clone, Copy)]
enum Algorithm {
    Rs256,
    Es256,
}

impl Keys {
    /// Reads the document at `jwks_uri`.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }
}

/// What the token says, if it is to be believed.
///
/// # Errors
/// With what speaks against it.
pub(super) fn read(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Map<String, Value>, Doubt> {
    let (signed, mark) = token.rsplit_once('.').ok_or(Doubt::Malformed)?;
    let (head, body) = signed.split_once('.').ok_or(Doubt::Malformed)?;
    let head: Head = serde_json::from_slice(&decoded(head)?).map_err(|_| Doubt::Malformed)?;
    let algorithm = match (head.alg.as_str(), &head.crit) {
        ("RS256", None) => Algorithm::Rs256,
        ("ES256", None) => Algorithm::Es256,
        (_, None) => return Err(Doubt::Algorithm(head.alg)),
        (_, Some(_)) => return Err(Doubt::Malformed),
    };
    let fitting = keys.keys.iter().filter(|key| key.fits(algorithm, head.kid.as_deref()));
    let mark = decoded(mark)?;
    let mut tried = fitting.map(|key| key.verifies(algorithm, signed.as_bytes(), &mark)).peekable();
    if tried.peek().is_none() {
        return Err(Doubt::NoKey(head.kid.unwrap_or_default()));
    }
    if !tried.any(|right| right) {
        return Err(Doubt::Signature);
    }
    let said: Map<String, Value> = serde_json::from_slice(&decoded(body)?).map_err(|_| Doubt::Malformed)?;
    check(&said, expected).map_or(Ok(said), Err)
}

fn check(said: &Map<String, Value>, expected: &Expected<'_>) -> Option<Doubt> {
    let text = |claim: &str| said.get(claim).and_then(Value::as_str).unwrap_or_default();
    if text("iss") != expected.issuer {
        return Some(Doubt::Issuer(text("iss").to_owned()));
    }
    let others = match said.get("aud") {
        Some(Value::String(one)) if one == expected.client_id => false,
        Some(Value::Array(all)) if all.iter().any(|one| one == expected.client_id) => all.len() > 1,
        Some(_) | None => return Some(Doubt::Audience),
    };
    // Where it is meant for others as well, it must say that it was made for us.
    if (others || said.contains_key("azp")) && text("azp") != expected.client_id {
        return Some(Doubt::Audience);
    }
    let moment = |claim: &str| said.get(claim).and_then(Value::as_f64).map(|seconds| seconds as u64);
    let latest = expected.now_s + CLOCKS_APART_S;
    let over = moment("exp").is_none_or(|end| end + CLOCKS_APART_S <= expected.now_s);
    let early = ["iat", "nbf"].iter().filter_map(|claim| moment(claim)).any(|begin| begin > latest);
    if over || early {
        return Some(Doubt::Time);
    }
    if text("sub").is_empty() {
        return Some(Doubt::Malformed);
    }
    (!secret::same(text("nonce"), expected.nonce)).then_some(Doubt::Nonce)
}

impl Key {
    fn fits(&self, algorithm: Algorithm, kid: Option<&str>) -> bool {
        let named = kid.is_none_or(|kid| self.kid.as_deref().is_none_or(|own| own == kid));
        let kind = match algorithm {
            Algorithm::Rs256 => self.kty == "RSA",
            Algorithm::Es256 => self.kty == "EC" && self.crv.as_deref() == Some("P-256"),
        };
        named && kind && self.purpose.as_deref() != Some("enc")
    }

    fn verifies(&self, algorithm: Algorithm, signed: &[u8], mark: &[u8]) -> bool {
        let number = |text: &Option<String>| decoded(text.as_deref().unwrap_or_default()).unwrap_or_default();
        match algorithm {
            Algorithm::Rs256 => {
                let (n, e) = (number(&self.n), number(&self.e));
                let key = RsaPublicKeyComponents { n: without_zeros(&n), e: without_zeros(&e) };
                key.verify(&signature::RSA_PKCS1_2048_8192_SHA256, signed, mark).is_ok()
            }
            Algorithm::Es256 => {
                // An uncompressed point, as its first byte says.
                let point = [&[4], number(&self.x).as_slice(), number(&self.y).as_slice()].concat();
                let key = UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point);
                key.verify(signed, mark).is_ok()
            }
        }
    }
}

fn decoded(text: &str) -> Result<Vec<u8>, Doubt> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Doubt::Malformed)
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests;

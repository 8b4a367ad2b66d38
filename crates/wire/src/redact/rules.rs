//! What a secret looks like.

use std::ops::Range;

use regex::bytes::{Regex, RegexBuilder};
use thiserror::Error;

/// The most expressions of an operator's. Each is run over all that is kept.
pub const REDACT_RULES_MAX: usize = 64;

/// Memory of one compiled expression. Guards against `(a{1000}){1000}`.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// Keys and tokens in the forms that their issuers give them.
const CREDENTIALS: &[&str] = &[
    // OpenAI, Anthropic, OpenRouter, Stripe and ours.
    r"\b[srp]k[-_][A-Za-z0-9_-]{16,}",
    r"(?i)\bbearer\s+[A-Za-z0-9._~+/=-]{16,}",
    r#"(?i)\bauthorization["']?\s*[:=]\s*["']?\w+\s+[A-Za-z0-9._~+/=-]{8,}"#,
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    r#"(?i)\baws_?secret_?access_?key["']?\s*[:=]\s*["']?[A-Za-z0-9/+=]{40}"#,
    r"\bgh[opsur]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{22,}|\bglpat-[A-Za-z0-9_-]{20,}",
    r"\bAIza[0-9A-Za-z_-]{35}",
    r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    r"\b(?:gsk|hf|npm|rpa|r8)_[A-Za-z0-9]{20,}|\b(?:xai|nvapi|pplx|tvly)-[A-Za-z0-9_-]{16,}",
    // A JSON web token.
    r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)",
    // The password in `https://user:password@host`.
    r"\b[a-z][a-z0-9+.-]*://[^\s/:@]*:[^\s/@]{3,}@",
    r#"(?i)(?:api[_-]?key|access[_-]?token|client[_-]?secret|password|passwd)["']?\s*[:=]\s*(?:"[^"]+|'[^']+|[^\s"',;}]{8,})"#,
];

/// Names of members whose texts are secrets whatever they look like.
const SECRET_NAMES: [&str; 12] = [
    "access_token",
    "api-key",
    "api_key",
    "apikey",
    "authorization",
    "client_secret",
    "passwd",
    "password",
    "private_key",
    "refresh_token",
    "secret_access_key",
    "x-api-key",
];

const EMAILS: &str = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}";

/// What is to be taken out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Redactions {
    /// Keys, tokens and passwords.
    pub credentials: bool,
    /// Addresses of people.
    pub emails: bool,
    /// What these expressions find.
    pub own: Vec<String>,
}

/// Why an expression cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RuleError {
    /// It is none, or too large.
    #[error("{0}")]
    Regex(String),
    /// It finds nothing everywhere.
    #[error("it matches the empty text")]
    Empty,
    /// There are too many.
    #[error("there are more than {REDACT_RULES_MAX} expressions")]
    TooMany,
}

/// The expressions for what is asked for.
///
/// # Errors
/// Every one of the operator's that cannot be used.
pub(super) fn compile(wanted: &Redactions) -> Result<Vec<Regex>, Vec<(usize, RuleError)>> {
    let built_in =
        CREDENTIALS.iter().filter(|_| wanted.credentials).chain([&EMAILS].into_iter().filter(|_| wanted.emails));
    let mut rules: Vec<Regex> =
        built_in.map(|rule| built(rule).expect("a test compiles all that are built in")).collect();
    let mut wrong = Vec::new();
    for (index, rule) in wanted.own.iter().enumerate() {
        match built(rule) {
            _ if index >= REDACT_RULES_MAX => wrong.push((index, RuleError::TooMany)),
            Ok(rule) if rule.is_match(b"") => wrong.push((index, RuleError::Empty)),
            Ok(rule) => rules.push(rule),
            Err(error) => wrong.push((index, RuleError::Regex(error.to_string()))),
        }
    }
    if wrong.is_empty() { Ok(rules) } else { Err(wrong) }
}

fn built(rule: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(rule).size_limit(COMPILED_BYTES_MAX).dfa_size_limit(COMPILED_BYTES_MAX).build()
}

/// Whether a member of this name is a secret.
pub(super) fn names_secret(raw: &[u8], name: Range<usize>) -> bool {
    let name = raw.get(name).unwrap_or_default();
    SECRET_NAMES.iter().any(|secret| name.eq_ignore_ascii_case(secret.as_bytes()))
}

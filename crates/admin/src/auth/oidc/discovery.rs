//! Where a provider's endpoints are, as its discovery document says.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use trunkline_config::OidcClient;

use super::super::Auth;
use super::elsewhere;
use crate::problem::Problem;

/// How long a provider is where it was found.
const LIFE: Duration = Duration::from_secs(5 * 60);
const PATH: &str = "/.well-known/openid-configuration";

/// What the document says, as far as it is needed.
#[derive(Debug, Deserialize)]
pub(in crate::auth) struct Discovery {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) jwks_uri: String,
    #[serde(default)]
    pub(super) userinfo_endpoint: Option<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// A provider that was found.
#[derive(Debug)]
pub(in crate::auth) struct Found {
    discovery: Arc<Discovery>,
    since: Instant,
}

impl Discovery {
    /// Whether a client may show its secret as HTTP's Basic does, which is the rule unless a provider says otherwise.
    pub(super) fn takes_basic(&self) -> bool {
        let stated = self.token_endpoint_auth_methods_supported.as_ref();
        stated.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic"))
    }

    /// What keeps this document from being believed.
    fn wrong(&self, issuer: &str) -> Option<String> {
        if self.issuer != issuer {
            return Some(format!("it calls itself {:?}, and `issuer` in `[admin.oidc]` is {issuer:?}", self.issuer));
        }
        let endpoints = [Some(&self.authorization_endpoint), Some(&self.token_endpoint), Some(&self.jwks_uri)];
        let mut endpoints = endpoints.into_iter().chain([self.userinfo_endpoint.as_ref()]).flatten();
        let plain = endpoints.find(|url| issuer.starts_with("https://") && !url.starts_with("https://"));
        plain.map(|url| format!("{url:?} is not `https`, as its issuer is"))
    }
}

impl Auth {
    /// The provider's document, asked for when it is not known or too old.
    pub(super) async fn discover(&self, client: &OidcClient) -> Result<Arc<Discovery>, Problem> {
        let known = {
            let found = self.providers.lock().unwrap_or_else(PoisonError::into_inner);
            found.as_ref().filter(|found| found.since.elapsed() < LIFE).map(|found| Arc::clone(&found.discovery))
        };
        if let Some(discovery) = known.filter(|known| known.issuer == client.issuer) {
            return Ok(discovery);
        }
        let text = self.get(&format!("{}{PATH}", client.issuer.trim_end_matches('/')), None).await?;
        let discovery: Discovery =
            serde_json::from_slice(&text).map_err(|error| elsewhere(&format!("its discovery document: {error}")))?;
        if let Some(wrong) = discovery.wrong(&client.issuer) {
            return Err(elsewhere(&wrong));
        }
        let discovery = Arc::new(discovery);
        let found = Found { discovery: Arc::clone(&discovery), since: Instant::now() };
        *self.providers.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        Ok(discovery)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(issuer: &str, token_endpoint: &str) -> Discovery {
        let text = serde_json::json!({
            "issuer": issuer,
            "authorization_endpoint": "https://a/auth",
            "token_endpoint": token_endpoint,
            "jwks_uri": "https://a/keys",
        });
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn a_document_of_another_or_over_plain_http_is_not_believed() {
        assert_eq!(document("https://a", "https://b/token").wrong("https://a"), None);
        assert!(document("https://a", "https://b/token").wrong("https://a/").is_some());
        assert!(document("https://a", "http://b/token").wrong("https://a").is_some());
        assert_eq!(document("http://127.0.0.1:1", "http://b/token").wrong("http://127.0.0.1:1"), None);
    }
}

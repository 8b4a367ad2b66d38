//! Whom to trust.

use std::sync::Arc;

use hyper_rustls::ConfigBuilderExt as _;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use tokio::sync::OnceCell;

use crate::upstream::UpstreamError;

/// Where certificate authorities come from.
#[derive(Clone, Debug)]
pub(in crate::upstream) enum Roots {
    /// The platform's, `SSL_CERT_FILE` and `SSL_CERT_DIR` included; the web's when there are none.
    Platform,
    /// These and no others.
    Given(Arc<RootCertStore>),
}

/// Read once for all workers, which also share its TLS sessions.
static PLATFORM: OnceCell<ClientConfig> = OnceCell::const_new();

impl Roots {
    /// TLS settings that trust these roots. `host` is for the error's text only.
    pub(super) async fn client_config(&self, host: &str) -> Result<ClientConfig, UpstreamError> {
        let failed = |reason: String| UpstreamError::Tls { host: host.to_owned(), reason };
        match self {
            Self::Given(roots) => {
                let builder = builder().map_err(|error| failed(error.to_string()))?;
                Ok(builder.with_root_certificates(Arc::clone(roots)).with_no_client_auth())
            }
            Self::Platform => {
                let config = PLATFORM.get_or_try_init(|| async {
                    // Some hundred files: too slow for a thread that serves requests.
                    let loaded = tokio::task::spawn_blocking(platform).await;
                    loaded.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))
                });
                config.await.cloned()
            }
        }
    }
}

fn platform() -> Result<ClientConfig, rustls::Error> {
    let builder = match builder()?.with_native_roots() {
        Ok(builder) => builder,
        // A container without certificates.
        Err(_) => self::builder()?.with_webpki_roots(),
    };
    Ok(builder.with_no_client_auth())
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()
}

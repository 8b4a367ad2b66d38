//! The paths of the admin APIs of model-proxy v2 and serverless_proxy.

/// Where they are, with everything below.
const PLACES: &[&str] =
    &["/v1/admin", "/setup", "/api/admin", "/endpoints", "/virtual-models", "/tool-patterns", "/proxy-dashboard"];

/// Asked last, of paths that are nothing else: no request for a model waits for it.
pub(super) fn is_theirs(path: &str) -> bool {
    let is_below =
        |place: &&str| path.strip_prefix(*place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    PLACES.iter().any(is_below)
}

#[cfg(test)]
mod tests {
    use http::Method;

    use crate::routes::{Route, find};

    #[test]
    fn they_lead_to_the_admin_api_and_models_have_all_others() {
        for path in [
            "/v1/admin",
            "/v1/admin/logs",
            "/setup/",
            "/api/admin/endpoints",
            "/endpoints/7/delete",
            "/endpoints",
            "/virtual-models",
            "/tool-patterns/1",
            "/proxy-dashboard",
        ] {
            for method in [Method::GET, Method::POST, Method::PUT, Method::OPTIONS] {
                assert_eq!(find(&method, path), Route::Admin, "{method} {path}");
            }
        }
        for path in ["/v1/endpoints", "/endpointsx", "/v1/setup", "/v1/v1/admin", "/v1/chat/completions"] {
            assert_ne!(find(&Method::POST, path), Route::Admin, "{path}");
        }
    }
}

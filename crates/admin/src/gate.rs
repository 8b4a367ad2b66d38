//! Who may come in: asked once, before anything of a request's body is read.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, header};

use crate::auth::{Asks, Auth};
use crate::problem::{Kind, Problem};
use crate::routes::{self, Running};

/// Nothing that is said here is anybody else's, and nothing is to be found on a disk later.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Lets a request in, or says what it lacks. Whatever else is asked of all requests, such as where a page may come from,
/// is asked here.
pub(crate) async fn gate(
    Extension(Running(plane)): Extension<Running>,
    Extension(auth): Extension<Arc<Auth>>,
    path: Option<MatchedPath>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let access = Arc::clone(&plane.snapshot().admin);
    if !access.enabled {
        let how = "`enabled = false` in `[admin]` switches it off";
        return Err(Problem::new(Kind::Off, how));
    }
    let (method, headers) = (request.method(), request.headers());
    auth.check_page(&access, method, headers)?;
    let asks = routes::asks(method, path.as_ref().map(MatchedPath::as_str));
    if asks != Asks::Open {
        let caller = auth.admit(&access, asks, method, headers).await?;
        request.extensions_mut().insert(caller);
    }
    let mut response = next.run(request).await;
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(NO_STORE);
    Ok(response)
}

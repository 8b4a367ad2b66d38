//! Who may come in: asked once, before anything of a request's body is read.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Method, header};

use crate::auth::{Asks, Auth};
use crate::compat::words::Words;
use crate::problem::{Kind, Problem};
use crate::routes::{self, Running, Wanted};

/// Nothing that is said here is anybody else's, and nothing is to be found on a disk later.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Lets a request in, or says what it lacks: in the words of those whose path it asks for.
pub(crate) async fn gate(
    running: Extension<Running>,
    auth: Extension<Arc<Auth>>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let words = Words::of(request.uri().path());
    let answer = enter(running, auth, (path, words), request, next).await.into_response();
    match words {
        Some(words) => words.retell(answer),
        None => answer,
    }
}

/// Whatever else is asked of all requests, such as where a page may come from, is asked here.
async fn enter(
    Extension(Running(plane)): Extension<Running>,
    Extension(auth): Extension<Arc<Auth>>,
    (path, words): (Option<MatchedPath>, Option<Words>),
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let access = Arc::clone(&plane.snapshot().admin);
    if !access.enabled {
        let how = "`enabled = false` in `[admin]` switches it off";
        return Err(Problem::new(Kind::Off, how));
    }
    let Wanted { asks, changes } = routes::wanted(request.method(), path.as_ref().map(MatchedPath::as_str));
    let method = if changes { &Method::DELETE } else { request.method() };
    let headers = words.map_or(Cow::Borrowed(request.headers()), |words| words.presented(request.headers()));
    auth.check_page(&access, method, &headers)?;
    if asks != Asks::Open {
        let caller = auth.admit(&access, asks, method, &headers).await?;
        request.extensions_mut().insert(caller);
    }
    let mut response = next.run(request).await;
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(NO_STORE);
    Ok(response)
}

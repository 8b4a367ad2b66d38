//! Who may come in: asked once, before anything of a request's body is read.

use axum::Extension;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, header};
use trunkline_config::AdminTokens;

use crate::problem::{Kind, Problem};
use crate::routes::Running;

/// Lets a request in, or says what it lacks. Whatever else is asked of all requests, such as where a page may come from,
/// is asked here.
pub(crate) async fn gate(
    Extension(Running(plane)): Extension<Running>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    admit(&plane.snapshot().admin, request.headers())?;
    Ok(next.run(request).await)
}

fn admit(tokens: &AdminTokens, headers: &HeaderMap) -> Result<(), Problem> {
    if tokens.is_empty() {
        let how = "no token is configured; set `TRUNKLINE_ADMIN_TOKEN`, or `token` in `[admin]`, to switch it on";
        return Err(Problem::new(Kind::Off, how));
    }
    let presented = headers.get(header::AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
    let Some(presented) = presented else {
        return Err(Problem::new(Kind::Unauthenticated, "send the token as `Authorization: Bearer TOKEN`"));
    };
    if tokens.know(presented) {
        return Ok(());
    }
    Err(Problem::new(Kind::Unauthenticated, "the token is not known here"))
}

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

//! The pages of the admin UI, as `npm run build` in `web/` makes them: built into the binary, and open to everybody, for
//! there is nothing in them that is anybody's.

mod encoding;

use std::borrow::Cow;
use std::fmt::Write as _;

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use http::{HeaderName, HeaderValue, StatusCode, header};
use rust_embed::RustEmbed;

use self::encoding::Encoding;
use crate::auth::Asks;
use crate::endpoint::Endpoint;

/// Its paths. Whoever asks for `/` with a browser comes here too; the data plane tells.
pub(crate) const ROUTES: &[Endpoint] = &[
    Endpoint::new("GET", "/", Asks::Open, || get(enter)),
    Endpoint::new("GET", "/favicon.ico", Asks::Open, || get(icon)),
    Endpoint::new("GET", "/ui", Asks::Open, || get(enter)),
    Endpoint::new("GET", "/ui/", Asks::Open, || get(index)),
    Endpoint::new("GET", "/ui/{*path}", Asks::Open, || get(file)),
];

const HOME: &str = "/ui/";
const INDEX: &str = "index.html";
/// What is below it is named after what it holds, and never changes.
const ASSETS: &str = "assets/";

/// What a page may do: use what came with it, and ask this server.
const CONTENT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Kept, and asked for each time whether it is still so.
const ASK_FIRST: HeaderValue = HeaderValue::from_static("no-cache");

/// What the build made. Beside a file that gets smaller by it stand `NAME.br` and `NAME.gz`.
#[derive(RustEmbed)]
#[folder = "../../web/dist/ui"]
#[allow_missing = true]
struct Built;

/// The page of a binary that was built without the others.
const UNBUILT: &str = include_str!("ui/unbuilt.html");
const ICON: &str = include_str!("../../../web/public/mark.svg");

async fn enter() -> Redirect {
    Redirect::temporary(HOME)
}

async fn icon() -> Response {
    let mut response = ICON.into_response();
    dress(&mut response, "mark.svg", ASK_FIRST);
    response
}

async fn index(headers: HeaderMap) -> Response {
    page(&built, &headers)
}

/// A file, or the page that knows what stands at this address.
async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    answer(&built, &path, &headers)
}

/// A file as it was built.
struct File {
    bytes: Cow<'static, [u8]>,
    hash: [u8; 32],
}

/// Finds a file by its name.
type Find<'a> = &'a dyn Fn(&str) -> Option<File>;

fn built(name: &str) -> Option<File> {
    Built::get(name).map(|found| File { bytes: found.data, hash: found.metadata.sha256_hash() })
}

fn answer(find: Find<'_>, path: &str, headers: &HeaderMap) -> Response {
    if path.starts_with(ASSETS) {
        return send(find, path, headers, FOREVER).unwrap_or_else(|| StatusCode::NOT_FOUND.into_response());
    }
    // Names of models have dots too: whatever is no file is an address of the UI's own.
    let file = if encoding::is_encoded(path) { None } else { send(find, path, headers, ASK_FIRST) };
    file.unwrap_or_else(|| page(find, headers))
}

fn page(find: Find<'_>, headers: &HeaderMap) -> Response {
    send(find, INDEX, headers, ASK_FIRST).unwrap_or_else(|| {
        let mut response = UNBUILT.into_response();
        dress(&mut response, INDEX, ASK_FIRST);
        response
    })
}

/// The file as this client best takes it, or word that it has it.
fn send(find: Find<'_>, name: &str, headers: &HeaderMap, kept: HeaderValue) -> Option<Response> {
    let (file, encoding) = Encoding::accepted(headers)
        .find_map(|encoding| Some((find(&format!("{name}{}", encoding.suffix()))?, encoding)))?;
    let tag = tag(&file.hash);
    let mut response =
        if knows(headers, &tag) { StatusCode::NOT_MODIFIED.into_response() } else { file.bytes.into_response() };
    dress(&mut response, name, kept);
    let head = response.headers_mut();
    head.extend(encoding.name().map(|name| (header::CONTENT_ENCODING, name)));
    head.extend(HeaderValue::try_from(tag).ok().map(|tag| (header::ETAG, tag)));
    head.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    Some(response)
}

/// Says what it is and how long it may be kept, and what it may do in a browser.
fn dress(response: &mut Response, name: &str, kept: HeaderValue) {
    let head = response.headers_mut();
    let fixed = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind(name))),
        (header::CACHE_CONTROL, kept),
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    for (name, value) in fixed {
        head.insert(name, value);
    }
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        "png" => "image/png",
        "json" => "application/json",
        _ => "application/octet-stream",
    }
}

/// Half of a SHA-256 names a file well enough.
fn tag(hash: &[u8; 32]) -> String {
    let digits = hash.iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    });
    format!("\"{digits}\"")
}

/// Whether the client has what that tag names. A cache between may have weakened it.
fn knows(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    known.flat_map(|line| line.split(',')).map(str::trim).any(|one| one.strip_prefix("W/").unwrap_or(one) == tag)
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    /// A build with a page and one script, which gets smaller by both encodings.
    fn small(name: &str) -> Option<File> {
        let text = match name {
            "index.html" => "page",
            "assets/a-1.js" => "plain",
            "assets/a-1.js.br" => "brotli",
            "assets/a-1.js.gz" => "gzip",
            _ => return None,
        };
        let mut hash = [0; 32];
        hash[..4].copy_from_slice(&text.as_bytes()[..4]);
        Some(File { bytes: Cow::Borrowed(text.as_bytes()), hash })
    }

    fn none(_: &str) -> Option<File> {
        None
    }

    async fn got(find: Find<'_>, path: &str, stated: &[(HeaderName, &'static str)]) -> (u16, HeaderMap, String) {
        let headers = stated.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        let (head, body) = answer(find, path, &headers).into_parts();
        let body = to_bytes(body, 1 << 20).await.expect("a body");
        (head.status.as_u16(), head.headers, String::from_utf8_lossy(&body).into_owned())
    }

    #[tokio::test]
    async fn addresses_of_the_ui_are_its_page_and_assets_are_kept_for_good() {
        for (path, status, body, kept) in [
            ("", 200, "page", "no-cache"),
            ("index.html", 200, "page", "no-cache"),
            ("providers/groq", 200, "page", "no-cache"),
            ("models/gpt-4.1", 200, "page", "no-cache"),
            ("assets/a-1.js", 200, "plain", "public, max-age=31536000, immutable"),
            ("assets/../index.html", 404, "", ""),
            ("assets/b-2.js", 404, "", ""),
        ] {
            let (found, head, text) = got(&small, path, &[]).await;
            assert_eq!((found, &*text), (status, body), "{path}");
            assert_eq!(head.get(header::CACHE_CONTROL).map_or("", |kept| kept.to_str().expect("text")), kept, "{path}");
        }
    }

    #[tokio::test]
    async fn a_file_comes_as_the_client_takes_it() {
        for (accepted, body, encoding) in [
            ("gzip, deflate, br, zstd", "brotli", Some("br")),
            ("gzip, deflate", "gzip", Some("gzip")),
            ("br;q=0, gzip;q=0.5", "gzip", Some("gzip")),
            ("identity", "plain", None),
            ("", "plain", None),
        ] {
            let (_, head, text) = got(&small, "assets/a-1.js", &[(header::ACCEPT_ENCODING, accepted)]).await;
            let said = head.get(header::CONTENT_ENCODING).map(|said| said.to_str().expect("text"));
            assert_eq!((&*text, said), (body, encoding), "{accepted}");
            assert_eq!(head[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
            assert_eq!(head[header::VARY], "accept-encoding");
        }
    }

    #[tokio::test]
    async fn what_the_client_has_is_not_sent_again() {
        let (_, head, _) = got(&small, "", &[]).await;
        assert_eq!(head[header::ETAG], "\"70616765000000000000000000000000\"");
        for known in ["\"70616765000000000000000000000000\"", "\"x\", W/\"70616765000000000000000000000000\""] {
            let (status, head, body) = got(&small, "keys", &[(header::IF_NONE_MATCH, known)]).await;
            assert_eq!((status, &*body), (304, ""), "{known}");
            assert_eq!(head[header::CONTENT_SECURITY_POLICY], CONTENT_POLICY);
        }
        assert_eq!(got(&small, "", &[(header::IF_NONE_MATCH, "\"x\"")]).await.0, 200);
    }

    #[tokio::test]
    async fn a_binary_without_pages_says_how_it_gets_them() {
        for path in ["", "providers/groq"] {
            let (status, head, body) = got(&none, path, &[]).await;
            assert_eq!((status, kind(INDEX)), (200, head[header::CONTENT_TYPE].to_str().expect("text")));
            assert!(body.contains("npm run build"), "{body}");
        }
    }
}

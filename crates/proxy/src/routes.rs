//! The whole client surface: path and method to what is asked for.

use http::Method;
use trunkline_wire::{DialectId, Operation};

/// What a request line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// Work for a model.
    Model(Surface<'a>),
    /// The list of models.
    ModelList,
    /// One model, by its name as it stands in the path (percent-encoded).
    ModelEntry(&'a str),
    /// Alive?
    Live,
    /// Able to serve?
    Ready,
    /// Counts and problems.
    Detailed,
    /// Who is this?
    Banner,
    /// A browser asks what it may do.
    Preflight,
    /// The path is known, the method is not; what would be.
    WrongMethod(&'static str),
    /// Nothing is here.
    Nothing,
}

/// One way in for model work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surface<'a> {
    /// The client's wire format.
    pub dialect: DialectId,
    /// What for.
    pub operation: Operation,
    /// The path below the version, toward the provider, such as `/chat/completions`.
    pub path: &'a str,
    /// Whether the path itself asks for a stream.
    pub force_stream: bool,
}

/// Prefixes that mean the same; users paste base URLs with and without them, and sometimes twice.
const PREFIXES: &[&str] = &["/v1/v1", "/openai/v1", "/v1"];

/// Paths below these are never a provider's: they belong to Trunkline itself.
const RESERVED: &[&str] = &["/api", "/ui", "/health", "/metrics"];

/// Finds the route of a request line.
pub fn find<'a>(method: &Method, path: &'a str) -> Route<'a> {
    if method == Method::OPTIONS {
        return Route::Preflight;
    }
    let (versioned, below) = below_version(path);
    let read = method == Method::GET || method == Method::HEAD;
    let fixed = match below {
        "" | "/" => Some(Route::Banner),
        "/models" | "/models/" => Some(Route::ModelList),
        "/health" | "/health/live" => Some(Route::Live),
        "/health/ready" => Some(Route::Ready),
        "/health/detailed" => Some(Route::Detailed),
        other => other.strip_prefix("/models/").map(Route::ModelEntry),
    };
    match fixed {
        Some(route) if read => route,
        Some(_) => Route::WrongMethod("GET, HEAD, OPTIONS"),
        None => model_route(method, below, versioned),
    }
}

fn model_route<'a>(method: &Method, below: &'a str, versioned: bool) -> Route<'a> {
    let (operation, path, force_stream) = match below {
        "/chat/completions" => (Operation::Chat, below, false),
        "/chat/completions/stream" => (Operation::Chat, "/chat/completions", true),
        "/completions" => (Operation::Completion, below, false),
        "/embeddings" => (Operation::Embedding, below, false),
        other if is_reserved(other) && !versioned || !is_plain(other) => return Route::Nothing,
        _ if method != Method::POST => return Route::Nothing,
        other => (Operation::Other, other, false),
    };
    if method != Method::POST {
        return Route::WrongMethod("POST, OPTIONS");
    }
    Route::Model(Surface { dialect: DialectId::OpenaiChat, operation, path, force_stream })
}

fn below_version(path: &str) -> (bool, &str) {
    for prefix in PREFIXES {
        if let Some(below) = path.strip_prefix(prefix)
            && (below.is_empty() || below.starts_with('/'))
        {
            return (true, below);
        }
    }
    (false, path)
}

fn is_reserved(path: &str) -> bool {
    RESERVED.iter().any(|top| path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Whether a path that is handed on unread stays below the provider's base: no dot segments in any spelling.
fn is_plain(path: &str) -> bool {
    let dots = |segment: &str| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        plain == "." || plain == ".."
    };
    path.len() > 1
        && !path.contains("//")
        && !path.contains('\\')
        && !path.to_ascii_lowercase().contains("%2f")
        && !path.to_ascii_lowercase().contains("%5c")
        && !path.split('/').any(dots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "a table reads better without ampersands")]
    fn check(method: Method, path: &str, expected: Route<'_>) {
        assert_eq!(find(&method, path), expected, "{method} {path}");
    }

    fn model(operation: Operation, path: &str, force_stream: bool) -> Route<'_> {
        Route::Model(Surface { dialect: DialectId::OpenaiChat, operation, path, force_stream })
    }

    #[test]
    fn the_same_paths_work_under_every_prefix() {
        for prefix in ["", "/v1", "/openai/v1", "/v1/v1"] {
            let at = |path: &str| format!("{prefix}{path}");
            let chat = model(Operation::Chat, "/chat/completions", false);
            check(Method::POST, &at("/chat/completions"), chat);
            let forced = model(Operation::Chat, "/chat/completions", true);
            check(Method::POST, &at("/chat/completions/stream"), forced);
            check(Method::POST, &at("/completions"), model(Operation::Completion, "/completions", false));
            check(Method::POST, &at("/embeddings"), model(Operation::Embedding, "/embeddings", false));
            check(Method::POST, &at("/rerank"), model(Operation::Other, "/rerank", false));
            check(Method::GET, &at("/models"), Route::ModelList);
            check(Method::HEAD, &at("/models"), Route::ModelList);
            check(Method::GET, &at("/models/org/name"), Route::ModelEntry("org/name"));
            check(Method::GET, &at("/health/detailed"), Route::Detailed);
        }
    }

    #[test]
    fn a_known_path_with_another_method_says_which_would_do() {
        check(Method::GET, "/v1/chat/completions", Route::WrongMethod("POST, OPTIONS"));
        check(Method::DELETE, "/v1/models", Route::WrongMethod("GET, HEAD, OPTIONS"));
        check(Method::OPTIONS, "/v1/anything", Route::Preflight);
    }

    #[test]
    fn paths_that_could_leave_the_base_are_not_handed_on() {
        for path in ["/v1/../admin", "/v1/a/%2E%2e/b", "/v1/a//b", "/v1/a\\b", "/v1/a%2fb", "/api/tags", "/ui/x"] {
            check(Method::POST, path, Route::Nothing);
        }
        check(Method::GET, "/v1/files", Route::Nothing);
        check(Method::POST, "/v1x/chat", model(Operation::Other, "/v1x/chat", false));
    }
}

//! The whole client surface: path and method to what is asked for.

mod predecessors;

use http::Method;
use trunkline_wire::{DialectId, Operation};

/// What a request line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// Work for a model.
    Model(Surface<'a>),
    /// The same, asked where the pages are.
    Played(Surface<'a>),
    /// The list of models.
    ModelList,
    /// One model, by its name as it stands in the path (percent-encoded).
    ModelEntry(&'a str),
    /// The list of models, in Gemini's words.
    GeminiModelList,
    /// One model in Gemini's words (percent-encoded).
    GeminiModelEntry(&'a str),
    /// What an Ollama client asks beside work for a model.
    Ollama(OllamaQuestion),
    /// A stored answer of Responses.
    StoredResponse(StoredResponse<'a>),
    /// The admin API and its pages; which of its paths, it knows itself.
    Admin,
    /// A WebSocket, where only HTTP is spoken.
    Upgrade,
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

/// What an Ollama client asks beside work for a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OllamaQuestion {
    /// Which models are there.
    Tags,
    /// What one model is; its name is in the body.
    Show,
    /// Which models are loaded.
    Loaded,
    /// Which version this is.
    Version,
}

/// What is asked about a stored answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredResponse<'a> {
    /// Its id.
    pub id: &'a str,
    /// What for.
    pub what: StoredResponseCall,
}

/// What is done with a stored answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredResponseCall {
    /// Show it.
    Get,
    /// Forget it.
    Delete,
    /// Stop making it.
    Cancel,
    /// Show what it answered.
    InputItems,
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
    /// How the body is to be understood.
    pub form: Form<'a>,
}

/// How a body is to be understood, where its dialect alone does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form<'a> {
    /// As the dialect has it.
    Plain,
    /// The same, streamed whatever the body says.
    Streamed,
    /// Ollama's `/api/generate`.
    Generate,
    /// Ollama's older `/api/embeddings`.
    OneEmbedding,
    /// Gemini's: the path names the model (percent-encoded) and says whether to stream.
    InPath {
        /// The model.
        model: &'a str,
        /// Whether to stream.
        stream: bool,
    },
}

/// Prefixes that mean the same; users paste base URLs with and without them, and sometimes twice.
const PREFIXES: &[&str] = &["/v1/v1", "/openai/v1", "/v1"];

/// Paths below these are never a provider's: they belong to Trunkline itself, or to Ollama's clients.
const RESERVED: &[&str] = &["/api", "/health", "/metrics", "/v1beta"];

/// Where the pages of the admin API stand.
const PAGES: &[&str] = &["/ui", "/favicon.ico"];

/// What of LiteLLM's own admin API goes over ours.
const KEYS_OF_LITELLM: &str = "/key/";
const OF_LITELLM: &[&str] = &["/spend/logs", "/model/info", "/v1/model/info"];

const READ: &str = "GET, HEAD, OPTIONS";
const POST: &str = "POST, OPTIONS";

/// Finds the route of a request line.
pub fn find<'a>(method: &Method, path: &'a str) -> Route<'a> {
    if let Some(below) = path.strip_prefix("/api/") {
        return below_api(method, below);
    }
    if path.starts_with(KEYS_OF_LITELLM) || OF_LITELLM.contains(&path) || is_below(path, PAGES) {
        return Route::Admin;
    }
    if method == Method::OPTIONS {
        return if predecessors::is_theirs(path) { Route::Admin } else { Route::Preflight };
    }
    if let Some(below) = path.strip_prefix("/v1beta/models") {
        return gemini(method, below);
    }
    let (versioned, below) = below_version(path);
    let read = method == Method::GET || method == Method::HEAD;
    let fixed = match below {
        "" | "/" => Some(Route::Banner),
        "/models" | "/models/" => Some(Route::ModelList),
        "/health" | "/health/live" => Some(Route::Live),
        "/health/ready" => Some(Route::Ready),
        "/health/detailed" => Some(Route::Detailed),
        "/responses" if read => Some(Route::Upgrade),
        other => match other.strip_prefix("/models/") {
            Some(name) if name.contains(':') && method == Method::POST => {
                return gemini(method, other.strip_prefix("/models").unwrap_or_default());
            }
            name => name.map(Route::ModelEntry),
        },
    };
    match fixed {
        Some(route) if read => route,
        Some(_) => Route::WrongMethod(READ),
        None => model_route(method, (path, below), versioned),
    }
}

fn model_route<'a>(method: &Method, (path, below): (&str, &'a str), versioned: bool) -> Route<'a> {
    if let Some(below) = below.strip_prefix("/responses/").filter(|below| *below != "input_tokens") {
        return stored_response(method, below);
    }
    let surface = |dialect, operation, path, form| Surface { dialect, operation, path, form };
    let chat = |form| surface(DialectId::OpenaiChat, Operation::Chat, "/chat/completions", form);
    let found = match below {
        "/chat/completions" => chat(Form::Plain),
        "/chat/completions/stream" => chat(Form::Streamed),
        "/completions" => surface(DialectId::OpenaiCompletions, Operation::Completion, below, Form::Plain),
        "/responses" => surface(DialectId::OpenaiResponses, Operation::Chat, below, Form::Plain),
        "/responses/input_tokens" => surface(DialectId::OpenaiResponses, Operation::CountTokens, below, Form::Plain),
        "/messages" => surface(DialectId::Anthropic, Operation::Chat, below, Form::Plain),
        "/messages/count_tokens" => surface(DialectId::Anthropic, Operation::CountTokens, below, Form::Plain),
        "/embeddings" => surface(DialectId::OpenaiChat, Operation::Embedding, below, Form::Plain),
        _ if predecessors::is_theirs(path) => return Route::Admin,
        other if is_below(other, RESERVED) && !versioned || !is_plain(other) => return Route::Nothing,
        _ if method != Method::POST => return Route::Nothing,
        other => surface(DialectId::OpenaiChat, Operation::Other, other, Form::Plain),
    };
    if method != Method::POST {
        return Route::WrongMethod(POST);
    }
    Route::Model(found)
}

fn stored_response<'a>(method: &Method, below: &'a str) -> Route<'a> {
    let (id, rest) = below.split_once('/').unwrap_or((below, ""));
    let (allowed, what) = match (rest, method) {
        ("", &Method::DELETE) => ("", StoredResponseCall::Delete),
        ("", &Method::GET | &Method::HEAD) => ("", StoredResponseCall::Get),
        ("", _) => ("GET, HEAD, DELETE, OPTIONS", StoredResponseCall::Get),
        ("cancel", &Method::POST) => ("", StoredResponseCall::Cancel),
        ("cancel", _) => (POST, StoredResponseCall::Cancel),
        ("input_items", &Method::GET | &Method::HEAD) => ("", StoredResponseCall::InputItems),
        ("input_items", _) => (READ, StoredResponseCall::InputItems),
        _ => return Route::Nothing,
    };
    match (id, allowed) {
        ("", _) => Route::Nothing,
        (_, "") => Route::StoredResponse(StoredResponse { id, what }),
        (_, allowed) => Route::WrongMethod(allowed),
    }
}

/// The admin API's paths and Ollama's. What pages of other origins may do with the first is not `server.cors_origins`'
/// matter, so its `OPTIONS` are its own.
fn below_api<'a>(method: &Method, below: &'a str) -> Route<'a> {
    let behind = |place: &str| below.strip_prefix(place).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    if let Some(path) = behind("v1/playground") {
        return played(method, path);
    }
    match below {
        _ if behind("v1").or_else(|| behind("admin")).is_some() => Route::Admin,
        _ if method == Method::OPTIONS => Route::Preflight,
        _ => ollama(method, below),
    }
}

/// A client's path behind that of the playground, which alone is the admin API's.
fn played<'a>(method: &Method, path: &'a str) -> Route<'a> {
    if path.is_empty() {
        return Route::Admin;
    }
    // Not one playground behind another.
    let is_a_clients = !path.starts_with("/api/v1");
    if is_a_clients && let Route::Model(surface) = find(method, path) { Route::Played(surface) } else { Route::Nothing }
}

/// Ollama's own paths, below `/api/`.
fn ollama<'a>(method: &Method, below: &'a str) -> Route<'a> {
    let surface = |operation, path, form| Route::Model(Surface { dialect: DialectId::Ollama, operation, path, form });
    let (wanted, route) = match below {
        "chat" => (POST, surface(Operation::Chat, "/api/chat", Form::Plain)),
        "generate" => (POST, surface(Operation::Chat, "/api/generate", Form::Generate)),
        "embed" => (POST, surface(Operation::Embedding, "/api/embed", Form::Plain)),
        "embeddings" => (POST, surface(Operation::Embedding, "/api/embeddings", Form::OneEmbedding)),
        "show" => (POST, Route::Ollama(OllamaQuestion::Show)),
        "tags" => (READ, Route::Ollama(OllamaQuestion::Tags)),
        "ps" => (READ, Route::Ollama(OllamaQuestion::Loaded)),
        "version" => (READ, Route::Ollama(OllamaQuestion::Version)),
        _ => return Route::Nothing,
    };
    let fits = match wanted {
        POST => method == Method::POST,
        _ => method == Method::GET || method == Method::HEAD,
    };
    if fits { route } else { Route::WrongMethod(wanted) }
}

/// Gemini's paths, below `/v1beta/models`.
fn gemini<'a>(method: &Method, below: &'a str) -> Route<'a> {
    let read = method == Method::GET || method == Method::HEAD;
    let Some(name) = below.strip_prefix('/').filter(|name| !name.is_empty()) else {
        return if read { Route::GeminiModelList } else { Route::WrongMethod(READ) };
    };
    let Some((model, call)) = name.rsplit_once(':') else {
        return if read { Route::GeminiModelEntry(name) } else { Route::WrongMethod(READ) };
    };
    let (operation, stream) = match call {
        "generateContent" => (Operation::Chat, false),
        "streamGenerateContent" => (Operation::Chat, true),
        "countTokens" => (Operation::CountTokens, false),
        _ => return Route::Nothing,
    };
    if method != Method::POST {
        return Route::WrongMethod(POST);
    }
    Route::Model(Surface { dialect: DialectId::Gemini, operation, path: below, form: Form::InPath { model, stream } })
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

fn is_below(path: &str, tops: &[&str]) -> bool {
    tops.iter().any(|top| path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
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
mod tests;

//! Which conversation a request belongs to, as far as it says so, and how its prompt begins.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher as _};

use http::HeaderName;
use serde::Deserialize;
use serde_json::value::RawValue;
use trunkline_route::Session;
use trunkline_route::prefix::beginnings;

use crate::prepare::Taken;

/// Headers in which clients and other gateways name a session, the one to believe first.
static HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("x-session-id"),
    HeaderName::from_static("x-litellm-session-id"),
    HeaderName::from_static("x-bf-session-id"),
];

/// The session of one request: its header, else what the body says of caching or of the person, else the client key.
#[derive(Debug)]
pub(crate) struct SessionOf<'a> {
    pub(crate) taken: &'a Taken<'a>,
    pub(crate) client_key: Option<&'a str>,
}

/// What bodies say of it: OpenAI's dialects, and Messages.
#[derive(Deserialize)]
struct Said<'a> {
    #[serde(borrow, default)]
    prompt_cache_key: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    metadata: Option<Metadata<'a>>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    user_id: Option<Cow<'a, str>>,
}

impl Session for SessionOf<'_> {
    fn id(&self) -> Option<u64> {
        let named = HEADERS.iter().find_map(|name| self.taken.headers.get(name)).map(|value| hashed(value.as_bytes()));
        named.or_else(|| self.in_body()).or_else(|| self.client_key.map(|key| hashed(key.as_bytes())))
    }

    fn beginnings(&self) -> &[u64] {
        self.taken.beginnings.get_or_init(|| beginnings_of(&self.taken.body))
    }
}

impl SessionOf<'_> {
    fn in_body(&self) -> Option<u64> {
        let said: Said<'_> = serde_json::from_slice(&self.taken.body).ok()?;
        let user = || said.metadata.as_ref()?.user_id.as_deref();
        said.prompt_cache_key.as_deref().or_else(user).map(|text| hashed(text.as_bytes()))
    }
}

/// The parts of a body that the model reads, in the order in which it does. Each dialect has some of them, under one of
/// these names.
#[derive(Deserialize)]
struct Read<'a> {
    #[serde(borrow, default)]
    tools: Option<&'a RawValue>,
    #[serde(borrow, default, alias = "instructions", alias = "systemInstruction", alias = "system_instruction")]
    system: Option<&'a RawValue>,
    #[serde(borrow, default, alias = "input", alias = "contents", alias = "prompt")]
    messages: Option<&'a RawValue>,
}

/// As the client wrote it: what a client says again it writes again in the same way.
fn beginnings_of(body: &[u8]) -> Vec<u64> {
    let Ok(Read { tools, system, messages }) = serde_json::from_slice(body) else { return Vec::new() };
    beginnings([tools, system, messages].into_iter().flatten().map(|part| part.get().as_bytes()))
}

fn hashed(text: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

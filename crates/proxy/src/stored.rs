//! Answers of Responses that are kept: who keeps them, and what the data plane does with them.
//!
//! A provider that speaks Responses keeps its own answers. Where the answer was made here, in the bridged lane or by an
//! adapter, the state that clients count on is kept here: every answer but those with `store: false`.

mod keeper;
mod questions;
mod resume;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use thiserror::Error;
use tokio::time::Instant;
use trunkline_wire::{Fault, FaultKind};

pub(crate) use keeper::{Keeper, keep_whole};
pub(crate) use questions::answer;
pub(crate) use resume::{UNKNOWN_RESPONSE, needs_state, resume};

/// Longest wait for the store, all questions of one request together. A person is waiting for the answer.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// Longest id that is looked for; ours have 37 bytes. Guards the queue before the store.
const ID_BYTES_MAX: usize = 256;

/// One kept answer. Its three texts are JSON.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptResponse {
    /// The name of the client key that asked for it; empty where none was needed. Nobody else may see it.
    pub owner: String,
    /// Its id, such as `resp_0123`; unique.
    pub id: String,
    /// When it was given, in seconds since the Unix epoch.
    pub created_s: u64,
    /// The items put in, those before it in the conversation included: an array.
    pub input: String,
    /// The items of the answer, with all seals: an array.
    pub output: String,
    /// The answer as the client saw it: an object.
    pub response: String,
}

impl KeptResponse {
    /// Bytes of its texts.
    pub fn bytes(&self) -> usize {
        self.input.len() + self.output.len() + self.response.len()
    }
}

impl fmt::Debug for KeptResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What people said stays out of logs.
        f.debug_struct("KeptResponse").field("owner", &self.owner).field("id", &self.id).finish_non_exhaustive()
    }
}

/// The store cannot be asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("stored answers are out of reach")]
pub struct StoreDown;

/// What a store will answer.
pub type Asked<T> = Pin<Box<dyn Future<Output = Result<T, StoreDown>> + Send>>;

/// Keeps answers for a while. A store that is down or slow costs requests that build on a kept answer a 503 after two
/// seconds; all others go on, and their answers are not kept.
pub trait ResponseStore: Send + Sync {
    /// Whether it keeps anything at all; where not, nothing is gathered.
    fn keeps(&self) -> bool;

    /// Keeps an answer, in the place of another with its owner and id. Returns at once: one that has no room is dropped,
    /// counted, and warned of. A later `find` or `forget` sees it.
    fn keep(&self, answer: KeptResponse);

    /// The owner's answer with this id; `None` when there is none any more.
    fn find(&self, owner: &str, id: &str) -> Asked<Option<KeptResponse>>;

    /// Forgets the owner's answer with this id; whether there was one.
    fn forget(&self, owner: &str, id: &str) -> Asked<bool>;
}

/// A store as one caller may see it, for as long as one request may take.
struct Shelf<'a> {
    store: &'a dyn ResponseStore,
    owner: &'a str,
    deadline: Instant,
}

impl<'a> Shelf<'a> {
    fn of(store: &'a dyn ResponseStore, owner: Option<&'a str>) -> Self {
        Self { store, owner: owner_name(owner), deadline: Instant::now() + STORE_TIMEOUT }
    }

    async fn find(&self, id: &str) -> Result<Option<KeptResponse>, Fault> {
        if id.len() > ID_BYTES_MAX {
            return Ok(None);
        }
        self.in_time(self.store.find(self.owner, id)).await
    }

    async fn forget(&self, id: &str) -> Result<bool, Fault> {
        if id.len() > ID_BYTES_MAX {
            return Ok(false);
        }
        self.in_time(self.store.forget(self.owner, id)).await
    }

    async fn in_time<T>(&self, asked: Asked<T>) -> Result<T, Fault> {
        let answer = tokio::time::timeout_at(self.deadline, asked).await;
        answer.unwrap_or(Err(StoreDown)).map_err(|down| {
            // Ours, not a provider's: another target would not help.
            let message = format!("{down}; try again, or send the whole conversation in `input`");
            Fault { retry_after: Some(STORE_TIMEOUT), ..Fault::new(FaultKind::Busy, message) }
        })
    }
}

/// Callers without a key share what they keep.
fn owner_name(client_key: Option<&str>) -> &str {
    client_key.unwrap_or_default()
}

/// The items of a kept text.
///
/// # Errors
/// When it is no array: a defect of ours, or of the store.
fn items(text: &str) -> Result<Vec<&serde_json::value::RawValue>, Fault> {
    serde_json::from_str(text)
        .map_err(|error| Fault::new(FaultKind::Internal, format!("a stored answer cannot be read: {error}")))
}

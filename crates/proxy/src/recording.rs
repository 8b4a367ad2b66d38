//! What is said in a request, written down on its way, for whoever keeps it. Nothing is, unless somebody wants it.
//!
//! It is copied rather than shared: a piece of an answer would hold the buffer that it was read into, and the request's the
//! connection's, for as long as nobody has taken it.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, HeaderName};
use memchr::memmem;
use serde::Deserialize;
use trunkline_route::{Outcome, Report};

use crate::shared::Shared;

/// Says that nothing of this request is to be kept. So does `"store": false` in the body.
const NO_STORE: HeaderName = HeaderName::from_static("x-trunkline-no-store");
/// The same in LiteLLM's words.
const REDACT_ALL: HeaderName = HeaderName::from_static("x-litellm-enable-message-redaction");

/// Bytes of all that is being written down or waits to be kept. Guards memory against many long requests, and against a
/// database that is slow; what has no room is not kept.
const HELD_BYTES_MAX: usize = 64 << 20;

/// Whether what is said in a request is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// It is not.
    Nothing,
    /// If it fails.
    IfItFails,
    /// However it ends.
    All,
}

/// Whoever keeps what is said.
pub trait Recorder: Send + Sync {
    /// Whether what is said in the request with this id is wanted. Asked on the request path.
    fn wants(&self, id: u128) -> Want;
    /// Bytes of a body beyond which it is of no use.
    fn body_bytes_max(&self) -> usize;
    /// Takes what was said in a request that is over. Returns at once; what has no room is dropped and counted.
    fn take(&self, said: Said);
    /// What was said in some request could not be written down.
    fn had_no_room(&self);
}

/// One side of what was said.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// Its bytes, from the first on.
    pub bytes: Vec<u8>,
    /// Whether there was more of it.
    pub is_cut: bool,
}

/// What was said in one request.
#[derive(Debug)]
pub struct Said {
    /// The request's id.
    pub id: u128,
    /// Whether the answer was a stream.
    pub is_stream: bool,
    /// What the client sent.
    pub request: Heard,
    /// What it got.
    pub response: Heard,
    /// Its part of the memory for all, until it is dropped.
    room: Room,
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What people said stays out of logs.
        f.debug_struct("Heard").field("bytes", &self.bytes.len()).field("is_cut", &self.is_cut).finish()
    }
}

impl Heard {
    /// Adds what is of use.
    ///
    /// # Errors
    /// When there is no room for it.
    fn add(&mut self, bytes: &[u8], bytes_max: usize, room: &mut Room) -> Result<(), NoRoom> {
        let wanted = bytes_max.saturating_sub(self.bytes.len()).min(bytes.len());
        room.grow(wanted)?;
        self.bytes.extend_from_slice(bytes.get(..wanted).unwrap_or_default());
        self.is_cut |= wanted < bytes.len();
        Ok(())
    }
}

/// Whoever keeps what is said, and the memory that is used until then.
pub(crate) struct Recordings {
    recorder: Box<dyn Recorder>,
    held: AtomicUsize,
}

impl Recordings {
    pub(crate) fn new(recorder: Box<dyn Recorder>) -> Arc<Self> {
        Arc::new(Self { recorder, held: AtomicUsize::new(0) })
    }
}

/// All room is in use.
#[derive(Clone, Copy, Debug)]
struct NoRoom;

/// A part of the memory for all.
struct Room {
    of: Arc<Recordings>,
    bytes: usize,
}

impl Room {
    fn grow(&mut self, by: usize) -> Result<(), NoRoom> {
        let before = self.of.held.fetch_add(by, Ordering::Relaxed);
        self.bytes += by;
        if before.saturating_add(by) > HELD_BYTES_MAX { Err(NoRoom) } else { Ok(()) }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.of.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// What is said in one request. The request's guard and its answer hold it; when both are done, it is handed over.
pub(crate) struct Recording {
    of: Arc<Recordings>,
    want: Want,
    /// `None` once it is known that it is not to be kept.
    draft: Mutex<Option<Draft>>,
}

struct Draft {
    said: Said,
    is_heard: bool,
    failed: bool,
}

impl Recording {
    /// Begins to write down a request with these headers, if that is wanted and its client does not mind.
    pub(crate) fn begin(shared: &Shared, id: u128, headers: &HeaderMap) -> Option<Arc<Self>> {
        let of = shared.recordings.get()?;
        let want = of.recorder.wants(id);
        if want == Want::Nothing || is_refused(headers) {
            return None;
        }
        Some(Arc::new(Self::new(Arc::clone(of), want, id)))
    }

    fn new(of: Arc<Recordings>, want: Want, id: u128) -> Self {
        let room = Room { of: Arc::clone(&of), bytes: 0 };
        let (request, response) = (Heard::default(), Heard::default());
        let said = Said { id, is_stream: false, request, response, room };
        Self { of, want, draft: Mutex::new(Some(Draft { said, is_heard: false, failed: false })) }
    }

    /// The request's body has come.
    pub(crate) fn request(&self, body: &[u8]) {
        if is_not_to_be_stored(body) {
            *self.lock() = None;
            return;
        }
        self.note(|said, bytes_max| said.request.add(body, bytes_max, &mut said.room));
        if let Some(draft) = &mut *self.lock() {
            draft.is_heard = true;
        }
    }

    /// A piece of the answer leaves.
    pub(crate) fn response(&self, piece: &[u8]) {
        self.note(|said, bytes_max| said.response.add(piece, bytes_max, &mut said.room));
    }

    /// The request is over.
    pub(crate) fn ended(&self, report: &Report) {
        if let Some(draft) = &mut *self.lock() {
            draft.failed = matches!(report.outcome, Outcome::Failed(_));
            draft.said.is_stream = report.stream;
        }
    }

    /// Writes something down, within so many bytes a side.
    fn note(&self, write: impl FnOnce(&mut Said, usize) -> Result<(), NoRoom>) {
        let mut draft = self.lock();
        let Some(Draft { said, .. }) = &mut *draft else { return };
        if write(said, self.of.recorder.body_bytes_max()).is_err() {
            *draft = None;
            self.of.recorder.had_no_room();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Draft>> {
        // Nothing that runs under this lock can leave the draft half changed.
        self.draft.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let Some(Draft { said, is_heard, failed }) = self.lock().take() else { return };
        if is_heard && (self.want == Want::All || failed) {
            self.of.recorder.take(said);
        }
    }
}

fn is_refused(headers: &HeaderMap) -> bool {
    let says_so = |name| headers.get(name).is_some_and(|value| matches!(value.as_bytes(), b"1" | b"true" | b"True"));
    says_so(NO_STORE) || says_so(REDACT_ALL)
}

/// Whether a body says `"store": false`.
fn is_not_to_be_stored(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Store {
        store: Option<bool>,
    }
    // Reading all of it costs more than looking for the word.
    memmem::find(body, b"\"store\"").is_some()
        && serde_json::from_slice(body).is_ok_and(|said: Store| said.store == Some(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes all there is.
    #[derive(Clone, Default)]
    struct Hoard {
        said: Arc<Mutex<Vec<Said>>>,
        lost: Arc<AtomicUsize>,
    }

    impl Recorder for Hoard {
        fn wants(&self, _id: u128) -> Want {
            Want::All
        }
        fn body_bytes_max(&self) -> usize {
            usize::MAX
        }
        fn take(&self, said: Said) {
            self.said.lock().unwrap().push(said);
        }
        fn had_no_room(&self) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_nobody_takes_away_fills_its_room_and_then_no_more_is_written_down() {
        let hoard = Hoard::default();
        let of = Recordings::new(Box::new(hoard.clone()));
        let large = vec![b'x'; HELD_BYTES_MAX / 8];
        let record = |id| {
            let recording = Recording::new(Arc::clone(&of), Want::All, id);
            recording.request(&large);
            recording.response(&large);
        };
        (0..6).for_each(record);
        assert_eq!((hoard.said.lock().unwrap().len(), hoard.lost.load(Ordering::Relaxed)), (4, 2));
        hoard.said.lock().unwrap().remove(0);
        (6..8).for_each(record);
        let ids: Vec<_> = hoard.said.lock().unwrap().drain(..).map(|said| said.id).collect();
        assert_eq!((ids, hoard.lost.load(Ordering::Relaxed)), (vec![1, 2, 3, 6], 3));
        assert_eq!(of.held.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_client_may_refuse_in_its_head_or_its_body() {
        let refuses = |name: HeaderName, value: &'static str| {
            is_refused(&[(name, http::HeaderValue::from_static(value))].into_iter().collect())
        };
        assert!(refuses(NO_STORE, "1") && refuses(NO_STORE, "true") && refuses(REDACT_ALL, "true"));
        assert!(!refuses(NO_STORE, "0") && !refuses(HeaderName::from_static("x-other"), "1"));
        assert!(is_not_to_be_stored(br#"{"a":{"store":true},"store":false}"#));
        for stored in [r#"{"store":true}"#, r#"{"a":{"store":false}}"#, r#"{"store":null}"#, "{\"store\":false", "[]"] {
            assert!(!is_not_to_be_stored(stored.as_bytes()), "{stored}");
        }
    }
}

//! Plain connections between two requests.
//!
//! Each worker has a pool of its own, so the locks are not fought over. They are never held across an await, nor while
//! a socket is closed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use foldhash::HashMap;
use http::HeaderMap;
use trunkline_providers::BaseUrl;

use super::plain::Connection;
use crate::h1::EncodeError;
use crate::h1::write_request::host_value;

/// Idle connections one worker keeps to one origin. Guards our file descriptors, and the server's, after a burst of
/// requests; a connection over it is closed, and costs a new handshake when the next burst comes.
pub(super) const IDLE_PER_ORIGIN_MAX: usize = 512;
/// How long a connection may wait for its next request. Guards against using one that a server or a NAT on the way has
/// forgotten without a word; the usual servers close after 5 to 75 seconds, which is noticed.
pub(super) const IDLE_AGE_MAX: Duration = Duration::from_secs(60);

/// Empty maps of headers one worker keeps. Guards memory after a burst; with fewer at hand new ones are made.
const SPARE_HEADERS_MAX: usize = 64;

const DEFAULT_PORT: u16 = 80;

/// All origins that were asked.
#[derive(Debug, Default)]
pub(super) struct Pool {
    /// By host, so that a look-up needs no key of its own; nearly always one port each.
    origins: Mutex<HashMap<String, Vec<Arc<Origin>>>>,
    spare_headers: Mutex<Vec<HeaderMap>>,
}

/// One host and port, and its idle connections.
#[derive(Debug)]
pub(super) struct Origin {
    /// Name or address.
    pub(super) host: String,
    /// TCP port.
    pub(super) port: u16,
    /// For the `Host` header.
    pub(super) host_value: Vec<u8>,
    /// The longest idle in front.
    idle: Mutex<VecDeque<Idle>>,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    since: Instant,
}

impl Pool {
    /// The origin of `to`. Errs when its host could not be written into a request.
    pub(super) fn origin(&self, to: &BaseUrl) -> Result<Arc<Origin>, EncodeError> {
        let mut origins = lock(&self.origins);
        let known = origins.get(to.host.as_str()).and_then(|ports| ports.iter().find(|origin| origin.port == to.port));
        if let Some(origin) = known {
            return Ok(Arc::clone(origin));
        }
        let host_value = host_value(&to.host, to.port, DEFAULT_PORT)?;
        let origin = Origin { host: to.host.clone(), port: to.port, host_value, idle: Mutex::default() };
        let origin = Arc::new(origin);
        origins.entry(to.host.clone()).or_default().push(Arc::clone(&origin));
        Ok(origin)
    }

    /// An empty map for an answer's headers.
    pub(super) fn spare_headers(&self) -> HeaderMap {
        lock(&self.spare_headers).pop().unwrap_or_default()
    }

    /// Keeps a map's memory for [`Pool::spare_headers`].
    pub(super) fn recycle(&self, mut headers: HeaderMap) {
        headers.clear();
        let mut spare = lock(&self.spare_headers);
        if spare.len() < SPARE_HEADERS_MAX {
            spare.push(headers);
        }
    }

    /// Closes what has been idle for too long, and forgets origins that nobody uses any more.
    pub(super) fn sweep(&self, now: Instant) {
        let mut aged = Vec::new();
        lock(&self.origins).retain(|_, ports| {
            ports.retain(|origin| {
                let mut idle = lock(&origin.idle);
                let fresh = idle.iter().position(|idle| !idle.is_aged(now)).unwrap_or(idle.len());
                aged.extend(idle.drain(..fresh));
                !idle.is_empty() || Arc::strong_count(origin) > 1
            });
            !ports.is_empty()
        });
        drop(aged);
    }
}

impl Origin {
    /// The connection that was used last among those that are still open, if any.
    pub(super) fn take(&self, now: Instant) -> Option<Connection> {
        let mut closed = Vec::new();
        let mut idle = lock(&self.idle);
        let found = loop {
            match idle.pop_back() {
                Some(last) if last.is_aged(now) => {
                    // The others have waited longer still.
                    closed.push(last);
                    closed.extend(idle.drain(..));
                    break None;
                }
                Some(last) if last.connection.is_reusable() => break Some(last.connection),
                Some(last) => closed.push(last),
                None => break None,
            }
        };
        drop(idle);
        drop(closed);
        found
    }

    /// Keeps a connection for the next request.
    pub(super) fn put(&self, connection: Connection, now: Instant) {
        let mut idle = lock(&self.idle);
        let surplus = if idle.len() == IDLE_PER_ORIGIN_MAX { idle.pop_front() } else { None };
        idle.push_back(Idle { connection, since: now });
        drop(idle);
        drop(surplus);
    }

    #[cfg(test)]
    fn idle_count(&self) -> usize {
        lock(&self.idle).len()
    }
}

impl Idle {
    fn is_aged(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= IDLE_AGE_MAX
    }
}

/// A panic elsewhere leaves a list of connections that is as good as before.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;

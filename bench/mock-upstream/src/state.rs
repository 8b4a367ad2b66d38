//! What the harness sets between two runs, and what it reads after one.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;

/// Content events of one stream. Guards memory against a mistyped setting.
const CHUNKS_MAX: u64 = 100_000;
/// Time between two events. Guards the harness against a stream that never ends.
const DELAY_US_MAX: u64 = 60_000_000;

/// Settings and counters, shared by every connection.
pub(crate) struct State {
    chunks: AtomicU64,
    delay_us: AtomicU64,
    keeps_last: AtomicBool,
    requests: AtomicU64,
    streams: AtomicU64,
    connections: AtomicU64,
    last: Mutex<Seen>,
}

/// The latest request, as it reached this server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) body: Bytes,
}

impl Default for State {
    fn default() -> Self {
        Self {
            chunks: AtomicU64::new(100),
            delay_us: AtomicU64::new(0),
            keeps_last: AtomicBool::new(false),
            requests: AtomicU64::new(0),
            streams: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            last: Mutex::new(Seen::default()),
        }
    }
}

impl State {
    pub(crate) fn chunks(&self) -> u64 {
        self.chunks.load(Relaxed)
    }

    pub(crate) fn delay(&self) -> Duration {
        Duration::from_micros(self.delay_us.load(Relaxed))
    }

    pub(crate) fn connection_opened(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    pub(crate) fn stream_begun(&self) {
        self.streams.fetch_add(1, Relaxed);
    }

    /// Counts one request; keeps it when the harness asked for that (not under load: it takes a lock).
    pub(crate) fn request_read(&self, authorization: Option<&HeaderValue>, body: &Bytes) {
        self.requests.fetch_add(1, Relaxed);
        if self.keeps_last.load(Relaxed)
            && let Ok(mut last) = self.last.lock()
        {
            *last = Seen { authorization: authorization.cloned(), body: body.clone() };
        }
    }

    pub(crate) fn last(&self) -> Seen {
        self.last.lock().map(|last| last.clone()).unwrap_or_default()
    }

    /// Applies `chunks=N&delay_us=N&keep_last=0|1`, each optional. Says which part it did not understand.
    pub(crate) fn set(&self, query: &str) -> Result<(), String> {
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let value = |name: &str, max: u64| {
                let number = pair.strip_prefix(name)?.strip_prefix('=')?.parse::<u64>().ok()?;
                (number <= max).then_some(number)
            };
            if let Some(chunks) = value("chunks", CHUNKS_MAX) {
                self.chunks.store(chunks, Relaxed);
            } else if let Some(delay_us) = value("delay_us", DELAY_US_MAX) {
                self.delay_us.store(delay_us, Relaxed);
            } else if let Some(keep) = value("keep_last", 1) {
                self.keeps_last.store(keep == 1, Relaxed);
            } else {
                return Err(format!("cannot set \"{pair}\""));
            }
        }
        Ok(())
    }

    /// Settings and counters as one JSON object.
    pub(crate) fn to_json(&self) -> String {
        format!(
            r#"{{"chunks":{},"delay_us":{},"requests":{},"streams":{},"connections":{}}}"#,
            self.chunks.load(Relaxed),
            self.delay_us.load(Relaxed),
            self.requests.load(Relaxed),
            self.streams.load(Relaxed),
            self.connections.load(Relaxed),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, set: Result<(), &str>, json: &str) {
        let state = State::default();
        assert_eq!(state.set(query), set.map_err(str::to_owned));
        assert_eq!(state.to_json(), json);
    }

    #[test]
    fn settings_come_from_the_query_and_counters_start_at_zero() {
        let defaults = r#"{"chunks":100,"delay_us":0,"requests":0,"streams":0,"connections":0}"#;
        check("", Ok(()), defaults);
        check(
            "chunks=7&delay_us=5000",
            Ok(()),
            r#"{"chunks":7,"delay_us":5000,"requests":0,"streams":0,"connections":0}"#,
        );
        check("chunks=100001", Err("cannot set \"chunks=100001\""), defaults);
        check("delay_us=-1", Err("cannot set \"delay_us=-1\""), defaults);
        check("speed=9", Err("cannot set \"speed=9\""), defaults);
    }

    #[test]
    fn keeps_the_last_request_only_when_asked() {
        let state = State::default();
        state.request_read(None, &Bytes::from_static(b"first"));
        assert_eq!(state.last(), Seen::default());
        state.set("keep_last=1").expect("a known setting");
        state.request_read(Some(&HeaderValue::from_static("Bearer k")), &Bytes::from_static(b"second"));
        assert_eq!(
            state.last(),
            Seen { authorization: Some(HeaderValue::from_static("Bearer k")), body: Bytes::from_static(b"second") }
        );
    }
}

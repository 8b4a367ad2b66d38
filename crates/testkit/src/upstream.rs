//! An upstream that says exactly what it is told, byte for byte.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};

/// Longest wait of a test for something that must happen; only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(10);

/// One step of a script, done for each request.
#[derive(Clone, Debug)]
pub enum Say {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Nothing, until the test calls [`Upstream::go_on`].
    Wait,
    /// Nothing, until the test opens the gate of this name with [`Upstream::open`].
    WaitAt(String),
    /// Close the connection.
    Close,
    /// Close it with a reset.
    Reset,
}

impl Say {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Bytes(text.into().into_bytes())
    }

    /// A JSON answer with a status and its length.
    pub fn json(status: u16, body: &str) -> Self {
        Self::text(format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ))
    }

    /// The head of a chunked event stream.
    pub fn stream_head() -> Self {
        Self::text("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    }

    /// One HTTP chunk.
    pub fn chunk(data: &str) -> Self {
        Self::text(format!("{:x}\r\n{data}\r\n", data.len()))
    }

    /// The chunk that ends a chunked body.
    pub fn last_chunk() -> Self {
        Self::text("0\r\n\r\n")
    }
}

/// A request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Request line and headers.
    pub head: String,
    /// The body.
    pub body: String,
}

#[derive(Debug, Default)]
struct State {
    received: Mutex<Vec<Received>>,
    changed: Notify,
    left: Semaphores,
    /// The gates that are open.
    open: Mutex<HashSet<String>>,
}

#[derive(Debug)]
struct Semaphores {
    go: Semaphore,
    gone: Semaphore,
}

impl Default for Semaphores {
    fn default() -> Self {
        Self { go: Semaphore::new(0), gone: Semaphore::new(0) }
    }
}

impl State {
    async fn wait_at(&self, gate: &str) {
        loop {
            let changed = self.changed.notified();
            if self.open.lock().unwrap_or_else(PoisonError::into_inner).contains(gate) {
                return;
            }
            changed.await;
        }
    }
}

/// Makes the script for a request, given how many came before.
type Pick = dyn Fn(usize, &Received) -> Vec<Say> + Send + Sync;

/// The upstream. It stops with the runtime of the test.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    state: Arc<State>,
}

impl Upstream {
    /// Listens on a free port and answers the n-th request with the n-th script; the last one serves all that follow.
    pub async fn start(scripts: Vec<Vec<Say>>) -> Self {
        let closed = vec![Say::Close];
        Self::answering(move |number, _| scripts.get(number).or(scripts.last()).unwrap_or(&closed).clone()).await
    }

    /// Listens on a free port and answers each request with the script that `pick` makes for it, given how many came
    /// before.
    pub async fn answering(pick: impl Fn(usize, &Received) -> Vec<Say> + Send + Sync + 'static) -> Self {
        let pick: Arc<Pick> = Arc::new(pick);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&pick), Arc::clone(&shared)));
            }
        });
        Self { address, state }
    }

    /// Its base URL, version included.
    pub fn url(&self) -> String {
        self.url_below("")
    }

    /// The same with a path before the version, such as `/loading`.
    pub fn url_below(&self, path: &str) -> String {
        format!("http://{}{path}/v1", self.address)
    }

    /// Lets one [`Say::Wait`] go on.
    pub fn go_on(&self) {
        self.state.left.go.add_permits(1);
    }

    /// Opens a gate for all who wait at it, now or later.
    pub fn open(&self, gate: &str) {
        self.state.open.lock().unwrap_or_else(PoisonError::into_inner).insert(gate.to_owned());
        self.state.changed.notify_waiters();
    }

    /// The requests so far.
    pub fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until `count` requests have arrived.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        let all = async {
            loop {
                let changed = self.state.changed.notified();
                if self.received().len() >= count {
                    return self.received();
                }
                changed.await;
            }
        };
        tokio::time::timeout(PATIENCE, all).await.expect("the requests arrive")
    }

    /// Waits until the other side has closed a connection in the middle of a script.
    pub async fn wait_for_leave(&self) {
        let gone = tokio::time::timeout(PATIENCE, self.state.left.gone.acquire()).await;
        gone.expect("the gateway closes the connection").expect("never closed").forget();
    }
}

async fn converse(mut stream: TcpStream, pick: Arc<Pick>, state: Arc<State>) {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer).await {
        let script = {
            let mut received = state.received.lock().unwrap_or_else(PoisonError::into_inner);
            let script = pick(received.len(), &request);
            received.push(request);
            script
        };
        state.changed.notify_waiters();
        for say in script {
            match say {
                Say::Bytes(bytes) => {
                    if stream.write_all(&bytes).await.is_err() {
                        state.left.gone.add_permits(1);
                        return;
                    }
                }
                Say::Wait => {
                    let mut byte = [0];
                    tokio::select! {
                        permit = state.left.go.acquire() => permit.expect("never closed").forget(),
                        read = stream.read(&mut byte) => {
                            assert!(!matches!(read, Ok(1..)), "no request comes before the answer to the last");
                            state.left.gone.add_permits(1);
                            return;
                        }
                    }
                }
                Say::WaitAt(gate) => state.wait_at(&gate).await,
                Say::Close => return,
                Say::Reset => {
                    // With a zero linger the close is a reset.
                    let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
                    return;
                }
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Received> {
    loop {
        let text = String::from_utf8(buffer.clone()).unwrap_or_default();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            let length = length.unwrap_or(0);
            if body.len() >= length {
                buffer.drain(..head.len() + 4 + length);
                let body = body.get(..length).unwrap_or_default().to_owned();
                return Some(Received { head: head.to_owned(), body });
            }
        }
        let mut more = [0; 16 << 10];
        let read = stream.read(&mut more).await.ok().filter(|read| *read > 0)?;
        buffer.extend_from_slice(more.get(..read)?);
    }
}

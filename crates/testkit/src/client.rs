//! A client that sends raw text and shows raw answers.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Longest wait for a whole answer; only a failing test waits this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// An answer, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status line's number.
    pub status: u16,
    /// Status line and headers, as they came.
    pub head: String,
    /// The body without its framing.
    pub body: String,
    /// Whether the body came to its end.
    pub whole: bool,
}

impl Reply {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).expect("the body is JSON")
    }
}

/// Opens a connection and sends a request; the answer is not read.
pub async fn open(to: SocketAddr, method_and_path: &str, headers: &[&str], body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(to).await.expect("the gateway listens");
    let mut head = format!("{method_and_path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n");
    if !body.is_empty() {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    if !body.is_empty() && !headers.iter().any(|header| header.to_ascii_lowercase().starts_with("content-type")) {
        head.push_str("content-type: application/json\r\n");
    }
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).await.expect("the gateway reads");
    stream
}

/// Sends a request and reads the whole answer.
pub async fn ask(to: SocketAddr, method_and_path: &str, headers: &[&str], body: &str) -> Reply {
    read_all(open(to, method_and_path, headers, body).await).await
}

/// The same, and calls `then` once `text` has come.
pub async fn ask_until(to: SocketAddr, method_and_path: &str, body: &str, text: &str, then: impl FnOnce()) -> Reply {
    let mut stream = open(to, method_and_path, &[], body).await;
    let mut read = Vec::new();
    let begin = async {
        while !read.windows(text.len()).any(|window| window == text.as_bytes()) {
            if stream.read_buf(&mut read).await.ok().is_none_or(|read| read == 0) {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, begin).await.expect("the text comes, or the end");
    then();
    read_on(stream, read).await
}

/// Sends these very bytes and reads the whole answer; the request must ask for the connection to be closed.
pub async fn ask_raw(to: SocketAddr, request: &str) -> Reply {
    let mut stream = TcpStream::connect(to).await.expect("the gateway listens");
    stream.write_all(request.as_bytes()).await.expect("the gateway reads");
    read_all(stream).await
}

async fn read_all(stream: TcpStream) -> Reply {
    read_on(stream, Vec::new()).await
}

async fn read_on(mut stream: TcpStream, mut raw: Vec<u8>) -> Reply {
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut raw)).await.expect("the answer ends");
    // A reset after the answer is an end like any other.
    let _ = read;
    parse(&String::from_utf8(raw).expect("answers are UTF-8"))
}

fn parse(raw: &str) -> Reply {
    let (head, rest) = raw.split_once("\r\n\r\n").unwrap_or((raw, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let mut reply = Reply { status, head: head.to_owned(), body: rest.to_owned(), whole: true };
    if reply.header("transfer-encoding").is_some() {
        (reply.body, reply.whole) = dechunk(rest);
    } else if let Some(length) = reply.header("content-length").and_then(|length| length.parse::<usize>().ok()) {
        reply.whole = rest.len() == length;
    }
    reply
}

fn dechunk(mut rest: &str) -> (String, bool) {
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size, 16) else { break };
        if size == 0 {
            return (body, true);
        }
        let Some(data) = after.get(..size) else { break };
        body.push_str(data);
        rest = after.get(size + 2..).unwrap_or_default();
    }
    (body, false)
}

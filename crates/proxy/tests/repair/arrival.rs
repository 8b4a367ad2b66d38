//! When text reaches the client: with the chunk that brought it, whatever is done to answers.

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use trunkline_testkit::{Gateway, Say, Upstream, open};

use super::upstreams::sliced_at;
use crate::{CLIENTS, config, question};

/// What the provider says, one chunk after the other.
const CHUNKS: [&str; 6] = ["w0", " {w1} [", "w2] `w2`", "\n- **w3** < 4", ": w4 <", "w5>"];

/// Reads until `text` has come.
async fn read_until(stream: &mut TcpStream, read: &mut Vec<u8>, text: &str) {
    while !read.windows(text.len()).any(|window| window == text.as_bytes()) {
        assert!(stream.read_buf(read).await.expect("it goes on") > 0, "{text} is missing");
    }
}

/// Each chunk is said only when the client has all that came before: whoever waited for more would wait for ever.
#[tokio::test]
async fn text_without_a_marker_leaves_with_the_chunk_that_brought_it() {
    for settings in ["repair = \"off\"", "repair = \"mend\"", "repair = \"strict\"", "show_reasoning = true"] {
        for (path, _) in CLIENTS {
            let script: Vec<Say> = sliced_at(&CHUNKS).into_iter().flat_map(|say| [say, Say::Wait]).collect();
            let upstream = Upstream::start(vec![script]).await;
            let gateway = Gateway::start(&config(&upstream, settings));
            let body = question(path, true).to_string();
            let mut stream = open(gateway.address(), &format!("POST {path}"), &[], &body).await;
            let mut read = Vec::new();
            let all = async {
                // The head.
                upstream.go_on();
                for number in 0..CHUNKS.len() {
                    read_until(&mut stream, &mut read, &format!("w{number}")).await;
                    upstream.go_on();
                }
            };
            let all = tokio::time::timeout(std::time::Duration::from_secs(10), all).await;
            let seen = String::from_utf8_lossy(&read);
            assert!(all.is_ok(), "{settings} {path}: {seen}");
        }
    }
}

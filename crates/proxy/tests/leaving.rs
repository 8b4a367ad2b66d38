//! Clients that leave: they are billed for what was produced, and whoever produces it stops.
//!
//! `cargo test -p trunkline-proxy --test leaving -- --nocapture` prints the figures.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use trunkline_providers::Usd;
use trunkline_route::{Outcome, Report};
use trunkline_testkit::{Gateway, open};
use trunkline_wire::ir::Quality;

/// An English text as `o200k_base` cuts it, one token after the other.
const TOKENS: &str = include_str!("leaving/tokens.json");

/// Prompts, and how many tokens of `o200k_base` each is.
const PROMPTS: [(&str, u64); 3] = [
    (include_str!("../../wire/src/tokens/samples/english.txt"), 197),
    (include_str!("../../wire/src/tokens/samples/rust.txt"), 185),
    (include_str!("../../wire/src/tokens/samples/json.txt"), 246),
];
/// What OpenAI's models read around the text of one message.
const AROUND: u64 = 7;

const CLIENTS: usize = 1_000;
/// Those who are there at the same time.
const CLIENTS_AT_ONCE: usize = 50;
/// How fast the provider is.
const A_TOKEN: Duration = Duration::from_millis(2);

/// In nano-USD a token: what `PRICE` says.
const INPUT_NANO: u64 = 3_000;
const OUTPUT_NANO: u64 = 15_000;
const PRICE: &str = "price = { input = 3, output = 15 }";

/// What the provider knows of one request.
#[derive(Clone, Copy, Default)]
struct Count {
    input: u64,
    output: u64,
    gone: Option<Instant>,
}

/// A provider that counts, and speaks both dialects.
#[derive(Clone, Default)]
struct Counting {
    counts: Arc<Mutex<HashMap<usize, Count>>>,
}

impl Counting {
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let counting = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let counting = counting.clone();
                tokio::spawn(async move {
                    // It ends when the gateway closes it, which is what is looked for.
                    let _ = counting.serve(stream).await;
                });
            }
        });
        format!("http://{address}")
    }

    async fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let request = read_request(&mut stream).await?;
        let (messages, id) = (request.contains("/v1/messages "), number_in(&request));
        let input = pick(PROMPTS, id).1 + AROUND;
        self.note(id, |count| count.input = input);
        let produced = self.produce(&mut stream, messages, input, id).await;
        // Whatever became of the writing, it is the reading that says when the other side has left.
        while !matches!(stream.read(&mut [0; 64]).await, Ok(0) | Err(_)) {}
        self.note(id, |count| count.gone = Some(Instant::now()));
        produced
    }

    async fn produce(&self, stream: &mut TcpStream, messages: bool, input: u64, id: usize) -> io::Result<()> {
        if !pause(stream).await? {
            return Ok(());
        }
        let begin = if messages {
            format!(
                "event: message_start\ndata: {{\"type\":\"message_start\",\"message\":{{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[],\"model\":\"real\",\"usage\":{{\"input_tokens\":{input},\"output_tokens\":1}}}}}}\n\nevent: content_block_start\ndata: {{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{{\"type\":\"text\",\"text\":\"\"}}}}\n\n"
            )
        } else {
            "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"real\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n".to_owned()
        };
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(format!("{head}{:x}\r\n{begin}\r\n", begin.len()).as_bytes()).await?;
        let tokens: Vec<String> = serde_json::from_str(TOKENS).expect("texts");
        for token in &tokens {
            if !pause(stream).await? {
                return Ok(());
            }
            let token = serde_json::to_string(token).expect("text");
            let event = if messages {
                format!(
                    "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":{token}}}}}\n\n"
                )
            } else {
                format!(
                    "data: {{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"real\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{token}}},\"finish_reason\":null}}]}}\n\n"
                )
            };
            stream.write_all(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes()).await?;
            self.note(id, |count| count.output += 1);
        }
        Ok(())
    }

    fn note(&self, id: usize, change: impl FnOnce(&mut Count)) {
        change(self.counts.lock().expect("no test has failed").entry(id).or_default());
    }
}

/// Works on the next token; false when the other side has left.
async fn pause(stream: &mut TcpStream) -> io::Result<bool> {
    let mut nothing = [0; 64];
    tokio::select! {
        () = tokio::time::sleep(A_TOKEN) => Ok(true),
        read = stream.read(&mut nothing) => read.map(|read| read > 0),
    }
}

async fn read_request(stream: &mut TcpStream) -> io::Result<String> {
    let mut text = String::new();
    let mut buffer = [0; 8 << 10];
    loop {
        let read = stream.read(&mut buffer).await?;
        text.push_str(&String::from_utf8_lossy(buffer.get(..read).unwrap_or_default()));
        let length = text
            .to_ascii_lowercase()
            .split_once("content-length: ")
            .and_then(|(_, rest)| rest.split_once("\r\n")?.0.parse::<usize>().ok());
        let body = text.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len());
        if read == 0 || length.is_some_and(|length| body >= length) {
            return Ok(text);
        }
    }
}

/// The number that a client has put into its request.
fn number_in(request: &str) -> usize {
    let (_, rest) = request.split_once("number-").expect("each request has a number");
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().expect("a number")
}

/// One after the other, and from the beginning again.
fn pick<T, const N: usize>(all: [T; N], number: usize) -> T {
    all.into_iter().nth(number % N).expect("there are so many")
}

/// Enough to choose by.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

fn document(origin: &str) -> String {
    let provider = |name: &str, kind: &str, dialect: &str, url: &str| {
        format!(
            "[providers.{name}]\ntype = \"{kind}\"\ndialects = [\"{dialect}\"]\nbase_url = \"{url}\"\nkeys = [\"k\"]\n\
             [models.{name}-model]\ntargets = [{{ provider = \"{name}\", model = \"real\" }}]\n{PRICE}\n"
        )
    };
    format!(
        "[discovery]\nprobe = false\n{}{}",
        provider("chat", "openai", "openai_chat", &format!("{origin}/v1")),
        provider("messages", "anthropic", "anthropic", origin)
    )
}

/// One client that reads so many bytes and leaves; says when it did.
async fn leave_after(to: std::net::SocketAddr, id: usize, bytes: u64) -> Instant {
    let path = pick(["POST /v1/chat/completions", "POST /v1/messages"], id);
    let model = pick(["chat-model", "messages-model"], id / 2);
    let prompt = serde_json::to_string(pick(PROMPTS, id).0).expect("text");
    let body = format!(
        r#"{{"model":"{model}","max_tokens":999,"stream":true,"user":"number-{id}","messages":[{{"role":"user","content":{prompt}}}],"metadata":{{"user_id":"number-{id}"}}}}"#
    );
    let mut stream = open(to, path, &[], &body).await;
    let (mut seen, mut buffer) = (0, [0; 4 << 10]);
    while seen < bytes {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(read) => seen += read as u64,
        }
    }
    drop(stream);
    Instant::now()
}

fn nano(cost: Option<Usd>) -> u64 {
    u64::try_from(cost.expect("its price is known").nano()).expect("a cost")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_clients_leave_and_each_is_billed_for_what_was_produced() {
    let counting = Counting::default();
    let gateway = Gateway::start(&document(&counting.start().await));
    let (to, places) = (gateway.address(), Arc::new(Semaphore::new(CLIENTS_AT_ONCE)));
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|id| {
            // From at once to near the end.
            let (places, bytes) = (Arc::clone(&places), dice.below(20_000));
            tokio::spawn(async move {
                let _place = places.acquire_owned().await.expect("open");
                leave_after(to, id, bytes).await
            })
        })
        .collect();
    let mut left = Vec::new();
    for client in clients {
        left.push(client.await.expect("a client"));
    }
    let reports = gateway.reports(CLIENTS).await;
    assert_eq!(reports.len(), CLIENTS);
    for report in &reports {
        assert_eq!(report.outcome, Outcome::ClientLeft);
        assert!(matches!(report.quality, None | Some(Quality::Partial)), "{report:?}");
    }
    let counts = all_gone(&counting).await;
    let theirs = counts.values().map(|count| count.input * INPUT_NANO + count.output * OUTPUT_NANO).sum::<u64>();
    let ours = reports.iter().map(|report| nano(report.cost)).sum::<u64>();
    let off = ours.abs_diff(theirs) as f64 * 100.0 / theirs as f64;
    print_figures(&reports, &counts, &left);
    print(&format!("cost: {} here, {} there, {off:.2} % apart", usd(ours), usd(theirs)));
    assert!(off < 2.0, "{off} % apart");
}

/// What the provider has counted, once everybody who asked has left.
async fn all_gone(counting: &Counting) -> HashMap<usize, Count> {
    let wait = async {
        loop {
            let counts = counting.counts.lock().expect("no test has failed").clone();
            if counts.values().all(|count| count.gone.is_some()) {
                return counts;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.expect("the provider is told that everybody has left")
}

fn usd(nano: u64) -> Usd {
    Usd::from_nano(i64::try_from(nano).expect("little"))
}

#[expect(clippy::print_stdout, reason = "the figures are for people")]
fn print(line: &str) {
    println!("{line}");
}

fn print_figures(reports: &[Report], counts: &HashMap<usize, Count>, left: &[Instant]) {
    let mut delays: Vec<Duration> =
        counts.iter().filter_map(|(id, count)| Some(count.gone?.saturating_duration_since(*left.get(*id)?))).collect();
    delays.sort_unstable();
    let at = |percent: usize| {
        delays.get(delays.len().saturating_sub(1) * percent / 100).map_or(0.0, Duration::as_secs_f64) * 1e3
    };
    let sums = [
        ("input", reports.iter().map(|r| r.usage.prompt()).sum::<u64>(), counts.values().map(|c| c.input).sum::<u64>()),
        ("output", reports.iter().map(|r| r.usage.output).sum(), counts.values().map(|c| c.output).sum()),
    ];
    print(&format!("{} reports, {} requests upstream", reports.len(), counts.len()));
    for (name, ours, theirs) in sums {
        print(&format!("{name}: {ours} tokens here, {theirs} there"));
    }
    print(&format!(
        "upstream cancelled after {:.2} ms (p50), {:.2} ms (p99), {:.2} ms (most)",
        at(50),
        at(99),
        at(100)
    ));
}

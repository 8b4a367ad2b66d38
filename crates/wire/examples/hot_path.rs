//! What one request costs this crate, case by case.
//!
//! `hot_path CASE CALLS` makes so many calls in ten rounds and prints the best round's nanoseconds a call. For
//! instructions, run it twice under callgrind and divide the difference of the totals by the difference of the calls:
//!
//! ```text
//! cargo build --release -p trunkline-wire --example hot_path
//! valgrind --tool=callgrind --callgrind-out-file=/dev/null target/release/examples/hot_path json 1000
//! valgrind --tool=callgrind --callgrind-out-file=/dev/null target/release/examples/hot_path json 2000
//! ```

#![expect(clippy::print_stdout, reason = "a tool that prints its finding")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use trunkline_wire::filter::{Filter, Mode, Offered, Recipe, Start, Thoughts};
use trunkline_wire::ir::{BlockKind, Delta, Event};
use trunkline_wire::peek::peek;
use trunkline_wire::relay::{Changes, JsonRelay, LinesRelay, SseRelay, read_usage};

/// Rounds to choose the best of.
const ROUNDS: u32 = 10;

/// Events with content in a stream.
const EVENTS: u32 = 100;

/// A name and what makes one call.
type Case = (&'static str, fn() -> Box<dyn Fn()>);

const CASES: &[Case] = &[
    ("json", || json(CHAT.to_owned(), None)),
    ("json-rename", || json(CHAT.to_owned(), Some("my-model"))),
    ("json-embedding", || json(embedding(), Some("my-model"))),
    ("usage", || {
        Box::new(|| {
            black_box(read_usage(black_box(USAGE.as_bytes())));
        })
    }),
    ("sse", || sse(stream(|_| (1, 1)), None)),
    ("sse-rename", || sse(stream(|_| (1, 1)), Some("my-model"))),
    ("sse-varying", || sse(stream(|event| (event, event / 10)), None)),
    ("sse-varying-rename", || sse(stream(|event| (event, event / 10)), Some("my-model"))),
    ("sse-messages", || sse(messages(), Some("my-model"))),
    ("sse-responses", || sse(responses(), Some("my-model"))),
    ("sse-gemini", || sse(gemini(), Some("my-model"))),
    ("lines-ollama", || lines(ollama(), Some("my-model"))),
    ("filter", || filter(None)),
    ("filter-thoughts", || filter(Some(Thoughts { start: Start::Answer, shown: true }))),
    ("peek-60", || peeking(request("Hi"))),
    ("peek-300", || peeking(request(QUESTION))),
    ("peek-100k", || peeking(request(&PARAGRAPH.repeat((100 << 10) / PARAGRAPH.len())))),
    ("peek-100k-dense", || peeking(request(&DENSE.repeat((100 << 10) / DENSE.len())))),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, calls] = arguments.as_slice() else { return usage() };
    let (Some((_, case)), Ok(calls)) = (CASES.iter().find(|(known, _)| known == name), calls.parse::<u32>()) else {
        return usage();
    };
    let (call, calls) = (case(), (calls / ROUNDS).max(1));
    let round = |_| {
        let began = Instant::now();
        (0..calls).for_each(|_| call());
        began.elapsed() / calls
    };
    let best = (0..ROUNDS).map(round).min().unwrap_or_default();
    println!("{name}: {} ns", best.as_nanos());
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    println!("hot_path CASE CALLS, where CASE is one of");
    for (name, _) in CASES {
        println!("  {name}");
    }
    ExitCode::FAILURE
}

fn changes(model: Option<&str>) -> Changes {
    Changes { model: model.map(trunkline_wire::quoted), withhold_usage: false }
}

fn json(body: String, model: Option<&'static str>) -> Box<dyn Fn()> {
    let body = Bytes::from(body);
    Box::new(move || {
        let mut relay = JsonRelay::new(changes(model));
        black_box(relay.push(black_box(body.clone())));
        black_box(relay.finish());
        black_box(relay.facts());
    })
}

fn sse(stream: String, model: Option<&'static str>) -> Box<dyn Fn()> {
    let stream = Bytes::from(stream);
    Box::new(move || {
        let mut relay = SseRelay::new(changes(model));
        black_box(relay.push(black_box(stream.clone())));
        black_box(relay.finish());
        black_box(relay.facts());
    })
}

fn lines(stream: String, model: Option<&'static str>) -> Box<dyn Fn()> {
    let stream = Bytes::from(stream);
    Box::new(move || {
        let mut relay = LinesRelay::new(changes(model));
        black_box(relay.push(black_box(stream.clone())));
        black_box(relay.finish());
        black_box(relay.facts());
    })
}

/// The words of a stream as events, through a filter that looks for calls in all formats.
fn filter(thoughts: Option<Thoughts>) -> Box<dyn Fn()> {
    let recipe = Recipe::new(Mode::Mend);
    let recipe = thoughts.map_or(recipe.clone(), |thoughts| recipe.with_thoughts(thoughts));
    let mut offered = Offered::default();
    offered.add("get_weather", None);
    let offered = Arc::new(offered);
    Box::new(move || {
        let mut filter = Filter::new(&recipe, Some(Arc::clone(&offered)));
        let mut out = Vec::new();
        filter.push(Event::Open { block: 0, kind: BlockKind::Text }, &mut out);
        for (_, word) in words() {
            filter.push(Event::Delta { block: 0, delta: Delta::Text(word.to_owned()) }, &mut out);
            black_box(&out);
            out.clear();
        }
    })
}

fn peeking(body: String) -> Box<dyn Fn()> {
    Box::new(move || drop(black_box(peek(black_box(body.as_bytes())))))
}

/// A completion as the bench's mock upstream gives it.
const CHAT: &str = concat!(
    r#"{"id":"chatcmpl-BmockBmockBmockBmock01","object":"chat.completion","created":1760000000,"model":"mock-model","#,
    r#""choices":[{"index":0,"message":{"role":"assistant","content":"The quick brown fox jumps over the lazy dog, and "#,
    r#"then it trots back along the river bank to see whether the dog has noticed anything at all.","refusal":null,"#,
    r#""annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":42,"completion_tokens":31,"#,
    r#""total_tokens":73,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":"#,
    r#"{"reasoning_tokens":0,"audio_tokens":0}},"service_tier":"default","system_fingerprint":"fp_mock"}"#,
);

const USAGE: &str = concat!(
    r#"{"prompt_tokens":42,"completion_tokens":31,"total_tokens":73,"#,
    r#""prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"#,
    r#""completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}}"#,
);

/// The question that the bench asks, escapes and all.
const QUESTION: &str = r#"Write one sentence about a fox and a dog, please. \"Short\", no more than\n30 words."#;

/// The bench's long prompt, an escape every 60 to 90 bytes.
const PARAGRAPH: &str = concat!(
    r#"The gateway reads the request, finds the model's name, and forwards it; \"quotes\" and\n"#,
    "line breaks are escaped as any JSON writer would, and some text is écrit avec des accents. ",
);

/// Source code inside a string: short lines with quotes.
const DENSE: &str = r#"    let name = \"x\";\n    if name == \"y\" {\n        return \t1;\n    }\n"#;

fn request(content: &str) -> String {
    let system = r#"{"role":"system","content":"You are a helpful assistant."}"#;
    let more = r#""model":"m","temperature":0.7,"max_tokens":256"#;
    if content.len() < 8 {
        return format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{content}"}}]}}"#);
    }
    format!(r#"{{"messages":[{system},{{"role":"user","content":"{content}"}}],{more}}}"#)
}

const WORDS: [&str; 4] = [" quick", " brown", " fox", " jumps"];

/// A stream as the bench's mock upstream gives it; `vary` says what an event's `id` and `created` end with.
fn stream(vary: impl Fn(u32) -> (u32, u32)) -> String {
    let mut stream = String::new();
    let mut event = |number: u32, choices: &str| {
        let (id, created) = vary(number);
        // Writing to a String cannot fail.
        let _ = write!(
            stream,
            "data: {{\"id\":\"chatcmpl-BmockBmockBmockBmock{id:02}\",\"object\":\"chat.completion.chunk\",\
             \"created\":17600000{created:02},\"model\":\"mock-model\",\"service_tier\":\"default\",\
             \"system_fingerprint\":\"fp_mock\",\"choices\":[{choices}}}\n\n",
        );
    };
    event(0, r#"{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]"#);
    for (number, word) in (1..=EVENTS).zip(WORDS.iter().cycle()) {
        let choice = format!(r#"{{"index":0,"delta":{{"content":"{word}"}},"logprobs":null,"finish_reason":null}}]"#);
        event(number, &choice);
    }
    event(EVENTS, r#"{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]"#);
    event(EVENTS, r#"],"usage":{"prompt_tokens":42,"completion_tokens":100,"total_tokens":142}}"#);
    stream + "data: [DONE]\n\n"
}

/// The words of a stream's content, each with its number.
fn words() -> impl Iterator<Item = (u32, &'static str)> {
    (1..=EVENTS).zip(WORDS.into_iter().cycle())
}

/// A stream of Messages, padded as Anthropic pads.
fn messages() -> String {
    let mut stream = String::from(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_01\",\"type\":\"message\",\"role\":\
         \"assistant\",\"model\":\"mock-model\",\"content\":[],\"usage\":{\"input_tokens\":42,\"output_tokens\":1}}}\n\n",
    );
    for (number, word) in words() {
        let padding = " ".repeat(number as usize % 15);
        // Writing to a String cannot fail, here and below.
        let _ = write!(
            stream,
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":\
             {{\"type\":\"text_delta\",\"text\":\"{word}\"}}{padding}}}\n\n",
        );
    }
    stream
        + "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":\
           {\"output_tokens\":100}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
}

/// A stream of Responses.
fn responses() -> String {
    let mut stream = String::from(
        "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\
         \"resp_01\",\"model\":\"mock-model\",\"output\":[],\"usage\":null}}\n\n",
    );
    for (number, word) in words() {
        let _ = write!(
            stream,
            "event: response.output_text.delta\ndata: {{\"type\":\"response.output_text.delta\",\"sequence_number\":\
             {number},\"item_id\":\"msg_01\",\"output_index\":0,\"content_index\":0,\"delta\":\"{word}\",\"logprobs\":[],\
             \"obfuscation\":\"Xk2\"}}\n\n",
        );
    }
    stream
        + "event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":101,\"response\":{\"id\":\
           \"resp_01\",\"model\":\"mock-model\",\"output\":[],\"usage\":{\"input_tokens\":42,\"output_tokens\":100}}}\n\n"
}

/// A stream of Gemini, which counts in every event.
fn gemini() -> String {
    let mut stream = String::new();
    for (number, word) in words() {
        let _ = write!(
            stream,
            "data: {{\"candidates\":[{{\"content\":{{\"parts\":[{{\"text\":\"{word}\"}}],\"role\":\"model\"}},\"index\":0}}],\
             \"usageMetadata\":{{\"promptTokenCount\":42,\"candidatesTokenCount\":{number}}},\"modelVersion\":\"mock-model\",\
             \"responseId\":\"r\"}}\r\n\r\n",
        );
    }
    stream
}

/// A stream of Ollama.
fn ollama() -> String {
    let mut stream = String::new();
    for (number, word) in words() {
        let _ = writeln!(
            stream,
            "{{\"model\":\"mock-model\",\"created_at\":\"2026-11-21T10:00:00.{number:03}Z\",\"message\":{{\"role\":\
             \"assistant\",\"content\":\"{word}\"}},\"done\":false}}",
        );
    }
    stream
        + "{\"model\":\"mock-model\",\"created_at\":\"2026-11-21T10:00:01Z\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\
           \"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":42,\"eval_count\":100}\n"
}

/// An answer that is all numbers.
fn embedding() -> String {
    let numbers: Vec<String> = (0..1536).map(|number| format!("-0.0{number:08}")).collect();
    format!(
        r#"{{"object":"list","data":[{{"object":"embedding","index":0,"embedding":[{}]}}],"model":"mock-model","usage":{{"prompt_tokens":8,"total_tokens":8}}}}"#,
        numbers.join(",")
    )
}

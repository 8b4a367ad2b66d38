//! What one event of a bridged stream costs this crate: a provider's stream decoded, and encoded for each dialect.
//!
//! `bridge [STREAMS [CASE]]` translates so many streams a case in ten rounds and prints the best round's nanoseconds an
//! event, first as one burst and then as one read an event. A case is `FROM decode` or `FROM -> TO`; all of them run
//! unless one is named.
//!
//! ```text
//! cargo run --release -p trunkline-wire --example bridge
//! ```

#![expect(clippy::print_stdout, reason = "a tool that prints its finding")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use trunkline_wire::dialect::{ALL, of};
use trunkline_wire::{DialectId, StreamHead};

/// Rounds to choose the best of.
const ROUNDS: u32 = 10;

/// Streams a round when nobody says how many.
const STREAMS: u32 = 200;

/// Events with content in a stream.
const EVENTS: u32 = 100;

/// What the events say, over and over.
const WORDS: [&str; 4] = [" quick", " brown", " fox", " jumps"];

fn main() -> ExitCode {
    let streams = match std::env::args().nth(1).map(|streams| streams.parse::<u32>()) {
        None => STREAMS,
        Some(Ok(streams)) => streams.max(1),
        Some(Err(_)) => {
            println!("bridge [STREAMS [CASE]]");
            return ExitCode::FAILURE;
        }
    };
    let only = std::env::args().nth(2);
    let report = |name: &str, events: &[&[u8]], translate: &dyn Fn(&[&[u8]])| {
        if only.as_ref().is_none_or(|only| only == name) {
            report(name, events, streams, translate);
        }
    };
    let sources = [
        ("openai_chat", DialectId::OpenaiChat, chat(|_| String::new())),
        ("openai_chat padded", DialectId::OpenaiChat, chat(obfuscation)),
        ("anthropic", DialectId::Anthropic, messages()),
    ];
    for (name, from, stream) in &sources {
        let events = separate(stream);
        report(&format!("{name} decode"), &events, &|reads| decode(*from, reads));
        for to in ALL.iter().map(|dialect| dialect.id()) {
            report(&format!("{name} -> {}", to.as_str()), &events, &|reads| bridge(*from, to, reads));
        }
    }
    ExitCode::SUCCESS
}

/// Prints what one event costs in a burst, and alone.
fn report(name: &str, events: &[&[u8]], streams: u32, translate: &dyn Fn(&[&[u8]])) {
    let burst = events.concat();
    let count = u32::try_from(events.len()).unwrap_or(1).max(1);
    let time = |reads: &[&[u8]]| {
        let round = |_| {
            let began = Instant::now();
            (0..streams).for_each(|_| translate(black_box(reads)));
            began.elapsed() / streams / count
        };
        (0..ROUNDS).map(round).min().unwrap_or_default().as_nanos()
    };
    println!("{name:<40} burst {:>5} ns   single {:>5} ns", time(&[burst.as_slice()]), time(events));
}

fn decode(from: DialectId, reads: &[&[u8]]) {
    let mut decoder = of(from).stream_decoder();
    let mut events = Vec::new();
    for bytes in reads {
        decoder.push(bytes, &mut events);
        black_box(&events);
        events.clear();
    }
    decoder.finish(&mut events);
}

fn bridge(from: DialectId, to: DialectId, reads: &[&[u8]]) {
    let mut decoder = of(from).stream_decoder();
    let mut encoder = of(to).stream_encoder(StreamHead {
        model: "my-model".to_owned(),
        include_usage: true,
        created: 1_760_000_000,
        request_id: "0123456789abcdef0123456789abcdef".to_owned(),
        request: None,
        cost: None,
    });
    let mut events = Vec::new();
    for bytes in reads {
        decoder.push(bytes, &mut events);
        let mut out = Vec::new();
        events.drain(..).for_each(|event| encoder.push(&event, &mut out));
        black_box(out);
    }
    let mut out = Vec::new();
    decoder.finish(&mut events);
    events.iter().for_each(|event| encoder.push(event, &mut out));
    encoder.finish(&mut out);
    black_box(out);
}

/// The events of a stream, each with its blank line.
fn separate(stream: &str) -> Vec<&[u8]> {
    stream.split_inclusive("\n\n").map(str::as_bytes).collect()
}

/// A stream as the bench's mock upstream gives it; `more` says what an event has beside the rest.
fn chat(more: impl Fn(u32) -> String) -> String {
    let mut stream = String::new();
    let mut event = |number: u32, choices: &str| {
        // Writing to a String cannot fail, here and below.
        let _ = write!(
            stream,
            "data: {{\"id\":\"chatcmpl-BmockBmockBmockBmock01\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,\
             \"model\":\"mock-model\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_mock\",\"choices\":\
             [{choices}{}}}\n\n",
            more(number),
        );
    };
    event(0, r#"{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]"#);
    for (number, word) in words() {
        let choice = format!(r#"{{"index":0,"delta":{{"content":"{word}"}},"logprobs":null,"finish_reason":null}}]"#);
        event(number, &choice);
    }
    event(0, r#"{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]"#);
    event(0, r#"],"usage":{"prompt_tokens":42,"completion_tokens":100,"total_tokens":142}"#);
    stream + "data: [DONE]\n\n"
}

/// The padding with which OpenAI hides the lengths of tokens.
fn obfuscation(number: u32) -> String {
    format!(r#","obfuscation":"{}""#, "aXk2".repeat(number as usize % 4))
}

/// A stream of Messages, padded as Anthropic pads.
fn messages() -> String {
    let mut stream = String::from(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_01\",\"type\":\"message\",\"role\":\
         \"assistant\",\"model\":\"mock-model\",\"content\":[],\"usage\":{\"input_tokens\":42,\"output_tokens\":1}}}\n\n\
         event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\
         \"text\",\"text\":\"\"}}\n\n",
    );
    for (number, word) in words() {
        let padding = " ".repeat(number as usize % 15);
        let _ = write!(
            stream,
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":\
             {{\"type\":\"text_delta\",\"text\":\"{word}\"}}{padding}}}\n\n",
        );
    }
    stream
        + "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
           event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":\
           {\"output_tokens\":100}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
}

/// The words of a stream's content, each with its number.
fn words() -> impl Iterator<Item = (u32, &'static str)> {
    (1..=EVENTS).zip(WORDS.into_iter().cycle())
}

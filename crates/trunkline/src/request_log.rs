//! The request log: one line a request, in text for people or JSON for machines.
//!
//! Lines are made and written by the ledger's thread, a batch at a time: waking a writer for each line would cost more
//! than serving a small request. Never prompts, answers or keys; names that callers chose are made harmless.

use std::io::{self, Write as _};
use std::time::{Duration, UNIX_EPOCH};

use trunkline_config::file::LogFormat;
use trunkline_route::Report;

/// Longest name in a line, in bytes. Guards the log against callers who send pages as model names.
const NAME_BYTES_MAX: usize = 128;

/// The same for the lists of what was lost and of what was put right.
const LIST_BYTES_MAX: usize = 1024;

/// The last instant that RFC 3339's four digits of year can say.
const AT_MS_MAX: u64 = 253_402_300_799_999;

/// Lines are written out when they are as long, in bytes: few calls a batch, and no batch's lines at once in memory.
const CHUNK_BYTES: usize = 64 << 10;

/// Writes lines to one place: `2026-11-21T14:30:00.123Z served 200 chat model=turbo ..`, with what is absent left out, or
/// JSON objects with the names of the store's columns and null for what is absent.
pub(crate) struct RequestLog {
    format: LogFormat,
    out: Box<dyn io::Write + Send>,
    lines: Vec<u8>,
    clock: Clock,
}

impl RequestLog {
    /// Lines of this format, to `out`, which is written to in large pieces of whole lines and needs no buffer of its own.
    pub(crate) fn new(format: LogFormat, out: Box<dyn io::Write + Send>) -> Self {
        Self { format, out, lines: Vec::new(), clock: Clock::default() }
    }

    /// Writes a line for each report. Blocks as long as `out` does.
    ///
    /// # Errors
    /// When `out` takes no more; the lines are lost.
    pub(crate) fn write(&mut self, reports: &[Report]) -> io::Result<()> {
        for report in reports {
            match self.format {
                LogFormat::Text => text(report, &mut self.clock, &mut self.lines),
                LogFormat::Json => json(report, &mut self.clock, &mut self.lines),
            }
            if self.lines.len() >= CHUNK_BYTES {
                self.write_out()?;
            }
        }
        self.write_out()
    }

    fn write_out(&mut self) -> io::Result<()> {
        let written = self.out.write_all(&self.lines).and_then(|()| self.out.flush());
        self.lines.clear();
        written
    }
}

fn text(report: &Report, clock: &mut Clock, line: &mut Vec<u8>) {
    clock.write(report.at_ms, line);
    put(line, &[" ", report.outcome.as_str(), " "]);
    number(report.status.into(), line);
    put(line, &[" ", report.operation.as_str()]);
    let names = [
        (" model=", &report.model),
        (" provider=", &report.provider),
        (" upstream=", &report.upstream_model),
        (" key=", &report.client_key),
    ];
    for (label, name) in names {
        if let Some(name) = name {
            put(line, &[label]);
            word(name, line);
        }
    }
    for (label, list) in [(" lost=", &report.losses), (" repaired=", &report.repairs)] {
        if let Some(list) = list {
            put(line, &[label]);
            quoted(list, LIST_BYTES_MAX, line);
        }
    }
    if report.stream {
        put(line, &[" stream"]);
    }
    if report.cached {
        put(line, &[" cached"]);
    }
    if let Some(quality) = report.quality {
        let usage = &report.usage;
        numbers(&[(" in=", usage.input), (" out=", usage.output), (" cached=", usage.cache_read)], line);
        put(line, &[" ", quality.as_str()]);
    }
    if let Some(first_byte_us) = report.first_byte_us {
        put(line, &[" first="]);
        milliseconds(first_byte_us, line);
    }
    put(line, &[" total="]);
    milliseconds(report.total_us, line);
    numbers(&[(" attempts=", report.attempts.into())], line);
    if report.continued > 0 {
        numbers(&[(" continued=", report.continued.into())], line);
    }
    put(line, &[" id="]);
    hex(report.id, line);
    line.push(b'\n');
}

fn json(report: &Report, clock: &mut Clock, line: &mut Vec<u8>) {
    put(line, &[r#"{"at":""#]);
    clock.write(report.at_ms, line);
    put(line, &[r#"","id":""#]);
    hex(report.id, line);
    put(line, &[r#"","outcome":""#, report.outcome.as_str()]);
    numbers(&[(r#"","status":"#, report.status.into())], line);
    put(line, &[r#","operation":""#, report.operation.as_str()]);
    for (label, is_so) in [(r#"","stream":"#, report.stream), (r#","cached":"#, report.cached)] {
        put(line, &[label, if is_so { "true" } else { "false" }]);
    }
    let names = [
        (r#","client_key":"#, &report.client_key),
        (r#","model":"#, &report.model),
        (r#","provider":"#, &report.provider),
        (r#","upstream_model":"#, &report.upstream_model),
    ];
    for (label, name) in names {
        put(line, &[label]);
        match name {
            Some(name) => quoted(name, NAME_BYTES_MAX, line),
            None => put(line, &["null"]),
        }
    }
    for (label, list) in [(r#","losses":"#, &report.losses), (r#","repairs":"#, &report.repairs)] {
        put(line, &[label]);
        match list {
            Some(list) => quoted(list, LIST_BYTES_MAX, line),
            None => put(line, &["null"]),
        }
    }
    let usage = &report.usage;
    let tokens = [
        (r#","input_tokens":"#, usage.input),
        (r#","cache_read_tokens":"#, usage.cache_read),
        (r#","cache_write_tokens":"#, usage.cache_write),
        (r#","output_tokens":"#, usage.output),
        (r#","reasoning_tokens":"#, usage.reasoning),
    ];
    numbers(&tokens, line);
    match report.quality {
        Some(quality) => put(line, &[r#","quality":""#, quality.as_str(), "\""]),
        None => put(line, &[r#","quality":null"#]),
    }
    match report.first_byte_us {
        Some(first_byte_us) => numbers(&[(r#","first_byte_us":"#, first_byte_us)], line),
        None => put(line, &[r#","first_byte_us":null"#]),
    }
    let rest = [
        (r#","total_us":"#, report.total_us),
        (r#","bytes_in":"#, report.bytes_in),
        (r#","bytes_out":"#, report.bytes_out),
        (r#","attempts":"#, report.attempts.into()),
        (r#","continued":"#, report.continued.into()),
    ];
    numbers(&rest, line);
    put(line, &["}\n"]);
}

/// Instants as RFC 3339 says them. A calendar is slow work, so it is done once a second.
#[derive(Default)]
struct Clock {
    /// In seconds since the Unix epoch; `text` is of this one unless it is empty.
    second: u64,
    /// As far as the seconds: `2026-11-21T14:30:00`.
    text: String,
}

impl Clock {
    fn write(&mut self, at_ms: u64, line: &mut Vec<u8>) {
        let at_ms = at_ms.min(AT_MS_MAX);
        let (second, rest) = (at_ms / 1_000, at_ms % 1_000);
        if second != self.second || self.text.is_empty() {
            self.text = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(second)).to_string();
            // The `Z`, which comes after the milliseconds here.
            self.text.pop();
            self.second = second;
        }
        put(line, &[&self.text, "."]);
        line.extend([rest / 100, rest / 10 % 10, rest % 10].map(digit));
        line.push(b'Z');
    }
}

fn digit(below_ten: u64) -> u8 {
    // The remainder fits any integer.
    b'0' + (below_ten % 10) as u8
}

fn put(line: &mut Vec<u8>, texts: &[&str]) {
    texts.iter().for_each(|text| line.extend_from_slice(text.as_bytes()));
}

fn number(number: u64, line: &mut Vec<u8>) {
    line.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn numbers(labelled: &[(&str, u64)], line: &mut Vec<u8>) {
    for (label, value) in labelled {
        put(line, &[label]);
        number(*value, line);
    }
}

/// Microseconds, shown as milliseconds with one decimal.
fn milliseconds(us: u64, line: &mut Vec<u8>) {
    number(us / 1_000, line);
    line.extend([b'.', digit(us / 100), b'm', b's']);
}

/// All 32 digits.
fn hex(id: u128, line: &mut Vec<u8>) {
    let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' + half - 10 };
    line.extend(id.to_be_bytes().into_iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
}

/// A name as it is when nobody could mistake it for more than a name, else in quotes.
fn word(name: &str, line: &mut Vec<u8>) {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'=');
    if name.len() <= NAME_BYTES_MAX && !name.is_empty() && name.bytes().all(plain) {
        return put(line, &[name]);
    }
    quoted(name, NAME_BYTES_MAX, line);
}

/// A name as a JSON string of printable characters, cut to so many bytes.
fn quoted(name: &str, bytes_max: usize, line: &mut Vec<u8>) {
    let kept = name.get(..name.floor_char_boundary(bytes_max)).unwrap_or_default();
    line.push(b'"');
    let plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if kept.bytes().all(plain) {
        put(line, &[kept]);
    } else {
        kept.chars().for_each(|c| escaped(c, line));
    }
    if kept.len() < name.len() {
        put(line, &["…"]);
    }
    line.push(b'"');
}

fn escaped(c: char, line: &mut Vec<u8>) {
    match c {
        '"' => put(line, &[r#"\""#]),
        '\\' => put(line, &[r"\\"]),
        // All of these have at most 16 bits, so one escape says them. A vector takes whatever is written to it.
        c if is_hidden(c) => drop(write!(line, r"\u{:04x}", u32::from(c))),
        c => put(line, &[c.encode_utf8(&mut [0; 4])]),
    }
}

/// Whether a terminal or a reader could be misled by `c`: controls, line ends, invisible marks and changes of direction.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests;

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
    if report.stream {
        put(line, &[" stream"]);
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
    put(line, &[r#"","stream":"#, if report.stream { "true" } else { "false" }]);
    let names = [
        (r#","client_key":"#, &report.client_key),
        (r#","model":"#, &report.model),
        (r#","provider":"#, &report.provider),
        (r#","upstream_model":"#, &report.upstream_model),
    ];
    for (label, name) in names {
        put(line, &[label]);
        match name {
            Some(name) => quoted(name, line),
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
    quoted(name, line);
}

/// A name as a JSON string of printable characters, cut to its limit.
fn quoted(name: &str, line: &mut Vec<u8>) {
    let kept = cut(name);
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
        c if hidden(c) => drop(write!(line, r"\u{:04x}", u32::from(c))),
        c => put(line, &[c.encode_utf8(&mut [0; 4])]),
    }
}

/// At most [`NAME_BYTES_MAX`] of `name`, ending with a whole character.
fn cut(name: &str) -> &str {
    if name.len() <= NAME_BYTES_MAX {
        return name;
    }
    (0..=NAME_BYTES_MAX).rev().find_map(|end| name.get(..end)).unwrap_or_default()
}

/// Whether a terminal or a reader could be misled by `c`: controls, line ends, invisible marks and changes of direction.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use trunkline_route::Outcome;
    use trunkline_wire::{FaultKind, Operation, ir};

    use super::*;

    fn served() -> Report {
        Report {
            id: 0xabc,
            at_ms: 1_795_271_400_123,
            client_key: Some("laptop".into()),
            operation: Operation::Chat,
            model: Some("turbo".into()),
            provider: Some("groq".into()),
            upstream_model: Some("llama-3.3".into()),
            status: 200,
            outcome: Outcome::Served,
            stream: true,
            usage: ir::Usage { input: 12, cache_read: 7, cache_write: 1, output: 34, reasoning: 5 },
            quality: Some(ir::Quality::Exact),
            first_byte_us: Some(120_345),
            total_us: 900_010,
            bytes_in: 512,
            bytes_out: 8_192,
            attempts: 1,
        }
    }

    fn refused() -> Report {
        Report {
            client_key: None,
            operation: Operation::Other,
            model: None,
            provider: None,
            upstream_model: None,
            status: 401,
            outcome: Outcome::Failed(FaultKind::Unauthenticated),
            stream: false,
            usage: ir::Usage::default(),
            quality: None,
            first_byte_us: None,
            total_us: 90,
            attempts: 0,
            ..served()
        }
    }

    /// What each call of `write` brought.
    #[derive(Clone, Default)]
    struct Writes(Arc<Mutex<Vec<String>>>);

    impl io::Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().push(String::from_utf8(bytes.to_vec()).unwrap());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(format: LogFormat, reports: &[Report]) -> String {
        let writes = Writes::default();
        RequestLog::new(format, Box::new(writes.clone())).write(reports).unwrap();
        let writes = writes.0.lock().unwrap();
        assert_eq!(writes.len(), 1, "one write a batch");
        writes[0].clone()
    }

    #[test]
    fn text_reads_well_and_leaves_out_what_is_absent() {
        let id = "00000000000000000000000000000abc";
        assert_eq!(
            lines(LogFormat::Text, &[served(), refused()]),
            format!(
                "2026-11-21T14:30:00.123Z served 200 chat model=turbo provider=groq upstream=llama-3.3 key=laptop stream \
                 in=12 out=34 cached=7 exact first=120.3ms total=900.0ms attempts=1 id={id}\n\
                 2026-11-21T14:30:00.123Z unauthenticated 401 other total=0.0ms attempts=0 id={id}\n"
            )
        );
    }

    #[test]
    fn json_has_the_stores_names_and_null_for_what_is_absent() {
        let id = "00000000000000000000000000000abc";
        let written = lines(LogFormat::Json, &[served(), refused()]);
        let found: Vec<serde_json::Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let at = "2026-11-21T14:30:00.123Z";
        assert_eq!(
            found,
            [
                serde_json::json!({
                    "at": at, "id": id, "outcome": "served", "status": 200, "operation": "chat", "stream": true,
                    "client_key": "laptop", "model": "turbo", "provider": "groq", "upstream_model": "llama-3.3",
                    "input_tokens": 12, "cache_read_tokens": 7, "cache_write_tokens": 1, "output_tokens": 34,
                    "reasoning_tokens": 5, "quality": "exact", "first_byte_us": 120_345, "total_us": 900_010,
                    "bytes_in": 512, "bytes_out": 8_192, "attempts": 1,
                }),
                serde_json::json!({
                    "at": at, "id": id, "outcome": "unauthenticated", "status": 401, "operation": "other",
                    "stream": false, "client_key": null, "model": null, "provider": null, "upstream_model": null,
                    "input_tokens": 0, "cache_read_tokens": 0, "cache_write_tokens": 0, "output_tokens": 0,
                    "reasoning_tokens": 0, "quality": null, "first_byte_us": null, "total_us": 90,
                    "bytes_in": 512, "bytes_out": 8_192, "attempts": 0,
                }),
            ]
        );
    }

    #[test]
    fn a_name_cannot_forge_a_line_a_field_or_a_terminal_command() {
        let check = |name: &str, shown: &str| {
            let report = Report { model: Some(name.into()), ..refused() };
            let written = lines(LogFormat::Text, std::slice::from_ref(&report));
            assert!(written.contains(&format!(" other model={shown} total=")), "{written}");
            assert_eq!(written.lines().count(), 1);
            let parsed: serde_json::Value = serde_json::from_str(&lines(LogFormat::Json, &[report])).unwrap();
            assert_eq!(parsed["model"], name);
        };
        check("x\n2026-11-21T14:30:00.123Z served 200", r#""x\u000a2026-11-21T14:30:00.123Z served 200""#);
        check("a key=admin", r#""a key=admin""#);
        check("a=b", r#""a=b""#);
        check("\"quoted\\", r#""\"quoted\\""#);
        check("\u{1b}[2J\u{9b}31m\u{7f}", r#""\u001b[2J\u009b31m\u007f""#);
        check("a\u{202e}b\u{2028}c\r", r#""a\u202eb\u2028c\u000d""#);
        check("", r#""""#);
        check("模型", "\"模型\"");
        check("Qwen/Qwen3-8B:free@x", "Qwen/Qwen3-8B:free@x");
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let report = Report { model: Some("é".repeat(5_000).into()), ..refused() };
        let written = lines(LogFormat::Text, &[report]);
        assert!(written.contains(&format!(" model=\"{}…\" total=", "é".repeat(64))), "{written}");
    }

    #[test]
    fn a_large_batch_is_written_in_pieces_of_whole_lines() {
        let writes = Writes::default();
        let reports = vec![served(); 1_000];
        RequestLog::new(LogFormat::Json, Box::new(writes.clone())).write(&reports).unwrap();
        let writes = writes.0.lock().unwrap();
        assert!((5..10).contains(&writes.len()), "{}", writes.len());
        assert!(writes.iter().all(|piece| piece.ends_with('\n') && piece.len() < CHUNK_BYTES + 1_024));
        assert_eq!(writes.concat(), lines(LogFormat::Json, &[served()]).repeat(1_000));
    }

    #[test]
    fn lines_of_one_batch_each_have_their_own_time() {
        let times = [1_795_271_400_123, 1_795_271_400_009, 1_795_271_401_000, 0, 999];
        let reports = times.map(|at_ms| Report { at_ms, ..refused() });
        let written = lines(LogFormat::Text, &reports);
        let found: Vec<_> = written.lines().map(|line| &line[11..24]).collect();
        assert_eq!(found, ["14:30:00.123Z", "14:30:00.009Z", "14:30:01.000Z", "00:00:00.000Z", "00:00:00.999Z"]);
    }

    #[test]
    fn any_clock_makes_a_line() {
        let at = |at_ms| lines(LogFormat::Text, &[Report { at_ms, ..refused() }])[..24].to_owned();
        assert_eq!(
            [at(0), at(951_782_400_000), at(u64::MAX)],
            ["1970-01-01T00:00:00.000Z", "2000-02-29T00:00:00.000Z", "9999-12-31T23:59:59.999Z"]
        );
    }
}

//! The request log: one line a request, in text for people or JSON for machines.
//!
//! Lines are made and written by the ledger's thread, a batch at a time: waking a writer for each line would cost more
//! than serving a small request. Never prompts, answers or keys; names that callers chose are made harmless.

use std::fmt::{self, Write as _};
use std::io;
use std::time::{Duration, UNIX_EPOCH};

use trunkline_config::file::LogFormat;
use trunkline_route::Report;

/// Longest name in a line, in bytes. Guards the log against callers who send pages as model names.
const NAME_BYTES_MAX: usize = 128;

/// The last instant that RFC 3339's four digits of year can say.
const AT_MS_MAX: u64 = 253_402_300_799_999;

/// Memory kept for the next batch's lines, in bytes.
const BUFFER_BYTES_KEPT: usize = 256 << 10;

/// Writes lines to one place: `2026-11-21T14:30:00.123Z served 200 chat model=turbo ..`, with what is absent left out, or
/// JSON objects with the names of the store's columns and null for what is absent.
pub(crate) struct RequestLog {
    format: LogFormat,
    out: Box<dyn io::Write + Send>,
    lines: String,
}

impl RequestLog {
    /// Lines of this format, to `out`, which is written to once a batch and needs no buffer of its own.
    pub(crate) fn new(format: LogFormat, out: Box<dyn io::Write + Send>) -> Self {
        Self { format, out, lines: String::new() }
    }

    /// Writes a line for each report. Blocks as long as `out` does.
    ///
    /// # Errors
    /// When `out` takes no more; the lines are lost.
    pub(crate) fn write(&mut self, reports: &[Report]) -> io::Result<()> {
        for report in reports {
            let line = match self.format {
                LogFormat::Text => text(report, &mut self.lines),
                LogFormat::Json => json(report, &mut self.lines),
            };
            line.map_err(io::Error::other)?;
        }
        let written = self.out.write_all(self.lines.as_bytes()).and_then(|()| self.out.flush());
        self.lines.clear();
        self.lines.shrink_to(BUFFER_BYTES_KEPT);
        written
    }
}

fn text(report: &Report, line: &mut String) -> fmt::Result {
    let (outcome, operation) = (report.outcome.as_str(), report.operation.as_str());
    write!(line, "{} {outcome} {} {operation}", time(report.at_ms), report.status)?;
    let names = [
        (" model=", &report.model),
        (" provider=", &report.provider),
        (" upstream=", &report.upstream_model),
        (" key=", &report.client_key),
    ];
    for (label, name) in names {
        if let Some(name) = name {
            line.push_str(label);
            word(name, line)?;
        }
    }
    if report.stream {
        line.push_str(" stream");
    }
    if let Some(quality) = report.quality {
        let usage = &report.usage;
        let (input, output, cached) = (usage.input, usage.output, usage.cache_read);
        write!(line, " in={input} out={output} cached={cached} {}", quality.as_str())?;
    }
    if let Some(first_byte_us) = report.first_byte_us {
        write!(line, " first={}", Milliseconds(first_byte_us))?;
    }
    writeln!(line, " total={} attempts={} id={:032x}", Milliseconds(report.total_us), report.attempts, report.id)
}

fn json(report: &Report, line: &mut String) -> fmt::Result {
    let (outcome, operation) = (report.outcome.as_str(), report.operation.as_str());
    write!(
        line,
        r#"{{"at":"{}","id":"{:032x}","outcome":"{outcome}","status":{},"operation":"{operation}","stream":{}"#,
        time(report.at_ms),
        report.id,
        report.status,
        report.stream,
    )?;
    let names = [
        (r#","client_key":"#, &report.client_key),
        (r#","model":"#, &report.model),
        (r#","provider":"#, &report.provider),
        (r#","upstream_model":"#, &report.upstream_model),
    ];
    for (label, name) in names {
        line.push_str(label);
        match name {
            Some(name) => quoted(name, line)?,
            None => line.push_str("null"),
        }
    }
    let usage = &report.usage;
    write!(
        line,
        r#","input_tokens":{},"cache_read_tokens":{},"cache_write_tokens":{},"output_tokens":{},"reasoning_tokens":{}"#,
        usage.input, usage.cache_read, usage.cache_write, usage.output, usage.reasoning,
    )?;
    match report.quality {
        Some(quality) => write!(line, r#","quality":"{}""#, quality.as_str())?,
        None => line.push_str(r#","quality":null"#),
    }
    match report.first_byte_us {
        Some(first_byte_us) => write!(line, r#","first_byte_us":{first_byte_us}"#)?,
        None => line.push_str(r#","first_byte_us":null"#),
    }
    let (total_us, attempts) = (report.total_us, report.attempts);
    let (bytes_in, bytes_out) = (report.bytes_in, report.bytes_out);
    line.write_str(r#","total_us":"#)?;
    writeln!(line, r#"{total_us},"bytes_in":{bytes_in},"bytes_out":{bytes_out},"attempts":{attempts}}}"#)
}

fn time(at_ms: u64) -> humantime::Rfc3339Timestamp {
    humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_millis(at_ms.min(AT_MS_MAX)))
}

/// Microseconds, shown as milliseconds with one decimal.
struct Milliseconds(u64);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}ms", self.0 / 1_000, self.0 % 1_000 / 100)
    }
}

/// A name as it is when nobody could mistake it for more than a name, else in quotes.
fn word(name: &str, line: &mut String) -> fmt::Result {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'=');
    if name.len() <= NAME_BYTES_MAX && !name.is_empty() && name.bytes().all(plain) {
        line.push_str(name);
        return Ok(());
    }
    quoted(name, line)
}

/// A name as a JSON string of printable characters, cut to its limit.
fn quoted(name: &str, line: &mut String) -> fmt::Result {
    let kept = cut(name);
    line.push('"');
    for c in kept.chars() {
        match c {
            '"' => line.push_str(r#"\""#),
            '\\' => line.push_str(r"\\"),
            // All of these have at most 16 bits, so one escape says them.
            c if hidden(c) => write!(line, r"\u{:04x}", u32::from(c))?,
            c => line.push(c),
        }
    }
    if kept.len() < name.len() {
        line.push('…');
    }
    line.push('"');
    Ok(())
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
    fn any_clock_makes_a_line() {
        let at = |at_ms| lines(LogFormat::Text, &[Report { at_ms, ..refused() }])[..24].to_owned();
        assert_eq!(
            [at(0), at(951_782_400_000), at(u64::MAX)],
            ["1970-01-01T00:00:00.000Z", "2000-02-29T00:00:00.000Z", "9999-12-31T23:59:59.999Z"]
        );
    }
}

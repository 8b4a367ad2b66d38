//! Lines as people and machines read them.

use std::sync::{Arc, Mutex};

use trunkline_route::Outcome;
use trunkline_wire::{DialectId, FaultKind, Operation, ir};

use super::*;

fn served() -> Report {
    Report {
        id: 0xabc,
        at_ms: 1_795_271_400_123,
        client_key: Some("laptop".into()),
        operation: Operation::Chat,
        dialect: Some(DialectId::OpenaiChat),
        model: Some("turbo".into()),
        provider: Some("groq".into()),
        upstream_model: Some("llama-3.3".into()),
        lane: Some("native"),
        losses: Some("top_k, metadata.user_id".into()),
        repairs: Some("found:get_weather".into()),
        tries: None,
        status: 200,
        outcome: Outcome::Served,
        stream: true,
        usage: ir::Usage { input: 12, cache_read: 7, cache_write: 1, output: 34, reasoning: 5, ..ir::Usage::default() },
        unseen: None,
        quality: Some(ir::Quality::Exact),
        cost: None,
        saved: None,
        cached: false,
        first_byte_us: Some(120_345),
        total_us: 900_010,
        bytes_in: 512,
        bytes_out: 8_192,
        attempts: 1,
        continued: 0,
    }
}

fn refused() -> Report {
    Report {
        client_key: None,
        operation: Operation::Other,
        model: None,
        provider: None,
        upstream_model: None,
        losses: None,
        repairs: None,
        status: 401,
        outcome: Outcome::Failed(FaultKind::Unauthenticated),
        stream: false,
        usage: ir::Usage::default(),
        quality: None,
        first_byte_us: None,
        total_us: 90,
        attempts: 0,
        continued: 0,
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
            "2026-11-21T14:30:00.123Z served 200 chat model=turbo provider=groq upstream=llama-3.3 key=laptop \
             lost=\"top_k, metadata.user_id\" repaired=\"found:get_weather\" stream in=12 out=34 cached=7 exact first=120.3ms total=900.0ms attempts=1 id={id}\n\
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
                "cached": false,
                "client_key": "laptop", "model": "turbo", "provider": "groq", "upstream_model": "llama-3.3",
                "losses": "top_k, metadata.user_id",
                "repairs": "found:get_weather",
                "input_tokens": 12, "cache_read_tokens": 7, "cache_write_tokens": 1, "output_tokens": 34,
                "reasoning_tokens": 5, "quality": "exact", "first_byte_us": 120_345, "total_us": 900_010,
                "bytes_in": 512, "bytes_out": 8_192, "attempts": 1, "continued": 0,
            }),
            serde_json::json!({
                "at": at, "id": id, "outcome": "unauthenticated", "status": 401, "operation": "other",
                "stream": false, "cached": false, "client_key": null, "model": null, "provider": null, "upstream_model": null,
                "losses": null,
                "repairs": null,
                "input_tokens": 0, "cache_read_tokens": 0, "cache_write_tokens": 0, "output_tokens": 0,
                "reasoning_tokens": 0, "quality": null, "first_byte_us": null, "total_us": 90,
                "bytes_in": 512, "bytes_out": 8_192, "attempts": 0, "continued": 0,
            }),
        ]
    );
}

#[test]
fn an_answer_that_was_given_before_is_marked() {
    let again = Report { provider: None, upstream_model: None, cached: true, attempts: 0, ..served() };
    let text = lines(LogFormat::Text, std::slice::from_ref(&again));
    assert!(text.contains(" stream cached in=12 out=34 cached=7 exact "), "{text}");
    let json: serde_json::Value = serde_json::from_str(&lines(LogFormat::Json, &[again])).unwrap();
    assert_eq!(json["cached"], true);
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

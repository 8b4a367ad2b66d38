//! A report as a line of text, for the time that it has no better place.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use trunkline_providers::Usd;
use trunkline_route::{Lane, Outcome, Report};
use trunkline_wire::ir::{Quality, Usage};
use trunkline_wire::{DialectId, FaultKind, Operation};

/// What the store keeps of a report. Names of what is absent are left out.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    /// Hexadecimal: JSON's numbers are not that long.
    id: String,
    at_ms: u64,
    client_key: Option<Arc<str>>,
    operation: String,
    dialect: Option<String>,
    model: Option<Arc<str>>,
    provider: Option<Arc<str>>,
    upstream_model: Option<Arc<str>>,
    lane: Option<String>,
    status: u16,
    outcome: String,
    stream: bool,
    input: u64,
    cache_read: u64,
    cache_write: u64,
    output: u64,
    reasoning: u64,
    audio_input: u64,
    audio_output: u64,
    quality: Option<String>,
    /// In billionths of a US dollar.
    cost_nusd: Option<i64>,
    saved_nusd: Option<i64>,
    first_byte_us: Option<u64>,
    total_us: u64,
    bytes_in: u64,
    bytes_out: u64,
    attempts: u32,
    cached: bool,
}

/// Adds a report and the end of its line.
///
/// # Errors
/// When it cannot be said, which no report is known to be.
pub(super) fn write(report: &Report, out: &mut Vec<u8>) -> serde_json::Result<()> {
    let line = Line {
        id: format!("{:x}", report.id),
        at_ms: report.at_ms,
        client_key: report.client_key.clone(),
        operation: report.operation.as_str().to_owned(),
        dialect: report.dialect.map(|dialect| dialect.as_str().to_owned()),
        model: report.model.clone(),
        provider: report.provider.clone(),
        upstream_model: report.upstream_model.clone(),
        lane: report.lane.map(str::to_owned),
        status: report.status,
        outcome: report.outcome.as_str().to_owned(),
        stream: report.stream,
        input: report.usage.input,
        cache_read: report.usage.cache_read,
        cache_write: report.usage.cache_write,
        output: report.usage.output,
        reasoning: report.usage.reasoning,
        audio_input: report.usage.audio_input,
        audio_output: report.usage.audio_output,
        quality: report.quality.map(|quality| quality.as_str().to_owned()),
        cost_nusd: report.cost.map(Usd::nano),
        saved_nusd: report.saved.map(Usd::nano),
        first_byte_us: report.first_byte_us,
        total_us: report.total_us,
        bytes_in: report.bytes_in,
        bytes_out: report.bytes_out,
        attempts: report.attempts,
        cached: report.cached,
    };
    serde_json::to_writer(&mut *out, &line)?;
    out.push(b'\n');
    Ok(())
}

/// Reads what [`write`] wrote; `None` when it is anything else.
pub(super) fn read(line: &[u8]) -> Option<Report> {
    let line: Line = serde_json::from_slice(line).ok()?;
    let operation = OPERATIONS.into_iter().find(|operation| operation.as_str() == line.operation)?;
    let id = u128::from_str_radix(&line.id, 16).ok()?;
    let quality = match &line.quality {
        Some(word) => Some(QUALITIES.into_iter().find(|quality| quality.as_str() == word)?),
        None => None,
    };
    Some(Report {
        client_key: line.client_key,
        dialect: line.dialect.and_then(|word| DialectId::ALL.into_iter().find(|dialect| dialect.as_str() == word)),
        model: line.model,
        provider: line.provider,
        upstream_model: line.upstream_model,
        lane: line.lane.and_then(|word| Lane::WORDS.into_iter().find(|lane| *lane == word)),
        status: line.status,
        outcome: outcome(&line.outcome)?,
        stream: line.stream,
        usage: Usage {
            input: line.input,
            cache_read: line.cache_read,
            cache_write: line.cache_write,
            output: line.output,
            reasoning: line.reasoning,
            audio_input: line.audio_input,
            audio_output: line.audio_output,
        },
        quality,
        cost: line.cost_nusd.map(Usd::from_nano),
        saved: line.saved_nusd.map(Usd::from_nano),
        first_byte_us: line.first_byte_us,
        total_us: line.total_us,
        bytes_in: line.bytes_in,
        bytes_out: line.bytes_out,
        attempts: line.attempts,
        cached: line.cached,
        ..Report::begin(id, line.at_ms, operation)
    })
}

const OPERATIONS: [Operation; 5] =
    [Operation::Chat, Operation::Completion, Operation::Embedding, Operation::CountTokens, Operation::Other];

const QUALITIES: [Quality; 3] = [Quality::Exact, Quality::Partial, Quality::Estimated];

fn outcome(word: &str) -> Option<Outcome> {
    let plain = [Outcome::Served, Outcome::ClientLeft].into_iter().find(|outcome| outcome.as_str() == word);
    plain.or_else(|| FaultKind::named(word).map(Outcome::Failed))
}

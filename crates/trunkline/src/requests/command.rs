//! `trunkline requests`: what was asked, and what came of it.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::SystemTime;

use serde_json::json;
use thiserror::Error;
use trunkline_admin::{
    AttemptRow, RequestBody, RequestDetail, RequestProblem, RequestRow, Requests as _, WantedRequests,
};
use trunkline_config::Settings;
use trunkline_store::FAILED;

use super::RequestDesk;
use crate::cli::{RequestsCommand, RequestsOptions};
use crate::ledger::Tail;
use crate::request_log::is_hidden;
use crate::run::{RunError, control_runtime};
use crate::usage::{When, WhenError, Zone};

/// Why no request is shown.
#[derive(Debug, Error)]
pub(crate) enum RequestsError {
    #[error(transparent)]
    When(#[from] WhenError),
    #[error(transparent)]
    Request(#[from] RequestProblem),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("there is no ledger at {place:?} yet; `--data-dir` or `store.url` names another")]
    NoLedger { place: PathBuf },
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
}

/// Prints the newest requests, or one.
///
/// # Errors
/// When what is asked is not clear, or the ledger cannot be read.
pub(crate) fn run(options: &RequestsOptions, settings: &Settings) -> Result<(), RequestsError> {
    let place = settings.store_url.expose();
    if let Some(path) = place.strip_prefix("sqlite://").map(PathBuf::from).filter(|path| !path.exists()) {
        return Err(RequestsError::NoLedger { place: path });
    }
    let desk = RequestDesk::new(settings.store_url.clone(), Tail::default());
    let text = match &options.command {
        Some(RequestsCommand::Show { id, json, .. }) => {
            let detail = control_runtime()?.block_on(desk.show(id.clone()))?;
            if *json { format!("{}\n", json!(detail)) } else { shown(&detail) }
        }
        None => {
            let page = control_runtime()?.block_on(desk.list(wanted(options)?))?;
            if options.json { format!("{}\n", json!(page)) } else { listed(&page.items) }
        }
    };
    Ok(io::stdout().write_all(text.as_bytes())?)
}

fn wanted(options: &RequestsOptions) -> Result<WantedRequests, WhenError> {
    let now = SystemTime::now();
    let at = |text: &Option<String>| text.as_deref().map(|text| When::read(text, Zone::default(), now)).transpose();
    let ms = |when: When| u64::try_from(when.seconds()).unwrap_or(0).saturating_mul(1_000);
    Ok(WantedRequests {
        limit: options.limit,
        cursor: None,
        since_ms: at(&options.since)?.map(ms),
        until_ms: at(&options.until)?.map(ms),
        client_key: options.client_key.clone(),
        model: options.model.clone(),
        provider: options.provider.clone(),
        outcome: options.failed.then(|| FAILED.to_owned()),
        text: None,
    })
}

fn listed(rows: &[RequestRow]) -> String {
    let mut out = String::new();
    for row in rows {
        let cost = row.cost.as_deref().unwrap_or("unknown");
        let (model, provider) = (named(row.model.as_deref()), named(row.provider.as_deref()));
        let tokens = row.input_tokens.saturating_add(row.cache_read_tokens).saturating_add(row.cache_write_tokens);
        let RequestRow { id, at, status, outcome, output_tokens, .. } = row;
        let ms = row.total_us / 1_000;
        // Nothing can go wrong with a text that grows.
        let _ = writeln!(
            out,
            "{at}  {id}  {status} {outcome:<12}  {model} by {provider}, {tokens} in, {output_tokens} out, {cost} USD, {ms} ms"
        );
    }
    out
}

fn shown(detail: &RequestDetail) -> String {
    let mut out = String::new();
    let fields = json!(detail.row);
    for (name, value) in fields.as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let _ = writeln!(out, "{name:<20}  {}", harmless(&value));
    }
    for tried in &detail.attempts {
        let _ = writeln!(out, "{:<20}  {}", "attempt", harmless(&told(tried)));
    }
    for (name, list) in [("losses", &detail.losses), ("repairs", &detail.repairs)] {
        for item in list {
            let _ = writeln!(out, "{name:<20}  {}", harmless(item));
        }
    }
    if let Some(error) = &detail.error {
        let _ = writeln!(out, "{:<20}  {}", "error", harmless(error));
    }
    if detail.continued > 0 {
        let _ = writeln!(out, "{:<20}  {}", "continued", detail.continued);
    }
    if detail.redacted > 0 {
        let _ = writeln!(out, "{:<20}  {}", "redacted", detail.redacted);
    }
    for (name, body) in [("request", &detail.request_body), ("response", &detail.response_body)] {
        if let Some(RequestBody { text, cut }) = body {
            let cut = if *cut { " (cut off)" } else { "" };
            let _ = writeln!(out, "\n{name}{cut}:\n{}", harmless(text));
        }
    }
    out
}

fn told(tried: &AttemptRow) -> String {
    let AttemptRow { provider, key, upstream_model, outcome, total_us, .. } = tried;
    let status = tried.status.map(|status| format!(" ({status})")).unwrap_or_default();
    let who = key.as_ref().unwrap_or(provider);
    format!("{who}/{upstream_model} {outcome}{status}, {} ms", total_us / 1_000)
}

fn named(name: Option<&str>) -> String {
    name.map_or_else(|| "-".to_owned(), harmless)
}

/// A text that cannot lead a terminal astray: it is what callers and providers said.
fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) && c != '\n' && c != '\t' { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_cannot_lead_a_terminal_astray() {
        assert_eq!(harmless("a\u{1b}[31m\tb\n\u{202e}é"), "a\\u{1b}[31m\tb\n\\u{202e}é");
    }
}

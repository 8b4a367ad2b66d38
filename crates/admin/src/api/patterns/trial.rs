//! `POST /api/v1/patterns/try`: what patterns find in a text. Nothing is changed, and nobody is asked.

use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trunkline_config::file::PatternSection;
use trunkline_wire::filter::{Offered, Pattern, PatternError, Patterns, made};

use crate::api::section::Section;
use crate::problem::{Flaw, Kind, Problem, Severity};
use crate::read::Json;
use crate::routes::Running;

/// Bytes of a text that is tried; as much as waits for a match in an answer. Guards the time of a search.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// What is tried.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatternTry {
    /// A pattern as the document would have it; `null`: all that are in use.
    #[serde(default)]
    pattern: Option<Section>,
    /// What a model wrote.
    text: String,
    /// Names of the tools that are offered; all when left out.
    #[serde(default)]
    tools: Option<Vec<String>>,
}

/// What was found.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub(crate) struct PatternTried {
    /// The calls that a client gets.
    calls: Vec<FoundCall>,
    /// What stays text.
    text: String,
    /// How long the search took.
    took_us: u64,
    /// Why the pattern cannot be used.
    problems: Vec<Flaw>,
}

/// One call.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct FoundCall {
    name: String,
    /// An object, as a rule.
    arguments: Value,
}

/// Searches where nothing waits for it: a large text takes a while.
pub(super) async fn try_out(
    Extension(Running(plane)): Extension<Running>,
    Json(asked): Json<PatternTry>,
) -> Result<Json<PatternTried>, Problem> {
    let PatternTry { pattern, text, tools } = asked;
    if text.len() > TEXT_BYTES_MAX {
        let what = format!("the text is longer than {TEXT_BYTES_MAX} bytes");
        return Err(Problem::new(Kind::BadRequest, what).at("text"));
    }
    let patterns = match pattern {
        None => Arc::clone(&plane.snapshot().patterns),
        Some(section) => match compiled(section) {
            Ok(patterns) => Arc::new(patterns),
            Err(problems) => return Ok(Json(PatternTried { text, problems, ..PatternTried::default() })),
        },
    };
    let offered = tools.map(|tools| {
        let mut offered = Offered::default();
        tools.iter().for_each(|name| offered.add(name, None));
        Arc::new(offered)
    });
    let searched = tokio::task::spawn_blocking(move || searched(&patterns, offered, &text)).await;
    searched.map(Json).map_err(|_stopped| Problem::new(Kind::Failed, "the search did not come to its end"))
}

fn searched(patterns: &Arc<Patterns>, offered: Option<Arc<Offered>>, text: &str) -> PatternTried {
    let began = Instant::now();
    let found = made(patterns, offered, text);
    let took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    let call = |(name, arguments): (String, String)| FoundCall {
        name,
        arguments: serde_json::from_str(&arguments).unwrap_or(Value::String(arguments)),
    };
    let calls = found.calls.into_iter().map(call).collect();
    PatternTried { calls, text: found.text.trim().to_owned(), took_us, problems: Vec::new() }
}

/// One pattern alone. Who types one wants to see it tried, also where it is to be switched off.
fn compiled(Section(section): Section) -> Result<Patterns, Vec<Flaw>> {
    let read: Result<PatternSection, _> = serde_path_to_error::deserialize(Value::Object(section));
    let section = read.map_err(|error| vec![flaw(error.path().to_string(), error.inner().to_string())])?;
    let pattern = Pattern { enabled: true, ..section.pattern() };
    let (patterns, errors) = Patterns::check(std::slice::from_ref(&pattern));
    if errors.is_empty() {
        return Ok(patterns);
    }
    Err(errors.into_iter().map(|(_, error)| flaw(place(&error).to_owned(), error.to_string())).collect())
}

fn place(error: &PatternError) -> &'static str {
    match error {
        PatternError::Regex(_) | PatternError::Empty => "regex",
        PatternError::NameGroup(_) => "tool_name_group",
        PatternError::ParameterGroup(_) => "parameter_mapping",
        PatternError::NoName | PatternError::TooMany => "",
    }
}

fn flaw(path: String, message: String) -> Flaw {
    Flaw { path, line: None, column: None, message, hint: None, severity: Severity::Error }
}

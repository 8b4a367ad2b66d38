//! `trunkline patterns`: which patterns there are, and what they find in a text. Nothing is asked or changed.

mod print;
mod tools;

use std::io::{self, Read as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use thiserror::Error;
use trunkline_wire::filter::{Made, Pattern, PatternError, Patterns, Searched, made};

use crate::cli::{Expression, PatternsCommand, TryOptions};

/// Bytes of a text that is tried; as much as waits for a match in an answer. Guards memory.
const TEXT_BYTES_MAX: u64 = 1 << 20;

/// What the pattern of `--regex` is called.
const UNNAMED: &str = "--regex";

/// Why patterns could not be tried.
#[derive(Debug, Error)]
pub(crate) enum PatternsError {
    #[error("there is no pattern called {0:?}; `trunkline patterns list --defaults` shows all")]
    Unknown(String),
    #[error("the pattern cannot be used: {0}")]
    Wrong(PatternError),
    #[error("{0:?} says no argument; write `GROUP=ARGUMENT` or `NAME=ARGUMENT`")]
    Mapping(String),
    #[error("the tools in {path:?} cannot be read: {reason}")]
    Tools { path: PathBuf, reason: io::Error },
    #[error("{0:?} is no list of tools in JSON")]
    NotTools(PathBuf),
    #[error("the text is longer than {TEXT_BYTES_MAX} bytes")]
    TooLong,
    #[error("cannot read or print: {0}")]
    Io(#[from] io::Error),
}

/// What a try came to.
#[derive(Debug)]
struct Outcome {
    searched: Searched,
    /// Patterns that were not tried.
    off: Vec<String>,
    /// The calls that a client gets, where its tools are known.
    made: Option<Made>,
}

/// Runs one of the commands over the patterns of the configuration; a try fails when nothing was found.
///
/// # Errors
/// When there is nothing to try, or nothing to try it with.
pub(crate) fn run(command: &PatternsCommand, configured: &Patterns) -> Result<ExitCode, PatternsError> {
    let out = &mut io::stdout().lock();
    match command {
        PatternsCommand::List { defaults, json, .. } => {
            let patterns = all(configured, *defaults);
            if *json {
                print::list_json(&patterns, out)?
            } else {
                print::list(&patterns, out)?
            }
            Ok(ExitCode::SUCCESS)
        }
        PatternsCommand::Try(options) => {
            let text = text(&options.text, &mut io::stdin())?;
            let outcome = attempt(options, configured, &text)?;
            if options.json {
                print::outcome_json(&outcome, out)?
            } else {
                print::outcome(&outcome, &text, out)?
            }
            Ok(if outcome.is_found() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

impl Outcome {
    fn is_found(&self) -> bool {
        self.made.as_ref().map_or(!self.searched.calls.is_empty(), |made| !made.calls.is_empty())
    }
}

/// The patterns of the configuration, those that are switched off too, and on request the defaults it does not have.
fn all(configured: &Patterns, defaults: bool) -> Vec<Pattern> {
    if defaults { configured.beside_defaults() } else { configured.all() }
}

fn attempt(options: &TryOptions, configured: &Patterns, text: &str) -> Result<Outcome, PatternsError> {
    let patterns = chosen(options, configured)?;
    let patterns = Arc::new(Patterns::compile(&patterns).map_err(PatternsError::Wrong)?);
    let offered = options.tools.as_deref().map(tools::read).transpose()?;
    let made = offered.map(|offered| made(&patterns, Some(Arc::new(offered)), text));
    let off = patterns.off().iter().map(|pattern| pattern.name.clone()).collect();
    Ok(Outcome { searched: patterns.search(text), off, made })
}

/// The patterns that are to be tried.
fn chosen(options: &TryOptions, configured: &Patterns) -> Result<Vec<Pattern>, PatternsError> {
    if let Some(regex) = &options.expression.regex {
        return Ok(vec![unnamed(regex, &options.expression)?]);
    }
    let Some(name) = &options.pattern else { return Ok(all(configured, options.defaults)) };
    let known = all(configured, true).into_iter().find(|pattern| pattern.name == *name);
    // Who names it wants to see it tried, also where it is switched off.
    let named = known.map(|pattern| vec![Pattern { enabled: true, ..pattern }]);
    named.ok_or_else(|| PatternsError::Unknown(name.clone()))
}

fn unnamed(regex: &str, stated: &Expression) -> Result<Pattern, PatternsError> {
    let pair = |pair: &String| match pair.split_once('=') {
        Some((from, to)) if !from.is_empty() && !to.is_empty() => Ok((from.to_owned(), to.to_owned())),
        Some(_) | None => Err(PatternsError::Mapping(pair.clone())),
    };
    Ok(Pattern {
        name: UNNAMED.to_owned(),
        priority: 0,
        regex: regex.to_owned(),
        tool_name: stated.tool_name.clone(),
        tool_name_group: stated.tool_name_group,
        tool_name_json_path: stated.tool_name_json_path.clone(),
        tool_name_mapping: Vec::new(),
        parameter_mapping: stated.map.iter().map(pair).collect::<Result<_, _>>()?,
        enabled: true,
    })
}

/// The text that was given, or what comes in.
fn text(given: &str, input: &mut impl io::Read) -> Result<String, PatternsError> {
    let mut text = String::new();
    if given == "-" {
        input.take(TEXT_BYTES_MAX + 1).read_to_string(&mut text)?;
    } else {
        given.clone_into(&mut text);
    }
    if text.len() as u64 > TEXT_BYTES_MAX { Err(PatternsError::TooLong) } else { Ok(text) }
}

#[cfg(test)]
mod tests;

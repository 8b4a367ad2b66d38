//! What each command does.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;
use thiserror::Error;
use trunkline_config::Loaded;
use trunkline_config::schema::schema;
use trunkline_proxy::upstream::Client;
use trunkline_proxy::{KnownModel, Shared, known_models, refresh_once};

use crate::cli::{Cli, Command, Options, PatternsCommand, PricesAction, PricesOptions, TryOptions};
use crate::explain::{self, ExplainError};
use crate::import::{self, ImportError};
use crate::keys::command::{self as keys, KeysError};
use crate::patterns::{self, PatternsError};
use crate::prices::{self, PricesError};
use crate::probe;
use crate::requests::command::{self as requests, RequestsError};
use crate::revisions::{self, RevisionsError};
use crate::run::{self, RunError};
use crate::secrets::command::{self as secrets, SecretsError};
use crate::signin::command::{self as admin, AdminError};
use crate::source::{Source, SourceError, environment};
use crate::state::{Discard, State};
use crate::usage::{self, UsageError};

/// Why a command failed; the text is for the person at the terminal.
#[derive(Debug, Error)]
pub(crate) enum CommandError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Explain(#[from] ExplainError),
    #[error(transparent)]
    Keys(#[from] KeysError),
    #[error(transparent)]
    Admin(#[from] AdminError),
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error(transparent)]
    Revisions(#[from] RevisionsError),
    #[error(transparent)]
    Usage(#[from] UsageError),
    #[error(transparent)]
    Requests(#[from] RequestsError),
    #[error(transparent)]
    Prices(#[from] PricesError),
    #[error(transparent)]
    Patterns(#[from] PatternsError),
    #[error("cannot print: {0}")]
    Print(#[from] std::io::Error),
}

/// Runs the command that was given, or serves.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) fn run(cli: Cli) -> Result<ExitCode, CommandError> {
    match cli.command {
        None => serve(&cli.options),
        Some(Command::Serve(options)) => serve(&options),
        Some(Command::Check { file }) => check(file),
        Some(Command::Config { command }) => {
            let source = source_of(command.options());
            Ok(run::control_runtime()?.block_on(revisions::run(&command, &source))?)
        }
        Some(Command::Models { options, json }) => models(&options, json),
        Some(Command::Explain(options)) => {
            let loaded = load(&options.options)?;
            Ok(run::control_runtime()?.block_on(explain::run(&options, loaded))?)
        }
        Some(Command::Usage(options)) => {
            usage::run(&options, &load(&options.options)?.settings)?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Requests(options)) => {
            requests::run(&options, &load(options.options())?.settings)?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Import { from }) => Ok(import::run(from, &environment())?),
        Some(Command::Keys { command }) => {
            let loaded = load(command.options())?;
            Ok(run::control_runtime()?.block_on(keys::run(&command, loaded))?)
        }
        Some(Command::Secrets { command }) => {
            let source = source_of(command.options());
            Ok(run::control_runtime()?.block_on(secrets::run(&command, source))?)
        }
        Some(Command::Admin { command }) => {
            let loaded = load(command.options())?;
            Ok(run::control_runtime()?.block_on(admin::run(&command, loaded))?)
        }
        Some(Command::Prices(PricesOptions { action: Some(PricesAction::Update { file, options }), .. })) => {
            Ok(prices::update(&file, &source_of(&options).data_dir())?)
        }
        Some(Command::Prices(PricesOptions { action: None, model, options })) => {
            let loaded = load(&options)?;
            Ok(prices::show(&loaded.snapshot, model.as_deref())?)
        }
        Some(Command::Patterns { command }) => {
            let (PatternsCommand::List { options, .. } | PatternsCommand::Try(TryOptions { options, .. })) = &command;
            Ok(patterns::run(&command, &load(options)?.snapshot.patterns)?)
        }
        Some(Command::Schema) => {
            writeln!(std::io::stdout(), "{}", schema())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn source_of(options: &Options) -> Source {
    Source::find(options.config.clone(), environment(), options.overrides())
}

fn load(options: &Options) -> Result<Loaded, CommandError> {
    Ok(run::control_runtime()?.block_on(source_of(options).load(&[]))?)
}

fn serve(options: &Options) -> Result<ExitCode, CommandError> {
    run::run(source_of(options))?;
    Ok(ExitCode::SUCCESS)
}

fn check(file: PathBuf) -> Result<ExitCode, CommandError> {
    let name = file.display().to_string();
    let loaded = run::control_runtime()?.block_on(Source::of_file(file, environment()).load(&[]))?;
    let mut out = std::io::stdout().lock();
    for note in &loaded.notes {
        writeln!(out, "note: {note}")?;
    }
    let (providers, models) = (loaded.snapshot.providers.len(), loaded.snapshot.models.len());
    writeln!(out, "{name}: ok, {providers} providers, {models} models")?;
    Ok(ExitCode::SUCCESS)
}

fn models(options: &Options, as_json: bool) -> Result<ExitCode, CommandError> {
    let source = source_of(options);
    let runtime = run::control_runtime()?;
    let models = runtime.block_on(async {
        let mut loaded = source.load(&[]).await?;
        if loaded.settings.probe {
            loaded = source.load(&probe::probe(&Client::new(), None).await).await?;
        }
        let shared = Shared::new(loaded.snapshot, Arc::new(Discard), Box::new(State::default()), Box::new(Discard));
        refresh_once(&shared, &Client::new()).await;
        Ok::<_, SourceError>(known_models(&shared, None))
    })?;
    let mut out = std::io::stdout().lock();
    if as_json {
        let data: Vec<_> = models.iter().map(as_value).collect();
        writeln!(out, "{}", json!({ "object": "list", "data": data }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let width = models.iter().map(|model| model.id.len()).max().unwrap_or(0);
    for model in models {
        writeln!(out, "{:width$}  context {:>8}  {}", model.id, model.context_window, model.owned_by)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn as_value(model: &KnownModel) -> serde_json::Value {
    json!({
        "id": model.id,
        "object": "model",
        "created": model.created,
        "owned_by": model.owned_by,
        "context_window": model.context_window,
    })
}

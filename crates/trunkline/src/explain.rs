//! `trunkline explain`: what would become of a request, said by the process that runs with this configuration, or worked
//! out from the configuration when there is none. No provider is asked either way.

mod print;
mod remote;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use thiserror::Error;
use trunkline_config::Loaded;
use trunkline_proxy::{DataPlane, Shared, Unasked};
use trunkline_route::{Explanation, Question};
use trunkline_store::Rests;

use crate::cli::ExplainOptions;
use crate::rests::now;
use crate::state::{Discard, State};
use remote::Away;

/// Why nothing could be explained.
#[derive(Debug, Error)]
pub(crate) enum ExplainError {
    #[error("the request {path:?} cannot be read: {reason}")]
    Request { path: PathBuf, reason: io::Error },
    #[error("the request {path:?} is no JSON: {reason}")]
    NotJson { path: PathBuf, reason: serde_json::Error },
    #[error("{}: {}", .0.field, .0.message)]
    Question(#[from] Unasked),
    #[error("the process at {0} cannot explain it: {1}")]
    Misasked(std::net::SocketAddr, String),
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
}

/// Prints the explanation; fails when the request would be refused.
pub(crate) async fn run(options: &ExplainOptions, loaded: Loaded) -> Result<ExitCode, ExplainError> {
    let question = question(options)?;
    let (explanation, source) = match ask_running(options, &loaded, &question).await? {
        Ok(answered) => answered,
        Err(away) => (offline(loaded, &question).await?, format!("explained from the configuration alone: {away}")),
    };
    writeln!(io::stderr(), "{source}")?;
    let out = &mut io::stdout().lock();
    if options.json {
        print::json(&explanation, out)?
    } else {
        print::text(&explanation, out)?
    }
    Ok(if explanation.refused.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn question(options: &ExplainOptions) -> Result<Question, ExplainError> {
    let request = match &options.request {
        None => None,
        Some(path) => {
            let text =
                std::fs::read_to_string(path).map_err(|reason| ExplainError::Request { path: path.clone(), reason })?;
            let request = serde_json::from_str(&text);
            Some(request.map_err(|reason| ExplainError::NotJson { path: path.clone(), reason })?)
        }
    };
    let (model, dialect) = (Some(options.model.clone()), Some(options.dialect.name()));
    Ok(Question { model, dialect, request, ..Question::default() })
}

/// What the process says that runs with this configuration, and which one it is; else why it was not asked.
async fn ask_running(
    options: &ExplainOptions,
    loaded: &Loaded,
    question: &Question,
) -> Result<Result<(Explanation, String), Away>, ExplainError> {
    if options.offline {
        return Ok(Err(Away::NotWanted));
    }
    let listen = loaded.snapshot.server.admin_address();
    match remote::ask(listen, loaded.settings.admin_token.as_ref(), question).await {
        Ok(explanation) => Ok(Ok((explanation, format!("explained by the process at {listen}")))),
        Err(Away::Misasked(problem)) => Err(ExplainError::Misasked(listen, problem)),
        Err(away) => Ok(Err(away)),
    }
}

/// The same without a process: with what an earlier one kept of who rests.
async fn offline(loaded: Loaded, question: &Question) -> Result<Explanation, ExplainError> {
    let store = loaded.settings.store_url;
    let shared = Shared::new(loaded.snapshot, Arc::new(Discard), Box::new(State::default()), Box::new(Discard));
    if let Ok(rests) = Rests::at(store.expose())
        && rests.is_there()
        && let Ok(rows) = rests.all().await
    {
        shared.live.restore(rows, now());
    }
    Ok(DataPlane::at_rest(shared).explain(question).await?)
}

//! `trunkline import`: another gateway's configuration as a document, and a report of what becomes of each key.

pub(crate) mod folder;
mod history;

use std::fs::{OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Map, Value};
use thiserror::Error;
use trunkline_config::import::{Imported, SourceTable, litellm, model_proxy, serverless_proxy};
use trunkline_config::{Env, Overrides, load};
use trunkline_store::{FOREIGN_ROWS_MAX, ForeignTable, ForeignValue, StoreError, read_foreign};

use self::history::Carried;
use crate::cli::{ImportFrom, ImportOutput};
use crate::run::{RunError, control_runtime};

/// Why there is no document. Where there is one, what is wrong is in the report.
#[derive(Debug, Error)]
pub(crate) enum ImportError {
    #[error(transparent)]
    Folder(#[from] folder::FolderError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("nothing could be used of {name}: {reason}")]
    Useless { name: String, reason: String },
    #[error("{path:?} is there already; `--force` overwrites it")]
    Taken { path: PathBuf },
    #[error("{path:?} cannot be written: {reason}")]
    Unwritable { path: PathBuf, reason: io::Error },
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
}

/// Imports, and fails when a part of the source could not be used or the document needs more than it has.
///
/// # Errors
/// When nothing could be made or written.
pub(crate) fn run(from: ImportFrom, env: &Env) -> Result<ExitCode, ImportError> {
    let (imported, output) = match from {
        ImportFrom::ModelProxy { dir, output } => (model_proxy(&folder::read(&dir)?, env), output),
        ImportFrom::ServerlessProxy { file, ledger, output } => {
            let mut imported = control_runtime()?.block_on(from_database(&file, env))?;
            if let Some(ledger) = ledger {
                imported.report.notes.push(carry_over(&file, &ledger)?);
            }
            (imported, output)
        }
        ImportFrom::Litellm { file, output } => (litellm(&folder::read_file(&file), env), output),
    };
    if let ([], [bad, ..]) = (imported.report.findings.as_slice(), imported.report.bad.as_slice()) {
        return Err(ImportError::Useless { name: bad.name.clone(), reason: bad.reason.clone() });
    }
    refuse_to_overwrite(&output)?;
    let problems = load(Some(("trunkline.toml", &imported.document)), env, &Overrides::default(), &[]).err();
    let mut report = imported.report.to_string();
    for problem in problems.iter().flat_map(|problems| problems.iter()) {
        report.push_str(&format!("to do        {problem}\n"));
    }
    match &output.report {
        Some(path) => write(path, &report)?,
        None => io::stderr().write_all(report.as_bytes())?,
    }
    match &output.out {
        Some(path) => write(path, &imported.document)?,
        None => io::stdout().write_all(imported.document.as_bytes())?,
    }
    let all_is_well = imported.report.bad.is_empty() && problems.is_none();
    Ok(if all_is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn refuse_to_overwrite(output: &ImportOutput) -> Result<(), ImportError> {
    let taken = [&output.out, &output.report].into_iter().flatten().find(|path| path.exists() && !output.force);
    taken.map_or(Ok(()), |path| Err(ImportError::Taken { path: path.clone() }))
}

/// Writes a file for its owner alone, also where one was that others could read: it may hold keys.
fn write(path: &Path, text: &str) -> Result<(), ImportError> {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
    let written = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(text.as_bytes())
    };
    written().map_err(|reason| ImportError::Unwritable { path: path.to_owned(), reason })
}

/// Reads serverless_proxy's file.
///
/// # Errors
/// When it is no database.
pub(crate) async fn from_database(path: &Path, env: &Env) -> Result<Imported, StoreError> {
    let tables = read_foreign(path, &SourceTable::READ).await?;
    let short = |table: &ForeignTable| !table.rows.is_empty() && table.count > u64::from(FOREIGN_ROWS_MAX);
    let cut: Vec<String> = tables.iter().filter(|table| short(table)).map(|table| table.name.clone()).collect();
    let tables: Vec<SourceTable> = tables.into_iter().map(source_table).collect();
    let mut imported = serverless_proxy(&tables, env);
    imported.report.notes.extend(cut.iter().map(|name| format!("only {FOREIGN_ROWS_MAX} rows of {name:?} were read")));
    Ok(imported)
}

/// Writes past usage into the ledger; says what it was.
fn carry_over(path: &Path, ledger: &str) -> Result<String, ImportError> {
    let carried = control_runtime()?.block_on(history::carry_over(path, ledger))?;
    let Carried { requests, tokens, cost, timeless } = carried;
    let left = if timeless == 0 { String::new() } else { format!("; {timeless} rows that say no time are left out") };
    Ok(format!("past usage is in the ledger: {requests} requests, {tokens} tokens, {cost} USD{left}"))
}

fn source_table(table: ForeignTable) -> SourceTable {
    let row = |values: Vec<ForeignValue>| -> Map<String, Value> {
        table.columns.iter().cloned().zip(values.into_iter().map(json)).collect()
    };
    let rows = table.rows.into_iter().map(row).collect();
    SourceTable { name: table.name, columns: table.columns, rows, count: table.count }
}

fn json(value: ForeignValue) -> Value {
    match value {
        ForeignValue::Null => Value::Null,
        ForeignValue::Integer(number) => number.into(),
        ForeignValue::Real(number) => number.into(),
        ForeignValue::Text(text) => text.into(),
        // No column of the tables holds bytes; whatever wants a text says that this is none.
        ForeignValue::Blob => Value::Object(Map::new()),
    }
}

//! `trunkline secrets`: stored secrets from the command line. A process that serves sees what is done within a second.

use std::io::{self, Read as _, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;
use thiserror::Error;
use trunkline_admin::{SecretProblem, SecretRow};
use trunkline_store::{KEY_VARIABLE, PREVIOUS_KEY_VARIABLE, Rotated, SECRET_BYTES_MAX, StoreError, rotate_key};

use super::SecretDesk;
use crate::cli::SecretsCommand;
use crate::source::{Source, SourceError};

/// Why nothing was done with a secret.
#[derive(Debug, Error)]
pub(crate) enum SecretsError {
    #[error(transparent)]
    Secret(#[from] SecretProblem),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{name} cannot be read: {reason}")]
    Unreadable { name: String, reason: io::Error },
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
}

/// Does what is asked.
pub(crate) async fn run(command: &SecretsCommand, source: Source) -> Result<ExitCode, SecretsError> {
    let out = &mut io::stdout().lock();
    match command {
        SecretsCommand::List { json, .. } => list(out, &SecretDesk::new(source).all().await?, *json)?,
        SecretsCommand::Set { name, from_file, .. } => {
            let value = read(from_file.as_ref())?;
            let who = source.user().map_or_else(|| "command line".to_owned(), |user| format!("{user} (command line)"));
            SecretDesk::new(source).put(name, &value, &who).await?;
            writeln!(out, "the secret `{name}` is set; a document names it as \"secret:{name}\"")?;
        }
        SecretsCommand::Remove { name, .. } => {
            SecretDesk::new(source).forget(name).await?;
            writeln!(out, "the secret `{name}` is forgotten")?;
        }
        SecretsCommand::RotateKey { .. } => {
            source.make_data_folder()?;
            let written = source.read().await?;
            let place = source.store_of(written.as_ref());
            let Rotated { secrets, revisions } = rotate_key(place.expose(), source.vault.keyring()).await?;
            writeln!(out, "{secrets} secrets and {revisions} revisions are sealed anew")?;
            if source.vault.keyring().is_stated() {
                writeln!(
                    io::stderr(),
                    "start every process with this `{KEY_VARIABLE}`, and without `{PREVIOUS_KEY_VARIABLE}`"
                )?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What a file or standard input holds, without the line feed at its end.
fn read(file: Option<&PathBuf>) -> Result<String, SecretsError> {
    let name = file.map_or_else(|| "standard input".to_owned(), |file| file.display().to_string());
    let bytes_max = u64::try_from(SECRET_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(3);
    let mut text = String::new();
    let read = match file {
        Some(file) => std::fs::File::open(file).and_then(|file| file.take(bytes_max).read_to_string(&mut text)),
        None => io::stdin().lock().take(bytes_max).read_to_string(&mut text),
    };
    read.map_err(|reason| SecretsError::Unreadable { name, reason })?;
    let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(line.to_owned())
}

fn list(out: &mut impl Write, rows: &[SecretRow], as_json: bool) -> io::Result<()> {
    if as_json {
        return writeln!(out, "{}", json!({ "items": rows }));
    }
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    for SecretRow { name, used_by, set_at } in rows {
        let used = if used_by.is_empty() { "nothing names it".to_owned() } else { used_by.join(", ") };
        writeln!(out, "{name:width$}  {}  {used}", set_at.as_deref().unwrap_or_default())?;
    }
    Ok(())
}

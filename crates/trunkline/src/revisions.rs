//! `trunkline config`: the document as the store keeps it. A process that serves it sees what is done within a second.

use std::io::{self, Read as _, Write};
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use similar::TextDiff;
use thiserror::Error;
use trunkline_store::{Appended, DOCUMENT_BYTES_MAX, NewRevision, Revision, Revisions, StoreError};
use trunkline_wire::timestamp;

use crate::cli::{ConfigCommand, ListOptions, PushOptions};
use crate::rests::now;
use crate::source::{Origin, Source, SourceError, Written};

/// Lines around a difference that are shown with it.
const CONTEXT_LINES: usize = 3;

/// Why nothing was done with the document.
#[derive(Debug, Error)]
pub(crate) enum RevisionsError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("there is no revision {0}; `trunkline config revisions` lists them")]
    Unknown(u64),
    #[error("there is no revision yet; `trunkline config push FILE` makes the first")]
    None,
    #[error(
        "revision {current} is in force and revision {base} was edited; see what has changed with \
         `trunkline config diff {base} {current}`, and push again with `--base {current}`"
    )]
    Outdated { base: u64, current: u64 },
    #[error("the document is longer than {DOCUMENT_BYTES_MAX} bytes")]
    TooLong,
    #[error("{name} cannot be read: {reason}")]
    Unreadable { name: String, reason: io::Error },
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
}

/// Does what is asked.
pub(crate) async fn run(command: &ConfigCommand, source: &Source) -> Result<ExitCode, RevisionsError> {
    source.make_data_folder()?;
    let place = source.store_url().await?;
    let mut table = Revisions::at(place.expose())?;
    let out = &mut io::stdout().lock();
    match command {
        ConfigCommand::Show { revision, .. } => {
            out.write_all(wanted(&mut table, *revision).await?.document.as_bytes())?;
        }
        ConfigCommand::Revisions(ListOptions { limit, before, json, .. }) => {
            list(out, &table.list(*limit, *before).await?, *json)?;
        }
        ConfigCommand::Push(PushOptions { file, note, base, .. }) => {
            let written = read(file)?;
            push(out, &mut table, source, (&written, note, *base)).await?;
        }
        ConfigCommand::Rollback { revision, note, .. } => {
            let earlier = Written::of_revision(wanted(&mut table, Some(*revision)).await?);
            let said = format!("back to revision {revision}");
            let note = if note.is_empty() { said } else { format!("{said}: {note}") };
            push(out, &mut table, source, (&earlier, &note, None)).await?;
        }
        ConfigCommand::Diff { from, to, .. } => {
            let (from, to) = (wanted(&mut table, Some(*from)).await?, wanted(&mut table, *to).await?);
            diff(out, &from, &to)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn wanted(table: &mut Revisions, number: Option<u64>) -> Result<Revision, RevisionsError> {
    match number {
        Some(number) => table.get(number).await?.ok_or(RevisionsError::Unknown(number)),
        None => table.current().await?.ok_or(RevisionsError::None),
    }
}

/// Puts a document in force that nothing is wrong with.
async fn push(
    out: &mut impl Write,
    table: &mut Revisions,
    source: &Source,
    (written, note, base): (&Written, &str, Option<u64>),
) -> Result<(), RevisionsError> {
    for note in source.resolve(Some(written), &[])?.notes {
        writeln!(io::stderr(), "note: {note}")?;
    }
    let base = match base {
        Some(base) => base,
        None => table.current_number().await?,
    };
    let who = source.user().map_or_else(|| "command line".to_owned(), |user| format!("{user} (command line)"));
    let new = NewRevision { base, at_ms: now().0, who: &who, note, document: &written.text };
    match table.append(new).await? {
        Appended::Kept(number) => writeln!(out, "revision {number} is in force")?,
        Appended::Same(number) => writeln!(out, "revision {number} is in force and says the same")?,
        Appended::Outdated(current) => return Err(RevisionsError::Outdated { base, current }),
        Appended::TooLong => return Err(RevisionsError::TooLong),
    }
    if !matches!(source.origin(), Origin::Store(_)) {
        writeln!(io::stderr(), "note: only processes that were started with `--config store` follow it")?;
    }
    Ok(())
}

fn read(file: &Path) -> Result<Written, RevisionsError> {
    let piped = file == Path::new("-");
    let name = if piped { "standard input".to_owned() } else { file.display().to_string() };
    let mut text = String::new();
    let bytes_max = u64::try_from(DOCUMENT_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let read = if piped {
        io::stdin().lock().take(bytes_max).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(bytes_max).read_to_string(&mut text))
    };
    read.map_err(|reason| RevisionsError::Unreadable { name: name.clone(), reason })?;
    if text.len() > DOCUMENT_BYTES_MAX {
        return Err(RevisionsError::TooLong);
    }
    Ok(Written { name, text, ..Written::default() })
}

fn list(out: &mut impl Write, revisions: &[Revision], as_json: bool) -> io::Result<()> {
    let at = |revision: &Revision| timestamp::write(revision.at_ms / 1_000);
    if as_json {
        let row = |revision: &Revision| {
            let Revision { number, who, note, hash, .. } = revision;
            json!({ "revision": number, "at": at(revision), "who": who, "note": note, "hash": hash })
        };
        return writeln!(out, "{}", json!({ "data": revisions.iter().map(row).collect::<Vec<_>>() }));
    }
    let width = revisions.iter().map(|revision| revision.who.chars().count()).max().unwrap_or(0);
    for revision in revisions {
        let Revision { number, who, note, .. } = revision;
        let line = format!("{number:>5}  {}  {who:width$}  {note}", at(revision));
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn diff(out: &mut impl Write, from: &Revision, to: &Revision) -> io::Result<()> {
    let names = [from, to].map(|revision| format!("revision {}", revision.number));
    let [before, after] = &names;
    let diff = TextDiff::from_lines(from.document.as_str(), to.document.as_str());
    write!(out, "{}", diff.unified_diff().context_radius(CONTEXT_LINES).header(before, after))
}

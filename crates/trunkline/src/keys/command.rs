//! `trunkline keys`: client keys from the command line. A process that serves sees what is done within a second.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use thiserror::Error;
use trunkline_admin::{KeyFields, KeyProblem, KeyRow, Keys as _, Made, Misasked, Origin};
use trunkline_config::Loaded;
use trunkline_config::file::{Day, Period, PeriodOrZero};
use trunkline_wire::timestamp;

use super::{KeyDesk, View};
use crate::cli::{KeyLimits, KeysCommand};
use crate::rests::now;

/// Why nothing was done with a key.
#[derive(Debug, Error)]
pub(crate) enum KeysError {
    #[error(transparent)]
    Key(#[from] KeyProblem),
    #[error("`--{0}` cannot be {1:?}: {2}")]
    Flag(&'static str, String, &'static str),
    #[error("the data folder {folder:?} cannot be made: {reason}")]
    DataFolder { folder: PathBuf, reason: io::Error },
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
}

impl From<Misasked> for KeysError {
    fn from(wrong: Misasked) -> Self {
        Self::Key(wrong.into())
    }
}

/// Does what is asked.
pub(crate) async fn run(command: &KeysCommand, loaded: Loaded) -> Result<ExitCode, KeysError> {
    let folder = &loaded.settings.data_dir;
    crate::source::make_folder(folder).map_err(|reason| KeysError::DataFolder { folder: folder.clone(), reason })?;
    let desk = KeyDesk::new(loaded.settings.store_url.clone(), View::Still(Arc::new(loaded.snapshot)));
    let out = &mut io::stdout().lock();
    match command {
        KeysCommand::Create { name, limits, json, .. } => {
            let mut fields = asked(limits)?;
            fields.insert("name".to_owned(), Value::from(name.as_str()));
            print_made(out, &desk.create(KeyFields::read(fields)?).await?, *json)?;
        }
        KeysCommand::List { json, .. } => print_list(out, &desk.list().await?, *json)?,
        KeysCommand::Revoke { key, json, .. } => print_row(out, &desk.revoke(key.clone()).await?, "revoked", *json)?,
        KeysCommand::Rotate { key, overlap, json, .. } => {
            let wrong = |_| KeysError::Flag("overlap", overlap.clone(), "write a period such as `1h`");
            let overlap = PeriodOrZero::parse(overlap).map_err(wrong)?.duration();
            print_made(out, &desk.rotate(key.clone(), overlap).await?, *json)?;
        }
        KeysCommand::Enable { key, json, .. } => {
            print_row(out, &switch(&desk, key, true).await?, "enabled", *json)?;
        }
        KeysCommand::Disable { key, json, .. } => {
            print_row(out, &switch(&desk, key, false).await?, "disabled", *json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn switch(desk: &KeyDesk, key: &str, enabled: bool) -> Result<KeyRow, KeyProblem> {
    desk.change(key.to_owned(), Map::from_iter([("enabled".to_owned(), Value::from(enabled))])).await
}

/// The flags by the names of the document.
fn asked(limits: &KeyLimits) -> Result<Map<String, Value>, KeysError> {
    let KeyLimits { owner, tag, model, provider, expires, rpm, tpm, parallel, budget, budget_period, soft } = limits;
    let budgets = budget.as_ref().map(|usd| json!([{ "usd": usd, "period": budget_period, "hard": !soft }]));
    let expires = expires.as_deref().map(end).transpose()?;
    let stated = [
        ("owner", owner.as_ref().map(|owner| json!(owner))),
        ("tags", (!tag.is_empty()).then(|| json!(tag))),
        ("models", (!model.is_empty()).then(|| json!(model))),
        ("providers", (!provider.is_empty()).then(|| json!(provider))),
        ("expires", expires.map(Value::from)),
        ("requests_per_minute", rpm.map(Value::from)),
        ("tokens_per_minute", tpm.map(Value::from)),
        ("parallel_requests", parallel.map(Value::from)),
        ("budgets", budgets),
    ];
    Ok(stated.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect())
}

/// A day, a moment, or a period from now on.
fn end(text: &str) -> Result<String, KeysError> {
    if Day::parse(text).is_some() {
        return Ok(text.to_owned());
    }
    let wrong =
        |_| KeysError::Flag("expires", text.to_owned(), "write `2027-01-31`, a moment, or a period such as `30d`");
    let period: Duration = Period::parse(text).map_err(wrong)?.duration();
    Ok(timestamp::write((now() + period).0 / 1_000))
}

fn print_made(out: &mut impl Write, made: &Made, as_json: bool) -> io::Result<()> {
    if as_json {
        return writeln!(out, "{}", json!(made));
    }
    writeln!(io::stderr(), "client key `{}` ({}); it is shown this once:", made.row.name, made.row.id)?;
    writeln!(out, "{}", made.key)
}

fn print_row(out: &mut impl Write, row: &KeyRow, done: &str, as_json: bool) -> io::Result<()> {
    if as_json {
        return writeln!(out, "{}", json!(row));
    }
    writeln!(out, "client key `{}` ({}) is {done}", row.name, row.id)
}

fn print_list(out: &mut impl Write, rows: &[KeyRow], as_json: bool) -> io::Result<()> {
    if as_json {
        return writeln!(out, "{}", json!({ "items": rows }));
    }
    let width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0);
    for row in rows {
        let state = match (&row.revoked, row.allowance.enabled) {
            (Some(_), _) => "revoked",
            (None, false) => "disabled",
            (None, true) => "enabled",
        };
        let origin = match row.origin {
            Origin::Document => "document",
            Origin::Made => &row.id,
        };
        let budgets: Vec<String> = row
            .allowance
            .budgets
            .iter()
            .map(|budget| format!("{} USD/{}", budget.usd, budget.period.as_str()))
            .collect();
        let owner = row.owner.as_deref().unwrap_or("-");
        writeln!(out, "{:width$}  {state:8}  {origin:20}  {owner}  {}", row.name, budgets.join(", "))?;
    }
    Ok(())
}

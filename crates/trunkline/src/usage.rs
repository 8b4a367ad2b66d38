//! `trunkline usage` and `GET /api/v1/usage`: what requests used and cost, from the ledger's sums.

mod answer;
mod render;
mod when;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::SystemTime;

use clap::ValueEnum;
use serde_json::json;
use thiserror::Error;
use trunkline_config::{Secret, Settings};
use trunkline_store::{Dimension, Figures, Period, Question, Store, StoreError};

use self::answer::shown;
use self::render::Told;

use crate::cli::UsageOptions;
use crate::run::{RunError, control_runtime};
pub(crate) use answer::SumDesk;
pub(crate) use when::{When, WhenError, Zone};

/// Why there are no figures.
#[derive(Debug, Error)]
pub(crate) enum UsageError {
    #[error(transparent)]
    When(#[from] WhenError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("there is no ledger at {place:?} yet; `--data-dir` or `store.url` names another")]
    NoLedger { place: PathBuf },
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
}

/// Whose figures are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    #[value(name = "client_key", alias = "client-key", alias = "key")]
    ClientKey,
    #[default]
    Model,
    Provider,
    #[value(name = "upstream_model", alias = "upstream-model")]
    UpstreamModel,
    Day,
    Hour,
}

impl By {
    fn told_apart(self) -> (Option<Dimension>, Option<Period>) {
        match self {
            Self::ClientKey => (Some(Dimension::ClientKey), None),
            Self::Model => (Some(Dimension::Model), None),
            Self::Provider => (Some(Dimension::Provider), None),
            Self::UpstreamModel => (Some(Dimension::UpstreamModel), None),
            Self::Day => (None, Some(Period::Day)),
            Self::Hour => (None, Some(Period::Hour)),
        }
    }
}

/// Prints the figures.
///
/// # Errors
/// When what is asked is not clear, or the ledger cannot be read.
pub(crate) fn run(options: &UsageOptions, settings: &Settings) -> Result<(), UsageError> {
    let zone = Zone::read(&options.zone)?;
    let now = SystemTime::now();
    let at = |text: &Option<String>| text.as_deref().map(|text| When::read(text, zone, now)).transpose();
    let (by, per) = options.by.told_apart();
    let question = Question {
        by,
        per,
        since_s: at(&options.since)?.map(When::seconds),
        until_s: at(&options.until)?.map(When::seconds),
        client_key: options.client_key.clone(),
        model: options.model.clone(),
        provider: options.provider.clone(),
        zone_minutes: zone.minutes(),
    };
    let place = settings.store_url.expose();
    if let Some(path) = place.strip_prefix("sqlite://").map(PathBuf::from).filter(|path| !path.exists()) {
        return Err(UsageError::NoLedger { place: path });
    }
    let (figures, total) = control_runtime()?.block_on(sums(&settings.store_url, &question))?;
    let told = Told { question: &question, zone, figures: &figures, total: &total };
    let text = match (options.json, options.csv) {
        (true, _) => format!("{}\n", json!(shown(&told))),
        (false, true) => told.csv(),
        (false, false) => told.table(),
    };
    Ok(io::stdout().write_all(text.as_bytes())?)
}

/// The figures of each group, and of all together.
async fn sums(place: &Secret, question: &Question) -> Result<(Vec<Figures>, Figures), StoreError> {
    let store = Store::open(place.expose()).await?;
    let total = Question { by: None, per: None, ..question.clone() };
    let read = (store.figures(question).await?, store.figures(&total).await?.pop().unwrap_or_default());
    store.close().await;
    Ok(read)
}

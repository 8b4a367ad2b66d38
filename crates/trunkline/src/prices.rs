//! `trunkline prices`: what models cost, and the price list that was taken over.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use thiserror::Error;
use trunkline_config::{Snapshot, Target};
use trunkline_providers::price::public::{self, PublicListError};
use trunkline_providers::price::{PriceList, Tariff, TokenPrices, UnitPrice};
use trunkline_route::Catalog;
use trunkline_route::candidates::candidates;
use trunkline_wire::{Fault, timestamp};

/// The list that was taken over, in the data folder.
const FILE_NAME: &str = "prices.tsv";

/// Names shown of each kind of change; the rest is counted.
const NAMES_MAX: usize = 20;

/// Why nothing was shown or taken over.
#[derive(Debug, Error)]
pub(crate) enum PricesError {
    #[error("the price list {path:?} cannot be read: {reason}")]
    Unreadable { path: PathBuf, reason: io::Error },
    #[error("the price list {path:?} {reason}")]
    NoList { path: PathBuf, reason: PublicListError },
    #[error("the price list cannot be kept as {path:?}: {reason}")]
    Unwritable { path: PathBuf, reason: io::Error },
    #[error("{}", .0.message)]
    NoModel(Fault),
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
}

/// The list that was taken over, if one was; and what is to be said when it cannot be used.
pub(crate) fn kept(data_dir: &Path) -> (Option<Arc<PriceList>>, Option<String>) {
    let path = data_dir.join(FILE_NAME);
    let unused = |reason: String| {
        (None, Some(format!("the price list {} is not used, the built-in one is: it {reason}", path.display())))
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => match PriceList::parse(&text) {
            Ok(list) => (Some(Arc::new(list)), None),
            Err(error) => unused(error.to_string()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => (None, None),
        Err(error) => unused(format!("cannot be read: {error}")),
    }
}

/// Takes over a list in the public format, and tells what is other than before.
///
/// # Errors
/// When the file is no such list, or cannot be kept.
pub(crate) fn update(file: &Path, data_dir: &Path) -> Result<ExitCode, PricesError> {
    let unreadable = |reason| PricesError::Unreadable { path: file.to_owned(), reason };
    let written = std::fs::metadata(file).and_then(|facts| facts.modified()).map_err(unreadable)?;
    let json = std::fs::read(file).map_err(unreadable)?;
    let name = file.file_name().map(|name| name.to_string_lossy().replace(char::is_control, "?")).unwrap_or_default();
    let list = public::read(&json, day(written), name)
        .map_err(|reason| PricesError::NoList { path: file.to_owned(), reason })?;
    let before = kept(data_dir).0.unwrap_or_else(PriceList::built_in);
    keep(&list, data_dir)?;
    let [added, changed, gone] = before.changes(&list);
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{} models, as of {}; before: {} models, as of {}",
        list.len(),
        list.as_of,
        before.len(),
        before.as_of
    )?;
    for (what, names) in [("new", added), ("other price", changed), ("gone", gone)] {
        tell(&mut out, what, &names)?;
    }
    writeln!(out, "kept as {}; used from the next start or reload on", data_dir.join(FILE_NAME).display())?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the list in whole or not at all.
fn keep(list: &PriceList, data_dir: &Path) -> Result<(), PricesError> {
    let path = data_dir.join(FILE_NAME);
    let half = data_dir.join(format!("{FILE_NAME}.new"));
    let written = std::fs::create_dir_all(data_dir)
        .and_then(|()| std::fs::write(&half, list.text()))
        .and_then(|()| std::fs::rename(&half, &path));
    written.map_err(|reason| PricesError::Unwritable { path, reason })
}

fn tell(out: &mut impl io::Write, what: &str, names: &[String]) -> io::Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let more = names.len().saturating_sub(NAMES_MAX);
    let shown: Vec<&str> = names.iter().take(NAMES_MAX).map(String::as_str).collect();
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    writeln!(out, "{what}: {}{more}", shown.join(", "))
}

fn day(at: SystemTime) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).map(|since| since.as_secs()).unwrap_or_default();
    timestamp::write(seconds).chars().take_while(|letter| *letter != 'T').collect()
}

/// Prints what a model costs at each of its targets, or what all declared ones do.
///
/// # Errors
/// When there is no such model.
pub(crate) fn show(snapshot: &Snapshot, model: Option<&str>) -> Result<ExitCode, PricesError> {
    let named: Vec<&str> = match model {
        Some(model) => vec![model],
        None => snapshot.models.keys().map(String::as_str).collect(),
    };
    let mut out = io::stdout().lock();
    writeln!(out, "USD per million tokens; the price list is {}", told_of(&snapshot.prices))?;
    for name in named {
        let found = candidates(snapshot, &Catalog::default(), name, None).map_err(PricesError::NoModel)?;
        for target in &found.targets {
            writeln!(out, "{name}  {}/{}  {}", target.provider.name, target.model.name, price_of(target))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn told_of(list: &PriceList) -> String {
    let origin = if list.is_built_in() { "built in" } else { "a file" };
    format!("{origin}: {}, as of {}", list.source, list.as_of)
}

fn price_of(target: &Target) -> String {
    let Some(price) = &target.price else { return "unknown".to_owned() };
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_millis()).unwrap_or_default();
    let Some(tariff) = price.at(u64::try_from(now_ms).unwrap_or(u64::MAX)) else { return "unknown".to_owned() };
    let origin = if price.is_listed() { "price list" } else { "config" };
    format!("{}  ({origin})", told(tariff))
}

fn told(tariff: &Tariff) -> String {
    let mut text = tokens(&tariff.tokens);
    for (what, price) in [("a request", tariff.request), ("a second", tariff.second)] {
        if price != UnitPrice::ZERO {
            // Writing to a text does not fail.
            let _ = write!(text, ", {} {what}", price.usd_text());
        }
    }
    for tier in &tariff.tiers {
        // As above.
        let _ = write!(text, "; above {} tokens: {}", tier.above, tokens(&tier.tokens));
    }
    text
}

fn tokens(prices: &TokenPrices) -> String {
    let TokenPrices { input, output, cached_input, cache_write, audio_input, audio_output } = *prices;
    let all = [
        ("input", input, None),
        ("output", output, None),
        ("cached input", cached_input, Some(input)),
        ("cache write", cache_write, Some(input)),
        ("audio input", audio_input, Some(input)),
        ("audio output", audio_output, Some(output)),
    ];
    let told = all.iter().filter(|(_, price, usual)| Some(*price) != *usual);
    told.map(|(what, price, _)| format!("{what} {}", price.mtok_text())).collect::<Vec<_>>().join(", ")
}

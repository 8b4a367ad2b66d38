//! `/api/v1/prices`: what models cost where neither they nor their targets say it.

use axum::Extension;
use axum::extract::{Path as InPath, RawQuery};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, put};
use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trunkline_config::{Path, Snapshot};
use trunkline_providers::price::UnitPrice;
use trunkline_providers::price::list::Entry;

use crate::api::editing::{Editing, IfMatch, Tagged};
use crate::api::page::{Page, SearchQuery, Wanted};
use crate::api::section::Thing;
use crate::auth::{Asks, Caller};
use crate::clock::now;
use crate::endpoint::{Endpoint, Operation};
use crate::problem::{Kind, Problem};
use crate::read::{Json, named};
use crate::routes::Running;

/// Its paths.
pub(crate) const ROUTES: &[Endpoint] = &[
    Endpoint::new("GET", "/api/v1/prices", Asks::Viewer, || get(list))
        .says(Operation::new("prices", "What models cost.").query::<SearchQuery>().gives::<Page<PriceRow>>()),
    Endpoint::new("PUT", "/api/v1/prices/{model}", Asks::Admin, || put(set))
        .says(Operation::new("setPrice", "States a price in the document.").takes::<PriceFields>().if_match()),
    Endpoint::new("DELETE", "/api/v1/prices/{model}", Asks::Admin, || delete(remove))
        .says(Operation::new("removePrice", "Takes it out of the document.").if_match()),
];

/// What a model costs now, in USD per million tokens.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Price")]
pub(crate) struct PriceRow {
    /// `provider/model`: what the document calls it.
    model: String,
    /// The provider's type, or its name where the document says the price.
    vendor: Option<String>,
    input: Option<f64>,
    output: Option<f64>,
    cached_input: Option<f64>,
    cache_write: Option<f64>,
    source: Source,
    /// The day on which the list was true; `null` for what the document says.
    from: Option<String>,
}

/// Who says what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Source {
    /// The operator.
    Document,
    /// The list that comes with the program.
    BuiltIn,
    /// A list that was taken over in its place.
    File,
}

/// What tokens cost, in USD per million.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriceFields {
    input: f64,
    output: f64,
    /// As `input` when not said.
    #[serde(default)]
    cached_input: Option<f64>,
    /// As `input` when not said.
    #[serde(default)]
    cache_write: Option<f64>,
}

impl PriceFields {
    /// As the document has them; `null` takes one back.
    fn fields(&self) -> Map<String, Value> {
        let all = [
            ("input", Some(self.input)),
            ("output", Some(self.output)),
            ("cached_input", self.cached_input),
            ("cache_write", self.cache_write),
        ];
        all.into_iter().map(|(name, price)| (name.to_owned(), price.map_or(Value::Null, number))).collect()
    }
}

/// Whole numbers as people write them.
fn number(price: f64) -> Value {
    /// Beyond it not every whole number is one.
    const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;
    if price.fract() == 0.0 && (0.0..=WHOLE_MAX).contains(&price) {
        return Value::from(price as u64);
    }
    Value::from(price)
}

fn thing(model: &str) -> Thing<'_> {
    Thing { kind: "price of", name: model }
}

async fn list(
    Extension(Running(plane)): Extension<Running>,
    RawQuery(query): RawQuery,
) -> Result<Tagged<Json<Page<PriceRow>>>, Problem> {
    let wanted = Wanted::search(query.as_deref())?;
    let editing = Editing::look(plane.documents()).await?;
    let snapshot = plane.snapshot();
    let sought = wanted.q.as_deref().unwrap_or_default().to_lowercase();
    let rows = snapshot.prices.entries().into_iter().map(|entry| row(&snapshot, &entry));
    let rows = rows.filter(|row| row.model.to_lowercase().contains(&sought)).collect();
    Ok(Tagged(editing.revision().to_owned(), Json(wanted.of(rows, |row: &PriceRow| &row.model)?)))
}

fn row(snapshot: &Snapshot, entry: &Entry) -> PriceRow {
    let prices = &snapshot.prices;
    let tokens = entry.price.at(now().0).map(|tariff| tariff.tokens);
    let source = match (entry.price.is_listed(), prices.is_built_in()) {
        (false, _) => Source::Document,
        (true, true) => Source::BuiltIn,
        (true, false) => Source::File,
    };
    PriceRow {
        model: format!("{}/{}", entry.seller, entry.model),
        vendor: Some(entry.seller.clone()),
        input: tokens.and_then(|tokens| per_mtok(tokens.input)),
        output: tokens.and_then(|tokens| per_mtok(tokens.output)),
        cached_input: tokens.and_then(|tokens| per_mtok(tokens.cached_input)),
        cache_write: tokens.and_then(|tokens| per_mtok(tokens.cache_write)),
        source,
        from: entry.price.is_listed().then(|| prices.as_of.clone()),
    }
}

async fn set(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    InPath(model): InPath<String>,
    if_match: IfMatch,
    Json(fields): Json<PriceFields>,
) -> Result<Response, Problem> {
    let editing = Editing::begin(plane.documents(), &if_match).await?;
    let revision = match stated(&editing, &model)? {
        Some(at) => thing(&model).change(&editing, &caller, &at, fields.fields()).await?,
        None => thing(&model).add(&*plane, &editing, &caller, &section_of(&model), fields.fields()).await?,
    };
    Ok(Tagged(revision, StatusCode::NO_CONTENT).into_response())
}

async fn remove(
    Extension(Running(plane)): Extension<Running>,
    Extension(caller): Extension<Caller>,
    InPath(model): InPath<String>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let editing = Editing::begin(plane.documents(), &if_match).await?;
    let missing = || Problem::new(Kind::NotFound, format!("the document states no price of {}", named(&model)));
    let at = stated(&editing, &model)?.ok_or_else(missing)?;
    let revision = thing(&model).remove(&editing, &caller, &at).await?;
    Ok(Tagged(revision, StatusCode::NO_CONTENT).into_response())
}

fn section_of(model: &str) -> Path {
    Path::of_keys(&["prices", model])
}

/// Where the document states a price: names of models are the same in any case.
fn stated(editing: &Editing, model: &str) -> Result<Option<Path>, Problem> {
    let prices = editing.said(&Path::of_keys(&["prices"]))?;
    let names = prices.iter().filter_map(Value::as_object).flat_map(Map::keys);
    let mut same = names.filter(|name| name.eq_ignore_ascii_case(model));
    Ok(same.next().map(|name| section_of(name)))
}

/// USD per million tokens, as a number.
pub(crate) fn per_mtok(price: UnitPrice) -> Option<f64> {
    price.mtok_text().parse().ok()
}

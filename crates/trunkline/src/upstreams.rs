//! Asks providers for the admin API, and tells what the last day brought.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::runtime::Handle;
use trunkline_admin::{Asked, Day, DayOf, Down, TestStep, Tested, Upstreams};
use trunkline_config::edit::{Edit, apply};
use trunkline_config::{Path, Problems, Provider, Secret, key_variables};
use trunkline_providers::{ListedModel, Usd};
use trunkline_proxy::upstream::Client;
use trunkline_proxy::{Step, Trial, list_models, try_provider};
use trunkline_store::{Dimension, Figures, Question, Store, StoreError};

use crate::rests::now;
use crate::source::{Source, SourceError, Written};

/// What is told of.
const DAY_S: i64 = 24 * 60 * 60;

/// What problems call a section that somebody types.
const TYPED: &str = "the section";

/// Who asks providers. It does so on the runtime it was made on, which its client's connections are of.
#[derive(Clone)]
pub(crate) struct UpstreamDesk {
    source: Source,
    client: Client,
    place: Secret,
    runtime: Handle,
}

impl UpstreamDesk {
    /// The desk of this process, with the store at `place`.
    pub(crate) fn new(source: Source, client: Client, place: Secret) -> Self {
        Self { source, client, place, runtime: Handle::current() }
    }

    async fn figures(&self, of: DayOf) -> Result<Vec<Figures>, StoreError> {
        let by = match of {
            DayOf::Providers => Dimension::Provider,
            DayOf::Models => Dimension::Model,
        };
        let since_s = i64::try_from(now().0 / 1_000).unwrap_or(i64::MAX).saturating_sub(DAY_S);
        let store = Store::open(self.place.expose()).await?;
        let figures = store.figures(&Question { by: Some(by), since_s: Some(since_s), ..Question::default() }).await;
        store.close().await;
        figures
    }

    /// Does it on our runtime.
    fn there<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
        stopped: impl FnOnce() -> T + Send + 'static,
    ) -> Asked<T> {
        let work = self.runtime.spawn(work);
        Box::pin(async move { work.await.unwrap_or_else(|_stopping| stopped()) })
    }
}

impl Upstreams for UpstreamDesk {
    fn last_day(&self, of: DayOf) -> Asked<Result<HashMap<String, Day>, Down>> {
        let desk = self.clone();
        Box::pin(async move {
            let figures = desk.figures(of).await.map_err(|error| {
                tracing::warn!(%error, "the ledger does not answer");
                Down
            })?;
            Ok(figures.into_iter().filter_map(day).collect())
        })
    }

    fn models_of(&self, provider: Arc<Provider>) -> Asked<Result<Vec<ListedModel>, String>> {
        let client = self.client.clone();
        let asked = async move { list_models(&client, &provider).await };
        self.there(asked, || Err("the process is stopping".to_owned()))
    }

    fn provider(&self, name: &str, section: &Map<String, Value>) -> Result<Arc<Provider>, Problems> {
        let at = Path::of_keys(&["providers", name]);
        let text = apply("", &Edit::Set(at, Value::Object(section.clone()))).map_err(|error| typed_wrong(&error))?;
        let written = Written { name: TYPED.to_owned(), text, ..Written::default() };
        match self.source.resolve(Some(&written), &[]) {
            Ok(loaded) => loaded
                .snapshot
                .providers
                .get(name)
                .cloned()
                .ok_or_else(|| typed_wrong(&"it says nothing of a provider")),
            Err(SourceError::Problems(problems)) => Err(problems),
            Err(error) => Err(typed_wrong(&error)),
        }
    }

    fn variables_of(&self, provider: &Provider) -> Vec<String> {
        key_variables(provider.vendor, self.source.env())
    }

    fn test(&self, provider: Arc<Provider>, model: Option<String>) -> Asked<Tested> {
        let client = self.client.clone();
        let asked = async move { tested(try_provider(&client, &provider, model.as_deref()).await) };
        self.there(asked, || Tested { ok: false, steps: Vec::new(), models: Vec::new() })
    }
}

/// What cannot be told of a place in a document.
fn typed_wrong(error: &impl ToString) -> Problems {
    Problems::of_message(error.to_string())
}

fn day(figures: Figures) -> Option<(String, Day)> {
    let is_known = figures.unknown_cost < figures.requests;
    let day = Day {
        requests: figures.requests,
        errors: figures.errors,
        cost: is_known.then(|| Usd::from_nano(figures.cost_nusd).to_string()),
        first_byte_ms: (figures.first_byte.p50_us > 0).then(|| figures.first_byte.p50_us as f64 / 1000.0),
    };
    Some((figures.name?, day))
}

fn tested(trial: Trial) -> Tested {
    let ms = |took: Duration| (took.as_secs_f64() * 10_000.0).round() / 10.0;
    let step = |Step { name, took, outcome }: Step| {
        let (ok, Ok(detail) | Err(detail)) = (outcome.is_ok(), outcome);
        TestStep { name: name.to_owned(), ok, ms: took.map(ms), detail: Some(detail) }
    };
    let (ok, Trial { steps, models, .. }) = (trial.is_ok(), trial);
    let models = models.into_iter().map(|model| model.id).collect();
    Tested { ok, steps: steps.into_iter().map(step).collect(), models }
}

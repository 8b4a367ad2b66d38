//! The lists of models in the words of clients other than OpenAI's.

use http::Response;
use serde::Serialize;
use trunkline_config::Allowance;
use trunkline_wire::dialects::gemini::models::{ModelEntry, encode_list, encode_one};
use trunkline_wire::dialects::ollama::surface::{self, Ability, ModelCard};
use trunkline_wire::{Fault, FaultKind};

use crate::head::with_type;
use crate::models_api::{KnownModel, json, known_models_in_time};
use crate::reply::ReplyBody;
use crate::routes::OllamaQuestion;
use crate::shared::{Shared, now_ms};

/// How long a model is said to stay loaded: nobody here knows, and clients only show it.
const LOADED_FOR_S: u64 = 300;

/// One model as Anthropic shows it.
#[derive(Serialize)]
struct AnthropicEntry<'a> {
    /// Always `model`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What requests name it by.
    id: &'a str,
    /// For people; the id, since there is no other.
    display_name: &'a str,
    /// RFC 3339.
    created_at: String,
    /// Tokens of a prompt.
    max_input_tokens: u64,
}

/// Models as Anthropic lists them. All at once: there is no next page.
#[derive(Serialize)]
struct AnthropicList<'a> {
    data: Vec<AnthropicEntry<'a>>,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
    has_more: bool,
}

/// The list for a client that says `anthropic-version`.
pub(crate) async fn anthropic(shared: &Shared, allowance: Option<&Allowance>) -> Response<ReplyBody> {
    let models = known_models_in_time(shared, allowance).await;
    json(&AnthropicList {
        first_id: models.first().map(|model| model.id.as_str()),
        last_id: models.last().map(|model| model.id.as_str()),
        data: models.iter().map(anthropic_entry).collect(),
        has_more: false,
    })
}

/// One model for a client that says `anthropic-version`; `None` when it is not in the list.
pub(crate) async fn anthropic_one(
    shared: &Shared,
    allowance: Option<&Allowance>,
    id: &str,
) -> Option<Response<ReplyBody>> {
    let models = known_models_in_time(shared, allowance).await;
    models.iter().find(|model| model.id == id).map(|model| json(&anthropic_entry(model)))
}

fn anthropic_entry(model: &KnownModel) -> AnthropicEntry<'_> {
    let created = std::time::UNIX_EPOCH + std::time::Duration::from_secs(model.created);
    AnthropicEntry {
        kind: "model",
        id: &model.id,
        display_name: &model.id,
        created_at: humantime::format_rfc3339_seconds(created).to_string(),
        max_input_tokens: model.context_window,
    }
}

/// The list, or one model by its name, in Gemini's words.
///
/// # Errors
/// When there is no such model.
pub(crate) async fn gemini(
    shared: &Shared,
    allowance: Option<&Allowance>,
    name: Option<&str>,
) -> Result<Response<ReplyBody>, Fault> {
    let models = known_models_in_time(shared, allowance).await;
    let bytes = match name {
        None => encode_list(&models.iter().map(gemini_entry).collect::<Vec<_>>()),
        Some(name) => encode_one(&gemini_entry(found(&models, name)?)),
    };
    Ok(with_type(ReplyBody::Full(bytes), "application/json"))
}

fn gemini_entry(model: &KnownModel) -> ModelEntry<'_> {
    ModelEntry {
        id: &model.id,
        title: None,
        input_tokens_max: Some(model.context_window),
        output_tokens_max: Some(model.context_window),
        thinking: None,
    }
}

/// What an Ollama client asks beside work for a model.
///
/// # Errors
/// When the body names no model, or one that is not there.
pub(crate) async fn ollama(
    shared: &Shared,
    allowance: Option<&Allowance>,
    question: OllamaQuestion,
    body: &[u8],
) -> Result<Response<ReplyBody>, Fault> {
    let bytes = match question {
        OllamaQuestion::Version => surface::version(env!("CARGO_PKG_VERSION")),
        OllamaQuestion::Tags => surface::tags(&cards(shared, allowance).await),
        OllamaQuestion::Loaded => surface::ps(&cards(shared, allowance).await, now_ms() / 1000 + LOADED_FOR_S),
        OllamaQuestion::Show => {
            let name = surface::decode_show_request(body)?;
            let models = known_models_in_time(shared, allowance).await;
            surface::show(&card(found(&models, surface::bare_name(&name)).or_else(|_| found(&models, &name))?))
        }
    };
    Ok(with_type(ReplyBody::Full(bytes), "application/json"))
}

async fn cards(shared: &Shared, allowance: Option<&Allowance>) -> Vec<ModelCard> {
    known_models_in_time(shared, allowance).await.iter().map(card).collect()
}

fn card(model: &KnownModel) -> ModelCard {
    ModelCard {
        name: model.id.clone(),
        modified: model.created,
        context_window: Some(model.context_window),
        embedding_length: None,
        abilities: vec![Ability::Completion, Ability::Tools],
    }
}

fn found<'a>(models: &'a [KnownModel], name: &str) -> Result<&'a KnownModel, Fault> {
    models.iter().find(|model| model.id == name).ok_or_else(|| {
        Fault::new(FaultKind::ModelNotFound, format!("model {name:?} is not configured")).with_param("model")
    })
}

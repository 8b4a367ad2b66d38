//! What Ollama's clients ask before they chat: which models there are, and what they can do.

use bytes::Bytes;

use super::timestamp;
use crate::WireError;
use crate::fields::Fields;
use crate::fingerprint;
use crate::write::{Array, Object, object};

/// The version to claim in `/api/version`. GitHub Copilot refuses servers older than 0.6.4 (2026-11-21).
pub const VERSION: &str = "0.13.0";

/// The tag that names without one have.
const LATEST: &str = ":latest";

/// One model as the lists show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelCard {
    /// The name clients ask for.
    pub name: String,
    /// When it came or changed, in seconds since the Unix epoch.
    pub modified: u64,
    /// Tokens in and out, where known.
    pub context_window: Option<u64>,
    /// Numbers in each of its vectors, for a model of embeddings.
    pub embedding_length: Option<u64>,
    /// What it can do.
    pub abilities: Vec<Ability>,
}

/// What a model can do; clients show or hide their buttons by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// It answers.
    Completion,
    /// It calls tools.
    Tools,
    /// It fills in the middle of a text.
    Insert,
    /// It sees images.
    Vision,
    /// It makes vectors.
    Embedding,
    /// It thinks first.
    Thinking,
    /// It hears.
    Audio,
}

impl Ability {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completion => "completion",
            Self::Tools => "tools",
            Self::Insert => "insert",
            Self::Vision => "vision",
            Self::Embedding => "embedding",
            Self::Thinking => "thinking",
            Self::Audio => "audio",
        }
    }
}

/// The architecture that every model claims: clients look up `<architecture>.context_length` by its name.
const ARCHITECTURE: &str = "trunkline";

/// The name without the tag that it has anyway: `m:latest` and `m` are one model.
pub fn bare_name(name: &str) -> &str {
    name.strip_suffix(LATEST).unwrap_or(name)
}

/// The body of `GET /api/version`.
pub fn version(version: &str) -> Bytes {
    Bytes::from(object(|body| body.put("version", version)))
}

/// The body of `GET /api/tags`: all models.
pub fn tags(models: &[ModelCard]) -> Bytes {
    let entry = |entry: &mut Object<'_>, model: &ModelCard| {
        entry.put("modified_at", &timestamp::write(model.modified));
        entry.array("capabilities", |list| abilities(list, model));
    };
    list(models, entry)
}

/// The body of `GET /api/ps`: models in memory. For a gateway that is every one it can reach; they stay until `expires`,
/// in seconds since the Unix epoch.
pub fn ps(models: &[ModelCard], expires: u64) -> Bytes {
    let entry = |entry: &mut Object<'_>, model: &ModelCard| {
        entry.put("expires_at", &timestamp::write(expires));
        entry.put("size_vram", &0);
        entry.put("context_length", &model.context_window.unwrap_or(0));
    };
    list(models, entry)
}

/// The body of `POST /api/show`: all there is to know of one model.
pub fn show(model: &ModelCard) -> Bytes {
    Bytes::from(object(|body| {
        body.put("license", "");
        body.put("modelfile", "");
        let parameters = model.context_window.map(|window| format!("num_ctx {window}"));
        body.put("parameters", &parameters.unwrap_or_default());
        body.put("template", "");
        body.object("details", details);
        body.object("model_info", |info| {
            info.put("general.architecture", ARCHITECTURE);
            info.put("general.basename", bare_name(&model.name));
            info.put_some(&format!("{ARCHITECTURE}.context_length"), model.context_window);
            info.put_some(&format!("{ARCHITECTURE}.embedding_length"), model.embedding_length);
        });
        body.array("capabilities", |list| abilities(list, model));
        body.put("modified_at", &timestamp::write(model.modified));
    }))
}

/// The model that a body of `POST /api/show` asks for, under the name it gives it.
///
/// # Errors
/// When it names none.
pub fn decode_show_request(body: &[u8]) -> Result<String, WireError> {
    const EXPECTED: &str = "a non-empty string";
    let mut fields = Fields::of_body(body)?;
    // `name` is what it was called before.
    let old: Option<String> = fields.optional("name", EXPECTED)?;
    let model: Option<String> = fields.optional("model", EXPECTED)?;
    match model.or(old) {
        None => Err(fields.missing("model")),
        Some(model) if model.is_empty() => Err(fields.wrong("model", EXPECTED)),
        Some(model) => Ok(model),
    }
}

fn list(models: &[ModelCard], write: impl Fn(&mut Object<'_>, &ModelCard)) -> Bytes {
    Bytes::from(object(|body| {
        body.array("models", |list| {
            for model in models {
                list.object(|entry| {
                    entry.put("name", &model.name);
                    entry.put("model", &model.name);
                    entry.put("size", &0);
                    entry.put("digest", &digest(&model.name));
                    entry.object("details", details);
                    write(entry, model);
                });
            }
        });
    }))
}

/// Nobody knows these; typed clients want them all the same.
fn details(object: &mut Object<'_>) {
    object.put("parent_model", "");
    object.put("format", "");
    object.put("family", ARCHITECTURE);
    object.put("families", &[ARCHITECTURE]);
    object.put("parameter_size", "");
    object.put("quantization_level", "");
}

fn abilities(list: &mut Array<'_>, model: &ModelCard) {
    model.abilities.iter().for_each(|ability| list.put(ability.as_str()));
}

/// There are no bytes to make a digest of; clients show its first twelve letters and tell models apart by it.
fn digest(name: &str) -> String {
    (0..4).map(|part| format!("{:016x}", fingerprint::of(part, name.as_bytes()))).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(body: &Bytes, expected: &Expect) {
        let value: serde_json::Value = serde_json::from_slice(body).expect("JSON");
        expected.assert_eq(&serde_json::to_string_pretty(&value).expect("JSON"));
    }

    fn card() -> ModelCard {
        ModelCard {
            name: "turbo".into(),
            modified: 1_795_281_360,
            context_window: Some(131_072),
            embedding_length: None,
            abilities: vec![Ability::Completion, Ability::Tools],
        }
    }

    #[test]
    fn bodies_hold_what_typed_clients_want() {
        check(
            &version(VERSION),
            &expect![[r#"
            {
              "version": "0.13.0"
            }"#]],
        );
        check(
            &tags(&[card()]),
            &expect![[r#"
            {
              "models": [
                {
                  "name": "turbo",
                  "model": "turbo",
                  "size": 0,
                  "digest": "7ef0a9d0bc27c51b4e1d0f7dfacca860a462323abac9fe6d882b07a5e42067d2",
                  "details": {
                    "parent_model": "",
                    "format": "",
                    "family": "trunkline",
                    "families": [
                      "trunkline"
                    ],
                    "parameter_size": "",
                    "quantization_level": ""
                  },
                  "modified_at": "2026-11-21T17:16:00Z",
                  "capabilities": [
                    "completion",
                    "tools"
                  ]
                }
              ]
            }"#]],
        );
        check(
            &ps(&[card()], 1_795_281_660),
            &expect![[r#"
            {
              "models": [
                {
                  "name": "turbo",
                  "model": "turbo",
                  "size": 0,
                  "digest": "7ef0a9d0bc27c51b4e1d0f7dfacca860a462323abac9fe6d882b07a5e42067d2",
                  "details": {
                    "parent_model": "",
                    "format": "",
                    "family": "trunkline",
                    "families": [
                      "trunkline"
                    ],
                    "parameter_size": "",
                    "quantization_level": ""
                  },
                  "expires_at": "2026-11-21T17:21:00Z",
                  "size_vram": 0,
                  "context_length": 131072
                }
              ]
            }"#]],
        );
        check(
            &show(&card()),
            &expect![[r#"
            {
              "license": "",
              "modelfile": "",
              "parameters": "num_ctx 131072",
              "template": "",
              "details": {
                "parent_model": "",
                "format": "",
                "family": "trunkline",
                "families": [
                  "trunkline"
                ],
                "parameter_size": "",
                "quantization_level": ""
              },
              "model_info": {
                "general.architecture": "trunkline",
                "general.basename": "turbo",
                "trunkline.context_length": 131072
              },
              "capabilities": [
                "completion",
                "tools"
              ],
              "modified_at": "2026-11-21T17:16:00Z"
            }"#]],
        );
    }

    #[test]
    fn a_model_is_asked_for_by_either_name() {
        assert_eq!(decode_show_request(br#"{"model":"a","name":"b"}"#), Ok("a".to_owned()));
        assert_eq!(decode_show_request(br#"{"name":"b","verbose":true}"#), Ok("b".to_owned()));
        let missing = WireError::Missing { path: "model".to_owned() };
        assert_eq!(decode_show_request(b"{}"), Err(missing));
        assert_eq!((bare_name("a:latest"), bare_name("a:7b")), ("a", "a:7b"));
    }
}

//! Lists of models, as `GET /v1beta/models` and `GET /v1beta/models/ID` answer.

use bytes::Bytes;

use crate::write::{Object, object};

/// One model of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelEntry<'a> {
    /// The name that requests put into the path, without `models/`.
    pub id: &'a str,
    /// For a person; the id when there is none.
    pub title: Option<&'a str>,
    /// Tokens that fit in, where known.
    pub input_tokens_max: Option<u64>,
    /// Tokens that come out at most, where known.
    pub output_tokens_max: Option<u64>,
    /// Whether it thinks, where known.
    pub thinking: Option<bool>,
}

/// The body of the list; it is always whole, so there is no next page.
pub fn encode_list(models: &[ModelEntry<'_>]) -> Bytes {
    let body = object(|body| {
        body.array("models", |list| models.iter().for_each(|model| list.object(|entry| write(model, entry))));
    });
    Bytes::from(body)
}

/// The body that tells of one model.
pub fn encode_one(model: &ModelEntry<'_>) -> Bytes {
    Bytes::from(object(|entry| write(model, entry)))
}

fn write(model: &ModelEntry<'_>, entry: &mut Object<'_>) {
    entry.put("name", &format!("models/{}", model.id));
    entry.put("baseModelId", model.id);
    entry.put("version", "001");
    entry.put("displayName", model.title.unwrap_or(model.id));
    entry.put_some("inputTokenLimit", model.input_tokens_max);
    entry.put_some("outputTokenLimit", model.output_tokens_max);
    entry.put("supportedGenerationMethods", &["generateContent", "streamGenerateContent", "countTokens"]);
    entry.put_some("thinking", model.thinking);
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn lists_what_is_known() {
        let models = [
            ModelEntry { id: "a", input_tokens_max: Some(9), thinking: Some(true), ..ModelEntry::default() },
            ModelEntry { id: "b/c", title: Some("B"), output_tokens_max: Some(3), ..ModelEntry::default() },
        ];
        expect![[r#"{"models":[{"name":"models/a","baseModelId":"a","version":"001","displayName":"a","inputTokenLimit":9,"supportedGenerationMethods":["generateContent","streamGenerateContent","countTokens"],"thinking":true},{"name":"models/b/c","baseModelId":"b/c","version":"001","displayName":"B","outputTokenLimit":3,"supportedGenerationMethods":["generateContent","streamGenerateContent","countTokens"]}]}"#]]
            .assert_eq(std::str::from_utf8(&encode_list(&models)).expect("text"));
        expect![[r#"{"name":"models/x","baseModelId":"x","version":"001","displayName":"x","supportedGenerationMethods":["generateContent","streamGenerateContent","countTokens"]}"#]]
            .assert_eq(std::str::from_utf8(&encode_one(&ModelEntry { id: "x", ..ModelEntry::default() })).expect("text"));
    }
}

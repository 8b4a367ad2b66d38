//! Every field of a request for vectors is said or reported, by every form of it.

use expect_test::expect;
use serde_json::Value;
use trunkline_wire::embeddings::Form;

use crate::fields;

/// What a form makes of a body: the request, and the losses.
fn say(to: Form, body: &Value) -> (Value, Vec<String>) {
    let request = Form::Openai.decode_request(body.to_string().as_bytes()).unwrap();
    let encoded = to.encode_request(&request).unwrap();
    let losses = encoded.losses.iter().map(|loss| loss.field.clone()).collect();
    (serde_json::from_slice(&encoded.bytes).unwrap(), losses)
}

#[test]
fn every_field_is_said_or_reported() {
    // An encoding is not asked for elsewhere: the answer is written in it here.
    let mut told = String::new();
    for case in fields::list("embeddings") {
        for to in [Form::Openai, Form::Ollama, Form::OllamaLegacy] {
            let (before, _) = say(to, &case.without);
            let (after, losses) = say(to, &case.with);
            let fate = if before == after { "silent" } else { "said" };
            told.push_str(&format!("{} {to:?}: {fate} {losses:?}\n", case.field));
        }
    }
    expect![[r#"
        input Openai: said []
        input Ollama: said []
        input OllamaLegacy: said []
        encoding_format Openai: said []
        encoding_format Ollama: silent []
        encoding_format OllamaLegacy: silent []
        dimensions Openai: said []
        dimensions Ollama: said []
        dimensions OllamaLegacy: silent ["dimensions"]
        user Openai: said []
        user Ollama: silent ["user"]
        user OllamaLegacy: silent ["user"]
    "#]]
    .assert_eq(&told);
}

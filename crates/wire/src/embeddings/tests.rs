use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

/// Reads a request in one form and writes it in all of them.
#[track_caller]
fn check_request(form: Form, body: &str, expected: &Expect) {
    let request = form.decode_request(body.as_bytes()).expect("a request");
    let mut told = String::new();
    for target in [Form::Openai, Form::Ollama, Form::OllamaLegacy] {
        told += &match target.encode_request(&request) {
            Ok(encoded) => shown(target, &encoded),
            Err(error) => format!("{target:?}: {error}\n"),
        };
    }
    expected.assert_eq(&told);
}

/// Reads an answer in one form and writes it in all of them, to a client that wants base64 if it can have it.
#[track_caller]
fn check_answer(form: Form, body: &str, expected: &Expect) {
    let mut answer = form.decode_answer(body.as_bytes()).expect("an answer");
    answer.model = "turbo".to_owned();
    let request = br#"{"model":"m","input":"a","encoding_format":"base64"}"#;
    let request = Form::Openai.decode_request(request).expect("a request");
    let targets = [Form::Openai, Form::Ollama, Form::OllamaLegacy];
    let told: String = targets.map(|target| shown(target, &target.encode_answer(&answer, &request))).concat();
    expected.assert_eq(&told);
}

fn shown(form: Form, encoded: &Encoded) -> String {
    let losses: Vec<&str> = encoded.losses.iter().map(|loss| loss.field.as_str()).collect();
    format!("{form:?}: {} lost: {losses:?}\n", std::str::from_utf8(&encoded.bytes).expect("text"))
}

#[test]
fn requests_of_openai() {
    check_request(
        Form::Openai,
        r#"{"model":"m","input":["a","b"],"encoding_format":"base64","dimensions":2,"user":"u","input_type":"query"}"#,
        &expect![[r#"
            Openai: {"model":"m","input":["a","b"],"encoding_format":"base64","dimensions":2,"user":"u","input_type":"query"} lost: []
            Ollama: {"model":"m","input":["a","b"],"dimensions":2} lost: ["user", "input_type"]
            OllamaLegacy: `input` must be one text: this path takes no more
        "#]],
    );
    check_request(
        Form::Openai,
        r#"{"model":"m","input":"a"}"#,
        &expect![[r#"
        Openai: {"model":"m","input":"a"} lost: []
        Ollama: {"model":"m","input":"a"} lost: []
        OllamaLegacy: {"model":"m","prompt":"a"} lost: []
    "#]],
    );
    check_request(
        Form::Openai,
        r#"{"model":"m","input":[1,2]}"#,
        &expect![[r#"
        Openai: {"model":"m","input":[1,2]} lost: []
        Ollama: `input` must be text: this provider takes no tokens
        OllamaLegacy: `input` must be text: this provider takes no tokens
    "#]],
    );
    check_request(
        Form::Openai,
        r#"{"model":"m","input":[[1],[2]],"encoding_format":"float"}"#,
        &expect![[r#"
        Openai: {"model":"m","input":[[1],[2]],"encoding_format":"float"} lost: []
        Ollama: `input` must be text: this provider takes no tokens
        OllamaLegacy: `input` must be text: this provider takes no tokens
    "#]],
    );
}

#[test]
fn requests_of_ollama() {
    check_request(
        Form::Ollama,
        r#"{"model":"m","input":["a"],"truncate":false,"dimensions":2,"options":{"num_ctx":9},"keep_alive":0}"#,
        &expect![[r#"
            Openai: {"model":"m","input":["a"],"dimensions":2} lost: ["truncate", "options", "keep_alive"]
            Ollama: {"model":"m","input":["a"],"dimensions":2,"truncate":false,"options":{"num_ctx":9},"keep_alive":0} lost: []
            OllamaLegacy: {"model":"m","prompt":"a","truncate":false,"options":{"num_ctx":9},"keep_alive":0} lost: ["dimensions"]
        "#]],
    );
    check_request(
        Form::Ollama,
        r#"{"model":"m"}"#,
        &expect![[r#"
        Openai: `input` must be at least one text
        Ollama: {"model":"m","input":[]} lost: []
        OllamaLegacy: {"model":"m"} lost: []
    "#]],
    );
    check_request(
        Form::OllamaLegacy,
        r#"{"model":"m","prompt":"a","keep_alive":"5m"}"#,
        &expect![[r#"
        Openai: {"model":"m","input":"a"} lost: ["keep_alive"]
        Ollama: {"model":"m","input":"a","keep_alive":"5m"} lost: []
        OllamaLegacy: {"model":"m","prompt":"a","keep_alive":"5m"} lost: []
    "#]],
    );
}

#[test]
fn answers_of_all_forms() {
    check_answer(
        Form::Openai,
        r#"{"object":"list","data":[{"object":"embedding","index":1,"embedding":"AAAAwA=="},
            {"object":"embedding","index":0,"embedding":[0.1]}],"model":"x","usage":{"prompt_tokens":3,"total_tokens":3},"id":"e"}"#,
        &expect![[r#"
            Openai: {"object":"list","data":[{"object":"embedding","index":0,"embedding":"zczMPQ=="},{"object":"embedding","index":1,"embedding":"AAAAwA=="}],"model":"turbo","usage":{"prompt_tokens":3,"total_tokens":3}} lost: ["id"]
            Ollama: {"model":"turbo","embeddings":[[0.1],[-2.0]],"total_duration":0,"load_duration":0,"prompt_eval_count":3} lost: ["id"]
            OllamaLegacy: {"embedding":[0.1]} lost: ["id", "embeddings[1]"]
        "#]],
    );
    check_answer(
        Form::Ollama,
        r#"{"model":"x","embeddings":[[0.1,-2],[3,4]],"total_duration":5,"load_duration":1,"prompt_eval_count":7}"#,
        &expect![[r#"
            Openai: {"object":"list","data":[{"object":"embedding","index":0,"embedding":"zczMPQAAAMA="},{"object":"embedding","index":1,"embedding":"AABAQAAAgEA="}],"model":"turbo","usage":{"prompt_tokens":7,"total_tokens":7}} lost: ["total_duration", "load_duration"]
            Ollama: {"model":"turbo","embeddings":[[0.1,-2.0],[3.0,4.0]],"total_duration":5,"load_duration":1,"prompt_eval_count":7} lost: []
            OllamaLegacy: {"embedding":[0.1,-2.0]} lost: ["total_duration", "load_duration", "embeddings[1]"]
        "#]],
    );
    check_answer(
        Form::OllamaLegacy,
        r#"{"embedding":[0.1]}"#,
        &expect![[r#"
        Openai: {"object":"list","data":[{"object":"embedding","index":0,"embedding":"zczMPQ=="}],"model":"turbo","usage":{"prompt_tokens":0,"total_tokens":0}} lost: []
        Ollama: {"model":"turbo","embeddings":[[0.1]],"total_duration":0,"load_duration":0} lost: []
        OllamaLegacy: {"embedding":[0.1]} lost: []
    "#]],
    );
    check_answer(
        Form::OllamaLegacy,
        r#"{"embedding":[]}"#,
        &expect![[r#"
        Openai: {"object":"list","data":[],"model":"turbo","usage":{"prompt_tokens":0,"total_tokens":0}} lost: []
        Ollama: {"model":"turbo","embeddings":[],"total_duration":0,"load_duration":0} lost: []
        OllamaLegacy: {"embedding":[]} lost: []
    "#]],
    );
}

#[test]
fn what_is_wrong_is_named() {
    let check = |form: Form, body: &str, expected: &str| {
        assert_eq!(form.decode_request(body.as_bytes()).expect_err("no request").to_string(), expected, "{body}");
    };
    let input =
        "`input` must be a string, an array of strings, an array of tokens or an array of such arrays; not empty";
    check(Form::Openai, r#"{"input":"a"}"#, "`model` is required");
    check(Form::Openai, r#"{"model":"m"}"#, "`input` is required");
    for body in ["[]", "7", r#"["a",1]"#, "[[]]", "[-1]", "{}"] {
        check(Form::Openai, &format!(r#"{{"model":"m","input":{body}}}"#), input);
    }
    check(
        Form::Openai,
        r#"{"model":"m","input":"a","encoding_format":"int8"}"#,
        "`encoding_format` must be \"float\" or \"base64\"",
    );
    check(Form::Ollama, r#"{"model":"m","input":"a","dimensions":0}"#, "`dimensions` must be a positive integer");
    check(Form::Ollama, r#"{"model":"m","input":[1]}"#, "`input` must be a string or an array of strings");
    check(Form::OllamaLegacy, r#"{"model":"m","prompt":["a"]}"#, "`prompt` must be a string");
}

#[test]
fn answers_that_are_none_are_refused() {
    let check = |form: Form, body: &str, expected: &str| {
        assert_eq!(form.decode_answer(body.as_bytes()).expect_err("no answer").to_string(), expected, "{body}");
    };
    check(Form::Openai, "{}", "`data` is required");
    check(Form::Openai, r#"{"data":[{}]}"#, "`data[0]` must be an object with an `embedding`");
    let numbers = "must be finite numbers, or base64 of 32-bit floats";
    check(Form::Openai, r#"{"data":[{"embedding":"AAA="}]}"#, &format!("`data[0].embedding` {numbers}"));
    check(Form::Ollama, r#"{"embeddings":[[1],["x"]]}"#, &format!("`embeddings[1]` {numbers}"));
    check(Form::OllamaLegacy, r#"{"embedding":[1e99]}"#, &format!("`embedding` {numbers}"));
}

proptest! {
    #[test]
    fn any_body_is_read_or_refused(body in crate::scan::tests::mutated_json()) {
        for form in [Form::Openai, Form::Ollama, Form::OllamaLegacy] {
            let _ = form.decode_request(&body);
            let _ = form.decode_answer(&body);
        }
    }
}

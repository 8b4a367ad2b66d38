use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

/// Sampling and limits, which only Gemini's counter takes; a tool and a system text, which all must see.
const ASKED: &str = r#"{"model":"m","max_tokens":9,"stream":true,"temperature":0.5,"system":"s","messages":[{"role":"user","content":"a"}],"tools":[{"name":"f","input_schema":{"type":"object"}}]}"#;

#[track_caller]
fn check(to: DialectId, expected: &Expect) {
    let request = decode_request(DialectId::Anthropic, ASKED.as_bytes()).expect("a request");
    let encoded = encode_request(to, &request, &Capabilities::default()).expect("another");
    expected.assert_eq(std::str::from_utf8(&encoded.bytes).expect("text"));
    assert!(encoded.losses.is_empty(), "{:?}", encoded.losses);
}

#[test]
fn a_counter_is_told_what_it_takes() {
    check(
        DialectId::Anthropic,
        &expect![[
            r#"{"model":"m","system":"s","messages":[{"role":"user","content":"a"}],"tools":[{"name":"f","input_schema":{"type":"object"}}]}"#
        ]],
    );
    check(
        DialectId::OpenaiResponses,
        &expect![[
            r#"{"model":"m","instructions":"s","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"a"}]}],"tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":false}]}"#
        ]],
    );
    check(
        DialectId::OpenaiChat,
        &expect![[
            r#"{"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"a"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]}"#
        ]],
    );
    check(
        DialectId::Gemini,
        &expect![[
            r#"{"generateContentRequest":{"model":"models/m","systemInstruction":{"parts":[{"text":"s"}]},"contents":[{"role":"user","parts":[{"text":"a"}]}],"tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object"}}]}],"generationConfig":{"temperature":0.5,"maxOutputTokens":9}}}"#
        ]],
    );
}

#[test]
fn every_client_asks_and_is_answered_in_its_own_words() {
    for (dialect, question, answer) in [
        (DialectId::Anthropic, r#"{"model":"m","messages":[{"role":"user","content":"a"}]}"#, r#"{"input_tokens":7}"#),
        (
            DialectId::OpenaiResponses,
            r#"{"model":"m","input":"a"}"#,
            r#"{"object":"response.input_tokens","input_tokens":7}"#,
        ),
        (
            DialectId::Gemini,
            r#"{"generateContentRequest":{"model":"models/m","contents":[{"parts":[{"text":"a"}]}]}}"#,
            r#"{"totalTokens":7}"#,
        ),
    ] {
        let request = decode_request(dialect, question.as_bytes()).expect("a question");
        assert_eq!((request.model.as_str(), request.messages.len()), ("m", 1), "{question}");
        assert_eq!(encode_answer(dialect, 7), answer);
        assert_eq!(decode_answer(dialect, answer.as_bytes()), Ok(7));
    }
}

#[test]
fn a_tokeniser_reads_text_alone() {
    let is_text = |content: &str| {
        let call = r#"{"type":"tool_use","id":"t","name":"f","input":{}}"#;
        let messages = format!(r#"{{"role":"assistant","content":[{call}]}},{{"role":"user","content":[{content}]}}"#);
        let body = format!(r#"{{"model":"m","messages":[{messages}]}}"#);
        is_text(&decode_request(DialectId::Anthropic, body.as_bytes()).expect("a request"))
    };
    let image = r#"{"type":"image","source":{"type":"url","url":"u"}}"#;
    let result = |content: &str| format!(r#"{{"type":"tool_result","tool_use_id":"t","content":[{content}]}}"#);
    assert!(is_text(&result(r#"{"type":"text","text":"a"}"#)));
    assert!(is_text(r#"{"type":"document","source":{"type":"text","media_type":"text/plain","data":"a"}}"#));
    assert!(!is_text(image));
    assert!(!is_text(&result(image)));
}

#[test]
fn tokenisers_are_asked_and_understood() {
    assert_eq!(decode_tokenized(br#"{"count":9,"max_model_len":10,"tokens":[1]}"#), Ok(9));
    let asked = encode_prompt("m", br#"{"prompt":"<s>\n\"a\""}"#).expect("a prompt");
    assert_eq!(asked, r#"{"model":"m","content":"<s>\n\"a\"","add_special":true,"parse_special":true}"#);
    assert_eq!(decode_tokens(br#"{"tokens":[1,{"id":2,"piece":"a"},3]}"#), Ok(3));
    for wrong in ["", "[]", "{}", r#"{"count":-1,"tokens":7,"prompt":[]}"#] {
        let wrong = wrong.as_bytes();
        assert!(
            decode_tokenized(wrong).is_err() && decode_tokens(wrong).is_err() && encode_prompt("m", wrong).is_err()
        );
        assert!(decode_answer(DialectId::Anthropic, wrong).is_err());
    }
}

proptest! {
    #[test]
    fn any_answer_is_read_or_refused(body: Vec<u8>) {
        for dialect in DialectId::ALL {
            let _ = decode_answer(dialect, &body);
            let _ = decode_request(dialect, &body);
        }
        let _ = (decode_tokenized(&body), decode_tokens(&body), encode_prompt("m", &body));
    }
}

#[test]
fn pictures_are_counted_wherever_they_stand() {
    let count = |dialect, body: &'static str| {
        let (head, rest) = body.as_bytes().split_at(20);
        let whole = images(dialect, &[Bytes::from_static(body.as_bytes())]);
        assert_eq!(images(dialect, &[Bytes::from_static(head), Bytes::from_static(rest)]), whole);
        whole
    };
    let chat = r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"},
        {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},
        {"type":"image_url","image_url":{"url":"https://example.com/a.png"}},
        {"type":"file","file":{"file_data":"data:application/pdf;base64,AAAA","filename":"a.pdf"}}]}]}"#;
    assert_eq!(count(DialectId::OpenaiChat, chat), 2);
    let messages = r#"{"model":"m","max_tokens":5,"messages":[
        {"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]},
        {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"look","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[
            {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}]}]}"#;
    assert_eq!(count(DialectId::Anthropic, messages), 2);
    let gemini = r#"{"contents":[{"role":"user","parts":[{"text":"a"},
        {"inlineData":{"mimeType":"image/png","data":"AAAA"}},{"inlineData":{"mimeType":"audio/wav","data":"AAAA"}}]}]}"#;
    assert_eq!(count(DialectId::Gemini, gemini), 1);
    let ollama = r#"{"model":"m","messages":[{"role":"user","content":"a","images":["AAAA","AAAA"]}]}"#;
    assert_eq!(count(DialectId::Ollama, ollama), 2);
    assert_eq!(count(DialectId::OpenaiChat, r#"{"model":"m","messages":"nonsense"}"#), 0);
}

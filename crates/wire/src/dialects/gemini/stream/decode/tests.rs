use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::ir::Grammar;

fn events(pieces: &[&[u8]]) -> String {
    let mut decoder = Decoder::new();
    let mut out = Vec::new();
    pieces.iter().for_each(|piece| decoder.push(piece, &mut out));
    decoder.finish(&mut out);
    let len = out.len();
    decoder.push(b"data: {}\n\n", &mut out);
    decoder.finish(&mut out);
    assert_eq!(out.len(), len, "nothing comes after the end");
    let mut grammar = Grammar::new();
    out.iter().for_each(|event| assert_eq!(grammar.step(event), Ok(()), "{event:?}"));
    assert!(grammar.is_over());
    out.iter().map(|event| format!("{event:?}\n")).collect()
}

fn sse(chunks: &[&str]) -> String {
    chunks.iter().map(|chunk| format!("data: {chunk}\r\n\r\n")).collect()
}

#[track_caller]
fn check(chunks: &[&str], expected: &Expect) {
    let text = sse(chunks);
    let whole = events(&[text.as_bytes()]);
    for cut in 0..=text.len() {
        let (front, back) = text.as_bytes().split_at(cut);
        assert_eq!(events(&[front, back]), whole, "cut at {cut}");
    }
    let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    assert_eq!(events(&bytes), whole);
    expected.assert_eq(&whole);
}

#[test]
fn thoughts_text_and_calls_with_their_signatures() {
    check(
        &[
            r#"{"candidates":[{"content":{"role":"model","parts":[{"text":"hm","thought":true}]},"index":0}],"usageMetadata":{"promptTokenCount":9,"totalTokenCount":9},"modelVersion":"g","responseId":"r1-x"}"#,
            r#"{"candidates":[{"content":{"parts":[{"text":" é","thought":true},{"text":"a"}]}}]}"#,
            r#"{"candidates":[{"content":{"parts":[{"text":"b","thoughtSignature":"S1"}]},"groundingMetadata":{}}]}"#,
            r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"x":[1, 2]}},"thoughtSignature":"S2"},{"functionCall":{"id":"i","name":"g"}}]}}]}"#,
            r#"{"candidates":[{"content":{"parts":[{"functionCall":{"id":"i","name":"g","args":"{\"text\":1}"}}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"cachedContentTokenCount":4,"candidatesTokenCount":5,"thoughtsTokenCount":2,"toolUsePromptTokenCount":1,"totalTokenCount":17}}"#,
        ],
        &expect![[r#"
            Start { id: "r1-x" }
            Open { block: 0, kind: Reasoning { summary: true, redacted: false, id: None } }
            Delta { block: 0, delta: Text("hm") }
            Usage(Usage { input: 9, cache_read: 0, cache_write: 0, output: 0, reasoning: 0, audio_input: 0, audio_output: 0 })
            Delta { block: 0, delta: Text(" é") }
            Close { block: 0 }
            Open { block: 1, kind: Text }
            Delta { block: 1, delta: Text("a") }
            Delta { block: 1, delta: Text("b") }
            Close { block: 1 }
            Open { block: 2, kind: Reasoning { summary: false, redacted: true, id: None } }
            Delta { block: 2, delta: Seal(Seal { origin: Gemini, data: "S1" }) }
            Close { block: 2 }
            Open { block: 3, kind: ToolCall { id: "call_r1-x_0", name: "f", custom: false } }
            Delta { block: 3, delta: Arguments("{\"x\":[1, 2]}") }
            Delta { block: 3, delta: Seal(Seal { origin: Gemini, data: "S2" }) }
            Close { block: 3 }
            Open { block: 4, kind: ToolCall { id: "i", name: "g", custom: false } }
            Close { block: 4 }
            Open { block: 5, kind: ToolCall { id: "call_r1-x_2", name: "g", custom: false } }
            Delta { block: 5, delta: Arguments("{\"text\":1}") }
            Close { block: 5 }
            Usage(Usage { input: 6, cache_read: 4, cache_write: 0, output: 7, reasoning: 2, audio_input: 0, audio_output: 0 })
            Stop(ToolCalls)
        "#]],
    );
}

#[test]
fn sources_go_with_the_text_and_other_parts_stay_as_they_are() {
    check(
        &[
            r#"{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"AA"}},{"text":"a"}]},"groundingMetadata":{"webSearchQueries":["q"]}}]}"#,
            r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]},"citationMetadata":{"citations":[]},"finishReason":"MAX_TOKENS"}]}"#,
        ],
        &expect![[r#"
            Start { id: "" }
            Open { block: 0, kind: Opaque { origin: Gemini, kind: "inlineData", raw: RawValue({"inlineData":{"mimeType":"image/png","data":"AA"}}) } }
            Close { block: 0 }
            Open { block: 1, kind: Text }
            Delta { block: 1, delta: Text("a") }
            Delta { block: 1, delta: Citation(Citation { origin: Gemini, raw: RawValue({"groundingMetadata":{"webSearchQueries":["q"]}}), page: None }) }
            Close { block: 1 }
            Open { block: 2, kind: ToolCall { id: "call_0", name: "f", custom: false } }
            Close { block: 2 }
            Open { block: 3, kind: Opaque { origin: Gemini, kind: "citationMetadata", raw: RawValue({"citationMetadata":{"citations":[]}}) } }
            Close { block: 3 }
            Stop(Length)
        "#]],
    );
}

#[test]
fn endings() {
    let check = |chunk: &str, last: &str| {
        let told = events(&[sse(&[chunk]).as_bytes()]);
        assert_eq!(told.lines().last(), Some(last), "{chunk}");
    };
    let finish = |reason: &str| format!(r#"{{"candidates":[{{"finishReason":"{reason}"}}]}}"#);
    check(&finish("STOP"), "Stop(End)");
    check(&finish("SAFETY"), "Stop(Filtered)");
    check(&finish("LANGUAGE"), "Stop(End)");
    check(r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#, "Stop(Filtered)");
    let said = r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"MALFORMED_FUNCTION_CALL"}]}"#;
    check(said, "Stop(End)");
    let fault = |kind: &str, message: &str, upstream: &str| {
        format!(
            "Fault(Fault {{ kind: {kind}, message: {message:?}, param: None, code: None, retry_after: None, upstream: {upstream} }})"
        )
    };
    let broken = |message| fault("UpstreamBroken", message, "None");
    check(
        r#"{"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL","finishMessage":"bad"}]}"#,
        &broken("the provider could not use what the model wrote (MALFORMED_FUNCTION_CALL): bad"),
    );
    check(
        &finish("FINISH_REASON_UNSPECIFIED"),
        &broken("the provider's answer broke off before it was complete; try again"),
    );
    check("{", &broken("the provider sent a step that cannot be read"));
    check("[]", &broken("the provider sent a step that cannot be read"));
    check(
        r#"{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}"#,
        &fault("Overloaded", "busy", "Some(UpstreamWords { status: 503, body: None, limits: RateLimits([]) })"),
    );
}

#[test]
fn a_stream_without_a_last_blank_line_or_with_a_done_is_complete() {
    let text = sse(&[r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP"}]}"#]);
    let whole = events(&[text.as_bytes()]);
    assert_eq!(events(&[text.trim_end().as_bytes()]), whole);
    assert_eq!(events(&[text.as_bytes(), b"data: [DONE]\n\n"]), whole);
}

proptest! {
    #[test]
    fn any_bytes_give_the_same_events_however_they_are_cut(
        chunks in prop::collection::vec(any_chunk(), 0..4),
        cuts in prop::collection::vec(0_usize..400, 0..5),
    ) {
        let text: String = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
        let whole = events(&[text.as_bytes()]);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for cut in cuts.into_iter().chain([text.len()]) {
            pieces.push(&text.as_bytes()[from..cut]);
            from = cut;
        }
        prop_assert_eq!(events(&pieces), whole);
    }
}

fn any_chunk() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[a-zé]{0,3}".prop_map(|text| format!(r#"{{"text":"{text}"}}"#)),
        "[a-z]{0,3}".prop_map(|text| format!(r#"{{"text":"{text}","thought":true,"thoughtSignature":"{text}"}}"#)),
        "[a-z]{0,3}".prop_map(|text| format!(r#"{{"text":"{text}","thoughtSignature":"S"}}"#)),
        "[a-b]{0,1}".prop_map(|id| format!(r#"{{"functionCall":{{"id":"{id}","name":"f","args":{{"a":"{id}"}}}}}}"#)),
        Just(r#"{"executableCode":{"code":"1"}}"#.to_owned()),
        "[{}\":a]{0,4}",
    ];
    let finish = prop_oneof![
        Just(String::new()),
        Just(r#","finishReason":"STOP""#.to_owned()),
        Just(r#","finishReason":"MALFORMED_RESPONSE","groundingMetadata":{"a":1}"#.to_owned()),
    ];
    (prop::collection::vec(part, 0..3), finish).prop_map(|(parts, finish)| {
        format!(r#"{{"candidates":[{{"content":{{"parts":[{}]}}{finish}}}]}}"#, parts.join(","))
    })
}

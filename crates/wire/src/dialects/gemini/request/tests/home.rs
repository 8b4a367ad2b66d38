//! From a client of Gemini to Gemini.

use super::*;

/// What comes from a client of Gemini goes to Gemini as it came.
#[track_caller]
fn check_same(body: &str) {
    let request = decode(body.as_bytes()).expect("a request");
    let encoded = encode(&request, &Capabilities::default()).expect("it can be said");
    assert_eq!(value(&encoded.bytes), value(body.as_bytes()));
    assert_eq!(encoded.losses.iter().collect::<Vec<_>>(), Vec::<&crate::ir::Loss>::new());
}

pub(super) const EVERYTHING: &str = r#"{
    "systemInstruction": {"role": "user", "parts": [{"text": "be"}, {"text": "brief"}]},
    "contents": [
        {"role": "user", "parts": [
            {"text": "look"},
            {"inlineData": {"mimeType": "image/png", "data": "AAAA", "displayName": "a.png"}, "videoMetadata": {"fps": 2}},
            {"fileData": {"fileUri": "https://x.y/z.pdf"}},
            {"fileData": {"mimeType": "audio/ogg", "fileUri": "gs://b/c"}}
        ]},
        {"role": "user", "parts": [{"text": ""}]},
        {"role": "model", "parts": [
            {"text": "hm", "thought": true, "thoughtSignature": "Sig1"},
            {"text": "I call", "thoughtSignature": "Sig2"},
            {"text": "", "thoughtSignature": "Sig3"},
            {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "Sig4"},
            {"functionCall": {"name": "f"}},
            {"functionCall": {"id": "x7", "name": "g", "args": {}, "willContinue": false}},
            {"executableCode": {"language": "PYTHON", "code": "1"}}
        ]},
        {"role": "user", "parts": [
            {"functionResponse": {"name": "f", "response": {"result": "one"}}},
            {"functionResponse": {"name": "f", "response": {"output": "two"}, "parts": [{"inlineData": {"mimeType": "image/png", "data": "AA=="}}]}},
            {"functionResponse": {"id": "x7", "name": "g", "response": {"error": "three"}, "scheduling": "SILENT"}},
            {"text": "go on", "partMetadata": {"k": 1}}
        ]},
        {"role": "function", "parts": [{"functionResponse": {"id": "x7", "name": "g", "response": {"result": "{\"in\": 1}"}}}]}
    ],
    "tools": [
        {"functionDeclarations": [
            {"name": "f", "description": "does f", "parametersJsonSchema": {"type": "object"}, "behavior": "BLOCKING"},
            {"name": "g"}
        ]},
        {"googleSearch": {}},
        {"codeExecution": {"x": 1}}
    ],
    "toolConfig": {
        "functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f", "g"], "streamFunctionCallArguments": false},
        "retrievalConfig": {"languageCode": "de"}
    },
    "generationConfig": {
        "temperature": 0.5, "topP": 0.25, "topK": 40, "maxOutputTokens": 100, "stopSequences": ["a","b","c","d","e","f"],
        "seed": -3, "presencePenalty": 0.5, "frequencyPenalty": -0.5, "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object"}, "candidateCount": 2, "speechConfig": {"a": {"b": []}},
        "thinkingConfig": {"thinkingBudget": 1024, "thinkingLevel": "HIGH", "includeThoughts": true, "more": 1}
    },
    "safetySettings": [{"category": "c", "threshold": "t"}],
    "cachedContent": "cachedContents/1",
    "labels": {"a": "b"}
}"#;

#[test]
fn nothing_is_lost_on_the_way_home() {
    check_same(EVERYTHING);
    let with =
        |rest: &str| check_same(&format!(r#"{{"contents":[{{"role":"user","parts":[{{"text":"a"}}]}}],{rest}}}"#));
    for budget in ["-1", "0", "5"] {
        with(&format!(r#""generationConfig":{{"thinkingConfig":{{"thinkingBudget":{budget}}}}}"#));
    }
    with(r#""generationConfig":{"responseMimeType":"text/x.enum","responseSchema":{"type":"STRING"}}"#);
    with(r#""generationConfig":{"responseMimeType":"application/json"}"#);
    with(
        r#""tools":[{"functionDeclarations":[{"name":"f"}]}],"toolConfig":{"functionCallingConfig":{"mode":"VALIDATED"}}"#,
    );
    for config in [
        r#"{"mode":"AUTO"}"#,
        r#"{"mode":"NONE"}"#,
        r#"{"mode":"ANY"}"#,
        r#"{"mode":"ANY","allowedFunctionNames":["f"]}"#,
        r#"{"mode":"VALIDATED","allowedFunctionNames":["f"]}"#,
        r#"{"mode":"MODE_UNSPECIFIED"}"#,
        r#"{"allowedFunctionNames":["f"]}"#,
        r#"{"mode":"AUTO","allowedFunctionNames":["f"]}"#,
    ] {
        let tools = r#""tools":[{"functionDeclarations":[{"name":"f"}]}]"#;
        with(&format!(r#"{tools},"toolConfig":{{"functionCallingConfig":{config}}}"#));
    }
    with(r#""toolConfig":{"functionCallingConfig":{"mode":"AUTO"}}"#);
}

#[test]
fn underscores_and_older_spellings_are_taken() {
    let body = r#"{
        "system_instruction": {"parts": [{"text": "s"}]},
        "contents": [
            {"parts": [{"inline_data": {"mime_type": "image/png", "data": "AA"}}]},
            {"role": "model", "parts": [{"function_call": {"name": "f", "args": {}}, "thought_signature": "S"}]},
            {"role": "user", "parts": [{"function_response": {"name": "f", "response": {"n": 1}}}]}
        ],
        "tools": [{"function_declarations": [{"name": "f", "parameters": {"type": "OBJECT"}}], "google_search": {}}],
        "tool_config": {"function_calling_config": {"mode": "ANY", "allowed_function_names": ["f"]}},
        "generation_config": {"top_k": 40.0, "max_output_tokens": "7", "stop_sequences": ["x"],
            "response_mime_type": "application/json", "response_schema": {"type": "STRING", "nullable": true},
            "thinking_config": {"thinking_level": "low", "include_thoughts": false}}
    }"#;
    let request = decode(body.as_bytes()).expect("a request");
    let encoded = encode(&request, &Capabilities::default()).expect("it can be said");
    expect![[r#"{"systemInstruction":{"parts":[{"text":"s"}]},"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"AA"}}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{}},"thoughtSignature":"S"}]},{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"n": 1}}}]}],"tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object"}}]},{"google_search":{}}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["f"]}},"generationConfig":{"topK":40,"maxOutputTokens":7,"stopSequences":["x"],"responseMimeType":"application/json","responseJsonSchema":{"type":["string","null"]},"thinkingConfig":{"thinkingLevel":"LOW","includeThoughts":false}}}"#]].assert_eq(std::str::from_utf8(&encoded.bytes).expect("text"));
}

#[test]
fn a_streamed_answer_that_a_client_replays_step_by_step_is_one_again() {
    // As the Python client 3.4.0 replays what `stream::encode` wrote (2026-11-21).
    let body = r#"{"contents":[
        {"parts":[{"text":"hi"}],"role":"user"},
        {"parts":[{"text":"hm, ","thought":true}],"role":"model"},
        {"parts":[{"text":"so","thought":true}],"role":"model"},
        {"parts":[{"text":"","thought":true,"thoughtSignature":"dGwxLmFudGhyb3BpYy5TRUFM"}],"role":"model"},
        {"parts":[{"text":"Hel"}],"role":"model"},
        {"parts":[{"text":"lo"}],"role":"model"},
        {"parts":[{"functionCall":{"id":"1","name":"f","args":{"a":1}}}],"role":"model"},
        {"parts":[{"text":""}],"role":"model"},
        {"parts":[{"functionResponse":{"id":"1","name":"f","response":{"result":"x"}}}],"role":"user"}
    ]}"#;
    let request = decode(body.as_bytes()).expect("a request");
    assert_eq!(request.messages.len(), 3);
    expect![[r#"
        Reasoning(Reasoning { text: "hm, so", summary: true, seal: Some(Seal { origin: Anthropic, data: "SEAL" }), redacted: false, id: None })
        Text("Hello")
        ToolCall(ToolCall { id: "1", name: "f", arguments: "{\"a\":1}", custom: false, seal: None })
    "#]].assert_eq(
        &request.messages[1].blocks.iter().map(|block| format!("{:?}\n", block.content)).collect::<String>(),
    );
}

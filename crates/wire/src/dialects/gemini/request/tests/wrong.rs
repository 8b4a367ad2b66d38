//! What is refused at the door.

use super::*;

#[track_caller]
fn check_wrong(body: &str, path: &str, expected: Option<&str>) {
    let error = decode(body.as_bytes()).expect_err(body);
    let says = match &error {
        WireError::Wrong { expected, .. } => Some(*expected),
        WireError::Missing { .. } | WireError::NotJson { .. } | WireError::NotAnObject => None,
    };
    assert_eq!((error.path().unwrap_or_default(), says), (path, expected), "{body}");
}

#[test]
fn what_is_wrong_is_named() {
    check_wrong("[]", "", None);
    check_wrong("{", "", None);
    check_wrong("{}", "contents", None);
    check_wrong(r#"{"contents":[]}"#, "contents", Some("a non-empty array"));
    check_wrong(r#"{"contents":[{"role":"user"}]}"#, "contents[0].parts", None);
    let part = |part: &str, path: &str, expected: Option<&str>| {
        check_wrong(
            &format!(r#"{{"contents":[{{"parts":[{part}]}}]}}"#),
            &format!("contents[0].parts[0]{path}"),
            expected,
        );
    };
    part("1", "", Some("an object"));
    part(r#"{"text":1}"#, ".text", Some("a string"));
    part(r#"{"functionCall":{}}"#, ".functionCall.name", None);
    part(r#"{"functionCall":{"name":"f","args":"x"}}"#, ".functionCall.args", Some("an object"));
    part(r#"{"inlineData":{"mimeType":"image/png"}}"#, ".inlineData.data", None);
    part(r#"{"file_data":{}}"#, ".file_data.fileUri", None);
    let earlier = Some("that of an earlier `functionCall`");
    part(r#"{"functionResponse":{"name":"f","response":{}}}"#, ".functionResponse.name", earlier);
    part(r#"{"functionResponse":{"id":"i","name":"f","response":{}}}"#, ".functionResponse.id", earlier);
    let with = |rest: &str, path: &str, expected: Option<&str>| {
        check_wrong(&format!(r#"{{"contents":[{{"parts":[]}}],{rest}}}"#), path, expected);
    };
    with(r#""tools":[{"functionDeclarations":[{}]}]"#, "tools[0].functionDeclarations[0].name", None);
    with(r#""tools":{}"#, "tools", Some("an array"));
    with(
        r#""toolConfig":{"functionCallingConfig":{"mode":1}}"#,
        "toolConfig.functionCallingConfig.mode",
        Some("a string"),
    );
    with(r#""generationConfig":{"topK":1.5}"#, "generationConfig.topK", Some("a whole number"));
    with(
        r#""generationConfig":{"maxOutputTokens":0}"#,
        "generationConfig.maxOutputTokens",
        Some("a positive whole number"),
    );
    with(r#""generationConfig":{"temperature":"hot"}"#, "generationConfig.temperature", Some("a number"));
    with(
        r#""generationConfig":{"thinkingConfig":{"thinkingBudget":-2}}"#,
        "generationConfig.thinkingConfig.thinkingBudget",
        Some("-1, 0 or a positive whole number"),
    );
    with(r#""systemInstruction":"s""#, "systemInstruction", Some("an object"));
}

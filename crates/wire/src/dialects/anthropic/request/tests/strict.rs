use super::*;

#[track_caller]
fn check_error(body: &str, expected: &str) {
    let error = decode(body.as_bytes()).expect_err("no request");
    assert_eq!(error.to_string(), expected, "{body}");
}

#[test]
fn refuses_what_lacks_a_field_or_has_a_wrong_one() {
    let with = |rest: &str| format!(r#"{{"model":"m","max_tokens":1,{rest}}}"#);
    let saying = |block: &str| with(&format!(r#""messages":[{{"role":"user","content":[{block}]}}]"#));
    let asking = |rest: &str| with(&format!(r#""messages":[{{"role":"user","content":"a"}}],{rest}"#));
    check_error("[]", "the body must be a JSON object");
    check_error(r#"{"max_tokens":1,"messages":[]}"#, "`model` is required");
    check_error(r#"{"model":"","max_tokens":1}"#, "`model` must be a non-empty string");
    check_error(r#"{"model":"m","messages":[{"role":"user","content":"a"}]}"#, "`max_tokens` is required");
    for limit in ["0", "-1", "1.5", "\"9\""] {
        check_error(
            &format!(r#"{{"model":"m","max_tokens":{limit},"messages":[{{"role":"user","content":"a"}}]}}"#),
            "`max_tokens` must be an integer of at least 1",
        );
    }
    check_error(&with(r#""messages":[]"#), "`messages` must be a non-empty array");
    check_error(&with(r#""stream":true"#), "`messages` is required");
    check_error(&with(r#""messages":[{"content":"a"}]"#), "`messages[0].role` is required");
    check_error(&with(r#""messages":[{"role":"user"}]"#), "`messages[0].content` is required");
    check_error(
        &with(r#""messages":[{"role":"user","content":7}]"#),
        "`messages[0].content` must be a string or an array of blocks",
    );
    check_error(&saying("7"), "`messages[0].content[0]` must be an object");
    check_error(&saying("{}"), "`messages[0].content[0].type` is required");
    check_error(&saying(r#"{"type":"text"}"#), "`messages[0].content[0].text` is required");
    check_error(&saying(r#"{"type":"image"}"#), "`messages[0].content[0].source` is required");
    check_error(
        &saying(r#"{"type":"image","source":{"type":"base64","data":"x"}}"#),
        "`messages[0].content[0].source.media_type` is required",
    );
    check_error(&saying(r#"{"type":"tool_result"}"#), "`messages[0].content[0].tool_use_id` is required");
    check_error(
        &saying(r#"{"type":"tool_result","tool_use_id":"x"}"#),
        "`messages[0].content[0].tool_use_id` must be the id of an earlier `tool_use` block",
    );
    check_error(
        &saying(r#"{"type":"tool_use","id":"x","name":"f","input":"{}"}"#),
        "`messages[0].content[0].input` must be an object",
    );
    check_error(&asking(r#""tools":[{"input_schema":{}}]"#), "`tools[0].name` is required");
    check_error(&asking(r#""tools":[{"name":"f"}]"#), "`tools[0].input_schema` is required");
    check_error(&asking(r#""tool_choice":{"type":"tool"}"#), "`tool_choice.name` is required");
    check_error(&asking(r#""thinking":{"type":"enabled"}"#), "`thinking.budget_tokens` is required");
    check_error(
        &asking(r#""output_config":{"format":{"type":"json_schema"}}"#),
        "`output_config.format.schema` is required",
    );
    check_error(&asking(r#""system":7"#), "`system` must be a string or an array of blocks");
    check_error(&asking(r#""stop_sequences":"x""#), "`stop_sequences` must be an array of strings");
}

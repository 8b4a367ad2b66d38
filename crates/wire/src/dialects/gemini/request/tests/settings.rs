//! Tools and settings of a client of another dialect.

use super::*;

fn function(name: &str, strict: Option<bool>) -> Tool {
    let parameters = Some(raw(r#"{"type":"object"}"#));
    Tool::new(ToolKind::Function { name: name.to_owned(), description: None, parameters, strict })
}

#[test]
fn everything_a_request_can_ask_for() {
    let mut request = Request::new(DialectId::OpenaiChat, "m");
    request.messages = vec![said(Role::User, vec![text("a")])];
    request.tools = vec![
        function("f", Some(true)),
        Tool::new(ToolKind::Custom {
            name: "c".to_owned(),
            description: Some("d".to_owned()),
            format: Some(raw("{}")),
        }),
        Tool::new(ToolKind::Hosted { origin: DialectId::OpenaiChat, kind: "web".to_owned(), raw: raw("{}") }),
    ];
    request.tools[0].cache = Some(CacheMark::default());
    request.tool_choice = Some(ToolChoice::Auto);
    request.parallel_tool_calls = Some(false);
    request.sampling.temperature = Some(0.5);
    request.sampling.top_k = Some(3);
    request.sampling.min_p = Some(0.5);
    request.sampling.repetition_penalty = Some(1.5);
    request.sampling.seed = Some(1 << 40);
    request.sampling.output_tokens_max = Some(100);
    request.stop = ["a", "b", "c", "d", "e", "f"].map(str::to_owned).into();
    request.thinking.effort = Some(Effort::High);
    request.output_format = Some(OutputFormat::JsonSchema {
        name: Some("n".to_owned()),
        description: None,
        schema: raw(r#"{"type":"object"}"#),
        strict: Some(true),
    });
    request.user = Some("u".to_owned());
    request.caching.key = Some("k".to_owned());
    request.extras = vec![Extra { name: "logit_bias".to_owned(), raw: raw("{}") }];
    let to = Capabilities { output_tokens_max: Some(64), ..Capabilities::default() };
    let lost = [
        "parallel_tool_calls",
        "tools[0].cache_control",
        "tools[2]",
        "stop",
        "min_p",
        "repetition_penalty",
        "seed",
        "max_tokens",
        "user",
        "prompt_cache_key",
        "logit_bias",
    ];
    // A free choice among strict functions alone could be said as VALIDATED, and here it is not said to be free.
    request.tool_choice = None;
    check(
        &request,
        &to,
        &lost,
        &expect![[r#"
            {
              "contents": [
                {
                  "role": "user",
                  "parts": [
                    {
                      "text": "a"
                    }
                  ]
                }
              ],
              "tools": [
                {
                  "functionDeclarations": [
                    {
                      "name": "f",
                      "parametersJsonSchema": {
                        "type": "object"
                      }
                    },
                    {
                      "name": "c",
                      "description": "d\n\nThe input must be of this form: {}",
                      "parametersJsonSchema": {
                        "type": "object",
                        "properties": {
                          "input": {
                            "type": "string"
                          }
                        },
                        "required": [
                          "input"
                        ],
                        "additionalProperties": false
                      }
                    }
                  ]
                }
              ],
              "toolConfig": {
                "functionCallingConfig": {
                  "mode": "VALIDATED"
                }
              },
              "generationConfig": {
                "temperature": 0.5,
                "topK": 3,
                "maxOutputTokens": 64,
                "stopSequences": [
                  "a",
                  "b",
                  "c",
                  "d",
                  "e"
                ],
                "responseMimeType": "application/json",
                "responseJsonSchema": {
                  "type": "object"
                },
                "thinkingConfig": {
                  "thinkingLevel": "HIGH",
                  "includeThoughts": true
                }
              }
            }"#]],
    );
    let choices = [
        (ToolChoice::None, r#"{"mode":"NONE"}"#),
        (ToolChoice::Auto, r#"{"mode":"VALIDATED"}"#),
        (ToolChoice::Required, r#"{"mode":"ANY"}"#),
        (ToolChoice::Named { name: "c".to_owned(), custom: true }, r#"{"mode":"ANY","allowedFunctionNames":["c"]}"#),
        (
            ToolChoice::Allowed { required: false, names: vec!["f".to_owned()] },
            r#"{"mode":"VALIDATED","allowedFunctionNames":["f"]}"#,
        ),
    ];
    for (choice, expected) in choices {
        request.tool_choice = Some(choice);
        let body = value(&encode(&request, &to).expect("it can be said").bytes);
        assert_eq!(body["toolConfig"]["functionCallingConfig"], value(expected.as_bytes()));
    }
}

#[test]
fn a_model_gets_no_more_than_it_takes() {
    let mut request = Request::new(DialectId::Gemini, "m");
    request.messages = vec![said(Role::User, vec![text("a"), image(MediaSource::Base64("AA==".to_owned()))])];
    request.tools = vec![function("f", None)];
    request.tool_choice = Some(ToolChoice::Required);
    request.sampling.temperature = Some(0.5);
    request.thinking.effort = Some(Effort::Low);
    request.output_format =
        Some(OutputFormat::JsonSchema { name: None, description: None, schema: raw("{}"), strict: None });
    let to = Capabilities {
        thinking: ThinkingMode::Never,
        sampling: false,
        images: false,
        tools: false,
        json_schema: false,
        ..Capabilities::default()
    };
    let lost = [
        "messages[0].content[1]",
        "tools",
        "toolConfig.functionCallingConfig",
        "generationConfig.responseJsonSchema",
        "generationConfig.temperature",
        "generationConfig.thinkingConfig.thinkingLevel",
    ];
    check(
        &request,
        &to,
        &lost,
        &expect![[r#"
        {
          "contents": [
            {
              "role": "user",
              "parts": [
                {
                  "text": "a"
                }
              ]
            }
          ],
          "generationConfig": {
            "responseMimeType": "application/json"
          }
        }"#]],
    );
}

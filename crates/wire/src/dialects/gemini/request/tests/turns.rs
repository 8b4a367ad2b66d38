//! The conversation of a client of another dialect.

use super::*;

#[test]
fn turns_of_another_dialect_are_merged_and_results_come_first() {
    let mut request = Request::new(DialectId::OpenaiChat, "m");
    let url = "https://x.y/A.JPG?z=1".to_owned();
    request.messages = vec![
        said(Role::System, vec![text("be"), text("")]),
        said(Role::Developer, vec![text("brief")]),
        said(Role::Assistant, vec![text("hello")]),
        said(Role::User, vec![text("a"), image(MediaSource::Url(url)), image(MediaSource::File("file-1".to_owned()))]),
        said(
            Role::Assistant,
            vec![
                Content::Reasoning(Reasoning {
                    text: "hm".to_owned(),
                    seal: seal(SealOrigin::Gemini),
                    ..Reasoning::default()
                }),
                Content::Reasoning(Reasoning {
                    redacted: true,
                    seal: seal(SealOrigin::Openai),
                    ..Reasoning::default()
                }),
                call("1", r#"{"x": 1.0}"#, seal(SealOrigin::Gemini)),
                call("2", "", seal(SealOrigin::Anthropic)),
                call("3", "[broken", None),
            ],
        ),
        said(Role::Tool, vec![result("2", vec![text("plain"), text("lines")], None)]),
        said(Role::Tool, vec![result("1", vec![text(r#"{"an": "object"}"#)], Some(false))]),
        said(Role::System, vec![text("late")]),
        said(
            Role::User,
            vec![
                text("and"),
                result("3", vec![text("failed"), image(MediaSource::Base64("AA==".to_owned()))], Some(true)),
            ],
        ),
    ];
    check(
        &request,
        &Capabilities::default(),
        &[
            "messages[3].content[2]",
            "messages[4].content[1].signature",
            "messages[4].content[3].extra_content",
            "messages[4].content[4].function.arguments",
            "messages[7].role",
        ],
        &expect![[r#"
            {
              "systemInstruction": {
                "parts": [
                  {
                    "text": "be"
                  },
                  {
                    "text": "brief"
                  },
                  {
                    "text": "late"
                  }
                ]
              },
              "contents": [
                {
                  "role": "user",
                  "parts": [
                    {
                      "text": " "
                    }
                  ]
                },
                {
                  "role": "model",
                  "parts": [
                    {
                      "text": "hello"
                    }
                  ]
                },
                {
                  "role": "user",
                  "parts": [
                    {
                      "text": "a"
                    },
                    {
                      "fileData": {
                        "mimeType": "image/jpeg",
                        "fileUri": "https://x.y/A.JPG?z=1"
                      }
                    }
                  ]
                },
                {
                  "role": "model",
                  "parts": [
                    {
                      "text": "hm",
                      "thought": true,
                      "thoughtSignature": "SEAL"
                    },
                    {
                      "functionCall": {
                        "id": "1",
                        "name": "tool_1",
                        "args": {
                          "x": 1.0
                        }
                      },
                      "thoughtSignature": "SEAL"
                    },
                    {
                      "functionCall": {
                        "id": "2",
                        "name": "tool_2",
                        "args": {}
                      }
                    },
                    {
                      "functionCall": {
                        "id": "3",
                        "name": "tool_3",
                        "args": {
                          "arguments": "[broken"
                        }
                      }
                    }
                  ]
                },
                {
                  "role": "user",
                  "parts": [
                    {
                      "functionResponse": {
                        "id": "2",
                        "name": "tool_2",
                        "response": {
                          "result": "plain\nlines"
                        }
                      }
                    },
                    {
                      "functionResponse": {
                        "id": "1",
                        "name": "tool_1",
                        "response": {
                          "an": "object"
                        }
                      }
                    },
                    {
                      "functionResponse": {
                        "id": "3",
                        "name": "tool_3",
                        "response": {
                          "error": "failed"
                        }
                      }
                    },
                    {
                      "text": "and"
                    },
                    {
                      "inlineData": {
                        "mimeType": "image/png",
                        "data": "AA=="
                      }
                    }
                  ]
                }
              ]
            }"#]],
    );
}

#[test]
fn a_call_without_a_signature_gets_the_documented_one_where_the_model_thinks() {
    let mut request = Request::new(DialectId::Anthropic, "m");
    request.messages = vec![
        said(Role::User, vec![text("a")]),
        said(
            Role::Assistant,
            vec![
                Content::Reasoning(Reasoning {
                    text: "x".to_owned(),
                    seal: seal(SealOrigin::Anthropic),
                    ..Reasoning::default()
                }),
                call("1", "{}", None),
                call("2", "{}", None),
            ],
        ),
        said(
            Role::User,
            vec![
                result("1", vec![image(MediaSource::Base64("AA==".to_owned()))], None),
                result("2", Vec::new(), Some(false)),
            ],
        ),
    ];
    let to = Capabilities {
        thinking: ThinkingMode::Always,
        reasoning_replay: ReasoningReplay::Dropped,
        tool_images: true,
        ..Capabilities::default()
    };
    check(
        &request,
        &to,
        &[],
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
            },
            {
              "role": "model",
              "parts": [
                {
                  "functionCall": {
                    "id": "1",
                    "name": "tool_1",
                    "args": {}
                  },
                  "thoughtSignature": "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="
                },
                {
                  "functionCall": {
                    "id": "2",
                    "name": "tool_2",
                    "args": {}
                  }
                }
              ]
            },
            {
              "role": "user",
              "parts": [
                {
                  "functionResponse": {
                    "id": "1",
                    "name": "tool_1",
                    "response": {
                      "result": ""
                    },
                    "parts": [
                      {
                        "inlineData": {
                          "mimeType": "image/png",
                          "data": "AA=="
                        }
                      }
                    ]
                  }
                },
                {
                  "functionResponse": {
                    "id": "2",
                    "name": "tool_2",
                    "response": {
                      "output": ""
                    }
                  }
                }
              ]
            }
          ]
        }"#]],
    );
    request.messages.truncate(2);
    check(
        &request,
        &Capabilities::default(),
        &["messages[1].content[0].signature"],
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
            },
            {
              "role": "model",
              "parts": [
                {
                  "text": "x",
                  "thought": true
                },
                {
                  "functionCall": {
                    "id": "1",
                    "name": "tool_1",
                    "args": {}
                  }
                },
                {
                  "functionCall": {
                    "id": "2",
                    "name": "tool_2",
                    "args": {}
                  }
                }
              ]
            }
          ]
        }"#]],
    );
}

#[test]
fn a_result_of_no_call_cannot_be_said() {
    let mut request = Request::new(DialectId::OpenaiResponses, "m");
    request.messages = vec![said(Role::Tool, vec![result("1", Vec::new(), None)])];
    let error = encode(&placed(&request), &Capabilities::default()).expect_err("nobody knows the tool");
    assert_eq!(error.path(), Some("messages[0].content[0]"));
}

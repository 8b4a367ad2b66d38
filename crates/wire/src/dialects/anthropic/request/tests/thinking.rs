use super::*;
use crate::capabilities::ThinkingMode;
use crate::ir::{Block, Content, Effort, Message, Role, Thinking, Tool, ToolCall, ToolChoice, ToolKind, ToolResult};

/// What a request says beside its model and its message, and the losses.
#[track_caller]
fn check_said(request: &Request, mode: ThinkingMode, expected: &str, lost: &[&str]) {
    let (text, losses) = written(request, &Capabilities { thinking: mode, ..able() });
    let text = text.replace(r#""model":"m","#, "").replace(r#""messages":[{"role":"user","content":"hi"}]"#, "_");
    assert_eq!((text.as_str(), losses), (expected, lost.iter().map(|field| (*field).to_owned()).collect()), "{mode:?}");
}

fn effort(effort: Effort) -> Request {
    Request { thinking: Thinking { effort: Some(effort), ..Thinking::default() }, ..question() }
}

fn budget(tokens: u64) -> Request {
    let thinking = Thinking { enabled: Some(true), budget_tokens: Some(tokens), ..Thinking::default() };
    Request { thinking, ..question() }
}

#[test]
fn an_effort_is_said_as_each_model_takes_it() {
    let high = effort(Effort::High);
    let adaptive = r#"{"max_tokens":8192,_,"thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"high"}}"#;
    check_said(&high, ThinkingMode::Any, adaptive, &[]);
    check_said(&high, ThinkingMode::Adaptive, adaptive, &[]);
    check_said(&high, ThinkingMode::Always, adaptive, &[]);
    let enabled = r#"{"max_tokens":12288,_,"thinking":{"type":"enabled","budget_tokens":4096}}"#;
    check_said(&high, ThinkingMode::Budget, enabled, &[]);
    check_said(&high, ThinkingMode::Never, r#"{"max_tokens":8192,_}"#, &["reasoning_effort"]);
    let low = r#"{"max_tokens":8192,_,"thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"low"}}"#;
    check_said(&effort(Effort::Minimal), ThinkingMode::Adaptive, low, &["reasoning_effort"]);
}

#[test]
fn thinking_is_switched_off_where_it_can_be() {
    let none = effort(Effort::None);
    let disabled = r#"{"max_tokens":8192,_,"thinking":{"type":"disabled"}}"#;
    check_said(&none, ThinkingMode::Any, disabled, &[]);
    check_said(&none, ThinkingMode::Adaptive, disabled, &[]);
    let nothing = r#"{"max_tokens":8192,_}"#;
    check_said(&none, ThinkingMode::Budget, nothing, &[]);
    check_said(&none, ThinkingMode::Never, nothing, &[]);
    check_said(&none, ThinkingMode::Always, nothing, &["reasoning_effort"]);
    check_said(&question(), ThinkingMode::Any, nothing, &[]);
}

#[test]
fn a_budget_leaves_room_for_the_answer() {
    let mut request = budget(2000);
    let enabled = r#"{"max_tokens":10192,_,"thinking":{"type":"enabled","budget_tokens":2000}}"#;
    check_said(&request, ThinkingMode::Any, enabled, &[]);
    check_said(&request, ThinkingMode::Budget, enabled, &[]);
    let medium = r#"{"max_tokens":8192,_,"thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"medium"}}"#;
    check_said(&request, ThinkingMode::Adaptive, medium, &["reasoning.max_tokens"]);
    request.sampling.output_tokens_max = Some(1500);
    let cut = r#"{"max_tokens":1500,_,"thinking":{"type":"enabled","budget_tokens":1499}}"#;
    check_said(&request, ThinkingMode::Budget, cut, &["reasoning.max_tokens"]);
    request.sampling.output_tokens_max = Some(1024);
    check_said(&request, ThinkingMode::Budget, r#"{"max_tokens":1024,_}"#, &["reasoning_effort"]);
    let raised = r#"{"max_tokens":9216,_,"thinking":{"type":"enabled","budget_tokens":1024}}"#;
    check_said(&budget(5), ThinkingMode::Budget, raised, &["reasoning.max_tokens"]);
}

#[test]
fn beside_thinking_less_can_be_asked() {
    let mut request = budget(2000);
    request.sampling.temperature = Some(0.2);
    request.sampling.top_k = Some(5);
    request.tools =
        vec![Tool::new(ToolKind::Function { name: "f".to_owned(), description: None, parameters: None, strict: None })];
    request.tool_choice = Some(ToolChoice::Required);
    check_said(
        &request,
        ThinkingMode::Budget,
        r#"{"max_tokens":10192,"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}],"tool_choice":{"type":"auto"},_,"thinking":{"type":"enabled","budget_tokens":2000}}"#,
        &["tool_choice", "temperature", "top_k"],
    );
}

#[test]
fn a_budget_needs_thoughts_before_the_calls_that_are_answered() {
    let mut request = budget(2000);
    let call = ToolCall { id: "c".to_owned(), name: "f".to_owned(), ..ToolCall::default() };
    let result = ToolResult { call_id: "c".to_owned(), ..ToolResult::default() };
    request.messages.push(Message::new(Role::Assistant, vec![Content::ToolCall(call).into()]));
    request.messages.push(Message::new(Role::Tool, vec![Content::ToolResult(result).into(), Block::text("go on")]));
    let (text, losses) = written(&request, &able());
    assert!(!text.contains("thinking"), "{text}");
    assert_eq!(losses, ["reasoning_effort"]);
}

//! Tools that act on the client's own machine and that only this dialect has names for: `local_shell`, `shell`,
//! `apply_patch`. To models of other dialects they are functions, whose calls become the client's own items again.

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use super::form;
use crate::fields::Fields;
use crate::ir::{Tool, ToolKind};
use crate::write::object;
use crate::{DialectId, WireError};

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Machine {
    /// Runs one program.
    LocalShell,
    /// Runs commands of a shell.
    Shell,
    /// Changes a file.
    ApplyPatch,
}

impl Machine {
    /// By the type of the tool, which is the name of the function as well.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        [Self::LocalShell, Self::Shell, Self::ApplyPatch].into_iter().find(|machine| machine.name() == name)
    }

    /// The type of the tool.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::LocalShell => "local_shell",
            Self::Shell => "shell",
            Self::ApplyPatch => "apply_patch",
        }
    }

    /// The member of a call that says what to do.
    pub(super) fn member(self) -> &'static str {
        match self {
            Self::LocalShell | Self::Shell => "action",
            Self::ApplyPatch => "operation",
        }
    }

    /// What the ids of its calls begin with.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::LocalShell => "lsh",
            Self::Shell => "sh",
            Self::ApplyPatch => "apc",
        }
    }

    /// The tool that the client declared under this name, when it is one of these.
    pub(super) fn of_tool(tool: &Tool) -> Option<Self> {
        form::find(&tool.extras, form::WHOLE).and_then(|_| Self::from_name(tool.name()?))
    }

    /// The tool as a function; `None` when it runs on a machine of the provider's.
    ///
    /// # Errors
    /// When its `environment` is none.
    pub(super) fn declared(self, mut fields: Fields<'_>, raw: &RawValue) -> Result<Option<Tool>, WireError> {
        let (mut extras, at) = (vec![form::mark(form::WHOLE, raw)], fields.at());
        fields.take("type");
        if let Some(mut environment) = fields.object("environment")? {
            let kind: String = environment.required("type", "a string")?;
            if kind != "local" {
                return Ok(None);
            }
            extras.extend(form::within("environment", environment));
        }
        extras.extend(fields.rest().into_iter().filter(|extra| extra.raw.get() != "null"));
        let (description, parameters) = self.function();
        let kind = ToolKind::Function {
            name: self.name().to_owned(),
            description: Some(description.to_owned()),
            parameters: Some(to_raw_value(&parameters).expect("a schema always serialises")),
            strict: None,
        };
        Ok(Some(Tool { kind, cache: None, extras, at }))
    }

    /// What the model is told, and the schema of what it may say.
    fn function(self) -> (&'static str, Value) {
        let (text, texts) = (json!({"type": "string"}), json!({"type": "array", "items": {"type": "string"}}));
        let (description, properties, required) = match self {
            Self::LocalShell => (
                "Runs a program on the user's machine. `command` is the program and its arguments.",
                json!({"command": texts, "timeout_ms": {"type": "integer"}, "working_directory": text,
                       "env": {"type": "object", "additionalProperties": text}, "user": text}),
                json!(["command"]),
            ),
            Self::Shell => (
                "Runs commands in a shell on the user's machine, each of `commands` by itself.",
                json!({"commands": texts, "timeout_ms": {"type": "integer"}, "max_output_length": {"type": "integer"}}),
                json!(["commands"]),
            ),
            Self::ApplyPatch => (
                "Creates, updates or deletes the file at `path` on the user's machine. `diff` is a diff in the V4A format: \
                 of a new file all lines with a plus sign before them; a file to be deleted needs none.",
                json!({"type": {"type": "string", "enum": ["create_file", "update_file", "delete_file"]}, "path": text,
                       "diff": text}),
                json!(["type", "path"]),
            ),
        };
        (description, json!({"type": "object", "properties": properties, "required": required}))
    }

    /// The item of a call, made of the arguments of the function; `None` when they do not say what it must.
    pub(super) fn item(self, id: &str, status: &str, call_id: &str, arguments: &str) -> Option<Box<RawValue>> {
        let said: Map<String, Value> = serde_json::from_str(arguments).ok()?;
        let todo = self.todo(said)?;
        let bytes = object(|item| {
            item.put("type", &format!("{}_call", self.name()));
            item.put("id", id);
            item.put("call_id", call_id);
            item.put("status", status);
            item.put(self.member(), &todo);
            if self == Self::Shell {
                item.object("environment", |environment| environment.put("type", "local"));
            }
        });
        serde_json::from_slice(&bytes).ok()
    }

    /// What to do, with all that clients insist on.
    fn todo(self, mut said: Map<String, Value>) -> Option<Map<String, Value>> {
        let texts = |said: &Map<String, Value>, name: &str| {
            said.get(name).and_then(Value::as_array).is_some_and(|list| list.iter().all(Value::is_string))
        };
        let text = |said: &Map<String, Value>, name: &str| said.get(name).is_some_and(Value::is_string);
        let (known, missing) = match self {
            Self::LocalShell => (texts(&said, "command"), [("type", json!("exec")), ("env", json!({}))]),
            Self::Shell => {
                (texts(&said, "commands"), [("timeout_ms", Value::Null), ("max_output_length", Value::Null)])
            }
            Self::ApplyPatch => {
                let deletes = said.get("type").is_some_and(|kind| kind == "delete_file");
                let whole = text(&said, "type") && text(&said, "path") && (deletes || text(&said, "diff"));
                return whole.then_some(said);
            }
        };
        for (name, value) in missing {
            said.entry(name).or_insert(value);
        }
        known.then_some(said)
    }
}

/// Leaves tools that a function of the client's own has the name of to this dialect alone: a call would not say which it
/// is of.
pub(super) fn keep_apart(tools: &mut [Tool]) {
    for index in 0..tools.len() {
        let Some((tool, name)) = tools.get(index).and_then(|tool| Some((tool, Machine::of_tool(tool)?.name()))) else {
            continue;
        };
        let Some(raw) = form::find(&tool.extras, form::WHOLE).map(ToOwned::to_owned) else { continue };
        if tools.iter().filter(|tool| tool.name() == Some(name)).count() < 2 {
            continue;
        }
        if let Some(tool) = tools.get_mut(index) {
            *tool = Tool::new(ToolKind::Hosted { origin: DialectId::OpenaiResponses, kind: name.to_owned(), raw });
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::Dialect;
    use crate::dialect::StreamHead;
    use crate::dialects::openai_responses::OpenaiResponses;
    use crate::ir::{BlockKind, Collector, Delta, Event, StopReason};

    /// What a client that declared `tools` is told of a call, whole and streamed.
    #[track_caller]
    fn check(tools: &str, name: &str, arguments: &str, expected: &Expect) {
        let body = format!(r#"{{"model":"m","input":"hi","tools":{tools}}}"#);
        let request = OpenaiResponses.decode_request(body.as_bytes()).expect("a request");
        let head = StreamHead {
            model: "m".to_owned(),
            include_usage: true,
            created: 0,
            request_id: "r".to_owned(),
            request: Some(request.into()),
            cost: None,
        };
        let (id, name, custom) = ("c1".to_owned(), name.to_owned(), false);
        let events = [
            Event::Start { id: String::new() },
            Event::Open { block: 0, kind: BlockKind::ToolCall { id, name, custom } },
            Event::Delta { block: 0, delta: Delta::Arguments(arguments.to_owned()) },
            Event::Close { block: 0 },
            Event::Stop(StopReason::ToolCalls),
        ];
        let mut encoder = OpenaiResponses.stream_encoder(head.clone());
        let mut collector = Collector::default();
        let mut out = Vec::new();
        for event in &events {
            encoder.push(event, &mut out);
            collector.push(event);
        }
        let streamed = String::from_utf8(out).expect("text");
        let whole = OpenaiResponses.encode_response(&collector.finish("m".to_owned(), 0), &head);
        let whole: Value = serde_json::from_slice(&whole.bytes).expect("JSON");
        let mut told = String::new();
        for data in streamed.lines().filter_map(|line| line.strip_prefix("data: ")) {
            let event: Value = serde_json::from_str(data).expect("JSON");
            match event.get("item") {
                Some(item) => told.push_str(&format!("{} {item}\n", event["type"].as_str().unwrap_or_default())),
                None => told.push_str(&format!("{}\n", event["type"].as_str().unwrap_or_default())),
            }
        }
        expected.assert_eq(&format!("{told}whole {}\n", whole["output"]));
    }

    #[test]
    fn a_call_is_told_as_the_clients_own_item() {
        check(
            r#"[{"type":"local_shell"}]"#,
            "local_shell",
            r#"{"command":["ls"]}"#,
            &expect![[r#"
            response.created
            response.in_progress
            response.output_item.added {"type":"local_shell_call","id":"lsh_r_0","call_id":"c1","status":"in_progress","action":{"command":["ls"],"type":"exec","env":{}}}
            response.output_item.done {"type":"local_shell_call","id":"lsh_r_0","call_id":"c1","status":"completed","action":{"command":["ls"],"type":"exec","env":{}}}
            response.completed
            whole [{"type":"local_shell_call","id":"lsh_r_0","call_id":"c1","status":"completed","action":{"command":["ls"],"type":"exec","env":{}}}]
        "#]],
        );
        check(
            r#"[{"type":"shell","environment":null}]"#,
            "shell",
            r#"{"commands":["ls"],"timeout_ms":5}"#,
            &expect![[r#"
            response.created
            response.in_progress
            response.output_item.added {"type":"shell_call","id":"sh_r_0","call_id":"c1","status":"in_progress","action":{"commands":["ls"],"timeout_ms":5,"max_output_length":null},"environment":{"type":"local"}}
            response.output_item.done {"type":"shell_call","id":"sh_r_0","call_id":"c1","status":"completed","action":{"commands":["ls"],"timeout_ms":5,"max_output_length":null},"environment":{"type":"local"}}
            response.completed
            whole [{"type":"shell_call","id":"sh_r_0","call_id":"c1","status":"completed","action":{"commands":["ls"],"timeout_ms":5,"max_output_length":null},"environment":{"type":"local"}}]
        "#]],
        );
        check(
            r#"[{"type":"apply_patch"}]"#,
            "apply_patch",
            r#"{"type":"update_file","path":"a","diff":"@@"}"#,
            &expect![[r#"
                response.created
                response.in_progress
                response.output_item.added {"type":"apply_patch_call","id":"apc_r_0","call_id":"c1","status":"in_progress","operation":{"type":"update_file","path":"a","diff":"@@"}}
                response.output_item.done {"type":"apply_patch_call","id":"apc_r_0","call_id":"c1","status":"completed","operation":{"type":"update_file","path":"a","diff":"@@"}}
                response.completed
                whole [{"type":"apply_patch_call","id":"apc_r_0","call_id":"c1","status":"completed","operation":{"type":"update_file","path":"a","diff":"@@"}}]
            "#]],
        );
    }

    #[test]
    fn a_call_that_says_too_little_is_told_as_that_of_a_function() {
        check(
            r#"[{"type":"local_shell"}]"#,
            "local_shell",
            r#"{"command":"ls"}"#,
            &expect![[r#"
                response.created
                response.in_progress
                response.output_item.added {"type":"function_call","id":"fc_r_0","status":"in_progress","call_id":"c1","name":"local_shell","arguments":""}
                response.function_call_arguments.delta
                response.function_call_arguments.done
                response.output_item.done {"type":"function_call","id":"fc_r_0","status":"completed","call_id":"c1","name":"local_shell","arguments":"{\"command\":\"ls\"}"}
                response.completed
                whole [{"type":"function_call","id":"fc_r_0","status":"completed","call_id":"c1","name":"local_shell","arguments":"{\"command\":\"ls\"}"}]
            "#]],
        );
    }

    #[test]
    fn a_function_of_the_same_name_keeps_its_calls() {
        let tools = r#"[{"type":"shell"},{"type":"function","name":"shell"}]"#;
        check(
            tools,
            "shell",
            r#"{"commands":["ls"]}"#,
            &expect![[r#"
            response.created
            response.in_progress
            response.output_item.added {"type":"function_call","id":"fc_r_0","status":"in_progress","call_id":"c1","name":"shell","arguments":""}
            response.function_call_arguments.delta
            response.function_call_arguments.done
            response.output_item.done {"type":"function_call","id":"fc_r_0","status":"completed","call_id":"c1","name":"shell","arguments":"{\"commands\":[\"ls\"]}"}
            response.completed
            whole [{"type":"function_call","id":"fc_r_0","status":"completed","call_id":"c1","name":"shell","arguments":"{\"commands\":[\"ls\"]}"}]
        "#]],
        );
    }
}
